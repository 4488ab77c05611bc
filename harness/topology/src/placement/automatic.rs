//! The policies that choose CPUs by themselves.

use std::cmp::Reverse;

use super::slots::{
    Slot, Threads, by_distance, by_locality, capacity, generator_share, pick, target_kind,
};
use super::task::{Choice, Task};
use crate::cpuset::CpuSet;
use crate::error::PlacementError;

impl Task<'_> {
    fn too_many(&self, role: &'static str, available: usize, why: &str) -> PlacementError {
        let asked = match role {
            "target" => self.request.target_cpus,
            _ => self.request.generator_cpus,
        };
        PlacementError::TooManyCpus {
            policy: self.policy.to_string(),
            role,
            asked: asked.unwrap_or(0),
            available,
            why: why.to_owned(),
        }
    }

    fn needs_two_cores(&self, slots: &[Slot]) -> Result<(), PlacementError> {
        if slots.len() >= 2 {
            return Ok(());
        }
        let cpus: CpuSet = slots.iter().flat_map(|slot| slot.cpus.iter()).collect();
        let (found, fix) = match (cpus.first(), cpus.last()) {
            (Some(first), Some(last)) if last > first => (
                format!("is 1 usable (CPUs {cpus} are SMT siblings of one core)"),
                format!(
                    "use none, or cpus:{first}/{last} to share the core knowingly: \
                     siblings slow each other down"
                ),
            ),
            (Some(only), _) => (
                format!("is 1 usable (CPU {only})"),
                "use none: target and generator then share it and the results say so".to_owned(),
            ),
            _ => (
                "is none usable".to_owned(),
                "use another node, or split".to_owned(),
            ),
        };
        Err(PlacementError::TooFewCores {
            policy: self.policy.to_string(),
            needed: 2,
            place: self.place.clone(),
            found,
            fix,
        })
    }

    fn within(&self, place: String) -> Self {
        Self {
            place,
            topology: self.topology,
            policy: self.policy,
            request: self.request,
        }
    }
}

/// Splits within one NUMA node when one has room, else over the whole host.
pub(super) fn split_near(
    task: &Task<'_>,
    slots: Vec<Slot>,
    threads: Threads,
) -> Result<Choice, PlacementError> {
    let nodes: CpuSet = slots.iter().filter_map(|slot| slot.node).collect();
    if nodes.len() < 2 {
        return split(task, &by_locality(slots), threads);
    }
    let of_node = |node: u32| {
        slots
            .iter()
            .filter(move |slot| slot.node == Some(node))
            .cloned()
    };
    let mut by_size: Vec<u32> = nodes.iter().collect();
    by_size.sort_by_key(|node| (Reverse(of_node(*node).count()), *node));
    for node in by_size {
        let local = by_locality(of_node(node).collect());
        if let Ok(mut choice) = split(&task.within(format!("on node {node}")), &local, threads) {
            choice.notes.push(format!(
                "kept to node {node} of nodes {nodes}, so that no memory access crosses nodes; \
                 ask for more target CPUs, or for spread, to use the others"
            ));
            return Ok(choice);
        }
    }
    let mut choice = split(task, &by_locality(slots), threads)?;
    choice
        .notes
        .push("no single NUMA node has room for this: CPUs of several are used".to_owned());
    Ok(choice)
}

/// Spreads over the whole host, one thread per core.
pub(super) fn spread(task: &Task<'_>, slots: Vec<Slot>) -> Result<Choice, PlacementError> {
    split(task, &by_distance(slots), Threads::OnePerCore)
}

/// Splits within one node, told which.
pub(super) fn node(task: &Task<'_>, slots: Vec<Slot>, node: u32) -> Result<Choice, PlacementError> {
    let known: CpuSet = slots.iter().filter_map(|slot| slot.node).collect();
    let refuse = |reason: &str| PlacementError::Node {
        node,
        reason: reason.to_owned(),
        known: match known.len() {
            0 => "no NUMA node of this host has usable CPUs".to_owned(),
            _ => format!("nodes with usable CPUs: {known}"),
        },
    };
    if !known.contains(node) {
        return Err(match task.topology.node(node) {
            None => refuse("does not exist on this host"),
            Some(found) if found.cpus.is_empty() => refuse("has memory only, no CPUs"),
            Some(_) => refuse("has no CPU in our affinity mask and cpuset"),
        });
    }
    let local = slots
        .into_iter()
        .filter(|slot| slot.node == Some(node))
        .collect();
    split(
        &task.within(format!("on node {node}")),
        &by_locality(local),
        Threads::CoresFirst,
    )
}

/// The target on a last-level cache, the generator outside it.
pub(super) fn llc(task: &Task<'_>, slots: Vec<Slot>, llc: u32) -> Result<Choice, PlacementError> {
    let known: CpuSet = slots.iter().filter_map(|slot| slot.llc).collect();
    let refuse = |reason: &str| PlacementError::LastLevelCache {
        llc,
        reason: reason.to_owned(),
        known: match known.len() {
            0 => "this host reports no caches (usual in a virtual machine or container)".to_owned(),
            _ => format!("last-level cache groups with usable CPUs: {known}"),
        },
    };
    if !known.contains(llc) {
        let exists = task
            .topology
            .last_level_caches
            .iter()
            .any(|group| group.index == llc);
        return Err(if exists {
            refuse("has no CPU in our affinity mask and cpuset")
        } else {
            refuse("does not exist on this host")
        });
    }
    let (inside, outside): (Vec<_>, Vec<_>) =
        slots.into_iter().partition(|slot| slot.llc == Some(llc));
    if outside.is_empty() {
        let task = task.within(format!("on llc {llc}"));
        return split(&task, &by_locality(inside), Threads::CoresFirst);
    }
    beside(task, by_locality(inside), outside, Threads::CoresFirst)
}

/// The target on as few cores, caches and packages as possible.
pub(super) fn compact(task: &Task<'_>, slots: Vec<Slot>) -> Result<Choice, PlacementError> {
    task.needs_two_cores(&slots)?;
    let preferred = target_kind(&slots);
    // Without cache information a package stands in for the group.
    let group = |slot: &Slot| (slot.llc.is_none(), slot.llc.unwrap_or(slot.package));
    let size = |one: &Slot| {
        slots
            .iter()
            .filter(|slot| group(slot) == group(one))
            .count()
    };
    let home = slots
        .iter()
        .filter(|slot| slot.kind == preferred)
        .min_by_key(|slot| (Reverse(size(slot)), slot.core))
        .cloned();
    let Some(home) = home else {
        return split(task, &by_locality(slots), Threads::SiblingsFirst);
    };
    let (inside, mut outside): (Vec<_>, Vec<_>) = slots
        .iter()
        .cloned()
        .partition(|slot| group(slot) == group(&home));
    if outside.is_empty() {
        return split(task, &by_locality(inside), Threads::SiblingsFirst);
    }
    // A target too large for the group grows into the nearest others.
    let mut inside = by_locality(inside);
    outside.sort_by_key(|slot| {
        let far = (
            slot.node != home.node,
            slot.package != home.package,
            slot.kind != preferred,
        );
        (far, slot.package, slot.node, slot.llc, slot.core)
    });
    let wanted = task.request.target_cpus.unwrap_or(0);
    let reserved = task.request.generator_cpus.unwrap_or(1);
    while capacity(&inside, Threads::SiblingsFirst) < wanted
        && capacity(&outside[1..], Threads::SiblingsFirst) >= reserved
    {
        inside.push(outside.remove(0));
    }
    beside(task, inside, outside, Threads::SiblingsFirst)
}

/// The target takes the front of an ordered list of cores and the generator a fixed place behind it, so that cells
/// which differ in their target count keep the same generator.
fn split(task: &Task<'_>, slots: &[Slot], threads: Threads) -> Result<Choice, PlacementError> {
    task.needs_two_cores(slots)?;
    let share = generator_cores(task, slots, threads)?;
    let last_start = slots.len() - share;
    let preferred = target_kind(slots);
    let same_kind = slots
        .iter()
        .take_while(|slot| slot.kind == preferred)
        .count();
    let usual_start = same_kind.clamp(1, last_start);
    let target = match task.request.target_cpus {
        Some(count) => split_target(task, slots, count, usual_start, threads)?,
        None => pick(&slots[..usual_start], None, threads),
    };
    let used = slots
        .iter()
        .rposition(|slot| !slot.cpus.is_disjoint(&target))
        .map_or(0, |at| at + 1);
    let start = usual_start.max(used);
    // Behind the usual place first; then, if more are needed, back towards the target.
    let behind = slots[start..].iter();
    let pool: Vec<Slot> = behind
        .chain(slots[used..start].iter().rev())
        .cloned()
        .collect();
    let generator = match task.request.generator_cpus {
        Some(count) => pick(&pool, Some(count), generator_threads(threads)),
        None => pick(
            &pool[..share.min(pool.len())],
            None,
            generator_threads(threads),
        ),
    };
    Ok(Choice {
        target,
        generator,
        notes: Vec::new(),
    })
}

/// The target's CPUs when their number is given: within its usual cores when they suffice, else with all but those that
/// the generator must have.
fn split_target(
    task: &Task<'_>,
    slots: &[Slot],
    count: usize,
    usual: usize,
    threads: Threads,
) -> Result<CpuSet, PlacementError> {
    let kept = match task.request.generator_cpus {
        Some(_) => generator_cores(task, slots, threads)?,
        None => 1,
    };
    let most = slots.len() - kept;
    let enough = [usual, most]
        .into_iter()
        .find(|cores| capacity(&slots[..*cores], threads) >= count);
    match enough {
        Some(cores) => Ok(pick(&slots[..cores], Some(count), threads)),
        None => Err(task.too_many(
            "target",
            capacity(&slots[..most], threads),
            &format!(
                "{} usable cores {}, {kept} of them for the generator",
                slots.len(),
                task.place
            ),
        )),
    }
}

/// How many cores at the end of the list the generator takes.
fn generator_cores(
    task: &Task<'_>,
    slots: &[Slot],
    threads: Threads,
) -> Result<usize, PlacementError> {
    let Some(count) = task.request.generator_cpus else {
        return Ok(generator_share(slots.len()));
    };
    let threads = generator_threads(threads);
    let enough = |cores: &usize| capacity(&slots[slots.len() - cores..], threads) >= count;
    (1..slots.len()).find(enough).ok_or_else(|| {
        let available = capacity(&slots[1..], threads);
        task.too_many("generator", available, "the target needs a core of its own")
    })
}

/// A generator fills the cores that it has, except where SMT is to be kept out.
fn generator_threads(target: Threads) -> Threads {
    match target {
        Threads::OnePerCore => Threads::OnePerCore,
        _ => Threads::SiblingsFirst,
    }
}

/// The target on `inside`, all of it without a count; the generator on `outside`.
fn beside(
    task: &Task<'_>,
    inside: Vec<Slot>,
    outside: Vec<Slot>,
    threads: Threads,
) -> Result<Choice, PlacementError> {
    let available = capacity(&inside, threads);
    if task
        .request
        .target_cpus
        .is_some_and(|count| count > available)
    {
        let why = format!(
            "{} cores {}, and the generator needs others",
            inside.len(),
            task.place
        );
        return Err(task.too_many("target", available, &why));
    }
    let target = pick(&inside, task.request.target_cpus, threads);
    let generator = generator_beside(task, &inside, outside)?;
    Ok(Choice {
        target,
        generator,
        notes: Vec::new(),
    })
}

/// CPUs for a generator on `free` cores, near to the target's: on its node, off its caches, on strong cores. About a
/// third as many cores as the target has.
pub(super) fn generator_beside(
    task: &Task<'_>,
    target: &[Slot],
    mut free: Vec<Slot>,
) -> Result<CpuSet, PlacementError> {
    let home = target.first();
    let shares_cache =
        |slot: &Slot| slot.llc.is_some() && target.iter().any(|other| other.llc == slot.llc);
    free.sort_by_key(|slot| {
        let far = home.is_some_and(|home| home.node != slot.node);
        (far, shares_cache(slot), slot.kind, slot.core)
    });
    match task.request.generator_cpus {
        Some(count) if count > capacity(&free, Threads::SiblingsFirst) => Err(task.too_many(
            "generator",
            capacity(&free, Threads::SiblingsFirst),
            "the others share a core with the target",
        )),
        Some(count) => Ok(pick(&free, Some(count), Threads::SiblingsFirst)),
        None => {
            let cores = ((target.len() + 1) / 3).clamp(1, free.len().max(1));
            Ok(pick(
                &free[..cores.min(free.len())],
                None,
                Threads::SiblingsFirst,
            ))
        }
    }
}
