//! What gosweep measures and what it measured: the matrix, its axes and cells, the target, the trial, the run and the
//! host, and every file format with its version.
//!
//! This crate starts nothing and asks the host nothing. What people write is decoded by hand so that every mistake is
//! found at once ([`diagnostic`]); what gosweep writes is serde types with a format version.

pub mod axis;
pub mod cell;
pub mod decision;
pub mod diagnosis;
pub mod diagnostic;
pub mod limit;
pub mod matrix;
pub mod objective;
pub mod quantity;
pub mod run;
pub mod schema;
pub mod secret;
pub mod shell;
pub mod shown;
pub mod store;
pub mod target_file;
pub mod threshold;
pub mod trial;
mod word;
pub mod yaml;
