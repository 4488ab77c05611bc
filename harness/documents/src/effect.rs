//! One figure against another: on what scale, and what may be said of it.

use record::objective::{Direction, Objective};
use serde::{Deserialize, Serialize};

/// What a comparison is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// One figure of the trials.
    Objective(Objective),
    /// The weighted score of several.
    Score,
}

impl Criterion {
    /// +1 where more is better, −1 where less is.
    pub fn orientation(self) -> f64 {
        match self {
            Criterion::Objective(objective) => objective.orientation(),
            Criterion::Score => 1.0,
        }
    }

    /// The heading in tables and sentences.
    pub fn heading(self) -> &'static str {
        match self {
            Criterion::Objective(objective) => objective.heading(),
            Criterion::Score => "score",
        }
    }

    /// The unit of the values; a score has none, since only its ratios mean something.
    pub fn unit(self) -> &'static str {
        match self {
            Criterion::Objective(objective) => objective.unit(),
            Criterion::Score => "",
        }
    }

    /// Whether it is compared by differences whatever the values: from 0.001 % to 0.002 % is twice as much and nobody's
    /// concern.
    pub fn is_difference(self) -> bool {
        self == Criterion::Objective(Objective::ErrorRate)
    }
}

impl From<Objective> for Criterion {
    fn from(objective: Objective) -> Criterion {
        Criterion::Objective(objective)
    }
}

/// One cell on one objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CellObjective {
    /// Median over its trials; null where it was not observed.
    pub value: Option<f64>,
    /// The unit of the value.
    pub unit: String,
    /// Blocks in which both it and the control have a value.
    pub n: usize,
    /// Cell ÷ control; null where zeros forbid it. 1 for the control.
    pub ratio: Option<f64>,
    /// Cell − control, where there is no ratio.
    pub difference: Option<f64>,
    /// Interval of the ratio or, where there is none, of the difference; [low, high].
    pub interval: Option<[f64; 2]>,
    /// The level that the interval holds, e.g. 0.969.
    pub interval_level: Option<f64>,
    /// How estimate and interval were made.
    pub method: Option<String>,
    /// Two-sided p-value of "differs from the control", Holm-adjusted over the cells.
    pub p: Option<f64>,
    /// The same by the exact signed-rank test on this cell's own blocks, Holm-adjusted.
    pub p_signed_rank: Option<f64>,
    /// The same by rearranging values within the blocks (or signs, where noise is unequal), adjusted by max-T: the
    /// cross-check of `p`. Null for objectives that the ranking does not go by, and where the blocks do not do.
    #[serde(default)]
    pub p_permutation: Option<f64>,
    /// Whether `p` and `p_permutation` disagree on a change that would be claimed otherwise: the effect is `unclear`.
    #[serde(default)]
    pub disputed: bool,
    /// Against the margin.
    pub effect: Effect,
    /// Tie group: 1 is the top group, which no other cell was shown to beat.
    pub group: Option<usize>,
}

/// A cell against the control, with the margin in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is the control.
    Control,
    /// Better: beyond the margin, interval and corrected p clear of no change.
    Better,
    /// Worse, likewise.
    Worse,
    /// The whole interval lies within the margin asked for (`default_margin`).
    WithinMargin,
    /// None of these.
    Unclear,
    /// Nothing to compare.
    NoData,
}

/// How two cells are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Cell ÷ control.
    Ratio,
    /// Cell − control: one of them is zero somewhere.
    Difference,
}

/// Which way is better, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectionName {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
}

impl From<Direction> for DirectionName {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::HigherIsBetter => DirectionName::HigherIsBetter,
            Direction::LowerIsBetter => DirectionName::LowerIsBetter,
        }
    }
}

/// The rise of the error rate that the roll-back rule of a staged rollout uses: 0.1 percentage points. A relative
/// margin has no meaning next to zero.
const ERROR_RATE_MARGIN: f64 = 0.001;

/// The margin where nobody asks for one; relative, for the error rate absolute.
pub fn built_in_margin(objective: Objective) -> f64 {
    match objective {
        Objective::ErrorRate => ERROR_RATE_MARGIN,
        _ => objective.default_margin(),
    }
}
