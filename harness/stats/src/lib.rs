//! The statistics of gosweep: numbers in, numbers out.
//!
//! The unit is **one number per trial**; requests never come in here. Start at [`paired::estimate`] (a cell against
//! its control), [`selection::top_group`] (which cells may be the best) and [`power::minimum_detectable`] (what the
//! design could have found). Every result says which method made it ([`Method`], [`TestMethod`]).
//!
//! ```
//! # fn main() -> Result<(), stats::StatsError> {
//! // QPS of the control and of a cell, one trial each per block (block, log of the value).
//! let logs = |qps: [f64; 6]| (0..).zip(qps.map(f64::ln)).collect::<Vec<(usize, f64)>>();
//! let control = logs([1000.0, 1040.0, 980.0, 1010.0, 1100.0, 990.0]);
//! let cell = logs([1102.0, 1139.0, 1081.0, 1115.0, 1204.0, 1090.0]);
//!
//! let differences = stats::paired::block_differences(&cell, &control);
//! let ratio = stats::paired::estimate(&differences, 0.95)?;
//! assert_eq!(ratio.method, stats::Method::SignedRank);
//! assert!((ratio.point.exp() - 1.10).abs() < 0.01, "10 % more: {ratio:?}");
//! assert!(ratio.low.exp() > 1.08 && ratio.high.exp() < 1.12);
//! # Ok(())
//! # }
//! ```
//!
//! Everything is pure and deterministic: what is random takes a seed. Nothing panics on empty, short, constant or
//! non-finite input: functions answer a [`StatsError`], or an `Option` whose `None` is documented.
//!
//! Deliberately absent: I/O, serialisation, units, knowledge of Go, and latency quantiles of requests, which belong
//! to each trial's own histogram.

mod blocks;
mod distribution;
mod error;
mod estimate;
mod linear;
mod random;
mod ranks;

pub mod additive;
pub mod change_points;
pub mod confirmation;
pub mod correction;
pub mod days;
pub mod effects;
pub mod floor;
pub mod limits;
pub mod noninferiority;
pub mod paired;
pub mod pareto;
pub mod permutation;
pub mod power;
pub mod proportion;
pub mod racing;
pub mod scaling;
pub mod selection;
pub mod steady;
pub mod summary;
pub mod two_sample;
pub mod verdict;

pub use blocks::CompleteBlocks;
pub use error::StatsError;
pub use estimate::{Alternative, Estimate, Method, Test, TestMethod};
pub use random::Resampling;
