//! The document that `gosweep rank --selftest --json` prints.

use serde::{Deserialize, Serialize};

/// The version of the proof document.
pub const PROOF_FORMAT: u32 = 1;

/// What was checked on a run, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Proof {
    /// The version of this format.
    pub format: u32,
    /// The run.
    pub run: String,
    /// The most severe outcome of all.
    pub verdict: Outcome,
    /// One entry per promise and cell.
    pub checks: Vec<Check>,
    /// Version and revision of the gosweep that checked.
    pub tool: String,
}

/// One promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Check {
    /// A stable name: `false_alarms`, `injection_slope`, `injection_size`, `injection_power`, `gogc_order`,
    /// `gogc_ratio`.
    pub name: String,
    /// The target.
    pub target: String,
    /// The cell or cells that it is about.
    pub about: String,
    /// What is promised or known beforehand.
    pub promised: String,
    /// What was seen.
    pub observed: String,
    /// What would have been FAILS here; empty where nothing could have been.
    #[serde(default)]
    pub fails: String,
    /// How much would decide, where this did not.
    #[serde(default)]
    pub needed: Option<String>,
    /// Runs, blocks or trials behind it.
    pub n: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a check, the most severe last.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What was seen agrees with what is promised, and as many blocks could have shown that it does not.
    Holds,
    /// Too little was seen: as many blocks could not have refuted the promise, or they do not bear it out.
    Inconclusive,
    /// Chance does not explain what was seen.
    Fails,
}

impl Outcome {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            Outcome::Holds => "HOLDS",
            Outcome::Inconclusive => "INCONCLUSIVE",
            Outcome::Fails => "FAILS",
        }
    }
}
