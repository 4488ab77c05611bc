//! What a host is made of. Plain data: [`crate::read`] fills it in.
//!
//! [`Topology`] is the main type. Ids that Linux gives (CPU ids, node numbers, `core_id`) are kept; packages, cores,
//! caches and last-level groups also get an index of ours, counted from 0 in the order of their lowest CPU, because the
//! kernel's numbers repeat between packages, books and drawers or are missing altogether.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::cgroup::Cgroup;
use crate::cpuset::CpuSet;

/// A host as seen from our process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// Name, vendor and features of the CPU.
    pub model: CpuModel,
    /// Every CPU that is present, by ascending id, offline ones included.
    pub cpus: Vec<Cpu>,
    /// Physical cores with an online CPU.
    pub cores: Vec<Core>,
    /// Packages (sockets) with an online CPU.
    pub packages: Vec<Package>,
    /// Every cache once, by level, kind and lowest CPU.
    pub caches: Vec<Cache>,
    /// Groups of CPUs that share a last-level cache.
    pub last_level_caches: Vec<LastLevelCache>,
    /// NUMA nodes by number; the numbers may have gaps and a node may have no CPU. Empty when the kernel reports none.
    pub nodes: Vec<Node>,
    /// The kinds of core, strongest first. Empty unless the host mixes kinds.
    pub core_types: Vec<CoreType>,
    /// The kernel's own lists.
    pub sets: CpuSets,
    /// Our affinity mask: `sched_getaffinity` of the calling thread on this host, `proc/self/status` of a snapshot;
    /// `None` when neither says.
    pub affinity: Option<CpuSet>,
    /// NUMA nodes that we may take memory from; `None` when not reported.
    pub allowed_nodes: Option<CpuSet>,
    /// What our cgroup allows.
    pub cgroup: Cgroup,
    /// CPUs that a placement may use: online, in our mask, in our cpuset.
    pub usable: CpuSet,
    /// What could not be read or looks odd, one sentence each.
    pub notes: Vec<String>,
}

impl Topology {
    /// The CPU with this id.
    pub fn cpu(&self, id: u32) -> Option<&Cpu> {
        let index = self.cpus.binary_search_by_key(&id, |cpu| cpu.id).ok()?;
        self.cpus.get(index)
    }

    /// The NUMA node with this number.
    pub fn node(&self, id: u32) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// CPUs that are present and switched off.
    pub fn offline(&self) -> CpuSet {
        self.cpus
            .iter()
            .filter(|cpu| !cpu.online)
            .map(|cpu| cpu.id)
            .collect()
    }

    /// The NUMA nodes that these CPUs belong to.
    pub fn nodes_of(&self, cpus: &CpuSet) -> CpuSet {
        cpus.iter().filter_map(|id| self.cpu(id)?.node).collect()
    }

    /// Every CPU that shares a core with one of these, these included.
    pub fn with_siblings(&self, cpus: &CpuSet) -> CpuSet {
        let mut all = cpus.clone();
        for cpu in cpus.iter().filter_map(|id| self.cpu(id)) {
            all.extend(cpu.siblings.iter());
        }
        all
    }

    /// CPUs that the scheduler does not balance (`isolcpus=`, isolated cpusets).
    pub fn isolated(&self) -> &CpuSet {
        &self.sets.isolated
    }
}

/// Name, vendor and features as `proc/cpuinfo` gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CpuModel {
    /// `GenuineIntel`, `AuthenticAMD`, `ARM`, `IBM/S390`, ...
    pub vendor: Option<String>,
    /// The marketing name; on ARM the core names, joined by " + ".
    pub name: Option<String>,
    /// Features of the first CPU, in the kernel's order.
    pub flags: Vec<String>,
}

/// One logical CPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cpu {
    /// The kernel's number.
    pub id: u32,
    /// Whether the kernel schedules on it.
    pub online: bool,
    /// Whether it is kept out of scheduler balancing.
    pub isolated: bool,
    /// Whether a placement may use it (see [`Topology::usable`]).
    pub usable: bool,
    /// Index into [`Topology::packages`]; `None` when offline.
    pub package: Option<u32>,
    /// The kernel's `physical_package_id`, if it gives one.
    pub package_id: Option<u32>,
    /// The kernel's `die_id`, unique within the package only.
    pub die_id: Option<u32>,
    /// The kernel's `cluster_id`.
    pub cluster_id: Option<u32>,
    /// Index into [`Topology::cores`]; `None` when offline.
    pub core: Option<u32>,
    /// The kernel's `core_id`, which repeats between packages.
    pub core_id: Option<u32>,
    /// NUMA node number.
    pub node: Option<u32>,
    /// The online CPUs of this core, this one included. Serialised as numbers.
    #[serde(serialize_with = "as_numbers")]
    pub siblings: CpuSet,
    /// Index into [`Topology::last_level_caches`].
    pub llc: Option<u32>,
    /// Its caches, from the first level out.
    pub caches: Vec<Cache>,
    /// Name of its kind of core; `None` unless the host mixes kinds.
    pub core_type: Option<String>,
    /// `cpu_capacity`: computing power relative to the strongest CPU at 1024.
    pub capacity: Option<u32>,
    /// Highest frequency in kHz (`cpuinfo_max_freq`), turbo included.
    pub max_khz: Option<u64>,
}

/// One physical core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Core {
    /// Our index.
    pub index: u32,
    /// Index of its package.
    pub package: u32,
    /// Its online CPUs.
    pub cpus: CpuSet,
}

/// One package (socket).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Package {
    /// Our index.
    pub index: u32,
    /// The kernel's `physical_package_id`, if it gives one.
    pub id: Option<u32>,
    /// Its online CPUs.
    pub cpus: CpuSet,
}

/// What a cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheKind {
    /// Data only.
    Data,
    /// Instructions only.
    Instruction,
    /// Both.
    Unified,
}

/// One cache instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cache {
    /// `L1d`, `L1i`, `L2`, `L3`: level, and kind where it is not unified.
    pub name: String,
    /// Our index among the caches of this name.
    pub index: u32,
    /// 1 is next to the core.
    pub level: u32,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: CacheKind,
    /// Size; `None` where the firmware does not tell the kernel.
    pub size_bytes: Option<u64>,
    /// Line size.
    pub line_bytes: Option<u32>,
    /// The online CPUs that share it.
    #[serde(serialize_with = "as_numbers")]
    pub shared_cpus: CpuSet,
}

/// CPUs that share their outermost data cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastLevelCache {
    /// Our index, the N of the placement `llc:N`.
    pub index: u32,
    /// Name of the cache, such as `L3`.
    pub name: String,
    /// Size, where known.
    pub size_bytes: Option<u64>,
    /// The online CPUs of the group.
    pub cpus: CpuSet,
}

/// One NUMA node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// The kernel's number.
    pub id: u32,
    /// Its online CPUs; none on a memory-only node.
    pub cpus: CpuSet,
    /// `MemTotal` of the node.
    pub memory_bytes: Option<u64>,
    /// Distance to every node, itself (10) included; empty when not reported.
    pub distances: Vec<NodeDistance>,
}

/// Distance of one node to another, in the firmware's SLIT units (10 is local).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NodeDistance {
    /// The other node.
    pub node: u32,
    /// 10 for the node itself, larger is farther.
    pub distance: u32,
}

/// A kind of core on a host that mixes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoreType {
    /// `performance`, `efficiency`, `low-power` (Intel); `Cortex-A710` (ARM).
    pub name: String,
    /// Highest `cpu_capacity` among its CPUs.
    pub capacity: Option<u32>,
    /// Highest frequency among its CPUs in kHz.
    pub max_khz: Option<u64>,
    /// Its online CPUs.
    pub cpus: CpuSet,
}

/// The kernel's CPU lists; empty where a list is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CpuSets {
    /// Ids that could ever come online.
    pub possible: CpuSet,
    /// Ids that are plugged in.
    pub present: CpuSet,
    /// Ids that are scheduled on.
    pub online: CpuSet,
    /// The kernel's `offline` file: possible and not online, plugged in or not.
    pub offline: CpuSet,
    /// Ids kept out of scheduler balancing.
    pub isolated: CpuSet,
    /// Ids without the periodic tick when one task runs.
    pub nohz_full: CpuSet,
}

impl fmt::Display for CacheKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Data => "data",
            Self::Instruction => "instruction",
            Self::Unified => "unified",
        })
    }
}

fn as_numbers<S: Serializer>(set: &CpuSet, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(set.iter())
}

/// `32 KiB`, `18 MiB`: the largest unit that divides evenly.
pub(crate) fn human_bytes(bytes: u64) -> String {
    const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, shift) in UNITS {
        if bytes >> shift > 0 && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} B")
}
