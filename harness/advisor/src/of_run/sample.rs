//! A trial's windows as samples.

use gotrace::gctrace::GcCycle;
use gotrace::metrics::Snapshot;
use gotrace::schedtrace::SchedSample;
use gotrace::stderr::{self, Event};
use record::run::{Cell, Run};
use record::trial::{Arrival, HostWindow, Outcome, Phase, Trial};

use super::clock::Offset;
use super::{Raw, clock};
use crate::evidence::{Drive, Load, Sample};
use crate::readback::compared;
use crate::runtime::Runtime;

/// What the process wrote of itself.
#[derive(Default)]
struct Lines {
    gc: Vec<GcCycle>,
    sched: Vec<SchedSample>,
}

/// Classes of errors that are the generator's own: no file descriptor or no port left on its side. By the names that
/// the load driver records.
const GENERATOR_ERRORS: [&str; 2] = ["fd_exhausted", "ports_exhausted"];

/// The windows of a trial, in the order in which they were measured.
pub(super) fn samples(run: &Run, cell: &Cell, trial: &Trial, raw: &Raw) -> Vec<Sample> {
    let lines = lines(raw.stderr.as_deref().unwrap_or_default());
    let saturate = snapshots(raw.saturate.as_deref());
    let constant = snapshots(raw.constant.as_deref());
    let all: Vec<Snapshot> = saturate.iter().chain(&constant).cloned().collect();
    let offset = Offset::of(&lines.gc, &all, &trial.started);
    let readback = trial.readback.as_ref();
    let settings = readback.map(|readback| compared(run, cell, readback));
    let invalid = match &trial.outcome {
        Outcome::Invalid(reasons) => reasons.clone(),
        Outcome::Ok | Outcome::Failed(_) => Vec::new(),
    };
    let windows = [
        ("saturate", trial.saturate.as_ref(), saturate),
        ("constant", trial.constant.as_ref(), constant),
    ];
    let of_window = |(name, phase, ends): (&str, Option<&Phase>, Vec<Snapshot>)| {
        let phase = phase?;
        let mut sample = Sample {
            name: format!("{} {name}", trial.id),
            origin: trial.id.clone(),
            drive: drive(phase),
            seconds: Some(phase.seconds),
            runtime: phase.runtime.as_ref().map(Runtime::recorded),
            process: phase.process.clone(),
            host: host(phase),
            load: Some(load(cell, phase)),
            settings: settings.clone(),
            invalid: invalid.clone(),
            ..Sample::default()
        };
        if let [before, after] = ends.as_slice() {
            sample.runtime = Some(Runtime::between(before, after));
            // No line at all is no trace, rather than a window without a cycle.
            if !lines.gc.is_empty() {
                sample.gc = clock::cycles(&lines.gc, before, after);
            }
            sample.sched = offset.map(|offset| offset.sched(&lines.sched, before, after));
        }
        Some(sample)
    };
    windows.into_iter().filter_map(of_window).collect()
}

fn lines(stderr: &[u8]) -> Lines {
    let mut lines = Lines::default();
    stderr::read(stderr, |event| match event {
        Event::Gc(cycle) => lines.gc.push(cycle),
        Event::Sched(line) => lines.sched.push(line),
        _ => {}
    });
    lines
}

/// The two snapshots of a window; none where the file is gone or holds anything else.
pub(crate) fn snapshots(file: Option<&[u8]>) -> Vec<Snapshot> {
    let lines = file.unwrap_or_default().split(|&byte| byte == b'\n');
    let read = lines.filter(|line| !line.is_empty()).map(Snapshot::parse);
    let read: Vec<Snapshot> = read.filter_map(Result::ok).collect();
    if read.len() == 2 { read } else { Vec::new() }
}

pub(super) fn drive(phase: &Phase) -> Drive {
    match phase.arrival {
        Arrival::Closed => Drive::Closed,
        Arrival::Constant | Arrival::Poisson => Drive::Open,
    }
}

pub(super) fn load(cell: &Cell, phase: &Phase) -> Load {
    let ledger = &phase.ledger;
    let cpus = judging::evidence::cpu_count(&cell.generator_cpus)
        .unwrap_or(1)
        .max(1);
    let has = phase.response_ms.count > 0;
    Load {
        answered: ledger.completed + ledger.failed + ledger.timed_out,
        connections: phase.connections,
        offered_per_s: phase.offered_per_s,
        mean_ms: has.then_some(phase.response_ms.mean),
        p99_ms: has.then_some(phase.response_ms.p99),
        send_lag_p99_ms: phase.offered_per_s.map(|_| phase.send_lag_ms.p99),
        littles_law_error: phase.littles_law_error,
        generator_cpu_share: (phase.seconds > 0.0)
            .then(|| phase.generator.cpu_seconds / (phase.seconds * cpus as f64)),
        generator_error_share: generator_error_share(phase),
        verdict: phase.verdict.name.to_string(),
    }
}

/// Of the requests that the schedule asked for; `None` where it asked for none.
fn generator_error_share(phase: &Phase) -> Option<f64> {
    let own = GENERATOR_ERRORS.iter();
    let failed: u64 = own.filter_map(|class| phase.errors.get(*class)).sum();
    let scheduled = phase.ledger.scheduled;
    (scheduled > 0).then(|| failed as f64 / scheduled as f64)
}

/// The host, with the throttling of the target's own group where it has one.
fn host(phase: &Phase) -> Option<HostWindow> {
    let own = phase.cgroup.as_ref();
    let periods = own.and_then(|own| own.periods.zip(own.throttled_periods));
    let share = periods.filter(|(periods, _)| *periods > 0);
    let throttled = share.map(|(periods, throttled)| throttled as f64 / periods as f64);
    let host = phase.host.clone()?;
    Some(HostWindow {
        throttled: throttled.or(host.throttled),
        ..host
    })
}
