//! One gosweep per host and per folder.
//!
//! Locks are flock(2) on files that hold the owner's pid: the kernel lets go of them when the owner ends, however it
//! ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// Another gosweep is in the way, or the lock file is.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Held by another process.
    #[error(
        "{what} is in use by another gosweep (pid {holder}): two measurements at once would disturb each other; wait for it, or stop it with `kill {holder}`"
    )]
    Held {
        /// The host or the folder.
        what: String,
        /// Its process id.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Held while this process measures on this host.
#[derive(Debug)]
pub struct HostLock {
    _file: File,
}

impl HostLock {
    /// Takes the host.
    ///
    /// # Errors
    /// [`LockError::Held`] with the holder's pid.
    pub fn take() -> Result<HostLock, LockError> {
        // One well-known place for all users: what is shared is the machine.
        let path = std::env::temp_dir().join("gosweep-host.lock");
        Ok(HostLock {
            _file: take(&path, "this host".to_owned())?,
        })
    }
}

/// Takes a run's folder; held until the file is dropped.
pub(super) fn folder_lock(folder: &Path) -> Result<File, LockError> {
    take(&folder.join("lock"), folder.display().to_string())
}

fn take(path: &Path, what: String) -> Result<File, LockError> {
    let file_error = |source| LockError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = open(path).map_err(file_error)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        let _ = file.read_to_string(&mut holder);
        let holder = match holder.trim() {
            "" => "unknown".to_owned(),
            pid => pid.to_owned(),
        };
        return Err(LockError::Held { what, holder });
    }
    file.set_len(0)
        .and_then(|()| write!(file, "{}", std::process::id()))
        .map_err(file_error)?;
    Ok(file)
}

/// Opens the lock file without creating it first: in a sticky folder the kernel refuses O_CREAT on a file of another
/// user (fs.protected_regular).
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let file = options.create(true).truncate(false).open(path)?;
            // Other users must be able to take it later.
            let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o666);
            let _ = file.set_permissions(everyone);
            Ok(file)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_the_first_ones_pid() {
        let folder = tempfile::tempdir().unwrap();
        let first = folder_lock(folder.path()).unwrap();
        let error = folder_lock(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("pid {}", std::process::id())),
            "{error}"
        );
        drop(first);
        folder_lock(folder.path()).unwrap();
    }
}
