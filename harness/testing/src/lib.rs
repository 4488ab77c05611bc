//! Made-up laboratories with a known truth, for the tests of other crates.
//!
//! A [`Lab`] gives a run's record and its trials, with reproducible noise. Nothing that is shipped uses this crate.

mod lab;
mod scenarios;

pub use lab::{Lab, Service, crashed, gctrace, invalid};
pub use scenarios::{burning, hostile, regressed, slower, trade_off, two, upgrade, winner};
