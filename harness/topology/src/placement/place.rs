//! [`place`] and the rules that hold for every policy.

use serde::Serialize;

use super::policy::Policy;
use super::slots::{self, Threads};
use super::task::{Choice, Request, Task};
use super::{automatic, explicit};
use crate::cpuset::CpuSet;
use crate::error::PlacementError;
use crate::model::Topology;

/// Who runs where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// The target's CPUs; never empty.
    pub target: CpuSet,
    /// The generator's CPUs; never empty. Disjoint from the target's, and on other cores, except under `none` and where
    /// `cpus:` names it otherwise.
    pub generator: CpuSet,
    /// The node that the target's memory is bound to, when binding was asked for and the host has nodes.
    pub memory_node: Option<u32>,
    /// What a reader of the results should know, one sentence each.
    pub notes: Vec<String>,
}

/// Chooses CPUs for target and generator, among those that are online, in our affinity mask and in our cpuset.
///
/// # Errors
/// [`PlacementError`] says what this host lacks and what to ask for instead.
pub fn place(
    topology: &Topology,
    policy: &Policy,
    request: &Request,
) -> Result<Placement, PlacementError> {
    refuse_zero(policy, request)?;
    refuse_nothing_usable(topology)?;
    let task = Task {
        topology,
        policy,
        request,
        place: "on this host".to_owned(),
    };
    let choice = choose(&task, slots::usable(topology))?;
    let (memory_node, memory_note) = memory_node(topology, request, &choice.target)?;
    let mut notes = choice.notes;
    notes.extend(memory_note);
    notes.extend(warnings(topology, policy, &choice.target));
    Ok(Placement {
        target: choice.target,
        generator: choice.generator,
        memory_node,
        notes,
    })
}

fn choose(task: &Task<'_>, slots: Vec<slots::Slot>) -> Result<Choice, PlacementError> {
    match task.policy {
        Policy::None => Ok(explicit::none(task)),
        Policy::Split => automatic::split_near(task, slots, Threads::CoresFirst),
        Policy::NoSmt => automatic::split_near(task, slots, Threads::OnePerCore),
        Policy::Spread => automatic::spread(task, slots),
        Policy::Compact => automatic::compact(task, slots),
        Policy::Node(node) => automatic::node(task, slots, *node),
        Policy::Llc(llc) => automatic::llc(task, slots, *llc),
        Policy::Cpus { target, generator } => {
            explicit::cpus(task, slots, target, generator.as_ref())
        }
    }
}

fn refuse_zero(policy: &Policy, request: &Request) -> Result<(), PlacementError> {
    let counts = [
        ("target", request.target_cpus),
        ("generator", request.generator_cpus),
    ];
    match counts.into_iter().find(|(_, count)| *count == Some(0)) {
        Some((role, _)) => Err(PlacementError::ZeroCpus {
            policy: policy.to_string(),
            role,
        }),
        None => Ok(()),
    }
}

fn refuse_nothing_usable(topology: &Topology) -> Result<(), PlacementError> {
    if !topology.usable.is_empty() {
        return Ok(());
    }
    let shown = |set: &Option<CpuSet>, otherwise: &str| {
        set.as_ref()
            .map_or_else(|| otherwise.to_owned(), ToString::to_string)
    };
    Err(PlacementError::NoUsableCpu {
        online: topology.sets.online.clone(),
        affinity: shown(&topology.affinity, "unknown"),
        cpuset: shown(&topology.cgroup.cpuset, "none"),
    })
}

/// The one node to bind memory to, or why there is none.
fn memory_node(
    topology: &Topology,
    request: &Request,
    target: &CpuSet,
) -> Result<(Option<u32>, Option<String>), PlacementError> {
    if !request.bind_memory {
        return Ok((None, None));
    }
    if topology.nodes.is_empty() {
        let note = "memory binding has no effect: this host reports no NUMA nodes";
        return Ok((None, Some(note.to_owned())));
    }
    let refuse = |reason: String| Err(PlacementError::Memory { reason });
    let nodes = topology.nodes_of(target);
    let Some(node) = nodes.first().filter(|_| nodes.len() == 1) else {
        return refuse(format!(
            "the target's CPUs {target} lie on nodes {nodes} and memory can be bound to one; \
             use node:N or fewer target CPUs"
        ));
    };
    if topology
        .node(node)
        .is_some_and(|node| node.memory_bytes == Some(0))
    {
        return refuse(format!(
            "node {node} has no memory of its own; leave binding out"
        ));
    }
    match &topology.allowed_nodes {
        Some(allowed) if !allowed.contains(node) => refuse(format!(
            "node {node} is not among the memory nodes allowed to us ({allowed}); \
             use a node of these or leave binding out"
        )),
        _ => Ok((Some(node), None)),
    }
}

/// What makes a possible placement a questionable one.
fn warnings(topology: &Topology, policy: &Policy, target: &CpuSet) -> Vec<String> {
    let mut notes = Vec::new();
    let isolated = target & topology.isolated();
    // isolcpus: "You can move a process onto or off an isolated CPU via the CPU affinity syscalls"; balancing between
    // isolated CPUs does not happen (Linux: kernel-parameters.txt).
    if isolated.len() > 1 {
        notes.push(format!(
            "CPUs {isolated} are isolated from scheduler balancing: threads of a Go process stay \
             where they start, so several isolated CPUs may do the work of one"
        ));
    } else if !isolated.is_empty() {
        notes.push(format!(
            "CPU {isolated} is isolated: little else disturbs the target there"
        ));
    }
    let kinds: Vec<&str> = topology
        .core_types
        .iter()
        .filter(|kind| !kind.cpus.is_disjoint(target))
        .map(|kind| kind.name.as_str())
        .collect();
    if kinds.len() > 1 {
        notes.push(format!(
            "the target's CPUs mix kinds of core ({}): its speed depends on where threads land",
            kinds.join(", ")
        ));
    }
    let nodes = topology.nodes_of(target);
    if nodes.len() > 1 && *policy != Policy::None {
        notes.push(format!(
            "the target spans NUMA nodes {nodes}: some memory accesses are remote"
        ));
    }
    if let Some(quota) = topology
        .cgroup
        .quota
        .as_ref()
        .filter(|quota| quota.cpus() < target.len() as f64)
    {
        notes.push(format!(
            "{} allows {:.2} CPUs in all, the target alone has {}: the kernel will throttle us \
             and latency will show it",
            quota.file,
            quota.cpus(),
            target.len()
        ));
    }
    notes
}
