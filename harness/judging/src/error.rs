//! What can keep a run from being ranked or compared.

/// Why there is no ranking, comparison or gate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgingError {
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
    /// A trial that is there twice would count twice.
    #[error(
        "trial {trial} is in trials.jsonl twice, and would count twice; the file was edited or joined from several: keep \
         one of the two lines"
    )]
    TrialTwice {
        /// The trial.
        trial: String,
    },
    /// A figure that no measurement gives.
    #[error(
        "trial {trial} has {what} of {value}, which no measurement gives; trials.jsonl is damaged or was edited: take the \
         line out, or run its slot again"
    )]
    Impossible {
        /// The trial.
        trial: String,
        /// Which figure, with its unit.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A target without control has nothing to be compared with.
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
    /// A side of a comparison that names nothing, or too much.
    #[error("`{side}` {reason}")]
    Side {
        /// What was asked for.
        side: String,
        /// Why that does not do, and what would.
        reason: String,
    },
    /// Two sides without cells that differ in nothing else.
    #[error("{0}")]
    NothingToCompare(String),
    /// Two runs of different hosts.
    #[error(
        "the runs were measured on different hosts ({baseline} and {candidate}), so a difference would be the hosts' as \
         much as the service's; measure both on one host, best interleaved in one run, or compare all the same with \
         --cross-host"
    )]
    OtherHost {
        /// The baseline's host.
        baseline: String,
        /// The candidate's host.
        candidate: String,
    },
}
