//! The smallest effect that would be *claimed*, not only told from nothing: a claim passes its interval, the corrected t
//! test, and the margin or floor, and what is asked for most decides.
//!
//! The three rest on the same blocks, so that their joint power has no closed form. But each is passed from a certain
//! effect on, so in every draw of noise there is one smallest effect that passes all of them; the quantile of these over
//! seeded draws is the answer for every power at once, to about one point of power.

use super::critical_value;
use crate::error::{StatsError, check_not_negative, check_probability};
use crate::estimate::Alternative;
use crate::paired;
use crate::random::Random;
use crate::summary::mean_of;

/// Draws of noise: a power of 80 % is then known to ± 1.1 points (95 %).
const DRAWS: usize = 5_000;

/// From so many degrees of freedom Wilson and Hilferty's cube stands in for a sum of squares.
const CUBE_FROM: usize = 30;

/// What a claim has to pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClaimDesign {
    /// Blocks; at least 2.
    pub blocks: usize,
    /// Level of the interval of [`paired::estimate`] that must exclude zero.
    pub level: f64,
    /// Size of the two-sided t test, before correction.
    pub alpha: f64,
    /// Cells that are compared with the control, which the t test is corrected for; at least 1.
    pub comparisons: usize,
    /// Degrees of freedom of the residual that the t test goes by: those of the additive fit, or blocks − 1 where each
    /// cell is tested by its own differences.
    pub residual_df: usize,
    /// Standard deviation of a block's difference, in the unit of the effect.
    pub deviation: f64,
    /// The estimate that a claim needs at least: the larger of margin and noise floor.
    pub required: f64,
}

/// How often effects of each size would be claimed under a design.
#[derive(Debug, Clone)]
pub struct ClaimPower {
    /// The smallest effect that passes, draw by draw, ascending.
    smallest: Vec<f64>,
}

impl ClaimPower {
    /// Works the design out; the same seed gives the same answer.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two blocks or without comparisons, [`StatsError::OutOfRange`] for the rest.
    pub fn new(design: &ClaimDesign, seed: u64) -> Result<Self, StatsError> {
        check_probability("confidence level", design.level)?;
        check_probability("alpha", design.alpha)?;
        check_not_negative("deviation", design.deviation)?;
        check_not_negative("required estimate", design.required)?;
        for (what, needed, got) in [
            ("blocks", 2, design.blocks),
            ("comparisons", 1, design.comparisons),
            ("residual degrees of freedom", 1, design.residual_df),
        ] {
            if got < needed {
                return Err(StatsError::TooFew { what, needed, got });
            }
        }
        let critical = critical_value(
            design.alpha / design.comparisons as f64,
            design.residual_df as f64,
            Alternative::TwoSided,
        );
        let mut random = Random::new(seed);
        let mut smallest = (0..DRAWS)
            .map(|_| smallest_claimed(design, critical, &mut random))
            .collect::<Result<Vec<_>, _>>()?;
        smallest.sort_by(f64::total_cmp);
        Ok(ClaimPower { smallest })
    }

    /// The smallest effect that is claimed with this chance.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for the chance.
    pub fn smallest(&self, chance: f64) -> Result<f64, StatsError> {
        check_probability("power", chance)?;
        let place = (chance * self.smallest.len() as f64).ceil() as usize;
        Ok(self.smallest[place.clamp(1, self.smallest.len()) - 1])
    }

    /// The chance that an effect of this size is claimed.
    pub fn chance(&self, effect: f64) -> f64 {
        let passed = self.smallest.partition_point(|&least| least <= effect);
        passed as f64 / self.smallest.len() as f64
    }
}

/// In one draw of noise, the effect from which on all conditions hold.
fn smallest_claimed(
    design: &ClaimDesign,
    critical: f64,
    random: &mut Random,
) -> Result<f64, StatsError> {
    let noise: Vec<f64> = (0..design.blocks)
        .map(|_| design.deviation * random.normal())
        .collect();
    let estimate = paired::estimate(&noise, design.level)?;
    let mean = mean_of(&noise);
    // The pair's own differences are part of what the residual is pooled from.
    let own: f64 = noise.iter().map(|value| (value - mean).powi(2)).sum();
    let rest = design.residual_df.saturating_sub(design.blocks - 1);
    let squares = own + design.deviation.powi(2) * chi_square(rest, random);
    let df = design.residual_df.max(design.blocks - 1) as f64;
    let error = (squares / df / design.blocks as f64).sqrt();
    Ok((-estimate.low)
        .max(critical * error - mean)
        .max(design.required - estimate.point))
}

fn chi_square(df: usize, random: &mut Random) -> f64 {
    if df < CUBE_FROM {
        return (0..df).map(|_| random.normal().powi(2)).sum();
    }
    // Wilson & Hilferty, PNAS 17, 1931.
    let df = df as f64;
    let spread = 2.0 / (9.0 * df);
    df * (1.0 - spread + random.normal() * spread.sqrt()).powi(3)
}
