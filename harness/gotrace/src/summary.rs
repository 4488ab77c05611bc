//! a summary of a window of a runtime log: pure functions of parsed lines.
//!
//! Main functions: [`gc`] and [`sched`]. Nothing here judges; thresholds are `advisor`'s.
//!
//! Deliberately absent: percentiles of pauses. gctrace rounds to two digits; use the histogram
//! `/sched/pauses/total/gc:seconds` ([`crate::metrics`]) for those.

use crate::gctrace::GcCycle;
use crate::schedtrace::SchedSample;

/// A half-open stretch of time, in seconds of the log's own clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Begin, included.
    pub from_s: f64,
    /// End, excluded.
    pub to_s: f64,
}

impl Window {
    /// Everything.
    pub const ALL: Self = Self {
        from_s: f64::NEG_INFINITY,
        to_s: f64::INFINITY,
    };

    fn holds(&self, at_s: f64) -> bool {
        self.from_s <= at_s && at_s < self.to_s
    }
}

/// Splits cycles where a new process begins: the sequence number or the clock falls.
///
/// One stream holds several processes where a container was restarted, or where `go run` and the
/// compiler that it starts share it.
pub fn processes(cycles: &[GcCycle]) -> impl Iterator<Item = &[GcCycle]> {
    cycles.chunk_by(|earlier, later| later.seq > earlier.seq && later.at_s >= earlier.at_s)
}

/// Collections of one process within a window.
#[derive(Debug, Clone, PartialEq)]
pub struct GcSummary {
    /// Collections that began in the window: by sequence numbers, so that lost lines count.
    pub collections: u64,
    /// Of these, how many lines could be read.
    pub lines: u64,
    /// Of the lines, how many say `(forced)`.
    pub forced: u64,
    /// The time that rates refer to, seconds: the window, or for an open one the time from the
    /// first to the last collection.
    pub span_s: f64,
    /// Collections per second; 0 if the span is empty.
    pub cycles_per_s: f64,
    /// Time with the world stopped, milliseconds, over all lines.
    pub stopped_ms: f64,
    /// Longest single stop (either of the two phases), milliseconds.
    pub longest_stop_ms: f64,
    /// CPU time of marking without idle workers, milliseconds, over all lines. Stops are not in it.
    pub cpu_ms: f64,
    /// Of it, assists by allocating goroutines, milliseconds.
    pub assist_ms: f64,
    /// CPU time of idle workers, milliseconds.
    pub idle_ms: f64,
    /// CPU time of marking without idle workers and stops as a share of span x GOMAXPROCS, 0 to 1; `None` if the span is
    /// empty. In an open window the last collection is left out: the interval that it begins has no end.
    pub cpu_share: Option<f64>,
    /// Assists as such a share.
    pub assist_share: Option<f64>,
    /// Live heap after marking, MiB.
    pub live_mib: Spread,
    /// Heap goal, MiB.
    pub goal_mib: Spread,
    /// Heap at the end of marking, MiB.
    pub end_mib: Spread,
    /// GOMAXPROCS of the last line.
    pub procs: u32,
    /// Smallest and largest GOMAXPROCS of the lines.
    pub procs_range: [u32; 2],
}

/// Smallest, middle and largest of some values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    /// Smallest.
    pub min: f64,
    /// Median; the mean of the middle two if their number is even.
    pub median: f64,
    /// Largest.
    pub max: f64,
}

/// Summarises the collections of one process that began within a window; `None` if there is none.
///
/// Give the cycles of one process, in order ([`processes`]).
#[must_use]
pub fn gc(cycles: &[GcCycle], window: Window) -> Option<GcSummary> {
    let inside: Vec<&GcCycle> = cycles
        .iter()
        .filter(|cycle| window.holds(cycle.at_s))
        .collect();
    let (first, last) = (inside.first()?, inside.last()?);
    // The fence post: both ends began inside the window, so the difference is one too few.
    let intervals = last.seq.saturating_sub(first.seq);
    let bounded = window.from_s.is_finite() && window.to_s.is_finite();
    let (span_s, counted) = if bounded {
        (window.to_s - window.from_s, intervals + 1)
    } else {
        (last.at_s - first.at_s, intervals)
    };
    let total = |value: fn(&GcCycle) -> f64| inside.iter().map(|cycle| value(cycle)).sum::<f64>();
    let cpu_ms = total(|cycle| cycle.cpu.marking());
    let assist_ms = total(|cycle| cycle.cpu.assist);
    // Between the first and the last of n collections lie n - 1 intervals, each with the CPU time of the collection
    // that begins it, and with the Ps that the next one counts: GOMAXPROCS may change in the middle of a log.
    let rest = if bounded {
        &inside[..]
    } else {
        &inside[..inside.len() - 1]
    };
    let within = |value: fn(&GcCycle) -> f64| rest.iter().map(|cycle| value(cycle)).sum::<f64>();
    let available_ms = if bounded {
        span_s * 1e3 * mean_procs(&inside)
    } else {
        inside
            .windows(2)
            .map(|pair| (pair[1].at_s - pair[0].at_s) * 1e3 * f64::from(pair[1].procs))
            .sum()
    };
    let share = |ms: f64| (available_ms > 0.0).then(|| ms / available_ms);
    let procs = inside.iter().map(|cycle| cycle.procs);
    let procs_range = [
        procs.clone().min().unwrap_or(last.procs),
        procs.max().unwrap_or(last.procs),
    ];
    Some(GcSummary {
        collections: intervals + 1,
        lines: inside.len() as u64,
        forced: inside.iter().filter(|cycle| cycle.forced).count() as u64,
        span_s,
        cycles_per_s: if span_s > 0.0 {
            counted as f64 / span_s
        } else {
            0.0
        },
        stopped_ms: total(|cycle| cycle.clock.stopped()),
        longest_stop_ms: inside
            .iter()
            .map(|cycle| cycle.clock.sweep_term.max(cycle.clock.mark_term))
            .fold(0.0, f64::max),
        cpu_ms,
        assist_ms,
        idle_ms: total(|cycle| cycle.cpu.idle),
        cpu_share: share(within(|cycle| cycle.cpu.marking())),
        assist_share: share(within(|cycle| cycle.cpu.assist)),
        live_mib: spread(inside.iter().map(|cycle| cycle.heap_live_mib as f64)),
        goal_mib: spread(inside.iter().map(|cycle| cycle.goal_mib as f64)),
        end_mib: spread(inside.iter().map(|cycle| cycle.heap_end_mib as f64)),
        procs: last.procs,
        procs_range,
    })
}

/// Scheduler lines within a window.
#[derive(Debug, Clone, PartialEq)]
pub struct SchedSummary {
    /// Lines.
    pub samples: u64,
    /// GOMAXPROCS of the last line.
    pub gomaxprocs: u32,
    /// True if GOMAXPROCS was the same in all lines.
    pub gomaxprocs_steady: bool,
    /// Mean of idle Ps.
    pub idleprocs_mean: f64,
    /// Mean of threads looking for work; 0 where the version does not print it.
    pub spinning_mean: f64,
    /// Runnable goroutines in all queues: the mean.
    pub queued_mean: f64,
    /// Their median.
    pub queued_median: f64,
    /// Their 90th and 99th percentile (nearest rank) and maximum.
    pub queued_p90: u64,
    /// See `queued_p90`.
    pub queued_p99: u64,
    /// See `queued_p90`.
    pub queued_max: u64,
    /// Share of lines with no idle P and at least GOMAXPROCS goroutines queued.
    pub saturated_share: f64,
    /// Share of lines with an idle P and at least two goroutines queued.
    pub idle_while_queued_share: f64,
    /// Threads.
    pub threads: Spread,
    /// Threads of the last line minus those of the first.
    pub threads_grown: i64,
}

/// Summarises scheduler lines within a window (seconds since the first line); `None` if there is
/// none.
#[must_use]
pub fn sched(samples: &[SchedSample], window: Window) -> Option<SchedSummary> {
    let inside: Vec<&SchedSample> = samples
        .iter()
        .filter(|sample| window.holds(sample.head.at_ms as f64 / 1e3))
        .collect();
    let (first, last) = (inside.first()?, inside.last()?);
    let count = inside.len() as f64;
    let mean = |value: fn(&SchedSample) -> f64| {
        inside.iter().map(|sample| value(sample)).sum::<f64>() / count
    };
    let share = |test: fn(&SchedSample) -> bool| {
        inside.iter().filter(|sample| test(sample)).count() as f64 / count
    };
    let mut queued: Vec<u64> = inside.iter().map(|sample| sample.queued()).collect();
    queued.sort_unstable();
    let quantile = |percent: usize| {
        let rank = (queued.len() * percent).div_ceil(100).max(1);
        queued[rank - 1]
    };
    Some(SchedSummary {
        samples: inside.len() as u64,
        gomaxprocs: last.head.gomaxprocs,
        gomaxprocs_steady: inside
            .iter()
            .all(|sample| sample.head.gomaxprocs == last.head.gomaxprocs),
        idleprocs_mean: mean(|sample| f64::from(sample.head.idleprocs)),
        spinning_mean: mean(|sample| f64::from(sample.head.spinningthreads.unwrap_or_default())),
        queued_mean: mean(|sample| sample.queued() as f64),
        queued_median: median_of_sorted(&queued.iter().map(|it| *it as f64).collect::<Vec<_>>()),
        queued_p90: quantile(90),
        queued_p99: quantile(99),
        queued_max: quantile(100),
        saturated_share: share(|sample| {
            sample.head.idleprocs == 0 && sample.queued() >= u64::from(sample.head.gomaxprocs)
        }),
        idle_while_queued_share: share(|sample| sample.head.idleprocs >= 1 && sample.queued() >= 2),
        threads: spread(inside.iter().map(|sample| f64::from(sample.head.threads))),
        threads_grown: i64::from(last.head.threads) - i64::from(first.head.threads),
    })
}

fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (Some(min), Some(max)) = (sorted.first(), sorted.last()) else {
        return Spread::default();
    };
    let median = median_of_sorted(&sorted);
    Spread {
        min: *min,
        median,
        max: *max,
    }
}

/// The median of any values; the mean of the middle two if their number is even, 0 if there is none.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    spread(values.into_iter()).median
}

fn median_of_sorted(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted {
        [] => 0.0,
        _ if sorted.len() % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// GOMAXPROCS over the time from the first to the last collection.
fn mean_procs(cycles: &[&GcCycle]) -> f64 {
    let last = cycles.last().map_or(0.0, |cycle| f64::from(cycle.procs));
    let (time_s, sum) = cycles.windows(2).fold((0.0, 0.0), |(time_s, sum), pair| {
        let length_s = pair[1].at_s - pair[0].at_s;
        (time_s + length_s, sum + length_s * f64::from(pair[1].procs))
    });
    if time_s > 0.0 { sum / time_s } else { last }
}
