//! When a cell is called better or worse than the control.

use documents::effect::{Criterion, Effect};
use stats::Estimate;

use crate::margin::Margins;
use crate::pair::Pair;

/// An effect turned so that higher is better.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gain {
    pub(crate) estimate: Estimate,
    /// The margin that a gain must reach, on the same scale: the noise may make it larger than the one asked for.
    pub(crate) required: f64,
    /// The gain that was asked for, on the same scale,
    pub(crate) asked: f64,
    /// and how large a loss counts.
    pub(crate) loss: f64,
    /// What an estimate over these blocks may be where there is nothing to see.
    pub(crate) floor: f64,
}

impl Gain {
    /// The effect of a pair; `None` below two blocks.
    pub(crate) fn new(of: Criterion, pair: &Pair, margins: &Margins, level: f64) -> Option<Gain> {
        let estimate = pair.estimate(level)?;
        let bar = margins.bar(of, pair.scale);
        let floor = margins.reach(pair.scale);
        Some(Gain {
            estimate: if of.orientation() > 0.0 {
                estimate
            } else {
                estimate.negated()
            },
            required: bar.best().abs().max(floor),
            asked: bar.best().abs(),
            loss: bar.worst().abs(),
            floor,
        })
    }
}

/// Which tests of a cell found a difference, corrected for the number of cells.
#[derive(Clone, Copy)]
pub(super) struct Tests {
    pub(super) t: bool,
    /// `None` where the blocks do not do for it.
    pub(super) rearranged: Option<bool>,
    /// Whether as many blocks could agree by chance: what decides where nothing varies and no rearrangement was made.
    pub(super) agreement: bool,
}

impl Tests {
    /// Whether they find a difference. Without any noise there is nothing for a t test to go by: the rearrangement of the
    /// blocks decides alone.
    fn found(self, without_noise: bool) -> bool {
        match self.rearranged {
            Some(rearranged) if without_noise => rearranged,
            None if without_noise => self.agreement,
            rearranged => self.t && rearranged != Some(false),
        }
    }

    fn disagree(self, without_noise: bool) -> bool {
        !without_noise && self.t != self.rearranged.unwrap_or(self.t)
    }
}

/// A change is claimed only where all methods agree: the cell's own interval, the corrected t test, and the
/// rearrangement of its blocks. A gain must be there and reach the margin; a loss must be shown to lie beyond it, as
/// `compare` and `gate` have it. The second answer is true where only the two tests disagree.
pub(super) fn effect(gain: Option<&Gain>, tests: Tests) -> (Effect, bool) {
    let Some(gain) = gain else {
        return (Effect::NoData, false);
    };
    let estimate = &gain.estimate;
    let within = estimate.low >= -gain.loss && estimate.high <= gain.asked;
    let claim = if estimate.low > 0.0 && estimate.point >= gain.required {
        Some(Effect::Better)
    } else if estimate.high < -gain.loss && estimate.point < -gain.floor {
        Some(Effect::Worse)
    } else {
        None
    };
    let without_noise = estimate.is_degenerate();
    match claim {
        Some(claim) if tests.found(without_noise) => (claim, false),
        Some(_) if tests.disagree(without_noise) => (Effect::Unclear, true),
        _ if within => (Effect::WithinMargin, false),
        _ => (Effect::Unclear, false),
    }
}
