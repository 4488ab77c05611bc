//! The whole path on real Go: real toolchains, real servers, real load.
//!
//! The toolchain comes from gosweep's own finder. Where no Go can be obtained at all the tests say so on the terminal
//! and why, past the capture of the test runner, and do nothing.
//!
//! Nothing here asserts a duration or a speed, and a busy machine may invalidate trials by rules V3 to V5: tests look
//! at structure, at counters and at what was recorded.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod advice;
mod analyze;
mod builds;
mod diagnosis;
mod failures;
mod interrupted;
mod lab;
mod left_behind;
mod limits;
mod processes;
mod secrets;
mod services;
mod whole;
