//! What a run came to, in every form that was asked for.
//!
//! [`Report`] is what all forms say; [`write()`] writes them: the table (`text`, with its
//! `chart` and `warnings`), JSON, the time series as CSV, and Prometheus text. The interval log
//! is the driver's own.

mod build;
mod chart;
mod json;
mod prometheus;
mod series;
mod text;
mod warnings;

pub(super) use build::{Report, write};
pub(super) use text::{milliseconds, per_second};
