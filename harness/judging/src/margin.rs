//! How large a change must be to matter.

use documents::effect::{Scale, built_in_margin};
use documents::ranking::AaFigure;
use record::objective::Objective;

use crate::evidence::Values;
use crate::options::RankOptions;

/// The margin asked for: the caller's or the built-in one; relative, for the error rate absolute.
pub fn default_margin(objective: Objective, options: &RankOptions) -> f64 {
    let asked = options.margins.get(&objective).copied();
    asked.unwrap_or_else(|| built_in_margin(objective))
}

/// What change is worth noticing on one objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// As a share: 0.03 is 3 %.
    pub relative: f64,
    /// In the objective's unit, for differences.
    pub absolute: f64,
}

impl Margin {
    /// On the scale of a pair's differences.
    pub fn on(self, scale: Scale) -> f64 {
        match scale {
            Scale::Ratio => self.relative.ln_1p(),
            Scale::Difference => self.absolute,
        }
    }
}

/// The two margins of one objective.
///
/// A claim of "better" or "worse" must pass the larger of the margin asked for and the noise floor, which is the far
/// end of the duplicate's own interval over the same blocks ([`stats::verdict::NoiseFloor`]). "Within the margin" must
/// hold against the margin asked for: a noisy host would otherwise make everything look alike.
#[derive(Debug, Clone, Copy)]
pub struct Margins {
    /// The margin asked for.
    pub asked: Margin,
    /// The larger of that and the noise floor.
    pub applied: Margin,
}

impl Margins {
    /// The margins of one criterion; `aa` is the control against its duplicate.
    pub fn new(values: &Values, default_margin: f64, aa: Option<&AaFigure>) -> Margins {
        let floor_on = |scale| {
            let own = aa.filter(|aa| aa.scale == scale);
            own.and_then(|aa| aa.floor).unwrap_or(0.0)
        };
        let control_level = values.median(values.control).unwrap_or(0.0).abs();
        let absolute = |relative: f64| {
            if values.of.is_difference() {
                default_margin
            } else {
                relative * control_level
            }
        };
        let relative = default_margin.max(floor_on(Scale::Ratio));
        Margins {
            asked: Margin {
                relative: default_margin,
                absolute: absolute(default_margin),
            },
            applied: Margin {
                relative,
                absolute: absolute(relative).max(floor_on(Scale::Difference)),
            },
        }
    }
}
