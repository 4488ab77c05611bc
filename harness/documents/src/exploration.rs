//! The exploration document: which cells trade one objective for another, what each axis does, and where more CPUs stop
//! helping. `gosweep rank --explore --json` prints it, and a ranking holds it target by target.

use std::collections::BTreeMap;

use record::objective::Objective;
use serde::{Deserialize, Serialize};

/// The version of the exploration document.
pub const EXPLORATION_FORMAT: u32 = 1;

/// What a run says beyond its ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Exploration {
    /// The version of this format.
    pub format: u32,
    /// The run.
    pub run: String,
    /// One entry per target.
    pub targets: Vec<TargetExploration>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetExploration {
    /// The target.
    pub target: String,
    /// The front; null below two blocks, two cells or two objectives.
    pub front: Option<Front>,
    /// What the axes do, by objective.
    pub effects: Vec<Effects>,
    /// The knee over GOMAXPROCS, for every combination of the other axes with three numbers of it or more.
    pub knees: Vec<Knee>,
    /// Objectives that zeros or gaps leave out.
    pub left_out: Vec<Objective>,
}

/// Cells that no other is as good as everywhere and better than somewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Front {
    /// The objectives traded against each other.
    pub objectives: Vec<Objective>,
    /// Blocks used.
    pub blocks: usize,
    /// Seed of the resamples behind the frequencies.
    pub seed: u64,
    /// Every cell with a value on all of them, those on the front first, the firmest first.
    pub cells: Vec<FrontCell>,
}

/// A cell and the front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FrontCell {
    /// Its id.
    pub id: String,
    /// Its settings on the varying axes.
    pub label: String,
    /// Whether it is the control.
    pub control: bool,
    /// Whether nothing dominates it.
    pub on_front: bool,
    /// Share of resamples of whole blocks in which it is on the front; 0.8 and above is solid.
    pub frequency: Option<f64>,
    /// The cell that dominates it.
    pub dominated_by: Option<String>,
    /// Median of each objective.
    pub values: BTreeMap<Objective, f64>,
}

/// The effects of all axes on one objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Effects {
    /// The objective.
    pub objective: Objective,
    /// Blocks used.
    pub blocks: usize,
    /// Each level of each axis against the control's level, from cells that differ in nothing else.
    pub main: Vec<AxisEffect>,
    /// How much one axis changes the effect of another, the largest first.
    pub interactions: Vec<AxisInteraction>,
}

/// One level of an axis against its reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AxisEffect {
    /// The axis.
    pub axis: String,
    /// The level.
    pub level: String,
    /// What it is measured from.
    pub reference: String,
    /// Pairs of cells averaged over.
    pub pairs: usize,
    /// Level ÷ reference.
    pub ratio: f64,
    /// Its interval, [low, high].
    pub interval: [f64; 2],
    /// Two-sided p, Holm-adjusted over this objective's main effects.
    pub p: f64,
    /// Whether it is no larger than what the control differs from its own duplicate.
    #[serde(default)]
    pub within_noise: bool,
}

/// A difference of differences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AxisInteraction {
    /// First axis and level, `gogc=400`.
    pub first: String,
    /// Second axis and level.
    pub second: String,
    /// Squares of four cells averaged over.
    pub squares: usize,
    /// The first's effect alongside the second ÷ its effect alongside the reference: 1 where effects simply multiply.
    pub ratio: f64,
    /// Its interval, [low, high].
    pub interval: [f64; 2],
    /// Two-sided p, Holm-adjusted over this objective's interactions.
    pub p: f64,
    /// Whether it is no larger than what the control differs from its own duplicate.
    #[serde(default)]
    pub within_noise: bool,
}

/// The law fitted to the cells that differ in GOMAXPROCS only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Knee {
    /// What the cells share; empty where only GOMAXPROCS varies.
    pub label: String,
    /// The values of GOMAXPROCS measured.
    pub measured: Vec<u32>,
    /// Trials.
    pub n: usize,
    /// Lowest, median and highest QPS of the trials at each of these values; empty in a document of an older gosweep.
    #[serde(default)]
    pub seen: Vec<[f64; 3]>,
    /// λ, QPS of one CPU by the law, with its interval; zeros in a document of an older gosweep.
    #[serde(default)]
    pub single: [f64; 3],
    /// σ, contention, with its interval.
    pub contention: [f64; 3],
    /// κ, coherency, with its interval.
    pub coherency: [f64; 3],
    /// Smallest GOMAXPROCS at which one more adds less than 5 %; null where that lies beyond what was measured.
    pub knee: Option<u32>,
    /// GOMAXPROCS of the highest throughput by the law, with its interval; null stands for "more is always better".
    pub peak: [Option<f64>; 3],
    /// CPUs that the target had; values of GOMAXPROCS above it add no parallelism.
    pub cpus: Option<usize>,
    /// Whether the data scale better than linearly, so that the law describes them badly.
    pub superlinear: bool,
}

impl Knee {
    /// QPS by the law: λP ÷ (1 + σ(P − 1) + κP(P − 1)) at P = `parallelism` (Gunther, Guerrilla Capacity Planning,
    /// 2007).
    #[must_use]
    pub fn throughput(&self, parallelism: f64) -> f64 {
        let point = |[_, point, _]: [f64; 3]| point;
        let [single, contention, coherency] =
            [self.single, self.contention, self.coherency].map(point);
        let others = parallelism - 1.0;
        single * parallelism / (1.0 + contention * others + coherency * parallelism * others)
    }
}
