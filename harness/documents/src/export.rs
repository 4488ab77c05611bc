//! The export document: a recommendation as settings to put in place, for any format to write down.
//!
//! Main type: [`Export`]. `advisor::export` fills it after it has checked that the settings do what was measured; a
//! format of `report` writes it. Nothing here is computed.

use serde::{Deserialize, Serialize};

use crate::advice::CellName;

/// The version of the export document.
pub const EXPORT_FORMAT: u32 = 1;

/// What a format can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// A shell script: variables, and values computed when the service starts.
    Script,
    /// The image of a container: variables.
    Image,
    /// Where the service is started: variables, and its limits of memory and CPU.
    Deployment,
    /// The source of the program: GODEBUG keys.
    Source,
    /// Rules for a gate.
    Rules,
}

/// A recommendation, ready to be put in place or taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Export {
    /// The version of this format.
    pub format: u32,
    /// The run.
    pub run: String,
    /// Version and revision of the gosweep that exports.
    pub tool: String,
    /// The target.
    pub target: String,
    /// The cell.
    pub cell: CellName,
    /// Whether it is recommended; otherwise a gain was shown beside which a loss is open.
    pub recommended: bool,
    /// Whether this takes the recommendation back.
    pub undo: bool,
    /// The measured effects that justify it, one line each.
    pub effects: Vec<String>,
    /// The variables.
    pub variables: Vec<Variable>,
    /// Limits that must hold together with the variables.
    pub limits: Limits,
    /// `key=value` pairs of GODEBUG that the source may set.
    pub godebug: Vec<(String, String)>,
    /// Rules of a gate.
    pub rules: Vec<Rule>,
    /// What belongs to the recommendation and this format cannot carry, one line each.
    pub elsewhere: Vec<String>,
    /// Where it stops being valid.
    pub valid_for: Vec<String>,
    /// What to know before it is put in place.
    pub cautions: Vec<String>,
    /// How to roll it out; empty for an undo.
    pub rollout: String,
    /// When to take it back; empty for an undo.
    pub rollback: String,
}

/// A variable of the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// What justifies it, one line each.
    pub because: Vec<String>,
    /// What takes it back, as a line of a shell.
    pub undo: String,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// This text.
    Text(String),
    /// Not set.
    Unset,
    /// So many percent of the memory that the process may use, computed when it starts. What needs it, [`Value::Text`] of
    /// GOGC=off, must not be set where there is no limit.
    PercentOfMemory(u32),
}

/// Limits of the container, unit or task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Limits {
    /// Memory, bytes; null where none is asked for.
    pub memory_bytes: Option<u64>,
    /// CPU time, in CPUs; likewise.
    pub cpus: Option<f64>,
}

/// A rule of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rule {
    /// As a rules file has it; `None` for what is not promised.
    pub text: Option<String>,
    /// What was measured.
    pub because: String,
}
