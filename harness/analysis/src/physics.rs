//! What Go's collector must do, by its own rules.

use std::ops::RangeInclusive;

use record::threshold::{Threshold, Thresholds};
use record::trial::RuntimeWindow;

/// Go's least heap goal at GOGC=100, bytes (`defaultHeapMinimum`, runtime/mgcpacer.go).
const LEAST_GOAL: f64 = 4.0 * 1024.0 * 1024.0;

/// Measured ÷ predicted collections that need no explanation: goals are overshot a little, and a mark takes time in
/// which memory is allocated (METHODOLOGY, rule V1).
pub(crate) fn plausible(thresholds: &Thresholds) -> RangeInclusive<f64> {
    thresholds.get(Threshold::V1Low)..=thresholds.get(Threshold::V1High)
}

/// The smallest heap goal that GOGC allows, bytes. `gogc` in per cent.
pub(crate) fn least_heap_goal(gogc: f64) -> f64 {
    LEAST_GOAL * gogc / 100.0
}

/// Heap goal, bytes: live + (live + stacks + globals) x GOGC/100, not below 4 MiB x GOGC/100 (Go's GC guide, and
/// `gcControllerState.commit` in runtime/mgcpacer.go since go1.18). `gogc` in per cent. A memory limit may set a lower
/// one.
pub(crate) fn heap_goal(runtime: &RuntimeWindow, gogc: f64) -> f64 {
    let live = runtime.heap_live_bytes as f64;
    let roots = (runtime.scan_stack_bytes + runtime.scan_globals_bytes) as f64;
    (live + (live + roots) * gogc / 100.0).max(least_heap_goal(gogc))
}

/// Heap bytes that the program allocates from one collection to the next, where no memory limit governs.
pub(crate) fn bytes_between_collections(runtime: &RuntimeWindow, gogc: f64) -> f64 {
    heap_goal(runtime, gogc) - runtime.heap_live_bytes as f64
}
