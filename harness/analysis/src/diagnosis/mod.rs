//! What a diagnosis shows: which cells get one, and the page that is made of
//! it.
//!
//! Main functions: [`choose`].

mod choose;

pub use choose::{Wanted, choose};
