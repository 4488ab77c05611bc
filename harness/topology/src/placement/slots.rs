//! The cores that a placement may draw from, and picking CPUs from them.

use std::collections::BTreeSet;

use crate::cpuset::CpuSet;
use crate::model::Topology;

/// A core with the CPUs of it that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) core: u32,
    pub(super) cpus: CpuSet,
    pub(super) package: u32,
    pub(super) node: Option<u32>,
    pub(super) llc: Option<u32>,
    /// 0 for the strongest kind of core on the host.
    pub(super) kind: usize,
}

/// Which threads of a core to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    /// One thread of each core, then the second of each.
    CoresFirst,
    /// Every thread of a core before the next core.
    SiblingsFirst,
    /// One thread of each core and no more.
    OnePerCore,
}

/// The host's usable cores, by core index.
pub(super) fn usable(topology: &Topology) -> Vec<Slot> {
    let slot = |core: &crate::model::Core| {
        let cpus = &core.cpus & &topology.usable;
        let first = topology.cpu(cpus.first()?)?;
        let kind = topology
            .core_types
            .iter()
            .position(|kind| kind.cpus.contains(first.id));
        Some(Slot {
            core: core.index,
            package: core.package,
            node: first.node,
            llc: first.llc,
            kind: kind.unwrap_or(0),
            cpus,
        })
    };
    topology.cores.iter().filter_map(slot).collect()
}

/// The kind of core that a target runs on: the strongest of which there are at least two here, since a lone prime core
/// cannot show how a service scales; else the strongest.
pub(super) fn target_kind(slots: &[Slot]) -> usize {
    let kinds: BTreeSet<usize> = slots.iter().map(|slot| slot.kind).collect();
    let count = |kind: &usize| slots.iter().filter(|slot| slot.kind == *kind).count();
    let paired = kinds.iter().copied().find(|kind| count(kind) >= 2);
    paired.or(kinds.first().copied()).unwrap_or(0)
}

/// Neighbours next to each other: the target's kind of core first, then by strength, package, node, last-level cache.
pub(super) fn by_locality(mut slots: Vec<Slot>) -> Vec<Slot> {
    let preferred = target_kind(&slots);
    slots.sort_by_key(|slot| {
        (
            slot.kind != preferred,
            slot.kind,
            slot.package,
            slot.node,
            slot.llc,
            slot.core,
        )
    });
    slots
}

/// Far ones next to each other: the first core of every node's first cache group, then of every second group, and only
/// then second cores.
pub(super) fn by_distance(slots: Vec<Slot>) -> Vec<Slot> {
    let slots = by_locality(slots);
    let preferred = target_kind(&slots);
    let mut keyed: Vec<_> = slots
        .iter()
        .map(|slot| {
            let same_kind = || slots.iter().filter(|other| other.kind == slot.kind);
            let place = |other: &Slot| (other.package, other.node);
            let group = |other: &Slot| (place(other), other.llc);
            let core_in_group = same_kind()
                .filter(|other| group(other) == group(slot) && other.core < slot.core)
                .count();
            let groups_before: BTreeSet<_> = same_kind()
                .filter(|other| place(other) == place(slot) && other.llc < slot.llc)
                .map(|other| other.llc)
                .collect();
            let strange = slot.kind != preferred;
            let key = (
                strange,
                slot.kind,
                core_in_group,
                groups_before.len(),
                place(slot),
                slot.core,
            );
            (key, slot.clone())
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, slot)| slot).collect()
}

/// How many CPUs these cores offer.
pub(super) fn capacity(slots: &[Slot], threads: Threads) -> usize {
    match threads {
        Threads::OnePerCore => slots.len(),
        _ => slots.iter().map(|slot| slot.cpus.len()).sum(),
    }
}

/// Picks `count` CPUs (all without a count) in the order of the slots; fewer when there are not that many.
pub(super) fn pick(slots: &[Slot], count: Option<usize>, threads: Threads) -> CpuSet {
    let count = count.unwrap_or(usize::MAX);
    let rounds = match threads {
        Threads::OnePerCore => 1,
        Threads::CoresFirst => slots.iter().map(|slot| slot.cpus.len()).max().unwrap_or(0),
        Threads::SiblingsFirst => {
            return slots
                .iter()
                .flat_map(|slot| slot.cpus.iter())
                .take(count)
                .collect();
        }
    };
    let round = |number: usize| {
        slots
            .iter()
            .filter_map(move |slot| slot.cpus.iter().nth(number))
    };
    (0..rounds).flat_map(round).take(count).collect()
}

/// The generator's default share of `cores`: a quarter, to the nearest core and never none, so that 2 cores go 1 and 1,
/// and 6 go 4 and 2.
pub(super) fn generator_share(cores: usize) -> usize {
    ((cores + 2) / 4).max(1)
}
