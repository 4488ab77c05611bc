//! The Go runtime's own account of a stretch of time, in the figures that rules need.
//!
//! Main type: [`Runtime`]. It is filled from two snapshots of runtime/metrics, or as far as it goes from what a trial
//! stores. Source of every name: the documentation of package runtime/metrics, Go 1.21 to 1.27.

use gotrace::metrics::{Delta, Quantile, Snapshot};
use record::trial::RuntimeWindow;

/// What the runtime says of a stretch. Durations are upper bounds of histogram buckets, which are up to a quarter wide.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Runtime {
    /// GC cycles.
    pub gc_cycles: Option<f64>,
    /// Of them, those that the program forced.
    pub gc_forced: Option<f64>,
    /// CPU time of GC without idle workers and pauses, seconds. It moves at the end of cycles only. A pause counts
    /// there as its length x GOMAXPROCS, which is no CPU time; G5 judges pauses.
    pub gc_cpu_s: Option<f64>,
    /// Of it, assists.
    pub gc_assist_cpu_s: Option<f64>,
    /// CPU time of idle workers, which mark where nothing else wants the P, seconds.
    pub gc_idle_cpu_s: Option<f64>,
    /// Finalizers and cleanups queued and not yet run, at the beginning and at the end (Go 1.26 on).
    pub finalizers_waiting: Option<[f64; 2]>,
    /// Heap bytes allocated.
    pub alloc_bytes: Option<f64>,
    /// Live heap after the last mark, bytes: at the beginning and at the end.
    pub live_bytes: Option<[f64; 2]>,
    /// Heap goal, bytes: at the beginning and at the end.
    pub goal_bytes: Option<[f64; 2]>,
    /// Stacks and globals that GC scans, bytes, at the end.
    pub roots_bytes: Option<f64>,
    /// 99th percentile of pauses for GC, ms.
    pub pause_p99_ms: Option<f64>,
    /// 99th percentile of the time to stop the world for GC, ms (Go 1.22 on).
    pub stopping_p99_ms: Option<f64>,
    /// 99th percentile of the time from runnable to running, ms.
    pub sched_p99_ms: Option<f64>,
    /// 99.9th percentile of it, ms.
    pub sched_p999_ms: Option<f64>,
    /// Time that goroutines waited for mutexes, seconds.
    pub mutex_wait_s: Option<f64>,
    /// Goroutines, at the beginning and at the end.
    pub goroutines: Option<[f64; 2]>,
    /// Goroutines in system calls or C, at the beginning and at the end (Go 1.26 on).
    pub not_in_go: Option<[f64; 2]>,
    /// GC cycle at which the CPU limiter was last on, beginning and end; 0 for never.
    pub limiter_last: Option<[f64; 2]>,
    /// GOGC, percent; 2^64-1 is off.
    pub gogc_percent: Option<f64>,
    /// GOMEMLIMIT, bytes; 2^63-1 is none.
    pub memory_limit_bytes: Option<f64>,
    /// GOMAXPROCS at the end.
    pub gomaxprocs: Option<f64>,
    /// Memory mapped by the runtime, at the end.
    pub memory: Option<Memory>,
}

/// Memory at one instant, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Memory {
    /// Everything that the runtime mapped.
    pub total: f64,
    /// Of it, given back to the system.
    pub released: f64,
    /// Objects in the heap, dead ones not yet swept included.
    pub objects: f64,
    /// Room in spans in use that holds no object.
    pub unused: f64,
}

impl Runtime {
    /// The account between two snapshots; what a Go version does not have is `None`.
    #[must_use]
    pub fn between(before: &Snapshot, after: &Snapshot) -> Runtime {
        let delta = Delta::between(before, after);
        let grown = |name: &str| delta.grown(name);
        let both = |name: &str| Some([before.number(name)?, after.number(name)?]);
        let quantile_ms = |names: &[&str], q: f64| {
            let added = names.iter().find_map(|name| delta.added(name))?;
            added.quantile(q).map(milliseconds)
        };
        let pauses = ["/sched/pauses/total/gc:seconds", "/gc/pauses:seconds"];
        let latencies = ["/sched/latencies:seconds"];
        let gc_cpu = |name: &str| grown(&format!("/cpu/classes/gc/{name}:cpu-seconds"));
        let roots =
            ["/gc/scan/stack:bytes", "/gc/scan/globals:bytes"].map(|name| after.number(name));
        Runtime {
            gc_cycles: grown("/gc/cycles/total:gc-cycles"),
            gc_forced: grown("/gc/cycles/forced:gc-cycles"),
            gc_cpu_s: gc_cpu("total")
                .zip(gc_cpu("mark/idle"))
                .map(|(total, idle)| (total - idle - gc_cpu("pause").unwrap_or(0.0)).max(0.0)),
            gc_assist_cpu_s: gc_cpu("mark/assist"),
            gc_idle_cpu_s: gc_cpu("mark/idle"),
            finalizers_waiting: finalizers_waiting(before)
                .zip(finalizers_waiting(after))
                .map(<[f64; 2]>::from),
            alloc_bytes: grown("/gc/heap/allocs:bytes"),
            live_bytes: both("/gc/heap/live:bytes"),
            goal_bytes: both("/gc/heap/goal:bytes"),
            roots_bytes: roots.into_iter().sum(),
            pause_p99_ms: quantile_ms(&pauses, 0.99),
            stopping_p99_ms: quantile_ms(&["/sched/pauses/stopping/gc:seconds"], 0.99),
            sched_p99_ms: quantile_ms(&latencies, 0.99),
            sched_p999_ms: quantile_ms(&latencies, 0.999),
            mutex_wait_s: grown("/sync/mutex/wait/total:seconds"),
            goroutines: both("/sched/goroutines:goroutines"),
            not_in_go: both("/sched/goroutines/not-in-go:goroutines"),
            limiter_last: both("/gc/limiter/last-enabled:gc-cycle"),
            gogc_percent: after.number("/gc/gogc:percent"),
            memory_limit_bytes: after.number("/gc/gomemlimit:bytes"),
            gomaxprocs: after.number("/sched/gomaxprocs:threads"),
            memory: Memory::at(after),
        }
    }

    /// What a trial's record holds of it, for runs whose raw evidence is gone.
    #[must_use]
    pub fn recorded(window: &RuntimeWindow) -> Runtime {
        let end = |value: u64| value as f64;
        Runtime {
            gc_cycles: Some(end(window.gc_cycles)),
            gc_forced: Some(end(window.gc_forced)),
            gc_cpu_s: Some((window.gc_cpu_seconds - window.gc_idle_cpu_seconds).max(0.0)),
            gc_assist_cpu_s: Some(window.gc_assist_cpu_seconds),
            gc_idle_cpu_s: Some(window.gc_idle_cpu_seconds),
            alloc_bytes: Some(end(window.alloc_bytes)),
            // Only the end was kept; taken for the whole window, as the record's own reader does.
            live_bytes: Some([end(window.heap_live_bytes); 2]),
            goal_bytes: Some([end(window.heap_goal_bytes); 2]),
            roots_bytes: Some(end(window.scan_stack_bytes + window.scan_globals_bytes)),
            pause_p99_ms: window.gc_pause_p99_ms,
            sched_p99_ms: window.sched_latency_p99_ms,
            mutex_wait_s: Some(window.mutex_wait_seconds),
            ..Runtime::default()
        }
    }
}

impl Memory {
    fn at(snapshot: &Snapshot) -> Option<Memory> {
        let class = |name: &str| snapshot.number(&format!("/memory/classes/{name}:bytes"));
        Some(Memory {
            total: class("total")?,
            released: class("heap/released")?,
            objects: class("heap/objects")?,
            unused: class("heap/unused")?,
        })
    }
}

/// Finalizers and cleanups that were queued and have not run.
fn finalizers_waiting(snapshot: &Snapshot) -> Option<f64> {
    let waiting = |kind: &str| {
        let count = |state: &str| snapshot.number(&format!("/gc/{kind}/{state}:{kind}"));
        Some(count("queued")? - count("executed")?)
    };
    Some(waiting("finalizers")? + waiting("cleanups").unwrap_or(0.0))
}

fn milliseconds(quantile: Quantile) -> f64 {
    quantile.conservative() * 1e3
}
