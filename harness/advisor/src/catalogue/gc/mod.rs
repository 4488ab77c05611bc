//! Garbage collection: how often, how dear, how long it stops, and whether its limits fit.
//!
//! Sources beyond those named at a rule: the Go GC guide (go.dev/doc/gc-guide), runtime/mgcpacer.go and
//! runtime/mgclimit.go of Go 1.21 to 1.27.

mod cost;
mod heap;
mod limit;

pub(super) use cost::ENOUGH_CPU_SAMPLES;
pub(super) use heap::has_preemption_off;

use super::by_number;
use crate::rule::Rule;

/// The family, by number.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    by_number([cost::RULES, heap::RULES, limit::RULES])
}
