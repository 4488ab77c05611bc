//! Starts target processes and makes sure that none outlives us.
//!
//! A target runs in its own process group, pinned before exec, with its stderr
//! always drained. Three things end it: [`Process::stop`], the death signal of
//! the spawner thread that created it, and a guard that kills the whole group
//! when our end of its pipe closes, which also happens on `kill -9`.

mod guard;
mod process;
mod spawner;
mod stderr;

pub use process::{Exit, Process};
pub use spawner::{Launch, SpawnError, Spawner};
pub use stderr::{StderrLog, Traces};
