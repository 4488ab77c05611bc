//! How much of a disk and of the limits on a process is left, asked before a run begins.

use std::io;
use std::path::Path;

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};

/// What a run is going to need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// On the disk, in bytes.
    pub bytes: u64,
    /// New files on the disk.
    pub files: u64,
    /// Open files of this process.
    pub open_files: u64,
}

/// Checks that a folder's disk and our own limits have that much left.
///
/// # Errors
/// The system's, of the kind that [`crate::is_shortage`] knows, with figures and the fix.
pub fn room_for(folder: &Path, needed: Room) -> Result<(), (io::Error, String)> {
    let disk = statvfs(folder).map_err(|errno| {
        let words = format!("cannot ask how much room {} has", folder.display());
        (errno.into(), words)
    })?;
    let full = || io::Error::from(rustix::io::Errno::NOSPC);
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < needed.bytes {
        let words = format!(
            "{} has {} MB left, but {} MB are wanted",
            folder.display(),
            free / 1_000_000,
            needed.bytes / 1_000_000
        );
        return Err((full(), words));
    }
    // Some file systems, Btrfs among them, count none and say 0 of 0.
    if disk.f_files > 0 && disk.f_favail < needed.files {
        let words = format!(
            "{} has room for {} more files, but {} are wanted",
            folder.display(),
            disk.f_favail,
            needed.files
        );
        return Err((full(), words));
    }
    let limit = getrlimit(Resource::Nofile);
    match limit.maximum {
        Some(most) if most < needed.open_files => {
            let words = format!(
                "this process may have {most} files open, but {} are wanted for its connections",
                needed.open_files
            );
            Err((rustix::io::Errno::MFILE.into(), words))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_disk_has_is_told_before() {
        let folder = tempfile::tempdir().unwrap();
        let little = Room {
            bytes: 1,
            files: 1,
            open_files: 1,
        };
        assert!(room_for(folder.path(), little).is_ok());
        let too_much = [
            Room {
                bytes: u64::MAX,
                ..little
            },
            Room {
                open_files: u64::MAX,
                ..little
            },
        ];
        for needed in too_much {
            let (error, words) = room_for(folder.path(), needed).unwrap_err();
            assert!(crate::is_shortage(&error), "{words}");
        }
    }
}
