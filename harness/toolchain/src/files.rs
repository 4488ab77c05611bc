//! Folders and files that are made whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::error::ToolchainError;

/// Gives a staging folder its final name, in place of a broken one if need be.
///
/// # Errors
/// [`ToolchainError::Io`], with the path.
pub fn rename_into_place(
    staging: tempfile::TempDir,
    destination: &Path,
) -> Result<(), ToolchainError> {
    if destination.exists() {
        fs::remove_dir_all(destination)
            .map_err(|e| ToolchainError::io("remove", destination, e))?;
    }
    // tempfile makes folders private; a cache may be shared between users.
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(staging.path(), readable)
        .map_err(|e| ToolchainError::io("open to readers", staging.path(), e))?;
    fs::rename(staging.path(), destination)
        .map_err(|e| ToolchainError::io("rename into place", destination, e))?;
    // Nothing is left under the old name.
    let _ = staging.keep();
    if let Some(parent) = destination.parent() {
        File::open(parent)
            .and_then(|folder| folder.sync_all())
            .map_err(|e| ToolchainError::io("sync", parent, e))?;
    }
    Ok(())
}

/// Writes a whole file and waits until it is on disk.
///
/// # Errors
/// [`ToolchainError::Io`], with the path.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), ToolchainError> {
    File::create(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(|e| ToolchainError::io("write", path, e))
}

/// Makes a folder and those above it, if they are not there.
///
/// # Errors
/// [`ToolchainError::Io`], with the folder.
pub fn make_folder(path: &Path) -> Result<(), ToolchainError> {
    fs::create_dir_all(path).map_err(|e| ToolchainError::io("make", path, e))
}

/// A new folder with a name of its own, removed when dropped.
///
/// # Errors
/// [`ToolchainError::Io`], with the folder.
pub fn temporary_in(folder: &Path, prefix: &str) -> Result<tempfile::TempDir, ToolchainError> {
    make_folder(folder)?;
    tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(folder)
        .map_err(|e| ToolchainError::io("make a temporary folder in", folder, e))
}

pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>, ToolchainError> {
    let failed = |error| ToolchainError::io("list", folder, error);
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| {
                Ok(entry
                    .map_err(failed)?
                    .file_name()
                    .to_string_lossy()
                    .into_owned())
            })
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}
