//! A run as evidence: one [`RuleEvidence`] per cell, and one for each target as a whole.
//!
//! Main function: [`of_run`]. What a trial's record holds is completed from the raw evidence alongside it, where that
//! is still there: two snapshots of runtime/metrics per window, and the runtime's own lines. The caller reads the
//! files.
//!
//! Deliberately absent: any judgement.

mod beside;
mod clock;
mod diagnosed;
mod sample;

pub(crate) use sample::snapshots;

use documents::exploration::Exploration;
use documents::ranking::Ranking;
use judging::evidence::{
    CellTrials, TargetTrials as Trials, label, settings, targets, varying_axes,
};
use record::axis::{Axis, AxisValue};
use record::cell::CellId;
use record::matrix::Matrix;
use record::objective::Objective;
use record::run::{Cell, Run};
use record::trial::Trial;

use crate::diagnosis::Kept;
use crate::error::AdvisorError;
use crate::evidence::{RuleEvidence, Sample, Subject};
use crate::validity;

/// The raw evidence of one trial, as its folder holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Raw {
    /// `stderr.log`.
    pub stderr: Option<Vec<u8>>,
    /// `metrics-saturate.jsonl`.
    pub saturate: Option<Vec<u8>>,
    /// `metrics-constant.jsonl`.
    pub constant: Option<Vec<u8>>,
}

/// What a run's evidence is made of.
pub struct Source<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its trials.
    pub trials: &'a [Trial],
    /// Its ranking.
    pub ranking: &'a Ranking,
    /// What its axes do.
    pub exploration: &'a Exploration,
    /// Its diagnoses, with the files that are still there.
    pub diagnoses: &'a [Kept],
    /// Reads the raw evidence of a trial; what is gone is `None`.
    pub raw: &'a dyn Fn(&Trial) -> Raw,
}

/// One target's evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetEvidence {
    /// The target.
    pub target: String,
    /// What shows over all cells only.
    pub whole: RuleEvidence,
    /// The cells in the order of the run.
    pub cells: Vec<(CellId, RuleEvidence)>,
}

/// The evidence of every target.
///
/// # Errors
/// [`AdvisorError`]: a record that contradicts itself.
pub fn of_run(source: &Source<'_>, matrix: &Matrix) -> Result<Vec<TargetEvidence>, AdvisorError> {
    let targets = targets(source.run);
    let of_target = |target: &&str| {
        let evidence = Trials::of_target(source.run, target, source.trials)?;
        Ok(of_target(source, matrix, &evidence))
    };
    targets.iter().map(of_target).collect()
}

fn of_target(source: &Source<'_>, matrix: &Matrix, evidence: &Trials<'_>) -> TargetEvidence {
    let varying = varying_axes(evidence);
    let of_cell = |(at, own): (usize, &CellTrials<'_>)| {
        let windows =
            |trial: &&Trial| sample::samples(source.run, own.cell, trial, &(source.raw)(trial));
        let mut samples: Vec<Sample> = own.valid.values().flat_map(windows).collect();
        let invalid = match own.valid.is_empty() {
            true => own.invalid.iter().flat_map(windows).collect(),
            false => Vec::new(),
        };
        let diagnosed = source.diagnoses.iter();
        let diagnosed = diagnosed.filter(|kept| kept.diagnosis.cell == own.cell.id);
        samples.extend(diagnosed.map(|kept| diagnosed::sample(own.cell, kept, &matrix.thresholds)));
        let cell = RuleEvidence {
            subject: subject(source.run, matrix, own, label(own.cell, &varying)),
            beside: Some(beside::of_cell(source, evidence, at)),
            samples,
            trials: own.valid.len(),
            invalid,
        };
        (own.cell.id.clone(), cell)
    };
    let mut cells: Vec<(CellId, RuleEvidence)> =
        evidence.cells.iter().enumerate().map(of_cell).collect();
    beside::add_older(evidence, &mut cells);
    TargetEvidence {
        target: evidence.target.to_owned(),
        whole: RuleEvidence {
            subject: Subject {
                name: evidence.target.to_owned(),
                ..Subject::default()
            },
            beside: Some(beside::of_target(source, evidence)),
            ..RuleEvidence::default()
        },
        cells,
    }
}

fn subject(run: &Run, matrix: &Matrix, own: &CellTrials<'_>, name: String) -> Subject {
    let cell = own.cell;
    let settings = settings(cell);
    let value = |axis: &str| settings.iter().find(|(own, _)| own.to_string() == axis);
    let text = |axis: &str| value(axis).map(|(_, value)| value.to_owned());
    let readback = own.valid.values().find_map(|trial| trial.readback.as_ref());
    let built = || {
        let artifact = run
            .artifacts
            .iter()
            .find(|own| own.sha256 == cell.artifact)?;
        let first = artifact.go_version_m.lines().next()?;
        Some(first.rsplit(':').next()?.trim().to_owned())
    };
    let version = readback
        .and_then(|own| own.go_version.clone())
        .or_else(built);
    let placement = text("placement").unwrap_or_default();
    // A service that does not tell has what it was started with, unless it sets another value itself.
    let asked_gogc = match settings.value(&Axis::Gogc) {
        Some(AxisValue::Percent(percent)) => Some(u64::from(percent)),
        Some(AxisValue::CollectorOff) => Some(u64::MAX),
        _ => None,
    };
    let asked_limit = match settings.value(&Axis::Gomemlimit) {
        Some(AxisValue::Bytes(bytes)) => Some(bytes),
        _ => None,
    };
    Subject {
        name,
        go: version.and_then(|version| version.parse().ok()),
        gomaxprocs: readback
            .and_then(|own| own.gomaxprocs)
            .and_then(|procs| u32::try_from(procs).ok()),
        cpus: judging::evidence::cpu_count(&cell.target_cpus),
        // `0.5`, or with its period `0.5/20ms`.
        quota_cpus: text("cpu_quota").and_then(|quota| quota.split('/').next()?.parse().ok()),
        memory_cap_bytes: text("memory_cap")
            .and_then(|cap| record::quantity::parse_bytes(&cap).ok()),
        gogc_percent: readback.and_then(|own| own.gogc).or(asked_gogc),
        gomemlimit_bytes: readback
            .and_then(|own| own.gomemlimit_bytes)
            .or(asked_limit),
        godebug: readback.and_then(|own| own.godebug.clone()),
        objective_p99_ms: matrix.constraints.get(&Objective::P99).copied(),
        pinned: placement != "none",
        generator_cpus: judging::evidence::cpu_count(&cell.generator_cpus),
        shared_cpus: Some(shared_cpus(cell)),
    }
}

/// CPUs in both lists, and the SMT siblings that the placement noted.
fn shared_cpus(cell: &Cell) -> String {
    let both = validity::shared_cpus(cell);
    let both: Vec<String> = both.iter().map(ToString::to_string).collect();
    let mut shared = Vec::new();
    if !both.is_empty() {
        shared.push(format!("CPU {}", both.join(", ")));
    }
    let siblings = cell.notes.iter().any(|note| note.contains("SMT siblings"));
    if siblings {
        shared.push("SMT siblings of one core".to_owned());
    }
    shared.join(" and ")
}
