//! One gosweep per host and per folder.
//!
//! The host is an abstract Unix socket (unix(7)), bound as long as we measure. It has no file: none
//! that another user could plant, leave behind or keep from us, that a cleaner of /tmp could
//! remove, or that TMPDIR could hide; all users of the host see the same name, the kernel takes it
//! from whoever ends, and the kernel says who has it. Whoever holds it on purpose keeps others from
//! measuring, but whoever runs programs on a host can invalidate every measurement on it anyway. The name
//! belongs to a network namespace: two containers on one machine do not see each other.
//!
//! The folder is flock(2) on its file `lock`, which matters where the same folder is seen by
//! several hosts or containers.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use record::store::RunDir;
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use rustix::process::geteuid;
use safefile::{Locked, take_lock};

use crate::events::{Event, Listener};

/// Another gosweep is in the way, or the lock is not available.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Held by another process.
    #[error(
        "{what} is in use by another gosweep ({holder}): two measurements at once would disturb each other; wait for it{fix}"
    )]
    Held {
        /// The host or the folder.
        what: String,
        /// Its process id and, if that is not us, its user.
        holder: String,
        /// How else it ends.
        fix: String,
    },
    /// The lock cannot be used.
    #[error("cannot lock {what}: {source}")]
    Unusable {
        /// The host, or the file.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody removed the lock file under us.
    #[error(
        "the lock file of {} was removed or replaced while this run had it, so another gosweep may write there too; the trial under way is not kept; go on with the same command when no other runs",
        folder.display()
    )]
    Lost {
        /// The folder.
        folder: PathBuf,
    },
}

/// The name by which every gosweep of a host knows whether another measures.
const HOST: &str = "gosweep-host";
/// How often a host that is held is asked for.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// The holder may end between our attempt and our question.
const TRIES: u32 = 5;

/// Held while this process measures on this host.
#[derive(Debug)]
pub struct HostLock {
    _listener: UnixListener,
}

impl HostLock {
    /// Takes the host.
    ///
    /// # Errors
    /// [`LockError::Held`] with the holder's pid.
    pub fn take() -> Result<HostLock, LockError> {
        HostLock::named(&host_name())
    }

    /// Takes the host, waiting for whoever has it for at most `patience`. `None` when asked to stop.
    ///
    /// # Errors
    /// [`LockError::Held`] when it is still held in the end.
    pub fn take_within(
        patience: Duration,
        cancel: &AtomicBool,
        listener: &Listener<'_>,
    ) -> Result<Option<HostLock>, LockError> {
        HostLock::named_within(&host_name(), patience, cancel, listener)
    }

    fn named_within(
        name: &str,
        patience: Duration,
        cancel: &AtomicBool,
        listener: &Listener<'_>,
    ) -> Result<Option<HostLock>, LockError> {
        let begun = Instant::now();
        let mut is_told = false;
        loop {
            match HostLock::named(name) {
                Err(LockError::Held { holder, .. }) if begun.elapsed() < patience => {
                    if !std::mem::replace(&mut is_told, true) {
                        listener(Event::Warning(format!(
                            "another gosweep measures on this host ({holder}): waiting for it"
                        )));
                    }
                    if cancel.load(Ordering::Relaxed) {
                        return Ok(None);
                    }
                    std::thread::sleep(ASK_AGAIN);
                }
                other => return other.map(Some),
            }
        }
    }

    fn named(name: &str) -> Result<HostLock, LockError> {
        let what = "this host".to_owned();
        let unusable = |source| LockError::Unusable {
            what: format!("this host (the abstract socket {name})"),
            source,
        };
        let address = SocketAddr::from_abstract_name(name).map_err(unusable)?;
        let mut tried = 0;
        loop {
            match UnixListener::bind_addr(&address) {
                Ok(listener) => {
                    return Ok(HostLock {
                        _listener: listener,
                    });
                }
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    return Err(unusable(error));
                }
                Err(_) => tried += 1,
            }
            match holder(name) {
                // It has ended meanwhile.
                Err(Errno::CONNREFUSED) if tried < TRIES => {}
                Ok((pid, user)) => return Err(held(what, Some(pid), user)),
                Err(_) => return Err(held(what, None, None)),
            }
        }
    }
}

/// Tests of gosweep run alongside each other, and what they measure is worth nothing: a debug build
/// takes another name where they ask for it. A release build never does.
fn host_name() -> String {
    let asked = std::env::var("GOSWEEP_TEST_HOST").ok();
    match asked.filter(|_| cfg!(debug_assertions)) {
        Some(name) => format!("{HOST}-{}", record::cell::CellId::of([name.as_str()])),
        None => HOST.to_owned(),
    }
}

/// Process and user of whoever has the name, as the kernel says. It never waits: the queue of
/// whoever does not accept may be full.
fn holder(name: &str) -> Result<(u32, Option<u32>), Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let asking = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(
        &asking,
        &SocketAddrUnix::new_abstract_name(name.as_bytes())?,
    )?;
    let peer = socket_peercred(&asking)?;
    let other = (peer.uid != geteuid()).then(|| peer.uid.as_raw());
    Ok((peer.pid.as_raw_nonzero().get().unsigned_abs(), other))
}

fn held(what: String, pid: Option<u32>, user: Option<u32>) -> LockError {
    let (holder, fix) = match (pid, user) {
        (Some(pid), None) => (
            format!("pid {pid}"),
            ": the same command with `--wait` does".to_owned(),
        ),
        (Some(pid), Some(user)) => (
            format!("pid {pid} of the user with id {user}"),
            ", or ask its user".to_owned(),
        ),
        (None, _) => ("pid unknown".to_owned(), String::new()),
    };
    LockError::Held { what, holder, fix }
}

/// A run's folder, held until this is dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    lock: safefile::Lock,
    folder: PathBuf,
}

impl FolderLock {
    /// Takes the folder of a run.
    pub(super) fn take(dir: &RunDir) -> Result<FolderLock, LockError> {
        let path = dir.path();
        let unusable = |source| LockError::Unusable {
            what: path.join(NAME).display().to_string(),
            source,
        };
        let folder = safefile::Folder::open(path).map_err(unusable)?;
        match take_lock(&folder, NAME).map_err(unusable)? {
            Locked::Taken(lock) => Ok(FolderLock {
                lock,
                folder: path.to_owned(),
            }),
            Locked::Held(pid) => Err(held(path.display().to_string(), pid, None)),
        }
    }

    /// Refuses to go on where the file is no longer ours.
    pub(super) fn check(&self) -> Result<(), LockError> {
        match self.lock.is_in_place() {
            true => Ok(()),
            false => Err(LockError::Lost {
                folder: self.folder.clone(),
            }),
        }
    }

    /// The folder.
    #[cfg(test)]
    fn path(&self) -> &std::path::Path {
        &self.folder
    }
}

const NAME: &str = "lock";

#[cfg(test)]
mod tests {
    use super::*;

    fn run_dir() -> (tempfile::TempDir, RunDir) {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::create(&folder.path().join("run")).unwrap();
        (folder, dir)
    }

    #[test]
    fn a_second_holder_is_told_the_first_ones_pid() {
        let (_place, dir) = run_dir();
        let first = FolderLock::take(&dir).unwrap();
        let error = FolderLock::take(&dir).unwrap_err().to_string();
        assert!(
            error.contains(&format!("pid {}", std::process::id())),
            "{error}"
        );
        drop(first);
        FolderLock::take(&dir).unwrap();
    }

    #[test]
    fn the_host_is_one_whatever_becomes_of_files() {
        let name = format!("{HOST}-test-{}", std::process::id());
        let first = HostLock::named(&name).unwrap();
        // More than the queue of the holder takes: nobody waits.
        for _ in 0..300 {
            let error = HostLock::named(&name).unwrap_err();
            assert!(matches!(error, LockError::Held { .. }), "{error}");
        }
        drop(first);
        HostLock::named(&name).unwrap();
    }

    #[test]
    fn the_kernel_names_the_holder_of_the_host() {
        let name = format!("{HOST}-test-named-{}", std::process::id());
        let _first = HostLock::named(&name).unwrap();
        let error = HostLock::named(&name).unwrap_err().to_string();
        assert!(
            error.contains(&format!("pid {}", std::process::id())) && error.contains("--wait"),
            "{error}"
        );
    }

    #[test]
    fn a_held_host_is_waited_for() {
        let name = format!("{HOST}-test-waited-{}", std::process::id());
        let first = HostLock::named(&name).unwrap();
        let told = std::sync::Mutex::new(Vec::new());
        let listener = |event: Event| {
            if let Event::Warning(text) = event {
                told.lock().unwrap().push(text);
            }
        };
        let never = AtomicBool::new(false);
        let short = Duration::from_millis(1);
        let held = HostLock::named_within(&name, short, &never, &listener);
        assert!(matches!(held, Err(LockError::Held { .. })));
        let stopped = AtomicBool::new(true);
        let long = Duration::from_secs(3600);
        let none = HostLock::named_within(&name, long, &stopped, &listener);
        assert!(matches!(none, Ok(None)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let quiet = |_: Event| {};
                HostLock::named_within(&name, long, &never, &quiet)
            });
            drop(first);
            assert!(matches!(waiting.join().unwrap(), Ok(Some(_))));
        });
        assert!(
            told.lock()
                .unwrap()
                .iter()
                .all(|text| text.contains("waiting for it"))
        );
    }

    #[test]
    fn a_removed_lock_file_ends_the_run_that_had_it() {
        let (_place, dir) = run_dir();
        let first = FolderLock::take(&dir).unwrap();
        first.check().unwrap();
        std::fs::remove_file(first.path().join(NAME)).unwrap();
        let _second = FolderLock::take(&dir).unwrap();
        assert!(matches!(first.check(), Err(LockError::Lost { .. })));
    }

    #[test]
    fn a_planted_lock_file_is_neither_followed_nor_believed() {
        let (place, dir) = run_dir();
        let secret = place.path().join("secret");
        std::fs::write(&secret, "secret").unwrap();
        std::os::unix::fs::symlink(&secret, dir.path().join(NAME)).unwrap();
        let error = FolderLock::take(&dir).unwrap_err().to_string();
        assert!(error.contains("symbolic link"), "{error}");
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret");
    }
}
