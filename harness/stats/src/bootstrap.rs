//! Bootstrap intervals for anything that can be computed from a set of blocks.
//!
//! Whole blocks are drawn with replacement, never single trials: what a block has in common (the machine's state in
//! that hour) stays together. With fewer than about 10 blocks any bootstrap interval is too narrow (see the coverage
//! table); prefer [`crate::paired::estimate`] where it answers the question.

use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::{StatsError, check_probability};
use crate::estimate::{Estimate, Method};
use crate::random::{Random, Resampling};
use crate::summary::quantile;

/// The largest share of resamples in which the statistic may be undefined (NaN or infinite).
const UNDEFINED_SHARE: f64 = 0.01;

/// The statistic of all blocks with its bias-corrected and accelerated interval (BCa; Efron 1987).
///
/// `statistic` gets block indices in 0..blocks, repeats included. Where BCa is not defined (all resamples on one side
/// of the estimate, or a jackknife without variation) the percentile interval stands in, and [`Estimate::method`]
/// says so.
///
/// # Errors
/// [`StatsError::TooFew`] below two blocks or 100 draws, [`StatsError::OutOfRange`] for the level,
/// [`StatsError::NoFit`] where the statistic is undefined on all blocks, on a jackknife set or in more than 1 % of
/// resamples.
pub fn over_blocks(
    blocks: usize,
    level: f64,
    resampling: Resampling,
    mut statistic: impl FnMut(&[usize]) -> f64,
) -> Result<Estimate, StatsError> {
    check_probability("confidence level", level)?;
    for (what, needed, got) in [
        ("blocks", 2, blocks),
        ("bootstrap draws", 100, resampling.draws),
    ] {
        if got < needed {
            return Err(StatsError::TooFew { what, needed, got });
        }
    }
    let everything: Vec<usize> = (0..blocks).collect();
    let point = defined(statistic(&everything))?;
    let drawn = draw(blocks, resampling, &mut statistic)?;
    let tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0];
    let corrected = match (bias(&drawn, point), acceleration(blocks, &mut statistic)?) {
        (Some(bias), Some(acceleration)) => tails
            .map(|tail| corrected_tail(tail, bias, acceleration))
            .into_iter()
            .collect(),
        _ => None::<Vec<f64>>,
    };
    let (method, tails) = match corrected {
        Some(tails) => (Method::BootstrapBca, [tails[0], tails[1]]),
        None => (Method::BootstrapPercentile, tails),
    };
    let [low, high] = tails.map(|tail| quantile(&drawn, tail).unwrap_or(point));
    Ok(Estimate {
        point,
        low: low.min(point),
        high: high.max(point),
        level,
        attained_level: level,
        method,
        n: blocks,
    })
}

fn draw(
    blocks: usize,
    resampling: Resampling,
    statistic: &mut impl FnMut(&[usize]) -> f64,
) -> Result<Vec<f64>, StatsError> {
    let mut random = Random::new(resampling.seed);
    let mut chosen = vec![0; blocks];
    let mut drawn = Vec::with_capacity(resampling.draws);
    for _ in 0..resampling.draws {
        chosen.fill_with(|| random.below(blocks));
        let value = statistic(&chosen);
        if value.is_finite() {
            drawn.push(value);
        }
    }
    let undefined = resampling.draws - drawn.len();
    if undefined as f64 > UNDEFINED_SHARE * resampling.draws as f64 {
        return Err(UNDEFINED);
    }
    Ok(drawn)
}

/// z0: how far the estimate lies from the median of the resamples; ties count half. `None` where it has no bound.
fn bias(drawn: &[f64], point: f64) -> Option<f64> {
    let below = drawn.iter().filter(|value| **value < point).count() as f64;
    let equal = drawn.iter().filter(|value| **value == point).count() as f64;
    let share = (below + equal / 2.0) / drawn.len() as f64;
    (share > 0.0 && share < 1.0).then(|| normal_quantile(share))
}

/// From the skewness of the jackknife. `None` where leaving out a block never changes anything.
fn acceleration(
    blocks: usize,
    statistic: &mut impl FnMut(&[usize]) -> f64,
) -> Result<Option<f64>, StatsError> {
    let without: Vec<f64> = (0..blocks)
        .map(|left_out| {
            let kept: Vec<usize> = (0..blocks).filter(|block| *block != left_out).collect();
            defined(statistic(&kept))
        })
        .collect::<Result<_, _>>()?;
    let mean = crate::summary::mean_of(&without);
    let squares: f64 = without.iter().map(|value| (mean - value).powi(2)).sum();
    let cubes: f64 = without.iter().map(|value| (mean - value).powi(3)).sum();
    let largest = without
        .iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    if squares.sqrt() <= 8.0 * f64::EPSILON * largest {
        return Ok(None);
    }
    Ok(Some(cubes / (6.0 * squares.powf(1.5))))
}

/// The percentile to read instead of `tail`; `None` past the pole of the correction.
fn corrected_tail(tail: f64, bias: f64, acceleration: f64) -> Option<f64> {
    let shifted = bias + normal_quantile(tail);
    let slope = 1.0 - acceleration * shifted;
    (slope > 0.0).then(|| normal_cdf(bias + shifted / slope))
}

const UNDEFINED: StatsError = StatsError::NoFit {
    what: "bootstrap",
    reason: "the statistic is undefined on many sets of blocks; measure more blocks",
};

fn defined(value: f64) -> Result<f64, StatsError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(UNDEFINED)
    }
}
