//! A whole run: from a plan to trials on disk, resumable at any trial.

mod artifacts;
mod budget;
mod calibrate;
mod course;
mod diagnose;
mod error;
mod host;
mod launcher;
mod lock;
mod look_around;
mod pgo;
mod prepare;
mod profile;
mod request;
mod schedule;
#[cfg(test)]
mod schedule_tests;
mod settle;
mod start;
mod steering;

pub use diagnose::{Choice, diagnose};
pub use error::RunError;
pub use host::{describe as describe_host, is_made_here};
pub use lock::{HostLock, LockError};
pub use request::{Ending, RunRequest};
pub use start::run;
pub use steering::Steering;
