//! The Go scheduler: queues, latency, threads.
//!
//! Sources beyond those named at a rule: runtime/proc.go of Go 1.21 to 1.27 (`schedtrace`, `findRunnable`, `retake`,
//! `sysmon`) and the documentation of runtime/metrics.

mod latency;
mod queues;
mod threads;

use super::super::rule::Rule;

/// The family, by number.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    let mut all: Vec<&Rule> = [queues::RULES, latency::RULES, threads::RULES]
        .into_iter()
        .flatten()
        .collect();
    all.sort_by_key(|rule| rule.id[1..].parse::<u32>().unwrap_or(u32::MAX));
    all.into_iter()
}
