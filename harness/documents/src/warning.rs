//! A doubt about the figures, and what to do about it.

use serde::{Deserialize, Serialize};

/// A doubt in plain language, with what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable name, e.g. `few_blocks`.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// The target; null for the whole run.
    pub target: Option<String>,
    /// The cells that it is about.
    pub cells: Vec<String>,
    /// The trials that show it.
    pub trials: Vec<String>,
    /// What was seen.
    pub message: String,
    /// What to do.
    pub next_step: String,
}

/// How grave a warning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A figure means something other than its name says.
    Serious,
    /// A figure is weaker than it looks.
    Caution,
    /// Good to know.
    Note,
}

/// Sorts warnings, the gravest first; among equals their order stays.
pub fn sort(warnings: &mut [Warning]) {
    warnings.sort_by_key(|warning| warning.severity);
}
