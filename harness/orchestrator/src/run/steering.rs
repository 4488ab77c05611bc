//! Between blocks: which cells stay in the race, when the search stops, which cells are confirmed.

use std::fmt::Debug;

use record::decision::{Finalist, Judgement};
use record::run::Run;
use record::trial::Trial;

/// What the trials so far say about going on.
///
/// The measuring half does not think: it asks between blocks, writes the answer down and keeps to it. The caller of
/// [`super::run`] hands in who answers, so that racing, stopping and choosing finalists go by the very code that ranks
/// the run afterwards, and no crate has to depend on the other.
pub trait Steering: Debug {
    /// Which cells leave the race, and whether every interval is as narrow as asked for. Asked after a search block,
    /// from the least number of blocks on; `run` holds the decisions so far.
    ///
    /// # Errors
    /// In words; nothing is decided then, and the run goes on.
    fn after_block(&self, run: &Run, trials: &[Trial]) -> Result<Judgement, String>;

    /// The cells to measure afresh alongside their controls, when the search is over; none where no cell is worth it.
    ///
    /// # Errors
    /// In words; the run ends without finalists then.
    fn finalists(&self, run: &Run, trials: &[Trial]) -> Result<Vec<Finalist>, String>;
}
