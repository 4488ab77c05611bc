//! The fault campaign: what gosweep makes of planted files, full disks, small limits, foreign folders
//! and of being killed. `scripts/faults` runs it and shows its table.
//!
//! The service is this test program itself (see [`service`]), so that no Go is needed. Nothing here
//! asserts a duration or a speed, and a busy machine may invalidate trials: tests look at what is on disk, at
//! exit codes and at words.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bench;
mod disk;
mod folders;
mod kills;
mod planted;
mod service;
