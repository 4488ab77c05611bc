//! What a run came to, in every form that was asked for.
//!
//! [`Report`] is what all forms say; [`write()`] writes them: the table (`text`, with its
//! `chart` and `warnings`), JSON, the time series as CSV, and Prometheus text. The interval log
//! is the driver's own.

mod chart;
mod document;
mod figures;
mod json;
mod prometheus;
mod series;
mod text;
mod warnings;
mod write;

pub(crate) use document::Report;
pub(crate) use figures::{milliseconds, per_second};
pub(crate) use write::write;
