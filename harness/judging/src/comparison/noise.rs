//! What a comparison shows where there is nothing to see.

use documents::effect::Scale;
use record::objective::Objective;

use crate::evidence::TargetTrials;
use crate::pair::Pair;

/// How far the control was, or may have been, from its own duplicate: the noise floor, as in a ranking.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Noise {
    ratio: Option<f64>,
    difference: Option<f64>,
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
            *own = Some(own.map_or(floor.reach, |other| other.max(floor.reach)));
        }
        noise
    }

    /// On the scale of a change; `None` where the duplicate did not show it.
    pub(crate) fn on(&self, scale: Scale) -> Option<f64> {
        match scale {
            Scale::Ratio => self.ratio,
            Scale::Difference => self.difference,
        }
    }
}
