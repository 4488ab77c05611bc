//! The statistics of gosweep: numbers in, numbers out.
//!
//! The unit is **one number per trial**; requests never come in here. Start at [`paired::estimate`] (a cell against
//! its control), [`selection::top_group`] (which cells may be the best) and [`power::minimum_detectable`] (what the
//! design could have found). Every result says which method made it ([`Method`], [`TestMethod`]).
//!
//! A cell against its control over six blocks, as log ratios of throughput, and whether it lost more than 3 %:
//!
//! ```
//! use stats::noninferiority::{self, Outcome, Requirement, Rule};
//! use stats::paired;
//! use stats::verdict::{Direction, Margin};
//!
//! let differences = [0.048, 0.061, 0.052, 0.047, 0.055, 0.050];
//! let gain = paired::estimate(&differences, 0.95)?.exp();
//! assert!(gain.low > 1.04 && gain.high < 1.07);
//!
//! let margin = Margin::from_share(Direction::HigherIsBetter, 0.03)?;
//! let required = Requirement { differences: &differences, margin };
//! let judged = noninferiority::judge(&[required], &Rule::default())?;
//! assert_eq!(judged[0].outcome, Outcome::Shown);
//! # Ok::<(), stats::StatsError>(())
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
