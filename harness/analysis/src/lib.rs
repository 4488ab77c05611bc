//! From stored trials to rankings and reports.
//!
//! [`rank()`] makes a [`ranking::Ranking`], a document that holds every figure with its interval, group, verdict,
//! warnings and trial ids; [`comparison`] holds two sides against each other, [`gate`] holds a run against rules;
//! [`exploration`] shows what the axes do; [`advice`] says why; [`profile`] makes tables and pictures of Go profiles;
//! [`steering`] says what a run should do next; and [`report`] prints it all. Everything here is a pure function of the
//! record, so any report can be made again later
//! by a better version.
//!
//! Deliberately absent: I/O of any kind, and statistics (crate `stats`).

mod error;
mod figures;
mod physics;
mod rank;
mod readback;
mod warnings;

pub mod advice;
pub mod analyze;
pub mod comparison;
pub mod diagnosis;
pub mod exploration;
pub mod gate;
pub mod profile;
pub mod proof;
pub mod ranking;
pub mod report;
pub mod steering;

pub use error::AnalysisError;
pub use figures::value_text;
pub use rank::{RankOptions, rank};
