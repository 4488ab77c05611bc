//! From stored trials to rankings and reports.
//!
//! [`rank()`] makes a [`ranking::Ranking`], a document that holds every figure with its interval, group, verdict,
//! warnings and trial ids; [`report`] prints it for terminals, as Markdown, as one HTML page, or as JSON. Everything
//! here is a pure function of the record, so any report can be made again later by a better version.
//!
//! Deliberately absent: I/O of any kind, and statistics (crate `stats`).

mod error;
mod figures;
mod objective;
mod rank;
mod warnings;

pub mod ranking;
pub mod report;

pub use error::RankError;
pub use figures::value_text;
pub use objective::{objective_value, unit};
pub use rank::{RankOptions, rank};
