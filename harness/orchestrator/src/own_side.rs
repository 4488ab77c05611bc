//! What our own side cannot give: room on a disk, descriptors, ports, threads, memory.
//!
//! The main type is [`OwnSide`]. It is told apart from a failure of the target, which would be kept
//! with the trial for good: what we ran out of says nothing of the service, and the same trial can be
//! run when it is there again.

/// Our own side ran out of something in the middle of a trial, which is dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "gosweep's own side ran out of something, and the trial under way was dropped: {0}\n  free room on \
     the disk, or raise `ulimit -n`, `ulimit -u` or the cgroup's limits; the same command then \
     goes on where it stopped"
)]
pub struct OwnSide(pub String);
