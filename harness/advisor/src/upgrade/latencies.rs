//! The runtime's own distributions of both sides, and which of them two versions do not share.

use documents::upgrade::{LatencyComparison, LatencyQuantiles};
use gotrace::GoVersion;
use gotrace::metrics::{Delta, Histogram};
use judging::evidence::CellTrials;
use record::trial::Trial;

use crate::of_run::{Raw, snapshots};

/// What is shown side by side.
const METRICS: [&str; 4] = [
    "/sched/latencies:seconds",
    "/sched/pauses/total/gc:seconds",
    "/sched/pauses/stopping/gc:seconds",
    "/sched/pauses/total/other:seconds",
];

/// The distributions over the constant windows of all valid trials together.
pub(super) fn compare(
    [old, new]: [&CellTrials<'_>; 2],
    [from, to]: [&GoVersion; 2],
    raw: &dyn Fn(&Trial) -> Raw,
) -> Vec<LatencyComparison> {
    let deltas = [old, new].map(|cell| deltas(cell, raw));
    let compared = METRICS.iter().map(|metric| {
        let [old, new] = deltas.each_ref().map(|own| pooled(own, metric));
        LatencyComparison {
            metric: (*metric).to_owned(),
            not_comparable: not_comparable(metric, [from, to])
                .or_else(|| other_buckets(old.as_ref(), new.as_ref())),
            old: old.and_then(|own| quantiles(&own)),
            new: new.and_then(|own| quantiles(&own)),
        }
    });
    compared
        .filter(|own| own.old.is_some() || own.new.is_some())
        .collect()
}

/// Why a distribution of two versions is not of the same thing.
///
/// Read from `casgstatus` in runtime/proc.go of go1.25.5 and go1.26.6. Both start to track a goroutine at every eighth
/// (`gTrackingPeriod`) transition that they count, and record the time it was runnable when it next runs. Up to 1.25
/// "transitions out of running" include those into a system call; a goroutine that comes back from one without having
/// been runnable is recorded with 0. From 1.26 on: "Do not track _Grunning <-> _Gsyscall transitions, since they're two
/// very similar states."
fn not_comparable(metric: &str, [from, to]: [&GoVersion; 2]) -> Option<String> {
    let crosses = |minor: u32| from.at_least(minor) != to.at_least(minor);
    (metric == "/sched/latencies:seconds" && crosses(26)).then(|| {
        "not of the same samples: up to Go 1.25 a transition from running into a system call counts towards the \
         sampling too, and a return from it that did not have to wait is recorded as 0; since 1.26 transitions between \
         running and system call are not tracked (casgstatus in runtime/proc.go). Quantiles are higher in 1.26 without \
         anybody waiting longer"
            .to_owned()
    })
}

fn other_buckets(old: Option<&Histogram>, new: Option<&Histogram>) -> Option<String> {
    let (old, new) = (old?, new?);
    (old.buckets() != new.buckets()).then(|| {
        "the two versions have other buckets, so quantiles differ by rounding alone".to_owned()
    })
}

fn deltas(cell: &CellTrials<'_>, raw: &dyn Fn(&Trial) -> Raw) -> Vec<Delta> {
    let trials = cell.valid.values();
    let both = trials.filter_map(|trial| {
        let pair = snapshots(raw(trial).constant.as_deref());
        Some(Delta::between(pair.first()?, pair.get(1)?))
    });
    both.collect()
}

fn pooled(deltas: &[Delta], metric: &str) -> Option<Histogram> {
    let mut all = deltas.iter().filter_map(|delta| delta.added(metric));
    let first = all.next()?;
    let mut counts = first.counts().to_vec();
    for own in all.filter(|own| own.buckets() == first.buckets()) {
        for (sum, count) in counts.iter_mut().zip(own.counts()) {
            *sum += count;
        }
    }
    Histogram::new(counts, first.buckets().to_vec()).ok()
}

fn quantiles(histogram: &Histogram) -> Option<LatencyQuantiles> {
    let at = |q: f64| histogram.quantile(q).map(|own| own.conservative());
    Some(LatencyQuantiles {
        p50: at(0.5)?,
        p99: at(0.99)?,
        p999: at(0.999)?,
        count: histogram.total(),
    })
}
