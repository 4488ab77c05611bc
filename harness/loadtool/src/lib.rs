//! A load-testing tool over the load driver `loadgen`.
//!
//! [`drive()`] drives a URL as [`DriveOptions`] say. The way is options → `job::Job` (what they come to, checked
//! across options; `curl`, `har` and `mix` read requests from what people have) → [`loadgen::run`] or a search →
//! `report`, which is written in every form asked for; [`FailIf`]s decide how it ends. [`selftest()`] puts the
//! driver itself to the test on the user's machine. [`values`] reads what people write on a command line.
//! Deliberately absent: the command line itself, Go, matrices, and anything that starts a service under test.

// They panic where nobody listens; the caller's streams do not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod caller;
mod curl;
mod drive;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod har;
mod job;
mod live;
mod mix;
mod multipart;
mod options;
mod report;
mod selftest;
mod spin;
mod threshold;
pub mod values;

pub use caller::Caller;
pub use drive::{Ending, drive};
pub use failure::Failure;
pub use options::{
    Digest, DriveOptions, Headers, SelftestOptions, ServerOptions, SpinChoice, Stages,
};
pub use selftest::{selftest, serve};
pub use threshold::FailIf;
