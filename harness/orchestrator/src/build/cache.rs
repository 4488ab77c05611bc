//! Artifacts on disk: `<cache>/artifacts/<key>/{<target>, artifact.json, inputs.txt}`, staged and renamed like
//! toolchains, never changed after.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use toolchain::files::{make_read_only, rename_into_place, sweep, temporary_in, write_synced};
use toolchain::{Store, ToolchainError, digest};

const FORMAT: u32 = 1;
/// What `go version -m` says is in it.
const LARGEST_BYTES: u64 = 16 << 20;

/// What `artifact.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) format_version: u32,
    pub(super) target: String,
    pub(super) toolchain: String,
    pub(super) sha256: String,
    pub(super) size_bytes: u64,
    pub(super) command: String,
    pub(super) environment: Vec<(String, String)>,
    pub(super) build_ns: u64,
    pub(super) built_at: String,
    pub(super) go_version_m: String,
}

impl Entry {
    pub(super) const FORMAT: u32 = FORMAT;
}

pub(super) fn folder(store: &Store, key: &str) -> PathBuf {
    store.artifacts().join(key)
}

/// The entry, if it is whole and its binary is the one it speaks of. Anything else is as good as nothing: it will be
/// built again and replaced.
pub(super) fn read(folder: &Path, target: &str) -> Option<Entry> {
    let text = safefile::read_named(&folder.join("artifact.json"), LARGEST_BYTES).ok()?;
    let entry: Entry = serde_json::from_slice(&text).ok()?;
    let whole = entry.format_version == FORMAT
        && entry.target == target
        && digest::of_file(&folder.join(target)).ok()? == entry.sha256;
    whole.then_some(entry)
}

/// A staging folder for one artifact; what a builder that runs no more left for the same key is removed. Only under the
/// key's lock.
pub(super) fn staging(store: &Store, key: &str) -> Result<tempfile::TempDir, ToolchainError> {
    let prefix = format!(".staging-{key}-");
    sweep(&store.artifacts(), &prefix, Duration::ZERO)?;
    temporary_in(&store.artifacts(), &prefix)
}

/// Completes a staging folder that holds the binary.
pub(super) fn commit(
    staging: tempfile::TempDir,
    destination: &Path,
    entry: &Entry,
    inputs: &str,
) -> Result<(), ToolchainError> {
    make_read_only(staging.path())?;
    write_synced(&staging.path().join("inputs.txt"), inputs.as_bytes())?;
    let text = serde_json::to_vec_pretty(entry)
        .map_err(|e| ToolchainError::refused("the artifact's manifest", e))?;
    write_synced(&staging.path().join("artifact.json"), &text)?;
    rename_into_place(staging, destination)
}
