//! Figures that several rules need, and the formulas that results are compared with (METHODOLOGY, physics).

use gotrace::gctrace::GcCycle;
use judging::physics::{Collections, Heap};

use crate::evidence::{Sample, Subject};
use crate::runtime::Runtime;

pub(super) const MIB: f64 = 1_048_576.0;

/// GOMAXPROCS as the sample shows it, else the subject's.
pub(super) fn gomaxprocs(subject: &Subject, sample: &Sample) -> Option<f64> {
    let line = sample.sched.iter().flatten().last();
    let cycle = sample.gc.iter().flatten().last();
    let runtime = sample.runtime.as_ref().and_then(|own| own.gomaxprocs);
    line.map(|line| f64::from(line.head.gomaxprocs))
        .or(runtime)
        .or(cycle.map(|cycle| f64::from(cycle.procs)))
        .or(subject.gomaxprocs.map(f64::from))
        .filter(|procs| *procs >= 1.0)
}

/// GC cycles in a sample: the runtime's own count, else gctrace's by sequence numbers, since lines can be lost.
pub(super) fn gc_cycles(sample: &Sample) -> Option<f64> {
    let counted = sample.runtime.as_ref().and_then(|own| own.gc_cycles);
    counted.or_else(|| {
        let cycles = sample.gc.as_ref()?;
        let (Some(first), Some(last)) = (cycles.first(), cycles.last()) else {
            return Some(0.0);
        };
        Some(last.seq.saturating_sub(first.seq) as f64 + 1.0)
    })
}

/// Collections as rule V1 judges them, by the figures of the window's end that a trial's record has too; `None` without
/// the runtime's own account of the heap.
pub(super) fn collections(subject: &Subject, sample: &Sample) -> Option<Collections> {
    let runtime = sample.runtime.as_ref()?;
    let forced_lines = || {
        let cycles = sample.gc.iter().flatten();
        cycles.filter(|cycle| cycle.forced).count() as f64
    };
    Some(Collections {
        cycles: gc_cycles(sample)?,
        forced: runtime.gc_forced.unwrap_or_else(forced_lines),
        alloc_bytes: runtime.alloc_bytes?,
        heap: Heap {
            live: runtime.live_bytes?[1],
            roots: runtime.roots_bytes?,
        },
        goal_bytes: runtime.goal_bytes?[1],
        gogc: gogc_factor(subject, sample).map(|factor| 100.0 * factor),
    })
}

/// CPU time of the process over the sample, seconds.
pub(super) fn cpu_seconds(sample: &Sample) -> Option<f64> {
    let process = sample.process.as_ref()?;
    let used = process.user_seconds + process.system_seconds;
    (used > 0.0).then_some(used)
}

/// CPU time of GC without idle workers and stops, and of its assists, seconds. A stop counts GOMAXPROCS times in either
/// source, which is no CPU time: G5 judges stops.
pub(super) fn gc_cpu_seconds(sample: &Sample) -> Option<(f64, f64)> {
    let runtime = sample.runtime.as_ref();
    let counted = runtime.and_then(|own| own.gc_cpu_s.zip(own.gc_assist_cpu_s));
    counted.or_else(|| {
        let cycles = sample.gc.as_ref()?;
        let sum = |of: fn(&GcCycle) -> f64| cycles.iter().map(of).sum::<f64>() / 1e3;
        Some((
            sum(|cycle| cycle.cpu.marking()),
            sum(|cycle| cycle.cpu.assist),
        ))
    })
}

/// GC's CPU time as a share, with what it is a share of. The process's own CPU time is the honest denominator; a log
/// has none, and GOMAXPROCS x time then understates the share.
pub(super) fn share_of_cpu(
    subject: &Subject,
    sample: &Sample,
    gc_s: f64,
) -> Option<(f64, &'static str)> {
    if let Some(used) = cpu_seconds(sample) {
        return Some((gc_s / used, "of the process's CPU time"));
    }
    let available = sample.seconds? * gomaxprocs(subject, sample)?;
    (available > 0.0).then(|| (gc_s / available, "of GOMAXPROCS x time"))
}

/// GOGC in force, as a factor; `None` where it is off or unknown.
pub(super) fn gogc_factor(subject: &Subject, sample: &Sample) -> Option<f64> {
    let by_runtime = sample.runtime.as_ref().and_then(|own| own.gogc_percent);
    #[expect(
        clippy::cast_precision_loss,
        reason = "percentages are small; off is filtered"
    )]
    let percent = by_runtime.or(subject.gogc_percent.map(|own| own as f64))?;
    // 2^64-1 is off; no percentage comes near.
    (percent < 1e12).then_some(percent / 100.0)
}

/// The memory limit in force, bytes; `None` where there is none or it is unknown.
pub(super) fn memory_limit(subject: &Subject, sample: &Sample) -> Option<f64> {
    let by_runtime = sample
        .runtime
        .as_ref()
        .and_then(|own| own.memory_limit_bytes);
    #[expect(
        clippy::cast_precision_loss,
        reason = "limits below 2^53; none is filtered"
    )]
    let bytes = by_runtime.or(subject.gomemlimit_bytes.map(|own| own as f64))?;
    // 2^63-1 stands for none; no machine comes near 2^60 bytes.
    (bytes < 1e18).then_some(bytes)
}

/// What a window's allocations have room for between two cycles, bytes: goal − live heap, the mean of both ends.
pub(super) fn room_bytes(runtime: &Runtime) -> Option<f64> {
    let (goal, live) = (runtime.goal_bytes?, runtime.live_bytes?);
    Some(((goal[0] - live[0]) + (goal[1] - live[1])) / 2.0)
}

/// Middle of some values.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    stats::summary::median(&values)
}

/// 100 x (goal − live) ÷ (live + roots), as it stands after a cycle: by the metrics, else by gctrace.
pub(super) fn effective_gogc(sample: &Sample) -> Option<f64> {
    let by_runtime = sample.runtime.as_ref().and_then(|own| {
        let ([_, goal], [_, live]) = (own.goal_bytes?, own.live_bytes?);
        let marked = live + own.roots_bytes.unwrap_or(0.0);
        (marked > 0.0).then(|| 100.0 * (goal - live).max(0.0) / marked)
    });
    by_runtime.or_else(|| {
        // A cycle's live heap makes the next one's goal.
        let cycles = sample.gc.as_deref()?;
        let after = cycles.windows(2).filter_map(|pair| {
            let (live, goal) = (pair[0].heap_live_mib as f64, pair[1].goal_mib as f64);
            let roots = pair[0].stacks_mib.unwrap_or(0) + pair[0].globals_mib.unwrap_or(0);
            let marked = live + roots as f64;
            // Below 8 MiB the rounding is a tenth and more.
            (marked >= 8.0).then(|| 100.0 * (goal - live).max(0.0) / marked)
        });
        median(after)
    })
}
