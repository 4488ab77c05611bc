//! `gosweep load` end to end: the program as a process, against loadgen's reference server.

#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

#[path = "load/support.rs"]
mod support;

#[path = "load/endings.rs"]
mod endings;
#[path = "load/refusals.rs"]
mod refusals;
#[path = "load/requests.rs"]
mod requests;
#[path = "load/results.rs"]
mod results;
#[path = "load/selftest.rs"]
mod selftest;
