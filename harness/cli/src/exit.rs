//! Exit codes, and errors on their way to the user.

use orchestrator::plan::PlanError;
use orchestrator::run::{LockError, RunError};
use record::store::StoreError;

/// How a call ended. The numbers are documented in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Done, or the comparison passed.
    Pass,
    /// A gate failed: a threshold or a bar was not kept.
    GateFailed,
    /// The input is not usable.
    Usage,
    /// The data do not decide.
    Inconclusive,
    /// The host or the trials are not fit.
    NotFit,
    /// Interrupted; can be resumed.
    Incomplete,
    /// Our own fault.
    Internal,
}

impl Ending {
    pub(crate) fn code(self) -> u8 {
        match self {
            Ending::Pass => 0,
            Ending::GateFailed => 1,
            Ending::Usage => 2,
            Ending::Inconclusive => 3,
            Ending::NotFit => 4,
            Ending::Incomplete => 5,
            Ending::Internal => 70,
        }
    }
}

/// An error on its way to the person.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code's meaning.
    pub(crate) ending: Ending,
    /// The message; says what, where, and the fix.
    pub(crate) message: String,
}

impl Failure {
    /// An input that cannot be used.
    pub(crate) fn usage(message: impl ToString) -> Failure {
        Failure {
            ending: Ending::Usage,
            message: message.to_string(),
        }
    }

    /// A host or trials that are not fit.
    pub(crate) fn not_fit(message: impl ToString) -> Failure {
        Failure {
            ending: Ending::NotFit,
            message: message.to_string(),
        }
    }

    /// A file that the system does not let us use: what the machine is short of is no input's
    /// fault, and is told with what to free.
    pub(crate) fn of_system(message: String, error: &std::io::Error) -> Failure {
        match safefile::fix_of(error) {
            Some(fix) => Failure::not_fit(format!("{message}: {error}; {fix}")),
            None => Failure::usage(format!("{message}: {error}")),
        }
    }

    /// A run that ended since the machine was short of something.
    fn short_of(message: impl std::fmt::Display, fix: &str) -> Failure {
        Failure {
            ending: Ending::Incomplete,
            message: format!(
                "{message}\n  the machine ran short, which says nothing of the service: {fix}; what was measured is \
                 kept, and the same command goes on"
            ),
        }
    }

    /// Something that should not happen.
    pub(crate) fn internal(message: impl ToString) -> Failure {
        Failure {
            ending: Ending::Internal,
            message: message.to_string(),
        }
    }
}

impl From<loadtool::Ending> for Ending {
    fn from(ending: loadtool::Ending) -> Ending {
        match ending {
            loadtool::Ending::Pass => Ending::Pass,
            loadtool::Ending::Failed => Ending::GateFailed,
            loadtool::Ending::NotFit => Ending::NotFit,
            loadtool::Ending::Interrupted => Ending::Incomplete,
        }
    }
}

impl From<loadtool::Failure> for Failure {
    fn from(failure: loadtool::Failure) -> Failure {
        match failure {
            // It may quote the URL that was given.
            loadtool::Failure::Usage(message) => Failure::usage(record::secret::text(&message)),
            loadtool::Failure::Interrupted(message) => Failure {
                ending: Ending::Incomplete,
                message,
            },
            loadtool::Failure::NotFit(_) => Failure::not_fit(failure),
            loadtool::Failure::Internal(_) => Failure::internal(failure),
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Failure {
        match error {
            PlanError::Cgroups(_) => Failure::not_fit(error),
            PlanError::Invalid(_) | PlanError::Read { .. } => Failure::usage(error),
        }
    }
}

impl From<record::diagnostic::Diagnostics> for Failure {
    fn from(error: record::diagnostic::Diagnostics) -> Failure {
        Failure::usage(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Io {
                action,
                path,
                source,
            } => Failure::of_system(format!("cannot {action} {}", path.display()), &source),
            StoreError::Unstorable { .. } => Failure::internal(error),
            StoreError::NotARun(_)
            | StoreError::NotOurs { .. }
            | StoreError::NoRecord { .. }
            | StoreError::Foreign { .. }
            | StoreError::Elsewhere { .. }
            | StoreError::Newer { .. }
            | StoreError::Corrupt { .. } => Failure::usage(error),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        if let Some(fix) = error.shortage() {
            return Failure::short_of(error, fix);
        }
        match error {
            RunError::Locked(LockError::Unusable { .. }) => Failure::usage(error),
            RunError::Locked(_)
            | RunError::Control { .. }
            | RunError::Profile { .. }
            | RunError::NotFit { .. }
            | RunError::NotApplied { .. }
            | RunError::Cgroups(_) => Failure::not_fit(error),
            RunError::Build { .. }
            | RunError::Toolchain(_)
            | RunError::OtherRun { .. }
            | RunError::Budget { .. }
            | RunError::Nothing(_) => Failure::usage(error),
            RunError::Store(error) => error.into(),
            RunError::OwnSide(_) => Failure {
                ending: Ending::Incomplete,
                message: error.to_string(),
            },
            RunError::Short { .. } | RunError::System { .. } => Failure::not_fit(error),
        }
    }
}
