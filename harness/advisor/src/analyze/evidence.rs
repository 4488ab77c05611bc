//! What the advisor's rules can see of a log or of snapshots.

use gotrace::memstats::MemStats;
use gotrace::scheddetail::SchedDetail;
use gotrace::schedtrace::SchedSample;

use super::material::{Material, Part};
use super::process::Process;
use crate::evidence::{Drive, RuleEvidence, Sample, Subject};
use crate::runtime::{Memory, Runtime};

/// Stretches that a process's kept lines are cut into: rules want a sign in three samples, and more than a dozen make
/// each too short.
const MOST_STRETCHES: usize = 12;
/// Lines of one kind that a stretch should have.
const LINES_OF_A_STRETCH: usize = 10;

/// A process of a log: its lines in stretches of equal length.
pub(super) fn of_process(process: &Process, name: String) -> RuleEvidence {
    let (from_s, to_s) = span(process);
    let lines = [
        process.cycles.len(),
        process.samples.len(),
        process.blocks.len(),
    ];
    let lines = lines.into_iter().max().unwrap_or(0);
    let count = (lines / LINES_OF_A_STRETCH).clamp(1, MOST_STRETCHES);
    let length_s = (to_s - from_s) / count as f64;
    let samples = (0..count).map(|at| {
        let begin_s = from_s + at as f64 * length_s;
        let end_s = begin_s + length_s;
        let last = at + 1 == count;
        let inside = |at_s: f64| begin_s <= at_s && (at_s < end_s || last);
        stretch(process, &name, [begin_s, end_s], inside)
    });
    RuleEvidence {
        subject: Subject {
            name: name.clone(),
            gomaxprocs: process.gomaxprocs(),
            ..Subject::default()
        },
        samples: samples.collect(),
        ..RuleEvidence::default()
    }
}

fn span(process: &Process) -> (f64, f64) {
    let gc = process.cycles.iter().map(|it| it.at_s);
    let sched = process.samples.iter().map(|it| it.head.at_ms as f64 / 1e3);
    let blocks = process.blocks.iter().map(|it| it.head.at_ms as f64 / 1e3);
    let all = gc.chain(sched).chain(blocks);
    let (from_s, to_s) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
        (low.min(at), high.max(at))
    });
    if from_s.is_finite() {
        (from_s, to_s)
    } else {
        (0.0, 0.0)
    }
}

fn stretch(
    process: &Process,
    origin: &str,
    [begin_s, end_s]: [f64; 2],
    inside: impl Fn(f64) -> bool,
) -> Sample {
    let has = |any: bool| any.then_some(());
    let gc = process.cycles.iter().filter(|it| inside(it.at_s));
    let milliseconds = |at_ms: u64| inside(at_ms as f64 / 1e3);
    let samples = process
        .samples
        .iter()
        .filter(|it| milliseconds(it.head.at_ms));
    let blocks = process
        .blocks
        .iter()
        .filter(|it| milliseconds(it.head.at_ms));
    // With scheddetail=1 Go prints its counters at the head of each block, and no line of schedtrace's own.
    let sched: Vec<SchedSample> = match process.samples.is_empty() {
        true => blocks.clone().map(SchedDetail::sample).collect(),
        false => samples.cloned().collect(),
    };
    let has_sched = !process.samples.is_empty() || !process.blocks.is_empty();
    Sample {
        name: format!("{begin_s:.1} s to {end_s:.1} s"),
        origin: origin.to_owned(),
        drive: Drive::Live,
        seconds: Some(end_s - begin_s).filter(|seconds| *seconds > 0.0),
        gc: has(!process.cycles.is_empty()).map(|()| gc.cloned().collect()),
        sched: has_sched.then_some(sched),
        detail: has(!process.blocks.is_empty()).map(|()| blocks.cloned().collect()),
        ..Sample::default()
    }
}

/// The snapshots of one process in the order of time: what happened between neighbours.
pub(super) fn of_metrics(materials: &[Material]) -> Option<RuleEvidence> {
    let mut snapshots: Vec<_> = materials
        .iter()
        .filter_map(|material| match &material.part {
            Part::Metrics(own) => Some(own.iter().map(|it| (material.name.as_str(), it))),
            _ => None,
        })
        .flatten()
        .collect();
    snapshots.sort_by_key(|(_, snapshot)| snapshot.taken_unix_ns);
    let (name, last) = *snapshots.last()?;
    let samples: Vec<Sample> = snapshots
        .windows(2)
        .filter(|pair| pair[0].1.go_version == pair[1].1.go_version)
        .map(|pair| {
            let [(before_name, before), (after_name, after)] = [pair[0], pair[1]];
            let elapsed_ns = i128::from(after.taken_unix_ns) - i128::from(before.taken_unix_ns);
            Sample {
                name: format!("{before_name} to {after_name}"),
                origin: name.to_owned(),
                seconds: Some(elapsed_ns as f64 / 1e9).filter(|seconds| *seconds > 0.0),
                runtime: Some(Runtime::between(before, after)),
                ..Sample::default()
            }
        })
        .collect();
    if samples.is_empty() {
        return None;
    }
    Some(RuleEvidence {
        subject: Subject {
            name: "runtime/metrics".to_owned(),
            go: Some(last.go_version.clone()),
            gomaxprocs: last
                .uint64("/sched/gomaxprocs:threads")
                .and_then(|number| u32::try_from(number).ok()),
            gogc_percent: last.uint64("/gc/gogc:percent"),
            gomemlimit_bytes: last.uint64("/gc/gomemlimit:bytes"),
            ..Subject::default()
        },
        samples,
        ..RuleEvidence::default()
    })
}

/// What memory statistics say of a process, each as a sample of its own: two of them show what stays.
pub(super) fn of_memstats(materials: &[Material]) -> Vec<Sample> {
    let all = materials
        .iter()
        .filter_map(|material| match &material.part {
            Part::MemStats(series, _) => Some((material.name.as_str(), series)),
            _ => None,
        });
    let each = all.flat_map(|(name, series)| series.iter().map(move |own| (name, own)));
    let mut each: Vec<(&str, &MemStats)> = each.collect();
    each.sort_by_key(|(_, own)| own.num_gc);
    let numbered = each.iter().enumerate();
    let samples = numbered.map(|(at, (name, own))| Sample {
        name: format!("{name}, after {} collections", own.num_gc),
        origin: format!("memory statistics {at}"),
        drive: Drive::Live,
        runtime: Some(Runtime {
            memory: Some(memory(own)),
            ..Runtime::default()
        }),
        ..Sample::default()
    });
    samples.collect()
}

fn memory(stats: &MemStats) -> Memory {
    let bytes = |value: u64| value as f64;
    Memory {
        total: bytes(stats.sys_bytes),
        released: bytes(stats.heap_released_bytes),
        objects: bytes(stats.heap_alloc_bytes),
        // Objects that are not yet swept count as objects, so this is the least that is unused.
        unused: bytes(
            stats
                .heap_inuse_bytes
                .saturating_sub(stats.heap_alloc_bytes),
        ),
    }
}
