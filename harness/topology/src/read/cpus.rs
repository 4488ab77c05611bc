//! Which CPUs there are, and what the kernel says of each by itself.

use crate::cpuinfo::CpuInfo;
use crate::cpuset::CpuSet;
use crate::model::{Cpu, CpuSets, Node};
use crate::source::Source;

pub(super) const FOLDER: &str = "sys/devices/system/cpu";

/// The kernel's lists. Where a list is missing or garbage, the `cpuN` folders, then `proc/cpuinfo`, say which CPUs
/// there are.
pub(super) fn sets(source: &Source, info: &CpuInfo) -> CpuSets {
    let list = |name: &str| source.list(&format!("{FOLDER}/{name}"));
    let filled = |name: &str| list(name).filter(|set| !set.is_empty());
    let folders: CpuSet = source.numbered(FOLDER, "cpu").into_iter().collect();
    let listed: CpuSet = info
        .processors
        .keys()
        .copied()
        .filter(|id| *id <= crate::cpuset::MAX_CPU_ID)
        .collect();
    let known =
        filled("present").unwrap_or_else(|| if folders.is_empty() { listed } else { folders });
    let online = filled("online").unwrap_or_else(|| online_by_file(source, &known));
    // A CPU that is online is there, whatever the other lists say.
    let present = &known | &online;
    CpuSets {
        possible: filled("possible").unwrap_or_else(|| present.clone()),
        offline: list("offline").unwrap_or_else(|| &present - &online),
        isolated: list("isolated").unwrap_or_else(|| isolated_by_command_line(source)),
        nohz_full: list("nohz_full").unwrap_or_default(),
        present,
        online,
    }
}

/// `cpuN/online` holds 1 or 0; a CPU that cannot be switched off has no file.
fn online_by_file(source: &Source, present: &CpuSet) -> CpuSet {
    let online =
        |id: &u32| source.word(&format!("{FOLDER}/cpu{id}/online")).as_deref() != Some("0");
    present.iter().filter(online).collect()
}

/// Kernels before 4.2 have no `isolated` file. `isolcpus=` may lead with flags such as `managed_irq,domain,` (Linux:
/// kernel-parameters.txt).
fn isolated_by_command_line(source: &Source) -> CpuSet {
    let command_line = source.text("proc/cmdline").unwrap_or_default();
    let Some(value) = command_line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("isolcpus="))
    else {
        return CpuSet::new();
    };
    let is_list = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
    let list: Vec<&str> = value.split(',').filter(is_list).collect();
    list.join(",").parse().unwrap_or_default()
}

/// One entry per present CPU; groups, caches and types are added by others.
pub(super) fn read(source: &Source, sets: &CpuSets, nodes: &[Node]) -> Vec<Cpu> {
    let policies = frequency_policies(source);
    sets.present
        .iter()
        .map(|id| read_one(source, sets, nodes, &policies, id))
        .collect()
}

fn read_one(
    source: &Source,
    sets: &CpuSets,
    nodes: &[Node],
    policies: &[(CpuSet, u64)],
    id: u32,
) -> Cpu {
    let folder = format!("{FOLDER}/cpu{id}");
    let topology = |name: &str| kernel_id(source, &format!("{folder}/topology/{name}"));
    let node = nodes
        .iter()
        .find(|node| node.cpus.contains(id))
        .map(|node| node.id);
    let policy_khz = || {
        policies
            .iter()
            .find(|(cpus, _)| cpus.contains(id))
            .map(|(_, khz)| *khz)
    };
    Cpu {
        id,
        online: sets.online.contains(id),
        isolated: sets.isolated.contains(id),
        usable: false,
        package: None,
        package_id: topology("physical_package_id"),
        die_id: topology("die_id"),
        cluster_id: topology("cluster_id"),
        core: None,
        core_id: topology("core_id"),
        // The link cpuN/nodeM survives when the CPU goes offline and leaves the node's own list.
        node: node.or_else(|| source.numbered(&folder, "node").first().copied()),
        siblings: CpuSet::new(),
        llc: None,
        caches: Vec::new(),
        core_type: None,
        capacity: source.number(&format!("{folder}/cpu_capacity")),
        max_khz: source
            .number(&format!("{folder}/cpufreq/cpuinfo_max_freq"))
            .or_else(policy_khz),
    }
}

/// Ids that the kernel does not know are -1; x86 prints 65535 for an unknown cluster (`BAD_APICID` cut to 16 bits).
pub(super) fn kernel_id(source: &Source, inner: &str) -> Option<u32> {
    let id: i64 = source.number(inner)?;
    u32::try_from(id)
        .ok()
        .filter(|id| *id != 0xffff && *id != u32::MAX)
}

/// Highest frequency by cpufreq policy, for snapshots that lack the links `cpuN/cpufreq`.
fn frequency_policies(source: &Source) -> Vec<(CpuSet, u64)> {
    let folder = format!("{FOLDER}/cpufreq");
    let policy = |number: u32| {
        let policy = format!("{folder}/policy{number}");
        let khz = source.number(&format!("{policy}/cpuinfo_max_freq"))?;
        let cpus = source.word(&format!("{policy}/related_cpus"))?;
        let cpus = cpus
            .split_whitespace()
            .filter_map(|id| id.parse::<u32>().ok());
        Some((
            cpus.filter(|id| *id <= crate::cpuset::MAX_CPU_ID).collect(),
            khz,
        ))
    };
    source
        .numbered(&folder, "policy")
        .into_iter()
        .filter_map(policy)
        .collect()
}
