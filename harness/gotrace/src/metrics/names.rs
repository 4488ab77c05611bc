//! Which metrics count up and which are gauges.
//!
//! Source: `runtime/metrics.All()` of the seven toolchains; `tests/metrics_names.rs` compares
//! this rule with those dumps, name by name.

/// How a metric behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nature {
    /// Only grows; a difference is meaningful.
    Cumulative,
    /// Goes up and down; only its values are meaningful.
    Gauge,
}

/// Metrics of Go 1.21 to 1.27 that are gauges; names under `/memory/classes/` all are.
const GAUGES: &[&str] = &[
    "/gc/gogc:percent",
    "/gc/gomemlimit:bytes",
    "/gc/heap/goal:bytes",
    "/gc/heap/live:bytes",
    "/gc/heap/objects:objects",
    "/gc/limiter/last-enabled:gc-cycle",
    "/gc/scan/globals:bytes",
    "/gc/scan/heap:bytes",
    "/gc/scan/stack:bytes",
    "/gc/scan/total:bytes",
    "/gc/stack/starting-size:bytes",
    "/sched/gomaxprocs:threads",
    "/sched/goroutines/not-in-go:goroutines",
    "/sched/goroutines/runnable:goroutines",
    "/sched/goroutines/running:goroutines",
    "/sched/goroutines/waiting:goroutines",
    "/sched/goroutines:goroutines",
    "/sched/threads/total:threads",
];

/// Metrics of Go 1.21 to 1.27 that count up; names under `/cpu/classes/` and
/// `/godebug/non-default-behavior/` all do.
const CUMULATIVE: &[&str] = &[
    "/cgo/go-to-c-calls:calls",
    "/gc/cleanups/executed:cleanups",
    "/gc/cleanups/queued:cleanups",
    "/gc/cycles/automatic:gc-cycles",
    "/gc/cycles/forced:gc-cycles",
    "/gc/cycles/total:gc-cycles",
    "/gc/finalizers/executed:finalizers",
    "/gc/finalizers/queued:finalizers",
    "/gc/heap/allocs-by-size:bytes",
    "/gc/heap/allocs:bytes",
    "/gc/heap/allocs:objects",
    "/gc/heap/frees-by-size:bytes",
    "/gc/heap/frees:bytes",
    "/gc/heap/frees:objects",
    "/gc/heap/tiny/allocs:objects",
    "/gc/pauses:seconds",
    "/sched/goroutines-created:goroutines",
    "/sched/latencies:seconds",
    "/sched/pauses/stopping/gc:seconds",
    "/sched/pauses/stopping/other:seconds",
    "/sched/pauses/total/gc:seconds",
    "/sched/pauses/total/other:seconds",
    "/sync/mutex/wait/total:seconds",
];

/// How a metric behaves; `None` for names that Go 1.21 to 1.27 do not have.
#[must_use]
pub fn nature(name: &str) -> Option<Nature> {
    if name.starts_with("/memory/classes/") || GAUGES.binary_search(&name).is_ok() {
        return Some(Nature::Gauge);
    }
    let counts_up = name.starts_with("/cpu/classes/")
        || name.starts_with("/godebug/non-default-behavior/")
        || CUMULATIVE.binary_search(&name).is_ok();
    counts_up.then_some(Nature::Cumulative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_for_the_search() {
        assert!(GAUGES.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(CUMULATIVE.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
