//! The smallest effect that would be claimed 4 times in 5.
//!
//! A claim passes its interval, the corrected t test, and margin or noise floor; how often noise of the measured size
//! lets it is drawn once for each number of blocks ([`stats::power::claim`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use stats::power::claim::{ClaimDesign, ClaimDraws};

/// Which draws: any will do, and the same in every call.
const SEED: u64 = 0x00c1_a1a5;

/// Designs whose draws are kept; a process rarely meets more.
const MOST_KEPT: usize = 64;

/// Draws by blocks, bits of the level, and degrees of freedom.
type Known = BTreeMap<(usize, u64, usize), Arc<ClaimDraws>>;

/// The smallest effect that the design claims with this chance, on the scale of its deviation; `None` where the design
/// claims nothing at all.
pub(crate) fn smallest_claimed(design: &ClaimDesign, chance: f64) -> Option<f64> {
    draws(design)?.power(design).ok()?.smallest(chance).ok()
}

/// A pure function of the design, remembered: drawing takes milliseconds, and a table asks for every objective.
fn draws(design: &ClaimDesign) -> Option<Arc<ClaimDraws>> {
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let key = (design.blocks, design.level.to_bits(), design.residual_df);
    let lock = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lock().get(&key) {
        return Some(Arc::clone(known));
    }
    let drawn = ClaimDraws::new(design.blocks, design.level, design.residual_df, SEED).ok()?;
    let drawn = Arc::new(drawn);
    let mut known = lock();
    if known.len() >= MOST_KEPT {
        known.clear();
    }
    known.insert(key, Arc::clone(&drawn));
    Some(drawn)
}
