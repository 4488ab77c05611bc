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

/// Draws of unit noise for designs of one number of blocks, level and residual: what deviation, size and requirement
/// make of them is worked out from the same draws, so that a table draws once for all of its objectives.
#[derive(Debug, Clone)]
pub struct ClaimDraws {
    blocks: usize,
    residual_df: usize,
    draws: Vec<Draw>,
}

/// One draw of a block's differences around zero, of deviation one.
#[derive(Debug, Clone, Copy)]
struct Draw {
    /// Lower end of the interval and the estimate,
    low: f64,
    point: f64,
    /// and the mean with its standard error by the residual.
    mean: f64,
    error: f64,
}

impl ClaimDraws {
    /// Draws; the same seed gives the same answers. The arguments are those of [`ClaimDesign`].
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two blocks or one degree of freedom, [`StatsError::OutOfRange`] for the level.
    pub fn new(
        blocks: usize,
        level: f64,
        residual_df: usize,
        seed: u64,
    ) -> Result<Self, StatsError> {
        check_probability("confidence level", level)?;
        for (what, needed, got) in [
            ("blocks", 2, blocks),
            ("residual degrees of freedom", 1, residual_df),
        ] {
            if got < needed {
                return Err(StatsError::TooFew { what, needed, got });
            }
        }
        let mut random = Random::new(seed);
        let draws = (0..DRAWS).map(|_| draw(blocks, level, residual_df, &mut random));
        Ok(ClaimDraws {
            blocks,
            residual_df,
            draws: draws.collect::<Result<_, _>>()?,
        })
    }

    /// The power of a design of these blocks, this level and this residual; those fields of `design` are not read.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without comparisons, [`StatsError::OutOfRange`] for the rest.
    pub fn power(&self, design: &ClaimDesign) -> Result<ClaimPower, StatsError> {
        check_probability("alpha", design.alpha)?;
        check_not_negative("deviation", design.deviation)?;
        check_not_negative("required estimate", design.required)?;
        if design.comparisons < 1 {
            return Err(StatsError::TooFew {
                what: "comparisons",
                needed: 1,
                got: design.comparisons,
            });
        }
        let critical = critical_value(
            design.alpha / design.comparisons as f64,
            self.residual_df.max(self.blocks - 1) as f64,
            Alternative::TwoSided,
        );
        let mut smallest: Vec<f64> = self
            .draws
            .iter()
            .map(|draw| {
                let shown = (-draw.low).max(critical * draw.error - draw.mean);
                (design.deviation * shown).max(design.required - design.deviation * draw.point)
            })
            .collect();
        smallest.sort_by(f64::total_cmp);
        Ok(ClaimPower { smallest })
    }
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
        ClaimDraws::new(design.blocks, design.level, design.residual_df, seed)?.power(design)
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

fn draw(
    blocks: usize,
    level: f64,
    residual_df: usize,
    random: &mut Random,
) -> Result<Draw, StatsError> {
    let noise: Vec<f64> = (0..blocks).map(|_| random.normal()).collect();
    let estimate = paired::estimate(&noise, level)?;
    let mean = mean_of(&noise);
    // The pair's own differences are part of what the residual is pooled from.
    let own: f64 = noise.iter().map(|value| (value - mean).powi(2)).sum();
    let squares = own + chi_square(residual_df.saturating_sub(blocks - 1), random);
    let df = residual_df.max(blocks - 1) as f64;
    Ok(Draw {
        low: estimate.low,
        point: estimate.point,
        mean,
        error: (squares / df / blocks as f64).sqrt(),
    })
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
