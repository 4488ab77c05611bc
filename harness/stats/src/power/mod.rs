//! What an experiment can find: power, minimum detectable effect, blocks needed.
//!
//! Effects are in units of the standard deviation of **one block's difference** (a log ratio of two trials). A
//! 2 % run-to-run deviation per trial makes 2 % x √2 = 2.8 % per paired difference. Multiply
//! [`minimum_detectable`] by that deviation for an effect in log units. What a *claim* finds, which has to pass margin,
//! floor and correction too, is told by [`claim::ClaimPower`]. It depends on the design alone, so a table
//! of 1,000 cells needs it once.

use crate::distribution::{noncentral_t_upper, t_quantile};
use crate::error::{StatsError, check_not_negative, check_probability};
use crate::estimate::Alternative;
use crate::paired::SignedRankRegion;

pub mod claim;
mod signed_rank;

/// Up to this many blocks the power of the signed-rank test is exact.
const EXACT_SIGNED_RANK_UP_TO: usize = 20;

/// Which test will judge the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairedTest {
    /// Student's t on the differences: exact power by the noncentral t distribution.
    T,
    /// Exact signed-rank, what [`crate::paired::estimate`] uses from 6 blocks.
    ///
    /// Its power for normal differences is exact up to 20 blocks. Beyond, it is that of a t test of the size that the
    /// discrete test really has, with the effect reduced by √(3/π), from its efficiency 3/π against t for normal
    /// data (Lehmann 1975, §4.3).
    SignedRank,
}

/// A paired design: how many blocks, judged how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDesign {
    /// Number of blocks; at least 2.
    pub blocks: usize,
    /// Size of the test, such as 0.05; divide it by the number of comparisons for Holm's first step.
    pub alpha: f64,
    /// Two-sided for "differs", one-sided for "beats".
    pub alternative: Alternative,
    /// The test.
    pub test: PairedTest,
}

impl PairedDesign {
    /// The two-sided design that [`crate::paired::estimate`] makes of this many blocks: signed-rank where its
    /// exact interval exists, t below.
    pub fn of_estimate(blocks: usize, level: f64) -> Self {
        let alpha = 1.0 - level;
        let test = match SignedRankRegion::new(blocks, alpha) {
            Some(_) => PairedTest::SignedRank,
            None => PairedTest::T,
        };
        PairedDesign {
            blocks,
            alpha,
            alternative: Alternative::TwoSided,
            test,
        }
    }
}

/// The chance that the design finds an effect of this size (in deviations of a block's difference). For a
/// one-sided design the effect counts as being on the side looked at.
///
/// # Errors
/// [`StatsError::TooFew`] below two blocks, [`StatsError::OutOfRange`] for α or a negative effect.
pub fn power(design: &PairedDesign, effect: f64) -> Result<f64, StatsError> {
    check_not_negative("effect", effect)?;
    let resolved = ResolvedDesign::new(design)?;
    Ok(resolved.power(effect))
}

/// The smallest effect (in deviations of a block's difference) that the design finds with the given power.
/// `None` where it can find nothing however large, as signed-rank at n = 5.
///
/// # Errors
/// As [`power`].
pub fn minimum_detectable(design: &PairedDesign, power: f64) -> Result<Option<f64>, StatsError> {
    check_probability("power", power)?;
    let resolved = ResolvedDesign::new(design)?;
    if matches!(resolved.rejection, Rejection::Never) {
        return Ok(None);
    }
    let mut high = 1.0;
    while resolved.power(high) < power {
        high *= 2.0;
        if high > 1e6 {
            return Ok(None);
        }
    }
    let mut low = 0.0;
    while high - low > 1e-6 * high {
        let middle = (low + high) / 2.0;
        if resolved.power(middle) < power {
            low = middle
        } else {
            high = middle
        }
    }
    Ok(Some(high))
}

/// The fewest blocks, up to `at_most`, with which a design like this one (its own `blocks` is ignored) finds the
/// effect with the given power; `None` where `at_most` are not enough.
///
/// # Errors
/// As [`power`].
pub fn blocks_needed(
    design: &PairedDesign,
    effect: f64,
    power: f64,
    at_most: usize,
) -> Result<Option<usize>, StatsError> {
    check_probability("power", power)?;
    check_not_negative("effect", effect)?;
    let enough = |blocks: usize| -> Result<bool, StatsError> {
        Ok(ResolvedDesign::new(&PairedDesign { blocks, ..*design })?.power(effect) >= power)
    };
    let (mut too_few, mut candidate) = (1, 2);
    while candidate <= at_most && !enough(candidate)? {
        too_few = candidate;
        candidate *= 2;
    }
    // The discrete test's power dips by a hair at some n, so the bracket is searched from its low end.
    for blocks in too_few + 1..=candidate.min(at_most) {
        if enough(blocks)? {
            return Ok(Some(blocks));
        }
    }
    Ok(None)
}

/// The chance that a t test with `df` degrees of freedom rejects at `alpha`, when the effect is `noncentrality`
/// standard errors. For contrasts of an additive fit: effect ÷ the contrast's standard error.
///
/// # Errors
/// [`StatsError::OutOfRange`] for any input outside its meaning.
pub fn t_test_power(
    noncentrality: f64,
    df: f64,
    alpha: f64,
    alternative: Alternative,
) -> Result<f64, StatsError> {
    check_not_negative("noncentrality", noncentrality)?;
    check_probability("alpha", alpha)?;
    if !(df > 0.0 && df.is_finite()) {
        return Err(StatsError::OutOfRange {
            what: "degrees of freedom",
            value: df,
            expected: "finite and above zero",
        });
    }
    Ok(rejection_chance(
        noncentrality,
        df,
        critical_value(alpha, df, alternative),
        alternative,
    ))
}

/// A design with what does not depend on the effect worked out.
struct ResolvedDesign {
    blocks: usize,
    alternative: Alternative,
    rejection: Rejection,
}

/// When the design's test rejects.
enum Rejection {
    Never,
    /// |t| beyond the critical value; `leverage` is the noncentrality per unit of effect.
    BeyondT {
        critical: f64,
        leverage: f64,
    },
    /// Rank sum below `rank`, or as far from the other end.
    BeyondRank {
        rank: usize,
    },
}

impl ResolvedDesign {
    fn new(design: &PairedDesign) -> Result<Self, StatsError> {
        check_probability("alpha", design.alpha)?;
        let PairedDesign {
            blocks,
            alpha,
            alternative,
            test,
        } = *design;
        if blocks < 2 {
            return Err(StatsError::TooFew {
                what: "blocks",
                needed: 2,
                got: blocks,
            });
        }
        let rejection = match test {
            PairedTest::T => Rejection::beyond_t(blocks, alpha, alternative, 1.0),
            PairedTest::SignedRank => Rejection::of_signed_rank(blocks, alpha, alternative),
        };
        Ok(ResolvedDesign {
            blocks,
            alternative,
            rejection,
        })
    }

    fn power(&self, effect: f64) -> f64 {
        match self.rejection {
            Rejection::Never => 0.0,
            Rejection::BeyondT { critical, leverage } => {
                let df = (self.blocks - 1) as f64;
                rejection_chance(effect * leverage, df, critical, self.alternative)
            }
            Rejection::BeyondRank { rank } => {
                let largest = self.blocks * (self.blocks + 1) / 2;
                let other_side = (self.alternative == Alternative::TwoSided).then(|| rank - 1);
                signed_rank::rejection_chance(self.blocks, effect, largest + 1 - rank, other_side)
            }
        }
    }
}

impl Rejection {
    fn beyond_t(blocks: usize, size: f64, alternative: Alternative, efficiency: f64) -> Self {
        Rejection::BeyondT {
            critical: critical_value(size, (blocks - 1) as f64, alternative),
            leverage: (blocks as f64 * efficiency).sqrt(),
        }
    }

    fn of_signed_rank(blocks: usize, alpha: f64, alternative: Alternative) -> Self {
        // One side is half of a two-sided test of twice the size.
        let sides = if alternative == Alternative::TwoSided {
            1.0
        } else {
            2.0
        };
        match SignedRankRegion::new(blocks, (sides * alpha).min(1.0 - f64::EPSILON)) {
            None => Rejection::Never,
            Some(region) if blocks <= EXACT_SIGNED_RANK_UP_TO => {
                Rejection::BeyondRank { rank: region.rank }
            }
            Some(region) => {
                let efficiency = 3.0 / std::f64::consts::PI;
                Rejection::beyond_t(blocks, region.size / sides, alternative, efficiency)
            }
        }
    }
}

fn critical_value(size: f64, df: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided => t_quantile(1.0 - size / 2.0, df),
        Alternative::Greater | Alternative::Less => t_quantile(1.0 - size, df),
    }
}

fn rejection_chance(noncentrality: f64, df: f64, critical: f64, alternative: Alternative) -> f64 {
    let right_side = noncentral_t_upper(critical, df, noncentrality);
    match alternative {
        Alternative::TwoSided => {
            (right_side + noncentral_t_upper(critical, df, -noncentrality)).min(1.0)
        }
        Alternative::Greater | Alternative::Less => right_side,
    }
}
