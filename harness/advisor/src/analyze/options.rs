//! How to analyse.

use std::time::Duration;

use documents::analysis::Unread;

/// What the caller knows besides the inputs.
#[derive(Debug, Clone, Default)]
pub struct AnalyzeOptions {
    /// Who makes the document.
    pub tool: String,
    /// Whether to draw pictures for a page.
    pub pictures: bool,
    /// Hold the first two profiles of one kind against each other, and nothing else.
    pub difference: bool,
    /// What could not be obtained, with how to get it.
    pub missing: Vec<String>,
    /// Inputs that were given and could not be read.
    pub unread: Vec<Unread>,
    /// `runtime.SetMutexProfileFraction`, where it is known.
    pub mutex_fraction: Option<u32>,
    /// What profiles cover that do not say so themselves.
    pub window: Option<Duration>,
}
