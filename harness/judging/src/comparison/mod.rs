//! Two sides against each other: is the candidate worse than the baseline by more than somebody would act on?
//!
//! [`within_run`] compares cells of one run, block by block; [`between_runs`] the matching cells of two runs, which is
//! weaker, because whatever changed on the host between them counts as a difference (METHODOLOGY, design of an
//! experiment). Both answer a [`Comparison`](documents::comparison::Comparison), a document that crate `report` prints.
//!
//! A verdict has three ways (METHODOLOGY, estimates and tests): REGRESSED where the whole interval lies beyond the
//! margin on the bad side, NO WORSE (or IMPROVED) where it lies wholly on the good side of it, INCONCLUSIVE otherwise.
//! A change that the control shows against its own duplicate too is not claimed; the noise never widens what passes.
//! What two sides measured at constant rates that differ is of two loads, and stays INCONCLUSIVE.
//!
//! Deliberately absent: the order among many cells ([`mod@crate::rank`]), rules ([`crate::gate`]).

mod bar;
mod caveats;
mod matched;
mod noise;
mod objective;
mod options;
mod outcomes;
mod sample;
mod select;
mod sides;
mod target;

pub(crate) use caveats::{caveats, pooled_over_targets};
pub use matched::Measured;
pub(crate) use matched::{Matched, within_run as match_within_run};
pub(crate) use objective::{Question, change, corrected, level_of_each, not_borne_out};
pub use options::CompareOptions;
pub(crate) use options::check;
pub(crate) use outcomes::outcomes;
pub(crate) use sample::Detectable;
pub use select::{Selector, Setting};
pub(crate) use sides::side;
pub use sides::{between_runs, within_run};
pub(crate) use target::cell_pairs;
