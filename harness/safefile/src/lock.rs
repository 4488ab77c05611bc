//! Files that stand for "one process at a time", by flock(2).
//!
//! The file holds the holder's process id, for others to name it, and nothing of it is believed but
//! digits. Only its owner may open it: whoever may open a file may lock it as well.

use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use rustix::fs::{AtFlags, FlockOperation, OFlags, flock, statat};
use rustix::io::Errno;

use crate::folder::Folder;

/// A file that is locked is read by its owner alone.
const LOCK_MODE: u32 = 0o600;
/// A process id has fewer digits.
const LONGEST_PID: u64 = 20;

/// What became of an attempt to take a lock.
#[derive(Debug)]
pub enum Locked {
    /// It is ours until the value is dropped.
    Taken(Lock),
    /// Somebody has it; the process id, where the file holds one.
    Held(Option<u32>),
}

/// A lock that is held. The kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    folder: Folder,
    leaf: String,
}

impl Lock {
    /// Whether the file still has its name. Without it, another process can take what it believes
    /// to be the same lock.
    pub fn is_in_place(&self) -> bool {
        is_named(&self.folder, &self.leaf, &self.file).unwrap_or(false)
    }
}

/// Takes the lock that a file in a folder stands for, if nobody has it.
///
/// # Errors
/// The system's, or a [`crate::Refused`] where something else has the name; then that is as it was.
pub fn take_lock(folder: &Folder, name: &str) -> io::Result<Locked> {
    let (inner, leaf) = folder.split(name)?;
    take(inner.as_ref().unwrap_or(folder), leaf)
}

fn take(folder: &Folder, leaf: &str) -> io::Result<Locked> {
    loop {
        let mut file = match folder.existing(leaf, OFlags::RDWR) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match folder.create_leaf(leaf, LOCK_MODE) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                    other => other?,
                }
            }
            other => other?,
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(Locked::Held(holder(&file))),
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno.into()),
        }
        // Between opening and locking it may have been removed and made anew by somebody else.
        if !is_named(folder, leaf, &file)? {
            continue;
        }
        file.set_permissions(Permissions::from_mode(LOCK_MODE))?;
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{}", std::process::id())?;
        return Ok(Locked::Taken(Lock {
            file,
            folder: folder.again()?,
            leaf: leaf.to_owned(),
        }));
    }
}

fn is_named(folder: &Folder, leaf: &str, file: &File) -> io::Result<bool> {
    let own = file.metadata()?;
    match statat(folder, leaf, AtFlags::SYMLINK_NOFOLLOW) {
        #[expect(
            clippy::useless_conversion,
            reason = "their types differ between processors"
        )]
        Ok(named) => {
            Ok((u64::from(named.st_dev), u64::from(named.st_ino)) == (own.dev(), own.ino()))
        }
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

fn holder(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(LONGEST_PID).read_to_string(&mut text).ok()?;
    let digits = text.trim();
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}
