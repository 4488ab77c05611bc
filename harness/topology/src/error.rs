//! The ways to fail: the host could not be read or pinned ([`Error`]), a placement asks for what the host does not have
//! ([`PlacementError`]), or no cgroup can be made ([`GroupError`]).

use std::path::PathBuf;

use crate::cpuset::{CpuSet, MAX_CPU_ID};

/// Reading a host, parsing a CPU list or a policy, or setting affinity failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder does not describe a machine.
    #[error(
        "no CPUs found under {root}: it needs sys/devices/system/cpu or proc/cpuinfo \
         (use / for this host, or a folder that holds a machine's sys/ and proc/)"
    )]
    NotAHost {
        /// The folder that was given as root.
        root: PathBuf,
    },
    /// Text that is not a CPU list or mask.
    #[error("cpu list {text:?}: {reason}")]
    CpuList {
        /// What was given, shortened.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Text that names no placement policy.
    #[error("placement {text:?}: {reason}")]
    Policy {
        /// What was given, shortened.
        text: String,
        /// What is wrong and what would do.
        reason: String,
    },
    /// A placement was refused.
    #[error(transparent)]
    Placement(#[from] PlacementError),
    /// An empty set cannot be an affinity.
    #[error("{who}: cannot be pinned to an empty CPU set; name at least one CPU")]
    EmptySet {
        /// Thread or process.
        who: String,
    },
    /// The kernel's affinity call failed.
    #[error("{who}: {call} for CPUs {wanted} failed: {source}")]
    AffinityCall {
        /// Thread or process.
        who: String,
        /// The system call or the file.
        call: &'static str,
        /// The CPUs asked for (empty when only reading).
        wanted: CpuSet,
        /// The kernel's answer.
        source: std::io::Error,
    },
    /// The kernel accepted the call and did something else, as it does when a cpuset cuts the mask down.
    #[error(
        "{who}: asked for CPUs {wanted}, the kernel gives {got}; \
         offline CPUs or a cgroup cpuset take the others away"
    )]
    AffinityDiffers {
        /// Thread or process.
        who: String,
        /// The CPUs asked for.
        wanted: CpuSet,
        /// The CPUs that the kernel reports afterwards.
        got: CpuSet,
    },
    /// A process kept making threads while it was being pinned.
    #[error(
        "process {pid}: still starting unpinned threads after {passes} passes; \
         pin it before exec instead"
    )]
    NeverSettled {
        /// The process.
        pid: u32,
        /// How often its threads were gone through.
        passes: u32,
    },
    /// A CPU id or node number beyond what an affinity call can carry.
    #[error("{what} {id} is beyond the largest that can be pinned ({limit})")]
    IdTooLarge {
        /// "cpu" or "node".
        what: &'static str,
        /// The number given.
        id: u32,
        /// The largest number that works.
        limit: u32,
    },
}

impl Error {
    pub(crate) fn cpu_list(text: &str, reason: impl Into<String>) -> Self {
        Self::CpuList {
            text: shorten(text),
            reason: reason.into(),
        }
    }

    pub(crate) fn cpu_id_too_large(text: &str) -> Self {
        Self::cpu_list(
            text,
            format!("an id is larger than {MAX_CPU_ID}, more than any Linux host has"),
        )
    }

    pub(crate) fn policy(text: &str, reason: impl Into<String>) -> Self {
        Self::Policy {
            text: shorten(text),
            reason: reason.into(),
        }
    }
}

/// Messages stay one line even when the file held megabytes of garbage.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}...")
}

/// Why this host cannot do the placement that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlacementError {
    /// Nothing is left after online, affinity mask and cpuset.
    #[error(
        "no usable CPU: online {online}, our affinity mask {affinity}, cgroup cpuset {cpuset} \
         have none in common"
    )]
    NoUsableCpu {
        /// CPUs that are online.
        online: CpuSet,
        /// Our own mask, or "unknown".
        affinity: String,
        /// Our cgroup's cpuset, or "none".
        cpuset: String,
    },
    /// The policy needs more separate cores than there are.
    #[error("placement {policy} needs {needed} cores {place}, there {found}; {fix}")]
    TooFewCores {
        /// The policy asked for.
        policy: String,
        /// How many separate cores it takes.
        needed: usize,
        /// Where it looked, such as "on this host" or "on node 1".
        place: String,
        /// What there is, such as "is 1 (CPUs 0-1 are SMT siblings)".
        found: String,
        /// What to ask for instead.
        fix: String,
    },
    /// More CPUs asked for than the policy can give.
    #[error("placement {policy}: {asked} {role} CPUs asked for, {available} available ({why})")]
    TooManyCpus {
        /// The policy asked for.
        policy: String,
        /// "target" or "generator".
        role: &'static str,
        /// The number asked for.
        asked: usize,
        /// The number that could be given.
        available: usize,
        /// What limits it.
        why: String,
    },
    /// Zero CPUs asked for.
    #[error(
        "placement {policy}: zero {role} CPUs asked for; leave the number out or give at least 1"
    )]
    ZeroCpus {
        /// The policy asked for.
        policy: String,
        /// "target" or "generator".
        role: &'static str,
    },
    /// No such NUMA node, or none of its CPUs is ours.
    #[error("node {node} {reason}; {known}")]
    Node {
        /// The node asked for.
        node: u32,
        /// What is the matter with it.
        reason: String,
        /// The nodes that would do.
        known: String,
    },
    /// No such last-level cache group, or none of its CPUs is ours.
    #[error("llc {llc} {reason}; {known}")]
    LastLevelCache {
        /// The group asked for.
        llc: u32,
        /// What is the matter with it.
        reason: String,
        /// The groups that would do.
        known: String,
    },
    /// An explicit list names CPUs that cannot be used.
    #[error("{role} CPUs {asked} cannot be used: {reasons}; usable here: {usable}")]
    Cpus {
        /// "target" or "generator".
        role: &'static str,
        /// The list asked for.
        asked: CpuSet,
        /// Per group of CPUs, why not.
        reasons: String,
        /// The CPUs that can be used.
        usable: CpuSet,
    },
    /// Memory cannot be bound as asked.
    #[error("memory binding: {reason}")]
    Memory {
        /// Why not, and what would do.
        reason: String,
    },
}

/// How to get a group of our own with everything in it.
const DELEGATE: &str =
    "start gosweep as root, or with `systemd-run --user --scope -p Delegate=yes gosweep ...`";

/// Why no cgroup can be made for a target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// No hierarchy has it.
    #[error(
        "this host has no {controller} controller for us: neither cgroup version 1 nor 2 is \
         mounted with it; in a container, start it with its cgroup file system mounted writable"
    )]
    NoController {
        /// The controller.
        controller: &'static str,
    },
    /// Our version 2 group does not have it.
    #[error(
        "{} does not have the {controller} controller (it has: {available}); {DELEGATE}",
        folder.display()
    )]
    NotDelegated {
        /// Our group.
        folder: PathBuf,
        /// The controller.
        controller: &'static str,
        /// Those that it has.
        available: String,
    },
    /// Version 2 allows children with limits only in a group without processes.
    #[error(
        "{} holds {others} other processes, and cgroup version 2 gives limits only to children \
         of a group without processes; start gosweep in a group of its own: \
         `systemd-run --user --scope -p Delegate=yes gosweep ...`",
        folder.display()
    )]
    Shared {
        /// Our group.
        folder: PathBuf,
        /// Processes in it besides us.
        others: usize,
    },
    /// We may not make groups there.
    #[error("cannot make a cgroup in {}: {source}; {DELEGATE}", folder.display())]
    Denied {
        /// Our group.
        folder: PathBuf,
        /// The kernel's answer.
        source: std::io::Error,
    },
    /// The kernel does not take the limit.
    #[error("cannot write {value:?} to {}: {source}", file.display())]
    Limit {
        /// The file.
        file: PathBuf,
        /// What was to be its value.
        value: String,
        /// The kernel's answer.
        source: std::io::Error,
    },
}
