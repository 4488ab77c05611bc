//! What every source has in common: what it offers and what it has fetched.

use std::fs;
use std::path::Path;

use gotrace::version::GoVersion;

use crate::spec::{ToolchainSpec, is_stable};

/// What a source has put into a staging folder, next to `go/`.
pub(crate) struct Fetched {
    pub(crate) archive: String,
    pub(crate) archive_sha256: String,
    pub(crate) verified_by: String,
}

/// The newest of some releases that a spec accepts.
pub(crate) fn newest<'a>(
    spec: &ToolchainSpec,
    versions: impl IntoIterator<Item = &'a GoVersion>,
) -> Option<&'a GoVersion> {
    versions
        .into_iter()
        .filter(|version| spec.accepts(version))
        .max()
}

/// What a source has of the minor that was asked for, for its refusal.
pub(crate) fn near_misses(spec: &ToolchainSpec, versions: &[GoVersion]) -> String {
    let asked = match spec {
        ToolchainSpec::Version(version) => Some((version.major(), version.minor())),
        ToolchainSpec::Minor { major, minor } => Some((*major, *minor)),
        _ => None,
    };
    let near: Vec<_> = versions
        .iter()
        .filter(|version| asked == Some((version.major(), version.minor())))
        .cloned()
        .collect();
    if !near.is_empty() {
        return format!("it has {}", joined(&near));
    }
    match versions.iter().filter(|version| is_stable(version)).max() {
        Some(newest) => format!(
            "it has nothing of that minor; its newest is {}",
            newest.number()
        ),
        None => "it has no release at all".to_owned(),
    }
}

pub(crate) fn joined(versions: &[GoVersion]) -> String {
    versions
        .iter()
        .map(GoVersion::number)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Bytes in the files below a folder that is being written to.
pub(crate) fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
