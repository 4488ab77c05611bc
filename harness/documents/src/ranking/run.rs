//! The document as a whole, its provenance, its warnings and its trials.

use std::collections::BTreeMap;

use record::objective::Objective;
use record::run::{Artifact, Calibration, DroppedCell, Host, Toolchain};
use serde::{Deserialize, Serialize};

use super::target::TargetRanking;
use crate::advice::Advice;
use crate::warning::Warning;

/// The version of the ranking document.
pub const RANKING_FORMAT: u32 = 1;

/// A run's ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ranking {
    /// The version of this format.
    pub format: u32,
    /// The verdicts of all targets in one line.
    pub verdict: String,
    /// Where every number comes from.
    pub provenance: Provenance,
    /// One ranking per target, in the order of the run.
    pub targets: Vec<TargetRanking>,
    /// Caveats, the most severe first.
    pub warnings: Vec<Warning>,
    /// Cells that were not run, with the reason.
    pub dropped: Vec<DroppedCell>,
    /// Why the cells are as they are, and what to do; null where nobody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
    /// Every trial with its figures, by target, block and place in the block.
    pub trials: Vec<TrialFigures>,
}

/// What made the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Provenance {
    /// The run.
    pub run: String,
    /// Version and revision of the gosweep that measured.
    pub tool: String,
    /// Version and revision of the gosweep that ranked.
    pub ranked_by: String,
    /// The command line of the run, quoted for a POSIX shell.
    pub command: String,
    /// Wall clock at the start of the run, RFC 3339, UTC.
    pub started: String,
    /// Seed of the order of trials.
    pub seed: u64,
    /// Name of the matrix.
    pub matrix: String,
    /// Its file, as it was given.
    pub matrix_path: String,
    /// Why it was run, in its own words.
    pub why: Option<String>,
    /// The host.
    pub host: Host,
    /// The toolchains.
    pub toolchains: Vec<Toolchain>,
    /// What was built or given.
    pub artifacts: Vec<Artifact>,
    /// Rate of the constant window, by target.
    pub calibration: BTreeMap<String, Calibration>,
    /// How the figures were made, in a few sentences.
    pub method: Vec<String>,
}

/// One trial with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TrialFigures {
    /// Its id.
    pub id: String,
    /// Its target.
    pub target: String,
    /// Its cell.
    pub cell: String,
    /// The cell's settings on the axes that vary.
    pub label: String,
    /// The block.
    pub block: u32,
    /// The place within the block.
    pub position: u32,
    /// `measured`, `control duplicate` or `measured afresh`.
    pub role: String,
    /// Attempts before it.
    pub attempt: u32,
    /// `ok`, or what was wrong.
    pub outcome: String,
    /// Whether the ranking uses it.
    pub used: bool,
    /// Its figures; what was not observed is absent.
    pub values: BTreeMap<Objective, f64>,
    /// Its folder of raw evidence, within the run's.
    pub raw: String,
}
