//! What a run says beyond the ranking: which cells trade one objective for another (the Pareto front), what each axis
//! does by itself and together with another, and where more GOMAXPROCS stops helping.
//!
//! [`explore`] answers an [`documents::exploration::Exploration`], which crate `report` draws. Nothing here decides a
//! verdict, and yet people act on a single line of it: so effects are Holm-corrected within their table (METHODOLOGY,
//! why not Benjamini-Hochberg), margins are the ranking's, noise floor included, and what is no larger than the
//! control's difference from its own duplicate is marked and not told in summaries. Values that are zero somewhere have
//! no logarithm, so such an objective is left out, by name.
//!
//! Deliberately absent: models that extrapolate beyond the measured cells.

mod effects;
mod front;
mod scaling;
mod table;
mod whole;

pub(crate) use whole::explore_target;
pub use whole::{EXPLORED, explore};
