//! What an execution trace says of delays, by `go tool trace -pprof=KIND`: its
//! wire format belongs to the toolchain.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::child::{self, ChildError};
use super::environment::{clean, furnish_home};
use super::{Store, Watch};

/// The profiles: waits for the network, for locks and channels, time in system
/// calls, and time runnable without running.
pub const DELAYS: [&str; 4] = ["net", "sync", "syscall", "sched"];

/// From Go 1.25 on the tool is built when it is first used, which takes a
/// minute on a slow machine; reading a trace takes seconds.
const LIMIT: Duration = Duration::from_secs(240);

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum DelayError {
    /// A file or folder that is needed.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command did not come to its end.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// The tool refused the trace.
    #[error("`go tool trace` does not read {}: {words}", trace.display())]
    Refused {
        /// The trace.
        trace: PathBuf,
        /// The tool's words.
        words: String,
    },
}

/// Writes one of [`DELAYS`] of an execution trace into `into`, as a pprof
/// profile. `goroot` should be of the Go that wrote the trace or a newer one.
///
/// # Errors
/// See [`DelayError`]. A trace without such a delay gives a profile without
/// samples, not an error.
pub fn delay_profile(
    goroot: &Path,
    store: &Store,
    trace: &Path,
    kind: &str,
    into: &Path,
    watch: Watch<'_>,
) -> Result<(), DelayError> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| DelayError::File {
            action,
            path,
            source,
        }
    };
    let folder = into.parent().unwrap_or(Path::new("."));
    let home = tempfile::Builder::new()
        .prefix("unfinished-home-")
        .tempdir_in(folder)
        .map_err(failed("create a folder in", folder))?;
    furnish_home(home.path()).map_err(failed("furnish", home.path()))?;
    let profile = File::create(into).map_err(failed("create", into))?;
    let mut command: Command = clean(&goroot.join("bin/go"), home.path());
    command
        // The tool itself comes from here the second time.
        .env("GOCACHE", store.go_build().join("tools"))
        .args(["tool", "trace", &format!("-pprof={kind}")])
        .arg(trace);
    let finished = child::run_into(command, profile, LIMIT, watch)?;
    if finished.success() {
        return Ok(());
    }
    Err(DelayError::Refused {
        trace: trace.to_owned(),
        words: finished.stderr.trim().to_owned(),
    })
}
