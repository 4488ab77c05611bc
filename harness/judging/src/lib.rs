//! What follows from the trials of a run: an order of its cells, a comparison of two sides, a gate's judgement.
//!
//! [`rank()`] makes a ranking; [`comparison`] compares two sides with each other, [`gate`] checks a run against rules;
//! [`upgrade`] judges a newer Go; [`exploration`] shows what the axes do; [`steering`] says what a run should do next; [`proof`] checks gosweep's own
//! promises on a run. They all go by the same trials ([`evidence`]), the same pairs ([`pair`]), the same margins
//! ([`margin`]) and one judgement of losses (`losses`).
//!
//! Everything here is a pure function of the record, so any report can be made again later by a better version.
//!
//! Deliberately absent: I/O of any kind, statistics (crate `stats`), text layout (crate `report`), and what is wrong
//! with a run or its service (crate `advisor`): rankings leave this crate without warnings and advice.

mod error;
mod losses;
mod options;

pub mod comparison;
pub mod evidence;
pub mod exploration;
pub mod gate;
pub mod margin;
pub mod pair;
pub mod physics;
pub mod proof;
pub mod rank;
pub mod steering;
pub mod upgrade;

pub use error::JudgingError;
pub use options::RankOptions;
pub use rank::rank;
