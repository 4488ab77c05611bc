//! Turns what was seen of a window into its record.

use std::time::Instant;

use gotrace::metrics::{Delta, Snapshot};
use record::trial::{GcTraceWindow, RuntimeWindow, SchedTraceWindow};

use supervise::Traces;

/// Metrics without which the account would have holes: a hole must not read as zero. All are in Go 1.21 and later; an
/// older Go is left to gctrace.
const NEEDED: [&str; 10] = [
    "/gc/cycles/total:gc-cycles",
    "/gc/cycles/forced:gc-cycles",
    "/cpu/classes/gc/total:cpu-seconds",
    "/cpu/classes/gc/mark/idle:cpu-seconds",
    "/cpu/classes/gc/mark/assist:cpu-seconds",
    "/gc/heap/allocs:bytes",
    "/gc/heap/allocs:objects",
    "/gc/heap/live:bytes",
    "/gc/heap/goal:bytes",
    "/gc/scan/stack:bytes",
];

/// The runtime's own account of a window; `None` where it has holes.
pub(super) fn runtime_window(before: &Snapshot, after: &Snapshot) -> Option<RuntimeWindow> {
    let there =
        |name: &&str| before.metrics.contains_key(*name) && after.metrics.contains_key(*name);
    if !NEEDED.iter().all(there) {
        return None;
    }
    let delta = Delta::between(before, after);
    let grown = |name: &str| delta.grown(name).unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counters below 2^53, never negative"
    )]
    let count = |name: &str| grown(name) as u64;
    let now = |name: &str| after.uint64(name).unwrap_or(0);
    let quantile_ms = |name: &str| {
        let quantile = delta.added(name)?.quantile(0.99)?;
        Some(quantile.conservative() * 1e3)
    };
    // The name of Go 1.22 and later; before, all pauses were one histogram.
    let pauses = ["/sched/pauses/total/gc:seconds", "/gc/pauses:seconds"]
        .into_iter()
        .find(|name| after.histogram(name).is_some());
    Some(RuntimeWindow {
        gc_cycles: count("/gc/cycles/total:gc-cycles"),
        gc_forced: count("/gc/cycles/forced:gc-cycles"),
        gc_cpu_seconds: grown("/cpu/classes/gc/total:cpu-seconds"),
        gc_idle_cpu_seconds: grown("/cpu/classes/gc/mark/idle:cpu-seconds"),
        gc_assist_cpu_seconds: grown("/cpu/classes/gc/mark/assist:cpu-seconds"),
        alloc_bytes: count("/gc/heap/allocs:bytes"),
        alloc_objects: count("/gc/heap/allocs:objects"),
        heap_live_bytes: now("/gc/heap/live:bytes"),
        heap_goal_bytes: now("/gc/heap/goal:bytes"),
        gc_pauses: pauses
            .and_then(|name| Some(delta.added(name)?.total()))
            .unwrap_or(0),
        gc_pause_p99_ms: pauses.and_then(quantile_ms),
        sched_latency_p99_ms: quantile_ms("/sched/latencies:seconds"),
        mutex_wait_seconds: grown("/sync/mutex/wait/total:seconds"),
        goroutines: now("/sched/goroutines:goroutines"),
        scan_stack_bytes: now("/gc/scan/stack:bytes"),
        scan_globals_bytes: now("/gc/scan/globals:bytes"),
    })
}

/// The window by gctrace; `None` when no line was ever seen.
pub(super) fn gctrace_window(traces: &Traces, from: Instant, to: Instant) -> Option<GcTraceWindow> {
    let last_until = |at: Instant| {
        let read = traces.gc.iter().take_while(|(read, _)| *read <= at);
        read.last().map_or(0, |(_, cycle)| cycle.seq)
    };
    if traces.gc.is_empty() {
        return None;
    }
    let within: Vec<_> = traces
        .gc
        .iter()
        .filter(|(read, _)| *read > from && *read <= to)
        .map(|(_, cycle)| cycle)
        .collect();
    let of_one_process = traces
        .gc
        .is_sorted_by(|(_, before), (_, after)| before.seq < after.seq);
    let sum = |of: &dyn Fn(&gotrace::gctrace::GcCycle) -> f64| {
        within.iter().map(|cycle| of(cycle)).sum::<f64>() / 1e3
    };
    Some(GcTraceWindow {
        // By sequence numbers, not lines: a torn line is a cycle all the same. With
        // several processes on one stderr the numbers are of all of them.
        cycles: match of_one_process {
            true => last_until(to).saturating_sub(last_until(from)),
            false => within.len() as u64,
        },
        forced: within.iter().filter(|cycle| cycle.forced).count() as u64,
        cpu_seconds: sum(&|cycle| cycle.cpu.marking()),
        stop_seconds: sum(&|cycle| cycle.clock.stopped()),
        goal_mib: median(within.iter().map(|cycle| cycle.goal_mib as f64)),
        live_mib: median(within.iter().map(|cycle| cycle.heap_live_mib as f64)),
        torn_lines: traces.torn,
    })
}

/// The window by schedtrace; `None` when it has no line.
pub(super) fn schedtrace_window(
    traces: &Traces,
    from: Instant,
    to: Instant,
) -> Option<SchedTraceWindow> {
    let within: Vec<_> = traces
        .sched
        .iter()
        .filter(|(read, _)| *read > from && *read <= to)
        .map(|(_, sample)| sample)
        .collect();
    if within.is_empty() {
        return None;
    }
    let samples = within.len() as f64;
    let idle: u64 = within
        .iter()
        .map(|sample| u64::from(sample.head.idleprocs))
        .sum();
    let queued: u64 = within.iter().map(|sample| sample.queued()).sum();
    Some(SchedTraceWindow {
        samples: within.len() as u64,
        mean_idle_procs: idle as f64 / samples,
        mean_queue: queued as f64 / samples,
        max_queue: within
            .iter()
            .map(|sample| sample.queued())
            .max()
            .unwrap_or(0),
        max_threads: within
            .iter()
            .map(|sample| u64::from(sample.head.threads))
            .max()
            .unwrap_or(0),
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count => (values[(count - 1) / 2] + values[count / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn traces(lines: &[(u64, &str)], start: Instant) -> Traces {
        let mut traces = Traces::default();
        for (at_ms, line) in lines {
            let (cycle, _) = gotrace::gctrace::GcCycle::parse(line.as_bytes()).unwrap();
            traces
                .gc
                .push((start + Duration::from_millis(*at_ms), cycle));
        }
        traces
    }

    #[test]
    fn cycles_are_counted_by_sequence_numbers() {
        let start = Instant::now();
        let line = |seq| {
            format!(
                "gc {seq} @0.936s 2%: 0.10+0.95+0.21 ms clock, 0.20+0.11/0.24/0+0.42 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P"
            )
        };
        // Cycle 4 was torn and is missing.
        let lines = [line(2), line(3), line(5), line(6)];
        let traces = traces(
            &[
                (10, &lines[0]),
                (30, &lines[1]),
                (50, &lines[2]),
                (90, &lines[3]),
            ],
            start,
        );
        let at = |ms| start + Duration::from_millis(ms);
        let window = gctrace_window(&traces, at(20), at(60)).unwrap();
        assert_eq!(window.cycles, 3);
        assert_eq!(window.goal_mib, 17.0);
        assert!((window.stop_seconds - 2.0 * 0.31e-3).abs() < 1e-12);
    }
}
