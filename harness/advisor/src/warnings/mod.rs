//! Caveats in plain language, each with its next step. They never change a figure; they say what it is worth.
//!
//! One file per source of caveat; each function answers the warnings of one target, with the cells and trials that show
//! them.

mod all;
mod context;
mod course;
mod design;
mod host;
mod load;
mod outcomes;
mod physics;
mod settings;

pub use all::{measured, rank};
