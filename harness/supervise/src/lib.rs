//! Starts processes and makes sure that none outlives us.
//!
//! Two kinds: a target, which [`Spawner`] starts pinned and within limits, with
//! its output always drained, and which runs until [`Process::stop`]; and a tool
//! such as `go` or pip, which [`child::run`] runs to its end.
//!
//! Both have a keeper: a process between us and them which all their
//! descendants, daemons included, stay below, and which kills them all when we
//! say so, or when our end of its pipe closes, which also happens on `kill -9`.
//! [`protect_ourselves`] keeps them from reading what is in us.

mod after_fork;
mod bounded;
pub mod child;
mod exit;
mod fork;
mod keeper;
mod output;
mod process;
mod redact;
mod report;
mod spawner;
mod tree;
mod user;

pub use bounded::Bounds;
pub use child::ChildError;
pub use exit::Exit;
pub use fork::die_with_us;
pub use output::{LogBounds, StderrLog, Traces};
pub use process::Process;
pub use spawner::{Launch, SpawnError, Spawner, WORK};
pub use tree::descendants;
pub use user::{User, UserError};

/// No process of our user, a target above all, can read our memory and
/// environment or trace us from now on; see PR_SET_DUMPABLE in prctl(2). What
/// we start is as readable as ever once it has called exec.
///
/// # Errors
/// The system's.
pub fn protect_ourselves() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
