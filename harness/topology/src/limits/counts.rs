//! What the kernel counts in a group.

use super::write::word;
use super::{Controller, Place};
use crate::cgroup::Generation;

/// Counters of a group since it was made; `None` where the kernel does not tell, or the group has no such limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// Periods of the quota in which the group had something to run (`nr_periods`).
    pub periods: Option<u64>,
    /// Of them, those in which it ran out of quota (`nr_throttled`).
    pub throttled: Option<u64>,
    /// Time held back, summed over CPUs, microseconds (`throttled_usec`, or `throttled_time` in nanoseconds in version
    /// 1). Linux: Documentation/scheduler/sched-bwc.rst, "Statistics".
    pub throttled_us: Option<u64>,
    /// Memory charged to the group now, bytes.
    pub memory_bytes: Option<u64>,
    /// The most that was ever charged, bytes; version 2 tells it from Linux 5.19 on.
    pub memory_peak_bytes: Option<u64>,
    /// Processes that the kernel killed for want of memory.
    pub oom_kills: Option<u64>,
}

/// A look at a group's counters that does not hold the group.
#[derive(Debug, Clone)]
pub struct GroupCounter {
    pub(super) places: Vec<Place>,
}

impl GroupCounter {
    /// What the kernel counted so far; nothing once the group is gone.
    pub fn counts(&self) -> GroupCounts {
        read(&self.places)
    }
}

fn read(places: &[Place]) -> GroupCounts {
    let mut counts = GroupCounts::default();
    for place in places {
        for controller in &place.controllers {
            match controller {
                Controller::Cpu => cpu(place, &mut counts),
                Controller::Memory => memory(place, &mut counts),
            }
        }
    }
    counts
}

fn cpu(place: &Place, counts: &mut GroupCounts) {
    let text = word(&place.folder.join("cpu.stat")).unwrap_or_default();
    counts.periods = field(&text, "nr_periods");
    counts.throttled = field(&text, "nr_throttled");
    counts.throttled_us = match place.generation {
        Generation::V1 => field(&text, "throttled_time").map(|ns| ns / 1_000),
        Generation::V2 => field(&text, "throttled_usec"),
    };
}

fn memory(place: &Place, counts: &mut GroupCounts) {
    let [now, peak, events] = match place.generation {
        Generation::V1 => [
            "memory.usage_in_bytes",
            "memory.max_usage_in_bytes",
            "memory.oom_control",
        ],
        Generation::V2 => ["memory.current", "memory.peak", "memory.events"],
    };
    let number = |file: &str| word(&place.folder.join(file))?.parse().ok();
    counts.memory_bytes = number(now);
    counts.memory_peak_bytes = number(peak);
    counts.oom_kills = field(
        &word(&place.folder.join(events)).unwrap_or_default(),
        "oom_kill",
    );
}

/// `name number` of a flat keyed file.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut fields = text.lines().filter_map(|line| line.split_once(' '));
    let (_, number) = fields.find(|(field, _)| *field == name)?;
    number.trim().parse().ok()
}
