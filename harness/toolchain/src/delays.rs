//! What an execution trace says of delays, by `go tool trace -pprof=KIND`: its wire format belongs to the toolchain.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gotrace::profile::Profile;

use crate::environment::{clean, furnish_home};
use crate::store::Store;
use crate::watch::Watch;
use supervise::child::{self, ChildError};

/// The profiles: waits for the network, for locks and channels, time in system calls, and time runnable without
/// running.
pub const DELAYS: [&str; 4] = ["net", "sync", "syscall", "sched"];

/// From Go 1.25 on the tool is built when it is first used, which takes a minute on a slow machine; reading a trace
/// takes seconds.
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
    /// What the tool wrote is no profile.
    #[error("`go tool trace -pprof={kind}` wrote no profile: {source}")]
    NoProfile {
        /// What it was asked for.
        kind: &'static str,
        /// What is wrong with it.
        source: gotrace::Error,
    },
    /// The tool refused the trace.
    #[error("`go tool trace` does not read {}: {words}", trace.display())]
    Refused {
        /// The trace.
        trace: PathBuf,
        /// The tool's words.
        words: String,
    },
}

/// What could not be done with a path, for `map_err`.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DelayError {
    let path = path.to_owned();
    move |source| DelayError::File {
        action,
        path,
        source,
    }
}

/// Whether the tool that reads traces is available, so that it need not be built first: as part of a toolchain up to Go
/// 1.24, or kept from an earlier use.
#[must_use]
pub fn has_trace_tool(goroot: &Path, store: &Store) -> bool {
    let shipped = fs::read_dir(goroot.join("pkg/tool"))
        .into_iter()
        .flatten()
        .flatten()
        .any(|platform| platform.path().join("trace").exists());
    shipped || kept_tools(store).exists()
}

/// Where the go command keeps the tools that it builds for us.
fn kept_tools(store: &Store) -> PathBuf {
    store.go_build().join("tools")
}

/// Writes one of [`DELAYS`] of an execution trace into `into`, as a pprof
/// profile. `goroot` should be of the Go that wrote the trace or a newer one.
///
/// # Errors
/// See [`DelayError`]. A trace without such a delay gives a profile without samples, not an error.
pub fn delay_profile(
    goroot: &Path,
    store: &Store,
    trace: &Path,
    kind: &str,
    into: &Path,
    watch: Watch<'_>,
) -> Result<(), DelayError> {
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
        .env("GOCACHE", kept_tools(store))
        .args(["tool", "trace", &format!("-pprof={kind}")])
        .arg(trace);
    let finished = child::run_into(command, profile, LIMIT, watch.stop())?;
    if finished.success() {
        return Ok(());
    }
    Err(DelayError::Refused {
        trace: trace.to_owned(),
        words: finished.stderr.trim().to_owned(),
    })
}

/// All of [`DELAYS`] of a trace that is in memory, those without a delay left out. `goroot` as for [`delay_profile`].
///
/// # Errors
/// See [`DelayError`].
pub fn delay_profiles(
    goroot: &Path,
    store: &Store,
    trace: &[u8],
    watch: Watch<'_>,
) -> Result<Vec<(&'static str, Profile)>, DelayError> {
    let folder =
        tempfile::tempdir().map_err(failed("create a folder in", &std::env::temp_dir()))?;
    let file = folder.path().join("trace.out");
    fs::write(&file, trace).map_err(failed("write", &file))?;
    let mut found = Vec::new();
    for kind in DELAYS {
        let into = folder.path().join(kind);
        delay_profile(goroot, store, &file, kind, &into, watch)?;
        let bytes = fs::read(&into).map_err(failed("read", &into))?;
        let profile =
            Profile::parse(&bytes).map_err(|source| DelayError::NoProfile { kind, source })?;
        if !profile.samples.is_empty() {
            found.push((kind, profile));
        }
    }
    Ok(found)
}
