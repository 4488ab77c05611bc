//! How large a change must be to matter.

use documents::effect::{Criterion, Scale, built_in_margin};
use record::objective::Objective;
use stats::floor::Floor;
use stats::verdict;

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

/// The change that somebody would act on, on the scale of a pair: where a loss counts, and where a gain does. A share of
/// 3 % is a ratio of 0.97 downwards and of 1.03 upwards. Every verb measures by this one.
///
/// `relative` is a share below 1, `absolute` a difference in the objective's unit.
pub(crate) fn bar(of: Criterion, scale: Scale, relative: f64, absolute: f64) -> verdict::Margin {
    let direction = if of.orientation() > 0.0 {
        verdict::Direction::HigherIsBetter
    } else {
        verdict::Direction::LowerIsBetter
    };
    let margin = match scale {
        Scale::Ratio => verdict::Margin::from_share(direction, relative.clamp(0.0, MOST)),
        Scale::Difference => verdict::Margin::from_difference(direction, absolute.max(0.0)),
    };
    margin.expect("shares are clamped to 0..1, and levels of records are finite")
}

/// A share of 1 would leave nothing of a throughput.
const MOST: f64 = 0.999;

/// What a duplicated control shows where there is nothing to see, on the scale of its pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseFloor {
    /// The scale.
    pub scale: Scale,
    /// The floor.
    pub floor: Floor,
    /// How far an estimate may be from nothing: that of the floor, or what it becomes over other blocks.
    pub reach: f64,
}

impl NoiseFloor {
    /// The same for an estimate over another number of blocks.
    pub(crate) fn over(self, blocks: usize) -> NoiseFloor {
        NoiseFloor {
            reach: self.floor.reach_over(blocks).unwrap_or(self.reach),
            ..self
        }
    }
}

/// The two margins of one objective.
///
/// A claim of "better" or "worse" must pass the larger of the margin asked for and the noise floor, which is the far
/// end of the duplicate's own interval over the same blocks ([`stats::floor`]). "Within the margin" and "no worse" must
/// hold against the margin asked for: a noisy host would otherwise make everything look alike.
#[derive(Debug, Clone, Copy)]
pub struct Margins {
    /// The margin asked for.
    pub asked: Margin,
    /// The larger of that and the noise floor.
    pub applied: Margin,
    /// The noise floor, where the duplicate was measured.
    pub floor: Option<NoiseFloor>,
}

impl Margins {
    /// The margins of one criterion.
    pub fn new(values: &Values, default_margin: f64, floor: Option<NoiseFloor>) -> Margins {
        let floor_on = |scale| match floor.filter(|own| own.scale == scale) {
            Some(own) if scale == Scale::Ratio => own.reach.exp_m1(),
            Some(own) => own.reach,
            None => 0.0,
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
            floor,
        }
    }

    /// The margin asked for, on the scale of a pair.
    pub(crate) fn bar(&self, of: Criterion, scale: Scale) -> verdict::Margin {
        bar(of, scale, self.asked.relative, self.asked.absolute)
    }

    /// The noise floor on the scale of a pair; zero where none is known.
    pub(crate) fn reach(&self, scale: Scale) -> f64 {
        let own = self.floor.filter(|own| own.scale == scale);
        own.map_or(0.0, |own| own.reach)
    }
}
