//! What a long call tells its caller, and how the caller stops it.

use std::fmt;

use crate::source::Source;

/// One thing that happened in a long call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A source is being asked what it has.
    Asking {
        /// The source.
        source: Source,
    },
    /// Another gosweep holds the lock.
    Waiting {
        /// What is being made there.
        what: String,
    },
    /// Bytes are coming in. For `pip` and `gotoolchain` the count is read off the disk, and the total is unknown.
    Downloading {
        /// What is being fetched.
        what: String,
        /// So far.
        bytes: u64,
        /// In the end, where known.
        total: Option<u64>,
    },
    /// Checksums are being compared.
    Verifying {
        /// What is being checked.
        what: String,
    },
    /// An archive is being unpacked.
    Unpacking {
        /// What is being unpacked.
        what: String,
        /// Files written so far.
        files: u64,
    },
    /// The Go compiler is at work.
    Building {
        /// The target's name.
        target: String,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asking { source } => write!(f, "asking {source}"),
            Self::Waiting { what } => write!(f, "waiting for another gosweep: {what}"),
            Self::Downloading {
                what,
                bytes,
                total: Some(total),
            } => {
                write!(
                    f,
                    "downloading {what}: {} of {} MB",
                    bytes / 1_000_000,
                    total / 1_000_000
                )
            }
            Self::Downloading {
                what,
                bytes,
                total: None,
            } => {
                write!(f, "downloading {what}: {} MB", bytes / 1_000_000)
            }
            Self::Verifying { what } => write!(f, "verifying {what}"),
            Self::Unpacking { what, files } => write!(f, "unpacking {what}: {files} files"),
            Self::Building { target } => write!(f, "building {target}"),
        }
    }
}

/// The caller's two hooks into a long call.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    progress: &'a dyn Fn(Progress),
    cancelled: &'a dyn Fn() -> bool,
}

impl<'a> Watch<'a> {
    /// Tells `progress`; cannot be stopped.
    pub fn new(progress: &'a dyn Fn(Progress)) -> Self {
        Self {
            progress,
            cancelled: &|| false,
        }
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self {
            progress: &|_| {},
            cancelled: &|| false,
        }
    }

    /// Asks `cancelled` several times a second; once it says true, children are killed, staging folders removed and the
    /// call fails.
    pub fn cancelled_by(self, cancelled: &'a dyn Fn() -> bool) -> Self {
        Self { cancelled, ..self }
    }

    /// Something happened.
    pub fn tell(&self, progress: Progress) {
        (self.progress)(progress);
    }

    /// Whether to stop, for what runs a child.
    pub fn stop(&self) -> &'a dyn Fn() -> bool {
        self.cancelled
    }

    /// Whether to stop.
    pub fn is_cancelled(&self) -> bool {
        (self.cancelled)()
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
