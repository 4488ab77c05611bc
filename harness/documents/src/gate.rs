//! The gate's report: what `gosweep gate --json` prints, and all that its other forms are made of.

use record::objective::Objective;
use serde::{Deserialize, Serialize};

use crate::comparison::{CellComparison, Side};
use crate::warning::Warning;

/// The version of the gate's report.
pub const GATE_FORMAT: u32 = 1;

/// What a run came to under a set of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GateReport {
    /// The version of this format.
    pub format: u32,
    /// The most severe outcome of all checks.
    pub outcome: GateOutcome,
    /// The outcome in one line.
    pub headline: String,
    /// The rules file, as it was given.
    pub rules: String,
    /// Why these rules, in the file's own words.
    pub why: Option<String>,
    /// The run, as the baseline's side of it.
    pub run: Side,
    /// One gate per target.
    pub targets: Vec<TargetGate>,
    /// How many tests Holm's correction was made over.
    pub tests: usize,
    /// Caveats, the most severe first.
    pub warnings: Vec<Warning>,
    /// Version and revision of the gosweep that judged.
    pub tool: String,
}

impl GateReport {
    /// All checks with their targets.
    pub fn checks(&self) -> impl Iterator<Item = (&TargetGate, &Check)> {
        self.targets
            .iter()
            .flat_map(|target| target.checks.iter().map(move |check| (target, check)))
    }
}

/// How a rule, or all of them, came out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// Kept.
    Passed,
    /// The data do not decide.
    Inconclusive,
    /// There are no valid trials to judge by.
    Invalid,
    /// Broken.
    Failed,
}

impl GateOutcome {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            GateOutcome::Passed => "PASSED",
            GateOutcome::Inconclusive => "INCONCLUSIVE",
            GateOutcome::Invalid => "INVALID",
            GateOutcome::Failed => "FAILED",
        }
    }

    /// The exit code of `gosweep gate` (METHODOLOGY, exit codes).
    pub fn exit_code(self) -> u8 {
        match self {
            GateOutcome::Passed => 0,
            GateOutcome::Failed => 1,
            GateOutcome::Inconclusive => 3,
            GateOutcome::Invalid => 4,
        }
    }
}

/// One target under the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetGate {
    /// The target.
    pub target: String,
    /// The baseline in a few words.
    pub baseline: String,
    /// The candidate in a few words.
    pub candidate: String,
    /// The most severe outcome.
    pub outcome: GateOutcome,
    /// The checks, in the order of the rules.
    pub checks: Vec<Check>,
    /// The cells and trials behind them.
    pub cells: Vec<CellComparison>,
}

/// One rule and one thing that it is applied to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Check {
    /// The rule as the file has it, or the name of the built-in one.
    pub rule: String,
    /// Its line in the file, from 1; null for the built-in one.
    pub line: Option<usize>,
    /// The figure that it is about; null for the built-in one.
    pub objective: Option<Objective>,
    /// The cell, where a limit is applied to each of several, or the pair of cells that breaks a rule by itself; empty
    /// where all are judged together.
    pub cell: String,
    /// How it came out.
    pub outcome: GateOutcome,
    /// What was measured, for a person: a change or a value with its interval.
    pub measured: String,
    /// The change (ratio or difference) or the value, in the objective's unit.
    pub estimate: Option<f64>,
    /// Its interval, [low, high].
    pub interval: Option<[f64; 2]>,
    /// How both were made.
    pub method: Option<String>,
    /// Blocks.
    pub n: usize,
    /// One-sided p-value of "the rule is broken", Holm-adjusted over all checks that have one.
    pub p: Option<f64>,
    /// How many more blocks would decide, where they would.
    pub more_blocks: Option<usize>,
    /// Why it cannot be told, where it cannot.
    pub reason: Option<String>,
}

/// One made-up run and what the gate made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelftestCase {
    /// The run in words.
    pub what: String,
    /// What a sound gate says.
    pub expected: GateOutcome,
    /// What this one said.
    pub found: GateOutcome,
    /// The exit code of what it said.
    pub exit_code: u8,
}

impl SelftestCase {
    /// Whether the gate is sound here.
    pub fn held(&self) -> bool {
        self.expected == self.found
    }
}
