//! What an experiment can find: power, minimum detectable effect, blocks needed.
//!
//! Effects are in units of the standard deviation of **one block's difference** (a log ratio of two trials). A
//! 2 % run-to-run deviation per trial makes 2 % x √2 = 2.8 % per paired difference. Multiply
//! [`minimum_detectable`] by that deviation for an effect in log units. It depends on the design alone, so a table
//! of 1,000 cells needs it once.

use crate::distribution::{noncentral_t_upper, t_quantile};
use crate::error::{StatsError, check_not_negative, check_probability};
use crate::estimate::Alternative;
use crate::paired::attained_signed_rank_size;

/// Which test will judge the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairedTest {
    /// Student's t on the differences: exact power by the noncentral t distribution.
    T,
    /// Exact signed-rank, what [`crate::paired::estimate`] uses from 6 blocks.
    ///
    /// Its power is that of a t test of the size that the discrete test really has, with the effect reduced by
    /// √(3/π), from its efficiency 3/π against t for normal data (Lehmann 1975, §4.3). `examples/coverage.rs`
    /// holds this against simulation.
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
        let test = if attained_signed_rank_size(blocks, alpha) > 0.0 {
            PairedTest::SignedRank
        } else {
            PairedTest::T
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
    if resolved.size == 0.0 {
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
    while high - low > 1e-7 * high {
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
    size: f64,
    df: f64,
    critical: f64,
    /// Noncentrality per unit of effect.
    leverage: f64,
    alternative: Alternative,
}

impl ResolvedDesign {
    fn new(design: &PairedDesign) -> Result<Self, StatsError> {
        check_probability("alpha", design.alpha)?;
        if design.blocks < 2 {
            return Err(StatsError::TooFew {
                what: "blocks",
                needed: 2,
                got: design.blocks,
            });
        }
        let root = (design.blocks as f64).sqrt();
        let (size, leverage) = match design.test {
            PairedTest::T => (design.alpha, root),
            PairedTest::SignedRank => {
                let efficiency = (3.0 / std::f64::consts::PI).sqrt();
                (signed_rank_size(design), root * efficiency)
            }
        };
        let df = (design.blocks - 1) as f64;
        let critical = if size > 0.0 {
            critical_value(size, df, design.alternative)
        } else {
            f64::INFINITY
        };
        Ok(ResolvedDesign {
            size,
            df,
            critical,
            leverage,
            alternative: design.alternative,
        })
    }

    fn power(&self, effect: f64) -> f64 {
        if self.size == 0.0 {
            return 0.0;
        }
        rejection_chance(
            effect * self.leverage,
            self.df,
            self.critical,
            self.alternative,
        )
    }
}

fn signed_rank_size(design: &PairedDesign) -> f64 {
    match design.alternative {
        Alternative::TwoSided => attained_signed_rank_size(design.blocks, design.alpha),
        // One tail of a two-sided test of twice the size.
        Alternative::Greater | Alternative::Less if design.alpha < 0.5 => {
            attained_signed_rank_size(design.blocks, 2.0 * design.alpha) / 2.0
        }
        Alternative::Greater | Alternative::Less => design.alpha,
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
