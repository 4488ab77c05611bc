//! From an interval to a decision: margins, the three-way verdict, the noise floor, and how many more blocks an
//! undecided comparison needs.
//!
//! An upgrade check asks for "no worse", not for "p > 0.05", so that little data can never pass for good news.

use crate::distribution::t_quantile;
use crate::error::{StatsError, check_not_negative, check_probability, check_values};
use crate::estimate::{Alternative, Estimate, Method};
use crate::paired;
use crate::power::{PairedDesign, PairedTest, blocks_needed};
use crate::summary::deviation_of;

/// Which way an objective is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Throughput.
    HigherIsBetter,
    /// Latency, memory, GC cycles.
    LowerIsBetter,
}

/// The change of an objective that somebody would act on, on the scale of the differences: log ratios for a relative
/// margin, the objective's own unit for an absolute one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    direction: Direction,
    /// Distance from zero at which a difference is too bad.
    worse: f64,
    /// Distance from zero at which a difference is a gain.
    better: f64,
}

impl Margin {
    /// From a share such as 0.03 for 3 %: QPS is worse below a ratio of 0.97 and better above 1.03, P99 the other way
    /// round.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0 ≤ share < 1.
    pub fn from_share(direction: Direction, share: f64) -> Result<Self, StatsError> {
        if !(0.0..1.0).contains(&share) {
            return Err(StatsError::OutOfRange {
                what: "margin",
                value: share,
                expected: "a share from 0 up to but not including 1 (3 % is 0.03)",
            });
        }
        let (down, up) = (-(-share).ln_1p(), share.ln_1p());
        Ok(match direction {
            Direction::HigherIsBetter => Margin {
                direction,
                worse: down,
                better: up,
            },
            Direction::LowerIsBetter => Margin {
                direction,
                worse: up,
                better: down,
            },
        })
    }

    /// From a plain difference in the objective's own unit, for values that have no ratio (an error rate, a GC share
    /// near zero): worse and better are equally far.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] below zero, [`StatsError::NotFinite`].
    pub fn from_difference(direction: Direction, difference: f64) -> Result<Self, StatsError> {
        check_not_negative("margin", difference)?;
        Ok(Margin {
            direction,
            worse: difference,
            better: difference,
        })
    }

    /// The same margin, not below the noise floor of the machine: no side is nearer to zero than `floor`.
    pub fn at_least(self, floor: &NoiseFloor) -> Self {
        Margin {
            worse: self.worse.max(floor.reach),
            better: self.better.max(floor.reach),
            ..self
        }
    }

    /// The difference at and beyond which a change is a regression, with its sign.
    pub fn worst(&self) -> f64 {
        match self.direction {
            Direction::HigherIsBetter => -self.worse,
            Direction::LowerIsBetter => self.worse,
        }
    }

    /// The difference at and beyond which a change is an improvement, with its sign.
    pub fn best(&self) -> f64 {
        match self.direction {
            Direction::HigherIsBetter => self.better,
            Direction::LowerIsBetter => -self.better,
        }
    }

    /// Turned so that higher is better.
    fn goodness(&self, estimate: &Estimate) -> Estimate {
        match self.direction {
            Direction::HigherIsBetter => *estimate,
            Direction::LowerIsBetter => estimate.negated(),
        }
    }
}

/// What an interval says about a margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarginVerdict {
    /// The interval lies wholly beyond the margin on the bad side.
    Regressed,
    /// The interval lies wholly on the good side of the bad margin.
    NoWorse,
    /// The interval lies wholly beyond the margin on the good side.
    Improved,
    /// The interval straddles the bad margin.
    Inconclusive,
}

impl MarginVerdict {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            MarginVerdict::Regressed => "REGRESSED",
            MarginVerdict::NoWorse => "NO WORSE",
            MarginVerdict::Improved => "IMPROVED",
            MarginVerdict::Inconclusive => "INCONCLUSIVE",
        }
    }
}

/// The verdict on the interval of a difference, cell against control, on the scale of the margin.
pub fn judge(difference: &Estimate, margin: &Margin) -> MarginVerdict {
    let goodness = margin.goodness(difference);
    if goodness.high < -margin.worse {
        MarginVerdict::Regressed
    } else if goodness.low > margin.better {
        MarginVerdict::Improved
    } else if goodness.low > -margin.worse {
        MarginVerdict::NoWorse
    } else {
        MarginVerdict::Inconclusive
    }
}

/// How many more blocks would, with the given chance, bring an INCONCLUSIVE to REGRESSED or NO WORSE, if effect and
/// noise are what they look like now. Some(0) where it is decided already; `None` where even `at_most` blocks in all
/// would not do: the effect lies on the margin itself, and a different margin or less noise is the fix.
///
/// # Errors
/// [`StatsError::TooFew`] below two differences, [`StatsError::NotFinite`], [`StatsError::OutOfRange`].
pub fn more_blocks_to_decide(
    differences: &[f64],
    margin: &Margin,
    level: f64,
    chance: f64,
    at_most: usize,
) -> Result<Option<usize>, StatsError> {
    check_probability("chance", chance)?;
    let estimate = paired::estimate(differences, level)?;
    if judge(&estimate, margin) != MarginVerdict::Inconclusive {
        return Ok(Some(0));
    }
    // The interval must clear the bad margin on the side where the estimate lies: a one-sided test of the distance
    // to that margin, of half the interval's size.
    let distance = (margin.goodness(&estimate).point + margin.worse).abs();
    let deviation = deviation_of(differences);
    if deviation == 0.0 {
        return Ok((distance > 0.0).then_some(1));
    }
    let test = match estimate.method {
        Method::PairedT => PairedTest::T,
        _ => PairedTest::SignedRank,
    };
    let design = PairedDesign {
        blocks: differences.len(),
        alpha: (1.0 - level) / 2.0,
        alternative: Alternative::Greater,
        test,
    };
    let needed = blocks_needed(&design, distance / deviation, chance, at_most)?;
    Ok(needed.map(|blocks| blocks.saturating_sub(differences.len()).max(1)))
}

/// What identical cells show as a difference: an estimate over blocks that is no larger than this proves nothing.
///
/// It is the far end of the duplicated control's own interval, so it answers the question that a claim asks: how large
/// may an *estimate over these n blocks* be where there is nothing to see? It shrinks with 1/√n while the A/A pair
/// scatters about zero, as the interval of any other cell does, and it stays where the pair differs in truth. The
/// 95th percentile of single pairs, which is often quoted, is a figure of one block: compared with an estimate over
/// ten it hides effects of three standard errors (`tests/promises` compares both).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseFloor {
    /// The larger distance from zero of the interval's two ends, on the scale of the differences.
    pub reach: f64,
    /// The duplicate against the control.
    pub estimate: Estimate,
}

/// The noise floor from the differences of duplicated controls, one per block; `level` is that of the intervals that
/// it is compared with.
///
/// # Errors
/// [`StatsError::TooFew`] below two differences, [`StatsError::NotFinite`], [`StatsError::OutOfRange`].
pub fn noise_floor(duplicate_differences: &[f64], level: f64) -> Result<NoiseFloor, StatsError> {
    let estimate = paired::estimate(duplicate_differences, level)?;
    Ok(NoiseFloor {
        reach: estimate.low.abs().max(estimate.high.abs()),
        estimate,
    })
}

/// When to stop adding blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRule {
    /// Half-width of the interval to reach, on the log scale (0.01 for about ±1 %).
    pub half_width: f64,
    /// The interval's level.
    pub level: f64,
    /// Never stop before; 6 is the project's floor.
    pub min_blocks: usize,
    /// Never go on beyond.
    pub max_blocks: usize,
}

/// The level at which intervals must be judged *and* reported where [`precision_step`] decided on the number of blocks, so
/// that they cover with `level`. Stopping as soon as an interval is narrow prefers runs whose noise happens to look
/// small: intervals of 95 % then cover 92.7 % where about 20 blocks are needed. Those of 97 % cover 95.
///
/// # Errors
/// [`StatsError::OutOfRange`].
pub fn level_after_stopping(level: f64) -> Result<f64, StatsError> {
    check_probability("confidence level", level)?;
    Ok(1.0 - 0.6 * (1.0 - level))
}

/// What the rule says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrecisionStep {
    /// Precise enough.
    Reached,
    /// Not precise enough, and no more blocks are allowed.
    Exhausted,
    /// Go on; about so many blocks in all should do, if noise stays as it is.
    Continue {
        /// Expected total, at most the rule's `max_blocks`.
        expected_blocks: usize,
    },
}

/// Whether the interval of these paired values is precise enough to stop.
///
/// It looks at the width only, never at the effect: looking for p < 0.05 after every block from 5 to 15 gives 16 %
/// false positives, a half-width rule keeps coverage at .93-.945; see [`level_after_stopping`].
///
/// # Errors
/// [`StatsError::NotFinite`], [`StatsError::OutOfRange`]. Fewer than two values simply continue.
pub fn precision_step(values: &[f64], rule: &PrecisionRule) -> Result<PrecisionStep, StatsError> {
    check_values("paired values", values, 0)?;
    check_probability("confidence level", rule.level)?;
    if rule.half_width.is_nan() || rule.half_width <= 0.0 {
        return Err(StatsError::OutOfRange {
            what: "half-width",
            value: rule.half_width,
            expected: "above zero",
        });
    }
    let n = values.len();
    if n >= rule.min_blocks.max(2)
        && paired::estimate(values, rule.level)?.half_width() <= rule.half_width
    {
        return Ok(PrecisionStep::Reached);
    }
    if n >= rule.max_blocks {
        return Ok(PrecisionStep::Exhausted);
    }
    let deviation = if n < 2 {
        f64::INFINITY
    } else {
        deviation_of(values)
    };
    let expected_blocks = (n + 1..rule.max_blocks)
        .find(|&blocks| {
            let t = t_quantile(0.5 + rule.level / 2.0, (blocks.max(2) - 1) as f64);
            blocks >= rule.min_blocks && t * deviation / (blocks as f64).sqrt() <= rule.half_width
        })
        .unwrap_or(rule.max_blocks);
    Ok(PrecisionStep::Continue { expected_blocks })
}
