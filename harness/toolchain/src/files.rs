//! Folders and files that are made whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use topology::Owner;

use crate::error::ToolchainError;

/// The mode of files in our cache.
const READ_ONLY: u32 = 0o444;

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
    let readable = fs::Permissions::from_mode(0o755);
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

/// Writes a whole file, which may then only be read, and waits until it is on disk.
///
/// # Errors
/// [`ToolchainError::Io`], with the path.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), ToolchainError> {
    // Written alongside it, so that a file that may only be read can be replaced.
    let folder = path.parent().unwrap_or(Path::new("."));
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(READ_ONLY))
        .tempfile_in(folder)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)
        })
        .map(|_| ())
        .map_err(|e| ToolchainError::io("write", path, e))
}

/// Makes a folder and those above it, if they are not there. Whatever the umask, nobody but the owner may write into
/// it.
///
/// # Errors
/// [`ToolchainError::Io`], with the folder.
pub fn make_folder(path: &Path) -> Result<(), ToolchainError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|e| ToolchainError::io("make", path, e))
}

/// Reads a text that must be a regular file of at most `most` bytes: neither a device nor what never ends.
///
/// # Errors
/// [`ToolchainError::Io`], with the path, also where it is longer.
pub fn read_text(path: &Path, most: u64) -> Result<String, ToolchainError> {
    let read = || {
        // Looked at before it is opened, which a pipe without a writer would hold up.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut text = String::new();
        let file = File::open(path)?;
        if file.take(most + 1).read_to_string(&mut text)? as u64 > most {
            return Err(io::Error::other(format!("it has more than {most} bytes")));
        }
        Ok(text)
    };
    read().map_err(|e| ToolchainError::io("read", path, e))
}

/// A new folder, removed when dropped. Its name says whose it is, for [`sweep`].
///
/// # Errors
/// [`ToolchainError::Io`], with the folder.
pub fn temporary_in(folder: &Path, prefix: &str) -> Result<tempfile::TempDir, ToolchainError> {
    make_folder(folder)?;
    tempfile::Builder::new()
        .prefix(&format!("{prefix}{}-", Owner::this()))
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

/// Removes the folders that [`temporary_in`] made for a process that runs no more. One that does not say whose it is
/// goes when it is older than `age`.
///
/// # Errors
/// [`ToolchainError::Io`], with the path.
pub fn sweep(folder: &Path, prefix: &str, age: Duration) -> Result<(), ToolchainError> {
    for name in names_in(folder)? {
        let Some(rest) = name.strip_prefix(prefix) else {
            continue;
        };
        let path = folder.join(&name);
        let forgotten = match Owner::of(rest) {
            Some((owner, _)) => !owner.is_alive(),
            None => is_older(&path, age),
        };
        if forgotten {
            remove_tree(&path)?;
        }
    }
    Ok(())
}

fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|meta| meta.modified());
    // A time in the future tells nothing.
    age.is_zero() || matches!(modified.map(|time| time.elapsed()), Ok(Ok(is)) if is > age)
}

/// Removes a folder, in several tries: a child of whoever was killed may need a moment to die, and makes files until
/// then.
fn remove_tree(path: &Path) -> Result<(), ToolchainError> {
    const TRIES: u32 = 40;
    let mut tried = 0;
    loop {
        tried += 1;
        match fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && tried < TRIES => {
                thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(ToolchainError::io("remove", path, error)),
        }
    }
}

/// Lets nobody write to the files below a folder, and nobody but the owner into its folders: what is removed as a whole
/// needs no chmod before.
///
/// # Errors
/// [`ToolchainError::Io`], with the path.
pub fn make_read_only(root: &Path) -> Result<(), ToolchainError> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| ToolchainError::io("protect", &folder, error);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let meta = entry.metadata().map_err(failed)?;
            if meta.is_dir() {
                folders.push(entry.path());
            } else if meta.is_file() {
                let executable = meta.permissions().mode() & 0o111 != 0;
                let mode = if executable { 0o555 } else { READ_ONLY };
                fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode))
                    .map_err(failed)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_never_ends_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("short"), "abc").unwrap();
        fs::write(path("long"), "abcd").unwrap();
        symlink("/dev/zero", path("zero")).unwrap();
        let pipe = std::process::Command::new("mkfifo")
            .arg(path("pipe"))
            .status();
        assert!(pipe.unwrap().success());
        assert_eq!(read_text(&path("short"), 3).unwrap(), "abc");
        let refused = |name: &str| read_text(&path(name), 3).unwrap_err().to_string();
        assert!(refused("long").ends_with("long: it has more than 3 bytes"));
        for name in ["zero", "pipe"] {
            assert!(refused(name).ends_with("it is no regular file"), "{name}");
        }
    }
}
