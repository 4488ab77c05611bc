//! The knee, and the highest rate that meets an objective: a few runs, put together.
//!
//! The main functions are [`find_knee`] and [`find_highest_rate`]. Both ask the same question
//! of one rate after the other, "is this one good?", and differ in what is good. `bracket`
//! chooses the next rate, [`crate::backlog`] tells whether a server kept up with one. Nothing here
//! knows how a run is made beyond calling [`crate::run()`].

mod bracket;
mod find;
mod options;

pub use find::{Probe, SearchOutcome, find_highest_rate, find_knee};
pub use options::SearchOptions;

#[cfg(test)]
pub(crate) use bracket::Bracket;
