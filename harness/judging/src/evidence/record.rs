//! What a run's record says of itself: its matrix, its targets, its cells, and how its search ended.

use record::decision::Stop;
use record::matrix::Matrix;
use record::run::Run;
use record::trial::Trial;

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

/// Whether every trial is of a cell that the run lists.
///
/// # Errors
/// [`JudgingError::UnknownCell`]: the first that is not.
pub fn check_cells(run: &Run, trials: &[Trial]) -> Result<(), JudgingError> {
    let known: std::collections::BTreeSet<_> = run.cells.iter().map(|cell| &cell.id).collect();
    match trials.iter().find(|trial| !known.contains(&trial.cell)) {
        Some(trial) => Err(JudgingError::UnknownCell {
            trial: trial.id.clone(),
            cell: trial.cell.to_string(),
        }),
        None => Ok(()),
    }
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
