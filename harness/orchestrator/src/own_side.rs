//! What our own side cannot give: room on a disk, descriptors, ports, threads, memory.
//!
//! The main type is [`OwnSide`]. It is told apart from a failure of the target, which would be kept
//! with the trial for good: what we ran out of says nothing of the service, and the same trial can be
//! run when it is there again.

use std::io;

use rustix::io::Errno;

/// Our own side ran out of something in the middle of a trial, which is dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "gosweep's own side ran out of something, and the trial under way was dropped: {0}\n  free room on \
     the disk, or raise `ulimit -n`, `ulimit -u` or the cgroup's limits; the same command then \
     goes on where it stopped"
)]
pub struct OwnSide(pub String);

/// Whether an error of the system tells of our own side.
pub fn is_own_side(error: &io::Error) -> bool {
    const LACKING: [Errno; 9] = [
        Errno::NOSPC,
        Errno::DQUOT,
        Errno::MFILE,
        Errno::NFILE,
        Errno::AGAIN,
        Errno::NOMEM,
        Errno::NOBUFS,
        Errno::ADDRNOTAVAIL,
        Errno::USERS,
    ];
    Errno::from_io_error(error).is_some_and(|errno| LACKING.contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_ours_and_a_missing_program_is_not() {
        let errno = |errno: Errno| io::Error::from(errno);
        assert!(is_own_side(&errno(Errno::NOSPC)));
        assert!(is_own_side(&errno(Errno::MFILE)));
        assert!(is_own_side(&errno(Errno::AGAIN)));
        assert!(!is_own_side(&errno(Errno::NOENT)));
        assert!(!is_own_side(&errno(Errno::CONNREFUSED)));
    }
}
