//! What a run's record says of itself: its matrix, its targets, its cells, and how its search ended.

use record::decision::Stop;
use record::matrix::Matrix;
use record::run::Run;
use record::trial::{Role, Stage, Trial};

use crate::error::JudgingError;

/// The matrix that a run was made of.
pub fn matrix_of(run: &Run) -> Result<Matrix, JudgingError> {
    Matrix::parse(&run.matrix.path, &run.matrix.text).map_err(|findings| JudgingError::Matrix {
        run: run.id.clone(),
        reason: findings.to_string(),
    })
}

/// The targets in the order of the run's cells.
pub fn targets(run: &Run) -> Vec<&str> {
    let mut targets: Vec<&str> = Vec::new();
    for cell in &run.cells {
        if !targets.contains(&cell.target.as_str()) {
            targets.push(&cell.target);
        }
    }
    targets
}

/// Whether every trial is of a cell that the run lists, is there once, and measured what can be.
///
/// # Errors
/// [`JudgingError::UnknownCell`], [`JudgingError::TrialTwice`] or [`JudgingError::Impossible`]: the first that is not.
pub fn check_trials(run: &Run, trials: &[Trial]) -> Result<(), JudgingError> {
    let known: std::collections::BTreeSet<_> = run.cells.iter().map(|cell| &cell.id).collect();
    if let Some(trial) = trials.iter().find(|trial| !known.contains(&trial.cell)) {
        return Err(JudgingError::UnknownCell {
            trial: trial.id.clone(),
            cell: trial.cell.to_string(),
        });
    }
    let mut seen = std::collections::BTreeSet::new();
    // A slot that was run again has an attempt of another number.
    let attempt = |trial: &'_ Trial| {
        let (search, measured) = (trial.stage == Stage::Search, trial.role == Role::Measured);
        (
            trial.cell.clone(),
            trial.block,
            search,
            measured,
            trial.attempt,
        )
    };
    if let Some(trial) = trials.iter().find(|trial| !seen.insert(attempt(trial))) {
        return Err(JudgingError::TrialTwice {
            trial: trial.id.clone(),
        });
    }
    for trial in trials {
        if let Some((what, value)) = impossible(trial) {
            return Err(JudgingError::Impossible {
                trial: trial.id.clone(),
                what,
                value,
            });
        }
    }
    Ok(())
}

/// The first figure of a trial that no measurement gives: one below nothing, or none at all.
fn impossible(trial: &Trial) -> Option<(&'static str, f64)> {
    let windows = [trial.saturate.as_ref(), trial.constant.as_ref()];
    let of_windows = windows.into_iter().flatten().flat_map(|window| {
        let response = &window.response_ms;
        let runtime = window.runtime.as_ref().map(|own| own.gc_cpu_seconds);
        let process = window.process.as_ref();
        let figures = [
            Some(("a window's length in seconds", window.seconds)),
            Some(("a P50 in milliseconds", response.p50)),
            Some(("a P99 in milliseconds", response.p99)),
            Some(("a P99.9 in milliseconds", response.p999)),
            runtime.map(|own| ("a GC's CPU time in seconds", own)),
            process.map(|own| ("a CPU time in user mode in seconds", own.user_seconds)),
            process.map(|own| ("a CPU time in the kernel in seconds", own.system_seconds)),
        ];
        figures.into_iter().flatten()
    });
    of_windows
        .into_iter()
        .find(|(_, value)| !(value.is_finite() && *value >= 0.0))
}

/// Why the search ended last, if it has.
pub fn end_of_search(run: &Run) -> Option<&Stop> {
    let mut confirming = false;
    let mut last = None;
    for decision in &run.decisions {
        confirming &= !decision.extended;
        if let Some(stop) = &decision.stop {
            if !confirming {
                last = Some(stop);
            }
            confirming = !confirming && !decision.finalists.is_empty();
        }
    }
    last
}
