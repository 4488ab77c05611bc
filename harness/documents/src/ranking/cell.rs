//! One cell: its figures, constraints and trials.

use std::collections::BTreeMap;

use record::objective::Objective;
use record::trial::Failure;
use serde::{Deserialize, Serialize};

use crate::effect::{CellObjective, Criterion};

/// One cell of the ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CellRanking {
    /// Its id.
    pub id: String,
    /// Its place, from 1; null where it has no figures or failed.
    pub rank: Option<usize>,
    /// Its value on every axis.
    pub axes: BTreeMap<String, String>,
    /// Its values on the axes that vary, for a person.
    pub label: String,
    /// Whether it is the control.
    pub control: bool,
    /// Whether it is the recommended one.
    pub recommended: bool,
    /// Valid trials in complete blocks.
    pub n: usize,
    /// What may be said of it.
    pub state: CellState,
    /// How many settings differ from what Go does by itself.
    pub non_default_settings: usize,
    /// The cell whose effective settings it shares by what the process reports: then both are one thing.
    pub same_as: Option<String>,
    /// Its weighted score against the control's: only `ratio` and what belongs to it. Null without weights.
    #[serde(default)]
    pub score: Option<CellObjective>,
    /// Its figures, by objective.
    pub objectives: BTreeMap<Objective, CellObjective>,
    /// Its constraints.
    pub constraints: Vec<ConstraintCheck>,
    /// Trials that failed.
    pub failures: Vec<FailedTrial>,
    /// Invalid trials, re-run ones included.
    pub invalid: Vec<InvalidTrial>,
    /// The trials behind its figures.
    pub trials: Vec<String>,
    /// Its requests one by one; empty for runs from before they were told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestFigures>,
    /// How it left the race; null where it stayed.
    #[serde(default)]
    pub left_race: Option<LeftRace>,
}

/// One kind of request in a cell: by the window at one rate, else by saturation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RequestFigures {
    /// Its name in the target file.
    pub name: String,
    /// Answered as expected, over all valid trials.
    pub completed: u64,
    /// Answered wrongly, broken or not in time.
    pub errors: u64,
    /// Median of the trials' median response times, ms; null where none was answered as expected.
    pub p50_ms: Option<f64>,
    /// Median of the trials' 99th percentiles, ms.
    pub p99_ms: Option<f64>,
}

/// A cell that was not run to the end, because it could not reach the top group any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeftRace {
    /// Complete blocks that it was run in.
    pub blocks: usize,
    /// Why.
    pub reason: String,
}

/// What may be said of a cell.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// Keeps every constraint with a chance of 0.9 or more (or there are none).
    Feasible,
    /// Cannot be told.
    Uncertain,
    /// Breaks a constraint.
    Violated,
    /// Has failed trials.
    Failed,
    /// Has no valid trial in a complete block.
    NoData,
}

/// One limit and one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ConstraintCheck {
    /// What is limited.
    pub objective: Objective,
    /// The limit, in the objective's unit: at most, for QPS at least.
    pub limit: f64,
    /// Median over the cell's trials.
    pub value: Option<f64>,
    /// Room to the limit as a share of it; negative where it is broken. Null for a limit of zero.
    pub margin: Option<f64>,
    /// Confidence that the cell keeps it, over all rivals together: 1 − p of a one-sided t test against the limit, after
    /// Holm.
    pub confidence: Option<f64>,
    /// The outcome.
    pub state: ConstraintState,
}

/// Whether a limit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintState {
    /// Confidence 0.9 or more.
    Ok,
    /// Confidence 0.1 or less.
    Violated,
    /// In between, or too few trials.
    Uncertain,
    /// Not observed.
    Unknown,
}

/// A failed trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FailedTrial {
    /// The trial.
    pub trial: String,
    /// What happened.
    pub failure: Failure,
}

/// A trial that the evidence of host or generator spoke against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InvalidTrial {
    /// The trial.
    pub trial: String,
    /// `rule: what was seen`.
    pub reasons: Vec<String>,
}

impl CellRanking {
    /// The cell's figures on a criterion.
    pub fn on(&self, criterion: Criterion) -> Option<&CellObjective> {
        match criterion {
            Criterion::Objective(objective) => self.objectives.get(&objective),
            Criterion::Score => self.score.as_ref(),
        }
    }
}
