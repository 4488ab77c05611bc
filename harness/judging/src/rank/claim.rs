//! When a cell is called better or worse than the control.

use documents::effect::Effect;
use stats::Estimate;

/// An effect turned so that higher is better.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gain {
    pub(crate) estimate: Estimate,
    /// The margin that a claim must pass, on the same scale.
    pub(crate) margin: f64,
    /// The margin that was asked for, on the same scale: the noise may make the other one larger.
    pub(crate) asked: f64,
}

impl Gain {
    /// Clearly worse by its own interval, beyond the margin asked for, without correction for the number of cells: what
    /// a recommendation must confess. Correction and a margin raised by noise would only hide losses here.
    pub(crate) fn is_cost(&self) -> bool {
        self.estimate.high < 0.0 && self.estimate.point <= -self.asked
    }
}

/// Which tests of a cell found a difference, corrected for the number of cells.
#[derive(Clone, Copy)]
pub(super) struct Tests {
    pub(super) t: bool,
    /// `None` where the blocks do not do for it.
    pub(super) rearranged: Option<bool>,
}

/// A change is claimed only where all methods agree: the cell's own interval, the corrected t test, and the
/// rearrangement of its blocks. The second answer is true where only the two tests disagree.
pub(super) fn effect(gain: Option<&Gain>, tests: Tests) -> (Effect, bool) {
    let Some(Gain {
        estimate,
        margin,
        asked,
    }) = gain
    else {
        return (Effect::NoData, false);
    };
    let within = estimate.low >= -asked && estimate.high <= *asked;
    let claim = if estimate.low > 0.0 && estimate.point >= *margin {
        Some(Effect::Better)
    } else if estimate.high < 0.0 && estimate.point <= -margin {
        Some(Effect::Worse)
    } else {
        None
    };
    match claim {
        Some(claim) if tests.t && tests.rearranged != Some(false) => (claim, false),
        Some(_) if tests.t != tests.rearranged.unwrap_or(tests.t) => (Effect::Unclear, true),
        _ if within => (Effect::WithinMargin, false),
        _ => (Effect::Unclear, false),
    }
}
