//! What can keep a run from being ranked.

/// Why there is no ranking or no report of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RankError {
    /// The matrix kept in the run does not parse any more.
    #[error("the matrix stored in run {run} is not readable by this version of gosweep:\n{reason}")]
    Matrix {
        /// The run.
        run: String,
        /// The findings.
        reason: String,
    },
    /// A trial names a cell that the run does not list.
    #[error(
        "trial {trial} belongs to cell {cell}, which run.json does not list; run.json and trials.jsonl are not of one run"
    )]
    UnknownCell {
        /// The trial.
        trial: String,
        /// The cell that it names.
        cell: String,
    },
    /// A target without control has nothing to be held against.
    #[error("target {0} has no control cell in run.json; the file is damaged or was edited")]
    NoControl(String),
    /// An option outside its meaning.
    #[error("{what} is {value}; it must lie strictly between 0 and 1, e.g. {example}")]
    Option {
        /// The option.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What would do.
        example: &'static str,
    },
    /// A template failed.
    #[error("cannot write the {format} report: {reason}")]
    Report {
        /// The format.
        format: &'static str,
        /// What the template engine said.
        reason: String,
    },
    /// The ranking cannot be encoded.
    #[error("cannot write the ranking as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
