//! The Go scheduler: queues, latency, threads.
//!
//! Sources beyond those named at a rule: runtime/proc.go of Go 1.21 to 1.27 (`schedtrace`, `findRunnable`, `retake`,
//! `sysmon`) and the documentation of runtime/metrics.

mod goroutines;
mod latency;
mod queues;
mod threads;

use super::by_number;
use crate::rule::Rule;

/// The family, by number.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    by_number([
        queues::RULES,
        latency::RULES,
        threads::RULES,
        goroutines::RULES,
    ])
}
