//! What can go wrong on the way to a toolchain.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::Source;
use supervise::child::ChildError;

/// One source that could not serve, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who was asked.
    pub source: Source,
    /// One line: what happened and, where there is one, the fix.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.reason)
    }
}

/// Why there is no toolchain, or why one is not to be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolchainError {
    /// Every source was asked.
    #[error("no Go toolchain `{spec}`; asked in this order:{}\n  fix: {fix}", bullets(.attempts))]
    NowhereToBeHad {
        /// The spec's text.
        spec: String,
        /// Each source with its reason.
        attempts: Vec<Attempt>,
        /// What the user can do.
        fix: String,
    },
    /// A folder is no Go release.
    #[error("{goroot} is no usable GOROOT: {reason}")]
    NoGoroot {
        /// The folder.
        goroot: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// A source cannot serve; becomes an [`Attempt`].
    #[error("{0}")]
    Unavailable(String),
    /// What came is not what the checksum says, or not what was asked for.
    #[error("refused {what}: {reason}")]
    Refused {
        /// The archive or file.
        what: String,
        /// What does not match.
        reason: String,
    },
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A child process could not be run to its end.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// The caller stopped the call.
    #[error("stopped on request")]
    Cancelled,
}

impl ToolchainError {
    /// A file operation that failed.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// What came is not what it should be.
    pub fn refused(what: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::Refused {
            what: what.to_string(),
            reason: reason.to_string(),
        }
    }

    /// A stop must not be taken for "this source is not reachable, ask the next".
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Child(ChildError::Cancelled { .. })
        )
    }
}

fn bullets(attempts: &[Attempt]) -> String {
    attempts
        .iter()
        .map(|attempt| format!("\n  - {attempt}"))
        .collect()
}

/// The first lines of a tool's complaint on one line, shortened.
pub(crate) fn one_line(text: &str) -> String {
    const ENOUGH: usize = 300;
    let line = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" / ");
    if line.chars().count() <= ENOUGH {
        return line;
    }
    let cut: String = line.chars().take(ENOUGH).collect();
    format!("{cut}...")
}
