//! What can keep the advisor from its work.

use judging::JudgingError;

/// Why there is no advice, analysis or diagnosis.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvisorError {
    /// The run cannot be judged.
    #[error(transparent)]
    Judging(#[from] JudgingError),
    /// An input that cannot be analysed.
    #[error("{name} {reason}")]
    Input {
        /// As it was given.
        name: String,
        /// What it seems to be, and what would do.
        reason: String,
    },
    /// A profile that does not hold what was asked for, or two that do not compare.
    #[error("{0}")]
    Profile(String),
}
