//! The diagnoses of a run as one document.

use documents::diagnosis::{CellDiagnosis, Diagnoses, Difference, Shown};
use documents::profile::LockCheck;
use gotrace::profile::Profile;
use judging::evidence::{label, matrix_of};
use record::run::Run;
use record::threshold::Thresholds;

use super::evidence::{DiagnosisEvidence, Kept, read};
use super::scheduler::scheduler;
use crate::error::AdvisorError;
use crate::profile::{
    FlameOptions, LockEvidence, LockLimits, Scaling, difference, flame_graph, lock_check, top,
};

/// Functions shown of each profile.
const MOST_LINES: usize = 12;

/// Kinds with a differential flame graph: both can be taken per request.
const COMPARED: [&str; 2] = ["cpu", "allocs"];

/// Makes the document of everything that was kept; locks are judged by the matrix's thresholds.
///
/// # Errors
/// [`AdvisorError`]: the matrix in the run's record is not readable.
pub fn diagnoses(run: &Run, kept: &[Kept]) -> Result<Diagnoses, AdvisorError> {
    let thresholds = &matrix_of(run)?.thresholds;
    let position = |kept: &&Kept| {
        let mut cells = run.cells.iter();
        cells.position(|cell| cell.id == kept.diagnosis.cell)
    };
    let mut kept: Vec<&Kept> = kept.iter().collect();
    kept.sort_by_key(position);
    let read: Vec<(&Kept, DiagnosisEvidence)> =
        kept.into_iter().map(|kept| (kept, read(kept))).collect();
    let cells: Vec<CellDiagnosis> = read
        .iter()
        .map(|(kept, evidence)| cell(run, thresholds, kept, evidence))
        .collect();
    Ok(Diagnoses {
        run: run.id.clone(),
        differences: differences(run, &cells, &read),
        cells,
    })
}

fn cell(
    run: &Run,
    thresholds: &Thresholds,
    kept: &Kept,
    evidence: &DiagnosisEvidence,
) -> CellDiagnosis {
    let diagnosis = &kept.diagnosis;
    let own = run.cells.iter().find(|cell| cell.id == diagnosis.cell);
    let rate = diagnosis
        .load
        .as_ref()
        .map(|load| load.ledger.completed as f64 / load.seconds)
        .filter(|rate| rate.is_finite());
    CellDiagnosis {
        cell: diagnosis.cell.to_string(),
        target: diagnosis.target.clone(),
        label: own.map_or_else(|| diagnosis.cell.to_string(), |cell| label(cell, &[])),
        chosen: diagnosis.chosen.clone(),
        failure: diagnosis
            .failure
            .as_ref()
            .map(|failure| failure.message.clone()),
        load: diagnosis.load.as_ref().zip(rate).map(|(load, rate)| {
            format!(
                "{} load, {rate:.0} requests/s over {} connections",
                load.arrival, load.connections
            )
        }),
        profiled_seconds: diagnosis.profiled_seconds,
        profiled_requests: rate.map(|rate| rate * diagnosis.profiled_seconds),
        locks: locks(evidence, thresholds),
        scheduler: scheduler(&evidence.blocks),
        profiles: evidence
            .profiles
            .iter()
            .map(|(kind, profile)| shown(diagnosis.cell.as_str(), kind, profile))
            .collect(),
        missing: evidence.missing.clone(),
    }
}

fn locks(evidence: &DiagnosisEvidence, thresholds: &Thresholds) -> LockCheck {
    let of = |kind: &str| {
        let mut profiles = evidence.profiles.iter();
        profiles
            .find(|(own, _)| own == kind)
            .map(|(_, profile)| profile)
    };
    let evidence = LockEvidence {
        cpu: of("cpu"),
        block: of("block"),
        mutex: of("mutex"),
        goroutine: of("goroutine"),
        ..LockEvidence::default()
    };
    lock_check(&evidence, &LockLimits::of(thresholds))
}

fn shown(cell: &str, kind: &str, profile: &Profile) -> Shown {
    let cleaned = match kind {
        // What a net/http server does between requests is no contention.
        "block" => profile.without_idle_connections(),
        _ => profile.clone(),
    };
    let measure = crate::profile::main_measure(&cleaned);
    let table = measure.map(|measure| top(&cleaned, &measure, MOST_LINES));
    let options = FlameOptions {
        id: format!("{kind}-{cell}"),
        title: format!("{kind} profile"),
        ..FlameOptions::default()
    };
    Shown {
        kind: kind.to_owned(),
        reading: reading(kind),
        table: table.filter(|table| table.total > 0.0),
        // A profile with nothing in it has no picture; the missing table says so.
        picture: flame_graph(&cleaned, &options).ok(),
    }
}

fn reading(kind: &str) -> &'static str {
    match kind {
        "cpu" => "where CPU time went",
        "mutex" => "who held locks that others waited for; the stack is the unlocker's",
        "block" => {
            "who waited, for locks and channels; what net/http does between requests is left out"
        }
        "goroutine" => "what every goroutine was doing at one instant under load",
        "goroutineleak" => "goroutines that can never run again",
        "heap" => "growth of the heap over the window; what was freed is not drawn",
        "allocs" => "what was allocated in the window",
        "trace-net" => "waits for the network, by the execution trace",
        "trace-sync" => "waits for locks and channels, by the execution trace",
        "trace-syscall" => "time in system calls, by the execution trace",
        "trace-sched" => "time runnable without running, by the execution trace",
        _ => "",
    }
}

fn differences(
    run: &Run,
    cells: &[CellDiagnosis],
    read: &[(&Kept, DiagnosisEvidence)],
) -> Vec<Difference> {
    let is_control = |cell: &CellDiagnosis| {
        let mut all = run.cells.iter();
        all.any(|own| own.control && own.id.as_str() == cell.cell)
    };
    let mut found = Vec::new();
    for (before, (_, control)) in cells.iter().zip(read) {
        if !is_control(before) {
            continue;
        }
        let others = cells.iter().zip(read);
        for (after, (_, other)) in
            others.filter(|(cell, _)| cell.target == before.target && cell.cell != before.cell)
        {
            for kind in COMPARED {
                found.extend(changed(kind, (before, control), (after, other)));
            }
        }
    }
    found
}

/// The difference, where both sides have the profile and a count of requests.
fn changed(
    kind: &str,
    (before, control): (&CellDiagnosis, &DiagnosisEvidence),
    (after, other): (&CellDiagnosis, &DiagnosisEvidence),
) -> Option<Difference> {
    let of = |evidence: &DiagnosisEvidence| {
        let mut profiles = evidence.profiles.iter();
        profiles
            .find(|(own, _)| own == kind)
            .map(|(_, profile)| profile.clone())
    };
    let scaling = Scaling::PerRequest {
        before: before.profiled_requests.filter(|count| *count > 0.0)?,
        after: after.profiled_requests.filter(|count| *count > 0.0)?,
    };
    let options = FlameOptions {
        id: format!("difference-{kind}-{}", after.cell),
        title: format!("{kind} per request: {} → {}", before.label, after.label),
        ..FlameOptions::default()
    };
    let picture = difference(&of(control)?, &of(other)?, scaling, &options).ok()?;
    Some(Difference {
        target: before.target.clone(),
        kind: kind.to_owned(),
        before: before.label.clone(),
        after: after.label.clone(),
        picture,
    })
}
