//! Whether a cell keeps the matrix's limits.
//!
//! A hard cut on a noisy P99 throws the true best away, so a limit is kept or broken only with confidence: 1 − p of a
//! one-sided t test of the cell's own trials against the limit, on logs where the values allow it. With a flat prior
//! that is also the probability that the typical trial keeps the limit.

use std::collections::BTreeMap;

use documents::ranking::{CellState, ConstraintCheck, ConstraintState};
use record::objective::Objective;
use stats::{Alternative, paired};

use crate::evidence::Values;
use crate::options::RankOptions;

/// Checks one limit for one cell.
pub(crate) fn check(
    objective: Objective,
    values: &Values,
    cell: usize,
    limit: f64,
    options: &RankOptions,
) -> ConstraintCheck {
    let value = values.median(cell);
    let sign = objective.orientation();
    let room: Vec<f64> = values.cells[cell]
        .values()
        .map(|&value| sign * room_above(value, limit, &values.cells[cell]))
        .collect();
    let confidence = confidence(&room);
    ConstraintCheck {
        objective,
        limit,
        value,
        margin: value
            .filter(|_| limit != 0.0)
            .map(|value| sign * (value - limit) / limit),
        confidence,
        state: state(value, confidence, options),
    }
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

fn confidence(room: &[f64]) -> Option<f64> {
    // Trials that all sit exactly on the limit keep it: limits are inclusive. The test would call that no evidence.
    if room.len() >= 2 && room.iter().all(|&room| room == 0.0) {
        return Some(1.0);
    }
    let test = paired::t_test(room, Alternative::Greater).ok()?;
    Some(1.0 - test.p_value)
}

fn state(value: Option<f64>, confidence: Option<f64>, options: &RankOptions) -> ConstraintState {
    match (value, confidence) {
        (None, _) => ConstraintState::Unknown,
        (Some(_), None) => ConstraintState::Uncertain,
        (Some(_), Some(confidence)) if confidence >= options.feasible => ConstraintState::Ok,
        (Some(_), Some(confidence)) if confidence <= 1.0 - options.feasible => {
            ConstraintState::Violated
        }
        _ => ConstraintState::Uncertain,
    }
}

/// The limits in force: the caller's, or the matrix's.
pub(crate) fn limits<'a>(
    options: &'a RankOptions,
    matrix: &'a BTreeMap<Objective, f64>,
) -> &'a BTreeMap<Objective, f64> {
    options.constraints.as_ref().unwrap_or(matrix)
}
