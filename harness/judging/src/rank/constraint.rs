//! Whether cells keep the matrix's limits.
//!
//! A hard cut on a noisy P99 throws the true best away, so a limit is kept or broken only with confidence: 1 − p of a
//! one-sided t test of the cell's own trials against the limit, on logs where the values allow it. The confidence is that
//! of all rivals together ([`stats::limits`]): where all of them break a limit by a hair, some look as if they kept it.
//! The control is no rival and is judged alone.

use std::collections::BTreeMap;

use documents::ranking::{CellState, ConstraintCheck, ConstraintState};
use record::objective::Objective;
use stats::limits::{self, Judgement, State};

use crate::evidence::{TargetTrials, Values};
use crate::options::RankOptions;

/// Every limit for every cell, by cell.
pub(crate) fn checks(
    evidence: &TargetTrials<'_>,
    limits: &BTreeMap<Objective, f64>,
    options: &RankOptions,
) -> Vec<Vec<ConstraintCheck>> {
    let mut by_cell = vec![Vec::new(); evidence.cells.len()];
    for (&objective, &limit) in limits {
        let values = evidence.values(objective);
        let rivals: Vec<usize> = (0..values.cells.len())
            .filter(|&cell| cell != values.control)
            .collect();
        for group in [vec![values.control], rivals] {
            for (cell, check) in together(objective, &values, &group, limit, options) {
                by_cell[cell].push(check);
            }
        }
    }
    by_cell
}

/// One limit for several cells, at one confidence for all of them.
fn together(
    objective: Objective,
    values: &Values,
    cells: &[usize],
    limit: f64,
    options: &RankOptions,
) -> Vec<(usize, ConstraintCheck)> {
    let sign = objective.orientation();
    let rooms: Vec<Vec<f64>> = cells
        .iter()
        .map(|&cell| {
            let own = &values.cells[cell];
            let room = |&value: &f64| sign * room_above(value, limit, own);
            own.values().map(room).collect()
        })
        .collect();
    let judged = limits::judge(&rooms, options.feasible).ok();
    let check = |(place, &cell): (usize, &usize)| {
        let judged = judged.as_ref().map(|judged| &judged[place]);
        let judged = judged.filter(|_| rooms[place].len() >= 2);
        let value = values.median(cell);
        let check = ConstraintCheck {
            objective,
            limit,
            value,
            margin: value
                .filter(|_| limit != 0.0)
                .map(|value| sign * (value - limit) / limit),
            confidence: judged.map(|judged| 1.0 - judged.p_breaks),
            state: state(value, judged),
        };
        (cell, check)
    };
    cells.iter().enumerate().map(check).collect()
}

/// What the outcomes of all limits make of a cell that has trials.
pub(crate) fn cell_state(checks: &[ConstraintCheck]) -> CellState {
    let any = |wanted: &[ConstraintState]| checks.iter().any(|check| wanted.contains(&check.state));
    if any(&[ConstraintState::Violated]) {
        CellState::Violated
    } else if any(&[ConstraintState::Uncertain, ConstraintState::Unknown]) {
        CellState::Uncertain
    } else {
        CellState::Feasible
    }
}

/// How far a value lies above the limit, as a log ratio unless a zero forbids it.
fn room_above(value: f64, limit: f64, all: &BTreeMap<u32, f64>) -> f64 {
    if limit > 0.0 && all.values().all(|&value| value > 0.0) {
        value.ln() - limit.ln()
    } else {
        value - limit
    }
}

fn state(value: Option<f64>, judged: Option<&Judgement>) -> ConstraintState {
    match (value, judged.map(|judged| judged.state)) {
        (None, _) => ConstraintState::Unknown,
        (Some(_), Some(State::Kept)) => ConstraintState::Ok,
        (Some(_), Some(State::Broken)) => ConstraintState::Violated,
        (Some(_), Some(State::Open) | None) => ConstraintState::Uncertain,
    }
}

/// The limits in force: the caller's, or the matrix's.
pub(crate) fn limits<'a>(
    options: &'a RankOptions,
    matrix: &'a BTreeMap<Objective, f64>,
) -> &'a BTreeMap<Objective, f64> {
    options.constraints.as_ref().unwrap_or(matrix)
}
