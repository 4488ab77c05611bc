//! The policies that are told which CPUs to use: `none` and `cpus:`.

use super::automatic::generator_beside;
use super::slots::Slot;
use super::task::{Choice, Task};
use crate::cpuset::CpuSet;
use crate::error::PlacementError;
use crate::model::Topology;

/// No pinning: both may run anywhere.
pub(super) fn none(task: &Task<'_>) -> Choice {
    let mut notes = vec![
        "no pinning: target and generator compete for the same CPUs, so figures hold for \
         this mix only"
            .to_owned(),
    ];
    if task.request.target_cpus.is_some() || task.request.generator_cpus.is_some() {
        notes.push("the CPU counts asked for have no effect without pinning".to_owned());
    }
    let usable = task.topology.usable.clone();
    Choice {
        target: usable.clone(),
        generator: usable,
        notes,
    }
}

/// Exactly the CPUs that were named, if they can be used.
pub(super) fn cpus(
    task: &Task<'_>,
    slots: Vec<Slot>,
    target: &CpuSet,
    generator: Option<&CpuSet>,
) -> Result<Choice, PlacementError> {
    check_usable(task.topology, "target", target)?;
    let target = counted(task, "target", target, task.request.target_cpus)?;
    let Some(generator) = generator else {
        let generator = free_cores(task, slots, &target)?;
        return Ok(Choice {
            target,
            generator,
            notes: Vec::new(),
        });
    };
    check_usable(task.topology, "generator", generator)?;
    let generator = counted(task, "generator", generator, task.request.generator_cpus)?;
    let notes = sharing_notes(task.topology, &target, &generator);
    Ok(Choice {
        target,
        generator,
        notes,
    })
}

/// CPUs that may be named: beyond the usable ones also isolated ones outside our mask. `isolcpus=` takes CPUs out of
/// every process' inherited mask, and moving a process there by hand is what they are kept for.
fn nameable(topology: &Topology) -> CpuSet {
    let isolated = &topology.sets.online & topology.isolated();
    let isolated = match &topology.cgroup.cpuset {
        Some(cpuset) => &isolated & cpuset,
        None => isolated,
    };
    &topology.usable | &isolated
}

fn check_usable(
    topology: &Topology,
    role: &'static str,
    asked: &CpuSet,
) -> Result<(), PlacementError> {
    let nameable = nameable(topology);
    let refused = asked - &nameable;
    if refused.is_empty() {
        return Ok(());
    }
    let mut reasons = Vec::new();
    let mut left = refused;
    let mut because = |left: &mut CpuSet, these: &CpuSet, reason: &str| {
        let hit = &*left & these;
        if !hit.is_empty() {
            reasons.push(format!("{hit} {reason}"));
        }
        *left = &*left - these;
    };
    let absent = &left - &topology.sets.present;
    because(&mut left, &absent, "do not exist on this host");
    because(&mut left, &topology.offline(), "are offline");
    if let Some(cpuset) = &topology.cgroup.cpuset {
        let outside = &left - cpuset;
        because(&mut left, &outside, "are outside our cgroup's cpuset");
    }
    let rest = left.clone();
    because(&mut left, &rest, "are outside our affinity mask");
    Err(PlacementError::Cpus {
        role,
        asked: asked.clone(),
        reasons: reasons.join("; "),
        usable: nameable,
    })
}

fn counted(
    task: &Task<'_>,
    role: &'static str,
    named: &CpuSet,
    count: Option<usize>,
) -> Result<CpuSet, PlacementError> {
    match count {
        Some(asked) if asked > named.len() => Err(PlacementError::TooManyCpus {
            policy: task.policy.to_string(),
            role,
            asked,
            available: named.len(),
            why: "the list names no more".to_owned(),
        }),
        Some(asked) => Ok(named.take(asked)),
        None => Ok(named.clone()),
    }
}

/// A generator that was not named gets cores that the target leaves alone.
fn free_cores(
    task: &Task<'_>,
    slots: Vec<Slot>,
    target: &CpuSet,
) -> Result<CpuSet, PlacementError> {
    let cores = task.topology.with_siblings(target);
    let (taken, free): (Vec<_>, Vec<_>) = slots
        .into_iter()
        .partition(|slot| !slot.cpus.is_disjoint(&cores));
    if free.is_empty() {
        let last = target.last().unwrap_or(0);
        return Err(PlacementError::TooFewCores {
            policy: task.policy.to_string(),
            needed: taken.len() + 1,
            place: task.place.clone(),
            found: format!(
                "are {} usable and the target's CPUs touch them all",
                taken.len()
            ),
            fix: format!(
                "name fewer CPUs, or name the generator's too: cpus:{target}/{last} shares \
                 CPU {last} knowingly"
            ),
        });
    }
    generator_beside(task, &taken, free)
}

/// What was named is done, but sharing is not left unsaid.
fn sharing_notes(topology: &Topology, target: &CpuSet, generator: &CpuSet) -> Vec<String> {
    let both = target & generator;
    let siblings = &(&topology.with_siblings(target) & generator) - &both;
    let mut notes = Vec::new();
    if !both.is_empty() {
        notes.push(format!(
            "target and generator share CPUs {both}: each takes time from the other"
        ));
    }
    if !siblings.is_empty() {
        notes.push(format!(
            "generator CPUs {siblings} are SMT siblings of the target's: each slows the other down"
        ));
    }
    notes
}
