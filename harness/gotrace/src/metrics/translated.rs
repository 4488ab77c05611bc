//! Values of `runtime/metrics` out of what services without our probe expose: Prometheus's Go collector, expvar.
//!
//! Main functions: [`of_scrape`], [`of_memstats`]. What a source does not have is left out. Sources of the names:
//! prometheus/client_golang, `prometheus/go_collector*.go` and `internal/go_runtime_metrics.go`; VictoriaMetrics/metrics,
//! `go_metrics.go`; what each field of `runtime.MemStats` is in `runtime/metrics`: that package's documentation.

use std::collections::BTreeMap;

use super::{Snapshot, Value};
use crate::memstats::MemStats;
use crate::prometheus::Scrape;

/// Counters of `runtime.MemStats` as the Go collector names them, and beside it by `runtime/metrics`. Of two names the
/// first that is there counts.
const COUNTS: &[(&str, &str)] = &[
    ("go_gc_cycles_total_gc_cycles_total", CYCLES),
    ("go_gc_duration_seconds_count", CYCLES),
    ("go_gc_cycles_forced_gc_cycles_total", FORCED),
    ("go_memstats_alloc_bytes_total", ALLOCATED_BYTES),
    ("go_memstats_mallocs_total", ALLOCATED_OBJECTS),
    ("go_memstats_frees_total", "/gc/heap/frees:objects"),
    ("go_gc_heap_live_bytes", "/gc/heap/live:bytes"),
    ("go_memstats_next_gc_bytes", GOAL),
    ("go_gc_gogc_percent", "/gc/gogc:percent"),
    ("go_gc_gomemlimit_bytes", "/gc/gomemlimit:bytes"),
    ("go_sched_gomaxprocs_threads", "/sched/gomaxprocs:threads"),
    ("go_gomaxprocs", "/sched/gomaxprocs:threads"),
    ("go_goroutines", "/sched/goroutines:goroutines"),
    ("go_memstats_sys_bytes", TOTAL),
    ("go_memstats_heap_released_bytes", RELEASED),
    ("go_memstats_heap_alloc_bytes", OBJECTS),
    ("go_gc_scan_stack_bytes", "/gc/scan/stack:bytes"),
    ("go_gc_scan_globals_bytes", "/gc/scan/globals:bytes"),
];

/// Seconds, which are no whole numbers.
const SECONDS: &[(&str, &str)] = &[
    (
        "go_cpu_classes_gc_total_cpu_seconds_total",
        "/cpu/classes/gc/total:cpu-seconds",
    ),
    (
        "go_cpu_classes_gc_mark_idle_cpu_seconds_total",
        "/cpu/classes/gc/mark/idle:cpu-seconds",
    ),
    (
        "go_cpu_classes_gc_mark_assist_cpu_seconds_total",
        "/cpu/classes/gc/mark/assist:cpu-seconds",
    ),
    (
        "go_cpu_classes_gc_pause_cpu_seconds_total",
        "/cpu/classes/gc/pause:cpu-seconds",
    ),
    (
        "go_sync_mutex_wait_total_seconds_total",
        "/sync/mutex/wait/total:seconds",
    ),
];

/// GC cycles, in [`Snapshot::metrics`].
pub const CYCLES: &str = "/gc/cycles/total:gc-cycles";
/// Heap bytes allocated.
pub const ALLOCATED_BYTES: &str = "/gc/heap/allocs:bytes";
/// Heap objects allocated.
pub const ALLOCATED_OBJECTS: &str = "/gc/heap/allocs:objects";
const FORCED: &str = "/gc/cycles/forced:gc-cycles";
const GOAL: &str = "/gc/heap/goal:bytes";
const TOTAL: &str = "/memory/classes/total:bytes";
const RELEASED: &str = "/memory/classes/heap/released:bytes";
const OBJECTS: &str = "/memory/classes/heap/objects:bytes";
const UNUSED: &str = "/memory/classes/heap/unused:bytes";

/// What a scrape of the Go collector says.
#[must_use]
pub fn of_scrape(scrape: &Scrape) -> BTreeMap<String, Value> {
    let mut metrics = BTreeMap::new();
    for (named, name) in COUNTS {
        if let Some(value) = scrape.value(named).and_then(whole) {
            let value = Value::Uint64(value);
            metrics.entry((*name).to_owned()).or_insert(value);
        }
    }
    for (named, name) in SECONDS {
        if let Some(value) = scrape.value(named).filter(|value| value.is_finite()) {
            metrics.insert((*name).to_owned(), Value::Float64(value));
        }
    }
    let used = scrape.value("go_memstats_heap_inuse_bytes");
    let objects = scrape.value("go_memstats_heap_alloc_bytes");
    if let Some(unused) = used.zip(objects).and_then(|(used, own)| whole(used - own)) {
        metrics.insert(UNUSED.to_owned(), Value::Uint64(unused));
    }
    metrics
}

/// What `runtime.MemStats` says.
#[must_use]
pub fn of_memstats(stats: &MemStats) -> BTreeMap<String, Value> {
    let unused = stats
        .heap_inuse_bytes
        .saturating_sub(stats.heap_alloc_bytes);
    let known = [
        (CYCLES, stats.num_gc),
        (ALLOCATED_BYTES, stats.total_alloc_bytes),
        (ALLOCATED_OBJECTS, stats.mallocs),
        ("/gc/heap/frees:objects", stats.frees),
        (GOAL, stats.next_gc_bytes),
        (TOTAL, stats.sys_bytes),
        (RELEASED, stats.heap_released_bytes),
        (OBJECTS, stats.heap_alloc_bytes),
        (UNUSED, unused),
    ];
    let known = known.into_iter();
    let known = known.chain(stats.num_forced_gc.map(|forced| (FORCED, forced)));
    known
        .map(|(name, value)| (name.to_owned(), Value::Uint64(value)))
        .collect()
}

/// A count as the text format writes it. Above 2^63 it is a limit that is not set, in a number that cannot hold it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and negative or broken values are refused before"
)]
fn whole(value: f64) -> Option<u64> {
    const NONE: f64 = 9_223_372_036_854_775_807.0;
    match value {
        value if !value.is_finite() || value < 0.0 => None,
        value if value >= NONE => Some(i64::MAX as u64),
        value => Some(value as u64),
    }
}

impl Snapshot {
    /// The JSON that [`Snapshot::parse`] reads, on one line. Distributions are left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        let number = |value: &Value| match value {
            Value::Uint64(value) => Some(serde_json::json!({"kind": "uint64", "value": value})),
            Value::Float64(value) => Some(serde_json::json!({"kind": "float64", "value": value})),
            Value::Histogram(_) | Value::Other(_) => None,
        };
        let metrics: BTreeMap<&str, serde_json::Value> = self
            .metrics
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), number(value)?)))
            .collect();
        serde_json::json!({
            "go_version": self.go_version.to_string(),
            "taken_unix_ns": self.taken_unix_ns,
            "metrics": metrics,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GoVersion;
    use crate::metrics::nature;

    #[test]
    fn a_scrape_says_what_runtime_metrics_would() {
        let text = "go_gc_duration_seconds_count 12\ngo_memstats_alloc_bytes_total 3.5e+09\n\
            go_memstats_heap_alloc_bytes 2e+06\ngo_memstats_heap_inuse_bytes 3e+06\n\
            go_gc_gomemlimit_bytes 9.223372036854776e+18\ngo_goroutines 7\n\
            go_cpu_classes_gc_total_cpu_seconds_total 0.25\ngo_memstats_next_gc_bytes NaN\n";
        let scrape = Scrape::parse_all(text.as_bytes()).remove(0);
        let metrics = of_scrape(&scrape);
        assert_eq!(metrics[CYCLES], Value::Uint64(12));
        assert_eq!(metrics[ALLOCATED_BYTES], Value::Uint64(3_500_000_000));
        assert_eq!(metrics[UNUSED], Value::Uint64(1_000_000));
        let limit = &metrics["/gc/gomemlimit:bytes"];
        assert_eq!(*limit, Value::Uint64(i64::MAX as u64));
        assert!(!metrics.contains_key(GOAL));
        // The newer name counts where both are there.
        let both = format!("go_gc_cycles_total_gc_cycles_total 13\n{text}");
        let scrape = Scrape::parse_all(both.as_bytes()).remove(0);
        assert_eq!(of_scrape(&scrape)[CYCLES], Value::Uint64(13));
    }

    #[test]
    fn every_name_is_one_of_runtime_metrics_and_is_read_again() {
        let all = COUNTS.iter().chain(SECONDS).map(|(_, name)| *name);
        for name in all.chain([UNUSED]) {
            assert!(nature(name).is_some(), "{name}");
        }
        let mut stats = MemStats::default();
        (stats.num_gc, stats.num_forced_gc) = (3, Some(1));
        let snapshot = Snapshot {
            go_version: GoVersion::release(26, 8),
            taken_unix_ns: 1_795_260_000_000_000_000,
            metrics: of_memstats(&stats),
        };
        let read = Snapshot::parse(snapshot.to_json().as_bytes()).unwrap();
        assert_eq!(read, snapshot);
        assert_eq!(read.uint64(FORCED), Some(1));
    }
}
