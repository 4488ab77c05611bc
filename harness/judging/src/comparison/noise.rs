//! What a comparison shows where there is nothing to see.

use documents::effect::Scale;
use record::objective::Objective;

use crate::evidence::TargetTrials;
use crate::margin::NoiseFloor;
use crate::pair::Pair;

/// How far the control was, or may have been, from its own duplicate: the noise floor, as in a ranking.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Noise {
    ratio: Option<NoiseFloor>,
    difference: Option<NoiseFloor>,
}

impl Noise {
    /// Of the evidence of two sides, the larger one.
    pub(crate) fn of(sides: [&TargetTrials<'_>; 2], objective: Objective, level: f64) -> Noise {
        let mut noise = Noise::default();
        for evidence in sides {
            let values = evidence.values(objective);
            let pair = Pair::new(objective, &values.duplicate, &values.cells[values.control]);
            let Some(floor) = pair.noise_floor(level) else {
                continue;
            };
            let own = match pair.scale {
                Scale::Ratio => &mut noise.ratio,
                Scale::Difference => &mut noise.difference,
            };
            if own.is_none_or(|other| floor.reach > other.reach) {
                *own = Some(floor);
            }
        }
        noise
    }

    /// On the scale of a change over so many pairs of cells; `None` where the duplicate did not show it.
    ///
    /// The mean over several pairs scatters less than a single duplicate does: its floor is that of so many duplicates,
    /// pooled. Where the one that was measured differs from the control in truth, that difference stays.
    pub(crate) fn on(&self, scale: Scale, pairs: usize) -> Option<f64> {
        let floor = match scale {
            Scale::Ratio => self.ratio,
            Scale::Difference => self.difference,
        }?;
        let estimate = floor.floor.estimate;
        if pairs <= 1 {
            return Some(floor.reach);
        }
        match estimate.contains(0.0) {
            true => Some(floor.reach / (pairs as f64).sqrt()),
            false => Some(floor.over(estimate.n * pairs).reach),
        }
    }
}
