//! When a cell is called better or worse than the control.

use super::compare::Gain;
use crate::ranking::Effect;

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
