//! One target: the verdict and what holds for an objective over all cells.

use std::collections::BTreeMap;

use record::objective::Objective;
use serde::{Deserialize, Serialize};

use super::cell::{CellRanking, ConstraintCheck};
use crate::effect::{CellObjective, DirectionName, Scale};
use crate::exploration::TargetExploration;

/// The ranking of one target's cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetRanking {
    /// The target.
    pub target: String,
    /// What to do.
    pub verdict: RankingVerdict,
    /// Blocks planned.
    pub blocks_planned: u32,
    /// Blocks in which every cell has a trial; only these are used.
    pub blocks_complete: u32,
    /// Why the search ended before all planned blocks; null where it did not.
    #[serde(default)]
    pub stopped: Option<String>,
    /// Axes on which the cells differ, in the order shown.
    pub varying_axes: Vec<String>,
    /// The objectives that the ranking goes by, the most important first.
    pub rank_by: Vec<Objective>,
    /// Their weights, where they make one score; empty where they are taken in order.
    #[serde(default)]
    pub weights: BTreeMap<Objective, f64>,
    /// What holds for the score; null without weights.
    #[serde(default)]
    pub score: Option<ScoreSummary>,
    /// Per objective: margins, A/A figure and what the design could find.
    pub objectives: Vec<ObjectiveSummary>,
    /// The cells, the best first.
    pub cells: Vec<CellRanking>,
    /// The Pareto front, what each axis does, and the knee; null where it was not asked for.
    #[serde(default)]
    pub exploration: Option<TargetExploration>,
    /// The chosen cell measured afresh; null where it was not.
    #[serde(default)]
    pub confirmation: Option<Confirmation>,
}

/// A cell that was measured in fresh blocks after it had been chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Confirmation {
    /// The cell.
    pub cell: String,
    /// Its settings on the axes that vary.
    pub label: String,
    /// Fresh blocks in which both it and the control have a valid trial.
    pub blocks: usize,
    /// Whether what the search claimed holds up.
    pub outcome: ConfirmationOutcome,
    /// Its figures in these blocks alone, against the control of the same blocks.
    pub objectives: BTreeMap<Objective, CellObjective>,
    /// The weighted score in them, where objectives are weighed.
    #[serde(default)]
    pub score: Option<CellObjective>,
    /// Its constraints in these blocks alone.
    pub constraints: Vec<ConstraintCheck>,
}

/// What fresh blocks say to a claim of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmationOutcome {
    /// The gain is there again, and nothing that counts for more suffers.
    Confirmed,
    /// They can tell neither way.
    Open,
    /// The gain is there again, and whether something that counts for more suffers cannot be told.
    LossOpen,
    /// A gain of the margin is ruled out, a limit is broken, or a more severe loss shows.
    Refuted,
    /// The ranking recommends another cell, or none: it goes by other trials or another preference than the choice did.
    Superseded,
}

/// What a run says of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RankingVerdict {
    /// The kind.
    pub kind: VerdictKind,
    /// One line for a person, the effects included.
    pub headline: String,
    /// The same without the effects: what to do.
    pub action: String,
    /// The recommended cell; where a gain is shown and a loss is open, the cell that gains.
    pub cell: Option<String>,
    /// What to change against the control, by axis.
    pub changes: BTreeMap<String, Change>,
    /// Ranked objectives on which the recommended cell is better.
    pub gains: Vec<EffectLine>,
    /// Objectives, ranked or not, on which it is worse.
    pub costs: Vec<EffectLine>,
    /// Where a gain is shown and a loss is open: what counts for more than the gain and may suffer, with the worst that is
    /// not ruled out.
    #[serde(default)]
    pub open: Vec<EffectLine>,
    /// How many more blocks would close what is open, at this noise; null where nothing is open or no sensible number
    /// would.
    #[serde(default)]
    pub more_blocks: Option<usize>,
    /// Why this verdict, in sentences.
    pub reasons: Vec<String>,
    /// What to do next.
    pub next_step: String,
}

/// The kinds of verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// A cell is worth changing to.
    Recommend,
    /// None is.
    NoChange,
    /// A cell gains, and whether something that counts for more suffers cannot be told.
    LossOpen,
    /// The run cannot tell.
    Inconclusive,
    /// No cell keeps the constraints.
    Infeasible,
}

/// One axis's value in the control and in the recommended cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Change {
    /// In the control.
    pub from: String,
    /// In the recommended cell.
    pub to: String,
}

/// An effect of a verdict, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EffectLine {
    /// The objective.
    pub objective: Objective,
    /// E.g. `QPS +8.1% [+5.2, +10.9]`.
    pub text: String,
}

/// One objective over all cells of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ObjectiveSummary {
    /// The objective.
    pub objective: Objective,
    /// The unit of its values.
    pub unit: String,
    /// Which way is better.
    pub direction: DirectionName,
    /// The margin asked for, relative: 0.03 is 3 %. For the error rate, absolute.
    pub default_margin: f64,
    /// The margin applied: the larger of the above and the noise floor.
    pub margin: f64,
    /// The control against its duplicate; null where that was not measured.
    pub aa: Option<AaFigure>,
    /// Smallest gain of one cell, as a share of the control, that would be claimed with 80 % chance at this number of
    /// blocks: past interval, corrected test, margin and noise floor.
    pub minimum_detectable: Option<f64>,
    /// How p-values were made.
    pub test: Option<String>,
    /// Whether cells are compared as ratios or, where zeros forbid that, as differences.
    pub scale: Scale,
    /// Why nobody has a value, where nobody has.
    pub missing: Option<String>,
}

/// The weighted score over all cells of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScoreSummary {
    /// The weighted mean of the objectives' margins, relative.
    pub default_margin: f64,
    /// The margin applied: the larger of the above and the noise floor.
    pub margin: f64,
    /// The control against its duplicate.
    pub aa: Option<AaFigure>,
    /// As for an objective.
    pub minimum_detectable: Option<f64>,
    /// How p-values were made.
    pub test: Option<String>,
}

/// The control against its duplicate: what the run shows where there is nothing to see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AaFigure {
    /// Pairs.
    pub n: usize,
    /// Duplicate against control, on the scale of `scale`.
    pub estimate: f64,
    /// Its interval; null below two pairs.
    pub interval: Option<[f64; 2]>,
    /// Ratio or difference.
    pub scale: Scale,
    /// How far an estimate over these blocks may be from nothing where there is nothing to see: the far end of the
    /// interval, as |ratio − 1| (or |difference| on that scale); null below two pairs.
    pub floor: Option<f64>,
}
