//! `gosweep load` end to end: the program as a process, against loadgen's reference server.

#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

mod endings;
mod refusals;
mod requests;
mod results;
mod secrets;
mod selftest;
