//! What the Go sources declare of GODEBUG keys and experiments, read release by release.
//!
//! [`releases_in`] reads every release that a [`Place`] has: one GOROOT, all tags of a clone of golang/go, or all
//! releases of the Go module proxy, of whose archives only the handful of files needed is fetched. `gotrace` has the
//! table that is generated from it and says where they differ.
//!
//! What a proxy answers here is not held against the checksum database: it becomes a table that a person reviews, and
//! nothing of it is run.

mod archive;
mod proxy;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gotrace::GoVersion;
use gotrace::environment::VERIFIED_MINORS;
use gotrace::environment::sources::{self, ReleaseFacts};
use supervise::child;

use crate::error::ToolchainError;
use crate::toolbox::Toolbox;
use crate::watch::Watch;

const GIT: Duration = Duration::from_secs(60);

/// Where sources of Go are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The root of one release.
    Goroot(PathBuf),
    /// A clone of golang/go with its tags.
    Clone(PathBuf),
    /// The Go module proxy that the go command uses.
    Proxy,
}

/// What the releases of one place declare, by version, and those that could not be read, with the reason.
#[derive(Debug, Default)]
pub struct ReadReleases {
    /// What was read.
    pub read: BTreeMap<(u32, u32), ReleaseFacts>,
    /// What was not.
    pub failed: Vec<(String, String)>,
}

/// Reads every release of the known minor versions that a place has.
///
/// # Errors
/// [`ToolchainError`] if the place itself cannot be read; a single release that cannot is in the answer.
pub fn releases_in(
    place: &Place,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<ReadReleases, ToolchainError> {
    match place {
        Place::Goroot(root) => goroot(root),
        Place::Clone(folder) => clone(folder, watch),
        Place::Proxy => proxy::releases(toolbox, watch),
    }
}

fn goroot(root: &Path) -> Result<ReadReleases, ToolchainError> {
    let version = version_of(root)?;
    let file = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let mut found = ReadReleases::default();
    found.add(
        &version,
        sources::read(&file).map_err(|error| error.to_string()),
    );
    Ok(found)
}

/// The version that a GOROOT's VERSION file names.
///
/// # Errors
/// [`ToolchainError::NoGoroot`] if it has none, or one that is no version.
pub fn version_of(root: &Path) -> Result<GoVersion, ToolchainError> {
    let no_goroot = |reason: String| ToolchainError::NoGoroot {
        goroot: root.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(root.join("VERSION"))
        .map_err(|error| no_goroot(format!("VERSION: {error}")))?;
    let first = text.lines().next().unwrap_or_default();
    GoVersion::parse(first).map_err(|error| no_goroot(format!("VERSION: {error}")))
}

fn clone(folder: &Path, watch: Watch<'_>) -> Result<ReadReleases, ToolchainError> {
    let git = |arguments: &[&str]| -> Result<Option<String>, ToolchainError> {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(arguments);
        let done = child::run(command, GIT, watch.stop(), &|| {})?;
        Ok(done.success().then_some(done.stdout))
    };
    let tags = git(&["tag", "--list", "go1.*"])?.ok_or_else(|| ToolchainError::NoGoroot {
        goroot: folder.to_owned(),
        reason: "it is no clone of golang/go: `git tag` failed in it".to_owned(),
    })?;
    let mut found = ReadReleases::default();
    for tag in tags.lines().filter(|tag| release(tag).is_some()) {
        if watch.is_cancelled() {
            return Err(ToolchainError::Cancelled);
        }
        let file = |path: &str| git(&["show", &format!("{tag}:{path}")]).ok().flatten();
        if let Some(version) = release(tag) {
            found.add(
                &version,
                sources::read(&file).map_err(|error| error.to_string()),
            );
        }
    }
    Ok(found)
}

/// A release proper of the known minor versions: no beta and no candidate.
fn release(text: &str) -> Option<GoVersion> {
    let version = GoVersion::parse(text).ok()?;
    let known = version.major() == 1 && VERIFIED_MINORS.contains(&version.minor());
    (known && version.patch().is_some()).then_some(version)
}

impl ReadReleases {
    fn add(&mut self, version: &GoVersion, facts: Result<ReleaseFacts, String>) {
        match (facts, version.patch()) {
            (Ok(facts), Some(patch)) => {
                self.read.insert((version.minor(), patch), facts);
            }
            (Ok(_), None) => self
                .failed
                .push((version.to_string(), "it is no release".to_owned())),
            (Err(reason), _) => self.failed.push((version.to_string(), reason)),
        }
    }
}

/// Keys that the standard library of a GOROOT reads although no table lists them, with the file of each: all of its
/// packages are searched, not only [`sources::UNDOCUMENTED_FILES`].
///
/// # Errors
/// [`ToolchainError::Io`] if a folder cannot be listed.
pub fn hidden_keys_of(root: &Path) -> Result<BTreeMap<String, PathBuf>, ToolchainError> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| ToolchainError::io("list", &folder, error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| ToolchainError::io("list", &folder, error))?
                .path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if path.is_dir() {
                if path != root.join("src/cmd") && name != "testdata" {
                    folders.push(path);
                }
            } else if name.ends_with(".go") && !name.ends_with("_test.go") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let keys = sources::hidden_keys(&text).into_iter();
                found.extend(keys.map(|key| (key, path.clone())));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
