//! The comparison document: what `gosweep compare --json` prints, and all that its text is made of.
//!
//! Changes are candidate against baseline: a ratio is candidate ÷ baseline. What was not observed is null.

use record::objective::Objective;
use serde::{Deserialize, Serialize};

use crate::effect::{DirectionName, Scale};
use crate::warning::Warning;

/// The version of the comparison document.
pub const COMPARISON_FORMAT: u32 = 1;

/// What two sides came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    /// The version of this format.
    pub format: u32,
    /// The verdict over all targets: the most severe one.
    pub verdict: Judgement,
    /// The verdict in one line.
    pub headline: String,
    /// How the two sides were measured.
    pub design: Design,
    /// What is compared against.
    pub baseline: Side,
    /// What is compared.
    pub candidate: Side,
    /// One comparison per target.
    pub targets: Vec<TargetComparison>,
    /// Caveats, the most severe first.
    pub warnings: Vec<Warning>,
    /// How the figures were made, in sentences.
    pub method: Vec<String>,
    /// Version and revision of the gosweep that compared.
    pub tool: String,
}

/// How two sides were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Interleaved in the blocks of one run: each block is a pair.
    Paired,
    /// In two runs, one after the other: two samples.
    Unpaired,
}

/// Three-way, and what there is besides it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Better beyond the margin, and no worse anywhere.
    Improved,
    /// Not worse than the margin allows.
    NoWorse,
    /// The data do not decide.
    Inconclusive,
    /// There are no valid trials to judge by.
    Invalid,
    /// Worse beyond the margin.
    Regressed,
}

impl Judgement {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            Judgement::Improved => "IMPROVED",
            Judgement::NoWorse => "NO WORSE",
            Judgement::Inconclusive => "INCONCLUSIVE",
            Judgement::Invalid => "INVALID",
            Judgement::Regressed => "REGRESSED",
        }
    }
}

/// One side and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Side {
    /// As it was asked for.
    pub asked: String,
    /// The run.
    pub run: String,
    /// Wall clock at the start of the run, RFC 3339, UTC.
    pub started: String,
    /// Version and revision of the gosweep that measured.
    pub tool: String,
    /// The command line of the run, quoted for a POSIX shell.
    pub command: String,
    /// Seed of the order of trials.
    pub seed: u64,
    /// Fingerprint of the host.
    pub host: String,
    /// The host for a person.
    pub host_text: String,
    /// Versions of the toolchains of the run.
    pub toolchains: Vec<String>,
}

/// The two sides on one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetComparison {
    /// The target; the candidate's where two targets are compared.
    pub target: String,
    /// The baseline in a few words.
    pub baseline: String,
    /// The candidate in a few words.
    pub candidate: String,
    /// The verdict.
    pub verdict: Judgement,
    /// The verdict in one line.
    pub headline: String,
    /// Why this verdict, in sentences.
    pub reasons: Vec<String>,
    /// What to do next; may be empty.
    pub next_step: String,
    /// Per objective, over all pairs of cells together.
    pub objectives: Vec<ObjectiveComparison>,
    /// The pairs of cells; with figures of their own where there is more than one.
    pub cells: Vec<CellComparison>,
    /// Cells of either side without a counterpart.
    pub unmatched: Vec<String>,
}

/// Two cells that differ in nothing but what is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CellComparison {
    /// What they share, in a few words.
    pub label: String,
    /// The baseline's cell.
    pub baseline: CellSide,
    /// The candidate's cell.
    pub candidate: CellSide,
    /// Per objective, with intervals that hold together over all pairs; empty where there is one pair only.
    pub objectives: Vec<ObjectiveComparison>,
}

/// One cell of a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CellSide {
    /// Its id.
    pub id: String,
    /// The valid trials in complete blocks.
    pub trials: Vec<String>,
    /// Trials in which the target failed.
    pub failed: Vec<String>,
    /// Trials that the evidence of host or generator spoke against.
    pub invalid: Vec<String>,
}

/// Two sides on one objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ObjectiveComparison {
    /// The objective.
    pub objective: Objective,
    /// The unit of the values.
    pub unit: String,
    /// Which way is better.
    pub direction: DirectionName,
    /// Whether the verdict goes by it.
    pub decides: bool,
    /// Median over the baseline's trials; over several cells the mean of their medians, geometric where the change is a
    /// ratio.
    pub baseline: Option<f64>,
    /// The same of the candidate.
    pub candidate: Option<f64>,
    /// Whether the change is a ratio or, where zeros forbid that, a difference.
    pub scale: Scale,
    /// The change.
    pub effect: Option<f64>,
    /// Its interval, [low, high].
    pub interval: Option<[f64; 2]>,
    /// The level that the interval holds.
    pub interval_level: Option<f64>,
    /// How both were made.
    pub method: Option<String>,
    /// Values on the baseline's and the candidate's side: blocks.
    pub n: [usize; 2],
    /// The margin: relative, for the error rate absolute.
    pub margin: f64,
    /// How far the control was, or may have been, from its own duplicate: a smaller change is not claimed. On the scale
    /// of `scale`: ratio − 1 or a difference.
    pub noise: Option<f64>,
    /// The smallest change that this many blocks would expose with 80 % chance, on the scale of `scale`: ratio − 1 or a
    /// difference.
    pub minimum_detectable: Option<f64>,
    /// The verdict; null where nothing was observed.
    pub verdict: Option<Judgement>,
    /// How many more blocks would decide, with 80 % chance, if effect and noise are what they look like.
    pub more_blocks: Option<usize>,
    /// Why it cannot be told, where it cannot.
    pub reason: Option<String>,
}
