//! One cell's entry in the ranking, gathered from the comparisons.

use std::collections::BTreeMap;

use documents::ranking::{
    CellRanking, CellState, ConstraintCheck, FailedTrial, InvalidTrial, LeftRace,
};
use record::axis::Axis;
use record::objective::Objective;
use record::run::Cell;
use record::trial::{Outcome, Trial};

use super::compare::Compared;
use super::{constraint, requests};
use crate::evidence::{CellTrials, TargetTrials, label, settings};
use crate::options::RankOptions;

/// Every cell, in the order of the run and not yet ranked.
pub(crate) fn cells(
    evidence: &TargetTrials<'_>,
    compared: &Compared,
    limits: &BTreeMap<Objective, f64>,
    same_as: &[Option<usize>],
    varying: &[Axis],
    options: &RankOptions,
) -> Vec<CellRanking> {
    let checks = constraint::checks(evidence, limits, options);
    evidence
        .cells
        .iter()
        .zip(checks)
        .enumerate()
        .map(|(index, (cell, checks))| CellRanking {
            id: cell.cell.id.to_string(),
            rank: None,
            axes: cell.cell.axes.clone(),
            label: label(cell.cell, varying),
            control: cell.cell.control,
            recommended: false,
            n: cell.valid.len(),
            state: state(cell, &checks),
            non_default_settings: non_default_settings(cell.cell),
            same_as: same_as[index].map(|first| evidence.cells[first].cell.id.to_string()),
            score: compared
                .score
                .as_ref()
                .map(|score| score.cells[index].clone()),
            objectives: compared
                .objectives
                .iter()
                .map(|comparison| (comparison.objective(), comparison.cells[index].clone()))
                .collect(),
            constraints: checks,
            failures: cell.failed.iter().copied().filter_map(failure).collect(),
            invalid: cell.invalid.iter().copied().filter_map(invalid).collect(),
            requests: requests::of_trials(cell.valid.values().copied()),
            trials: cell.valid.values().map(|trial| trial.id.clone()).collect(),
            left_race: cell.left.map(|left| LeftRace {
                blocks: evidence.blocks_of(index),
                reason: left.words.to_owned(),
            }),
        })
        .collect()
}

fn non_default_settings(cell: &Cell) -> usize {
    settings(cell).non_default_count()
}

fn state(cell: &CellTrials<'_>, checks: &[ConstraintCheck]) -> CellState {
    if !cell.failed.is_empty() {
        CellState::Failed
    } else if cell.valid.is_empty() {
        CellState::NoData
    } else {
        constraint::cell_state(checks)
    }
}

/// What may be said of every cell under these limits.
pub(crate) fn states(
    evidence: &TargetTrials<'_>,
    limits: &BTreeMap<Objective, f64>,
    options: &RankOptions,
) -> Vec<CellState> {
    let checks = constraint::checks(evidence, limits, options);
    let cells = evidence.cells.iter().zip(&checks);
    cells.map(|(cell, checks)| state(cell, checks)).collect()
}

fn failure(trial: &Trial) -> Option<FailedTrial> {
    match &trial.outcome {
        Outcome::Failed(failure) => Some(FailedTrial {
            trial: trial.id.clone(),
            failure: failure.clone(),
        }),
        Outcome::Ok | Outcome::Invalid(_) => None,
    }
}

fn invalid(trial: &Trial) -> Option<InvalidTrial> {
    match &trial.outcome {
        Outcome::Invalid(reasons) => Some(InvalidTrial {
            trial: trial.id.clone(),
            reasons: reasons
                .iter()
                .map(|reason| format!("{}: {}", reason.rule, reason.message))
                .collect(),
        }),
        Outcome::Ok | Outcome::Failed(_) => None,
    }
}
