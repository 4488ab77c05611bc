//! Starts processes and makes sure that none outlives us.
//!
//! Two kinds: a target, which [`Spawner`] starts pinned and within limits, with its stderr always drained, and which
//! runs until [`Process::stop`]; and a tool such as `go` or pip, which [`child::run`] runs to its end.
//!
//! Both run in a process group of their own, and two things end the group if we
//! do not: the death signal of the thread that created it, and a guard that
//! kills the whole group when our end of its pipe closes, which also happens on
//! `kill -9`.

pub mod child;
mod fork;
mod guard;
mod process;
mod redact;
mod spawner;
mod stderr;

pub use child::ChildError;
pub use process::{Exit, Process};
pub use spawner::{Launch, SpawnError, Spawner};
pub use stderr::{StderrLog, Traces};
