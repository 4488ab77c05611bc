//! `gosweep load`: a load-testing tool of its own over the crate `loadgen`.
//!
//! [`LoadArgs`] is the command line, [`load`] does what it asks for. The way is command line →
//! `job::Job` → [`loadgen::run`] or a search → `report`, which is written in every form asked
//! for. `selftest` puts the driver itself to the test on the user's machine. Deliberately absent:
//! Go, matrices and anything that starts a service under test; `gosweep run` is for those.

mod args;
mod curl;
mod drive;
mod failure;
mod har;
mod job;
mod live;
mod mix;
mod report;
mod selftest;
mod shell_words;
mod spin;
mod threshold;
mod values;

pub(crate) use args::LoadArgs;
pub(crate) use drive::load;
