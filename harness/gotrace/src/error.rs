//! The crate's one error type.

/// Why a document handed to a parser of this crate could not be read.
///
/// Line-oriented logs never yield an error: their unreadable parts are counted
/// (see [`crate::stderr::Counts`]). Errors are for inputs that are one document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a Go version string.
    #[error("\"{text}\" is not a Go version: {why} (expected a form such as go1.27.3 or 1.25rc1)")]
    Version {
        /// The text as given (shortened to 80 characters).
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Output of `go version -m` that cannot be read.
    #[error("go version -m output, line {line}: {why}")]
    BuildInfo {
        /// One-based line number.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A runtime/metrics snapshot that cannot be read.
    #[error("runtime/metrics snapshot: {why}")]
    Metrics {
        /// What is wrong with it.
        why: String,
    },
    /// MemStats text that cannot be read.
    #[error("memory statistics: {why}")]
    MemStats {
        /// What is wrong with it.
        why: String,
    },
    /// A pprof profile that cannot be read.
    #[error("pprof profile: {why}")]
    Profile {
        /// What is wrong with it.
        why: String,
    },
    /// Two profiles that cannot be merged or compared.
    #[error("profiles do not fit together: {why}")]
    ProfileMismatch {
        /// What differs.
        why: String,
    },
    /// An execution trace whose header cannot be read.
    #[error("execution trace header: {why}")]
    TraceHeader {
        /// What is wrong with it.
        why: String,
    },
    /// A gzip that is broken or cut off.
    #[error("{what}: broken gzip: {why}")]
    Gzip {
        /// What was being unpacked.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Input larger than this crate is willing to hold.
    #[error(
        "{what} exceeds the bound of {limit_bytes} bytes; give a smaller window or a shorter capture"
    )]
    TooLarge {
        /// What was being read.
        what: &'static str,
        /// The bound.
        limit_bytes: u64,
    },
}

/// Cuts a text for use inside a message, on a character boundary.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}
