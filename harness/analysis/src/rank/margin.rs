//! How large a change must be to matter.

use record::objective::Objective;

use super::RankOptions;
use super::evidence::Values;
use crate::ranking::{AaFigure, Scale};

/// The rise of the error rate that the roll-back rule of a staged rollout uses: 0.1 percentage points. A relative
/// margin has no meaning next to zero.
const ERROR_RATE_MARGIN: f64 = 0.001;

/// The margin asked for: the caller's or the built-in one; relative, for the error rate absolute.
pub(crate) fn default_margin(objective: Objective, options: &RankOptions) -> f64 {
    let asked = options.margins.get(&objective).copied();
    asked.unwrap_or_else(|| built_in_margin(objective))
}

/// The margin where nobody asks for one; relative, for the error rate absolute.
pub(crate) fn built_in_margin(objective: Objective) -> f64 {
    match objective {
        Objective::ErrorRate => ERROR_RATE_MARGIN,
        _ => objective.default_margin(),
    }
}

/// What change is worth noticing on one objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Margin {
    /// As a share: 0.03 is 3 %.
    pub(crate) relative: f64,
    /// In the objective's unit, for differences.
    pub(crate) absolute: f64,
}

impl Margin {
    /// On the scale of a pair's differences.
    pub(crate) fn on(self, scale: Scale) -> f64 {
        match scale {
            Scale::Ratio => self.relative.ln_1p(),
            Scale::Difference => self.absolute,
        }
    }
}

/// The two margins of one objective.
///
/// A claim of "better" or "worse" must pass the larger of the margin asked for and the A/A noise floor, which is
/// the far end of the duplicate's own interval over the same blocks ([`stats::verdict::NoiseFloor`]). "Within the
/// margin" must hold against the margin asked for: a noisy host would otherwise make everything look alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Margins {
    pub(crate) asked: Margin,
    pub(crate) applied: Margin,
}

impl Margins {
    pub(crate) fn new(values: &Values, default_margin: f64, aa: Option<&AaFigure>) -> Margins {
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
