//! Paired comparisons: one value per block, usually the log ratio of a cell's trial to the control's trial
//! of the same block.
//!
//! [`estimate`] is the project's effect estimate. Where the fix for few blocks is a t interval it says so in
//! [`Estimate::method`]. Requests of one trial are not independent values and must never come in here.

use std::collections::BTreeMap;

use crate::distribution::{normal_quantile, normal_upper, t_cdf, t_quantile, t_upper};
use crate::error::{StatsError, check_probability, check_values};
use crate::estimate::{Alternative, Estimate, Method, Test, TestMethod};
use crate::ranks::{
    WalshAverages, critical_rank, doubled_midranks, signed_sum_distribution, tails,
};
use crate::summary::{deviation_of, mean_of};

/// Up to this many values null distributions are counted exactly; beyond it the normal approximation with
/// tie and continuity correction serves, whose error there is below 1e-3 in any p-value near 0.05.
pub const EXACT_UP_TO: usize = 200;

/// One difference per block in which both have a trial: the mean of the cell's trials of the block minus the mean of
/// the control's, in the order of the blocks. Each trial is (block, value), on the scale of the differences.
///
/// Where the control is measured twice in a block, both trials serve: the difference then has 1.5 and not 2 times the
/// variance of a trial, which is 13 % less standard error. What the two differ by between themselves, the A/A pair, is
/// independent of it.
pub fn block_differences(cell: &[(usize, f64)], control: &[(usize, f64)]) -> Vec<f64> {
    let control = by_block(control);
    let cell = by_block(cell);
    cell.into_iter()
        .filter_map(|(block, values)| Some(mean_of(&values) - mean_of(control.get(&block)?)))
        .collect()
}

/// The mean of each block's values, in the order of the blocks.
pub(crate) fn block_means(trials: &[(usize, f64)]) -> Vec<f64> {
    let blocks = by_block(trials).into_values();
    blocks.map(|values| mean_of(&values)).collect()
}

fn by_block(trials: &[(usize, f64)]) -> BTreeMap<usize, Vec<f64>> {
    let mut blocks: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for &(block, value) in trials {
        blocks.entry(block).or_default().push(value);
    }
    blocks
}

/// The typical value with its confidence interval: the Hodges-Lehmann median of Walsh averages with the exact
/// signed-rank interval (Hollander, Wolfe & Chicken 2014, §3.2-3.3) where one exists, else mean and t interval.
///
/// An exact interval exists where 2/2^n ≤ 1 − level: from 6 values at 0.95, 5 at 0.90, 8 at 0.99. Ties only
/// make it wider than it need be. In simulation it covers .952 under 10 % contamination, where a t interval is
/// wider and covers .973.
///
/// # Errors
/// [`StatsError::TooFew`] below two values, [`StatsError::NotFinite`], [`StatsError::OutOfRange`] for the level.
pub fn estimate(values: &[f64], level: f64) -> Result<Estimate, StatsError> {
    check_values("paired values", values, 2)?;
    check_probability("confidence level", level)?;
    let n = values.len();
    let Some((rank, attained_level, method)) = interval_rank(n, level) else {
        return Ok(t_interval(values, level));
    };
    let walsh = WalshAverages::new(values);
    let point = walsh.median();
    Ok(Estimate {
        point,
        low: walsh.kth(rank).min(point),
        high: walsh.kth(walsh.len() + 1 - rank).max(point),
        level,
        attained_level,
        method,
        n,
    })
}

/// Mean and Student's t interval, whatever the number of blocks.
///
/// # Errors
/// As [`estimate`].
pub fn t_estimate(values: &[f64], level: f64) -> Result<Estimate, StatsError> {
    check_values("paired values", values, 2)?;
    check_probability("confidence level", level)?;
    Ok(t_interval(values, level))
}

/// Wilcoxon's signed-rank test that the values are symmetric around zero. The statistic is the sum of the
/// ranks of positive values.
///
/// Ties share midranks; zeros take part in the ranking and are then set aside (Pratt 1959), so that blocks
/// without any difference weaken the evidence instead of vanishing. The p-value is exact given the ties, by
/// counting all sign patterns, up to [`EXACT_UP_TO`] values.
///
/// # Errors
/// [`StatsError::TooFew`] for no values, [`StatsError::NotFinite`].
pub fn signed_rank_test(values: &[f64], alternative: Alternative) -> Result<Test, StatsError> {
    check_values("paired values", values, 1)?;
    let outcome = SignedRankNull::new(values.len()).outcome(values);
    Ok(Test {
        statistic: outcome.doubled as f64 / 2.0,
        p_value: alternative.p_value(outcome.lower, outcome.upper),
        method: outcome.method,
        n: values.len(),
    })
}

/// Student's one-sample t test of the paired values against zero. The statistic is t.
///
/// Values that are all equal and not zero have no t; see [`TestMethod::SignsOnly`]. All zero gives p = 1
/// (0.5 in one-sided terms is rounded up to "no evidence").
///
/// # Errors
/// [`StatsError::TooFew`] below two values, [`StatsError::NotFinite`].
pub fn t_test(values: &[f64], alternative: Alternative) -> Result<Test, StatsError> {
    check_values("paired values", values, 2)?;
    let n = values.len();
    let mean = mean_of(values);
    let error = deviation_of(values) / (n as f64).sqrt();
    if error > 0.0 {
        let statistic = mean / error;
        let df = (n - 1) as f64;
        let p_value = alternative.p_value(t_cdf(statistic, df), t_upper(statistic, df));
        return Ok(Test {
            statistic,
            p_value,
            method: TestMethod::T,
            n,
        });
    }
    let agreeing = signs_only_p(n);
    let (statistic, p_value) = if mean == 0.0 {
        (0.0, 1.0)
    } else if mean > 0.0 {
        (f64::INFINITY, alternative.p_value(1.0, agreeing))
    } else {
        (f64::NEG_INFINITY, alternative.p_value(agreeing, 1.0))
    };
    Ok(Test {
        statistic,
        p_value,
        method: TestMethod::SignsOnly,
        n,
    })
}

/// One-sided p-value of `n` differences that all have one sign.
pub(crate) fn signs_only_p(n: usize) -> f64 {
    0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX))
}

/// Signed-rank tests of many samples of one size: the null distribution without ties is worked out once.
pub(crate) struct SignedRankNull {
    /// P(W ≤ w) and P(W ≥ w) for whole ranks 1..=n; empty where the normal approximation serves.
    untied: Vec<(f64, f64)>,
}

/// Both tails of a signed-rank test.
pub(crate) struct SignedRankOutcome {
    /// Twice the sum of the ranks of positive values.
    doubled: usize,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    method: TestMethod,
}

impl SignedRankNull {
    pub(crate) fn new(n: usize) -> Self {
        if n > EXACT_UP_TO {
            return SignedRankNull { untied: Vec::new() };
        }
        let distribution = signed_sum_distribution(1..=n);
        let untied = (0..distribution.len())
            .map(|sum| tails(&distribution, sum))
            .collect();
        SignedRankNull { untied }
    }

    /// Of values that have been checked, as many as [`SignedRankNull::new`] was told.
    pub(crate) fn outcome(&self, values: &[f64]) -> SignedRankOutcome {
        let magnitudes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        let ranks = doubled_midranks(&magnitudes);
        let present = || {
            values
                .iter()
                .zip(&ranks)
                .filter(|(value, _)| **value != 0.0)
        };
        let doubled = present()
            .filter(|(value, _)| **value > 0.0)
            .map(|(_, rank)| rank)
            .sum();
        if self.untied.is_empty() {
            let (lower, upper) =
                signed_rank_normal_tails(present().map(|(_, rank)| *rank), doubled);
            return SignedRankOutcome {
                doubled,
                lower,
                upper,
                method: TestMethod::Normal,
            };
        }
        // Without ties the squares of the ranks have their largest possible sum.
        let n = values.len();
        let squares: usize = present().map(|(_, rank)| rank * rank).sum();
        let (lower, upper) = if squares == 4 * (n * (n + 1) * (2 * n + 1) / 6) {
            self.untied[doubled / 2]
        } else {
            tails(
                &signed_sum_distribution(present().map(|(_, rank)| *rank)),
                doubled,
            )
        };
        SignedRankOutcome {
            doubled,
            lower,
            upper,
            method: TestMethod::Exact,
        }
    }
}

/// The rejection region of the two-sided signed-rank test at `alpha`: it rejects at W < rank, and as far from the
/// other end. `None` where it can never reject (n = 5 at 0.05).
pub(crate) struct SignedRankRegion {
    /// Rejects below this sum of ranks.
    pub(crate) rank: usize,
    /// The two-sided size that the test really has: the largest attainable at or below `alpha`.
    pub(crate) size: f64,
}

impl SignedRankRegion {
    pub(crate) fn new(n: usize, alpha: f64) -> Option<Self> {
        let (rank, attained, _) = interval_rank(n, 1.0 - alpha)?;
        Some(SignedRankRegion {
            rank,
            size: 1.0 - attained,
        })
    }
}

/// Which Walsh average, from either end, bounds the interval; `None` where no interval reaches the level.
fn interval_rank(n: usize, level: f64) -> Option<(usize, f64, Method)> {
    let tail = (1.0 - level) / 2.0;
    if n <= EXACT_UP_TO {
        let (rank, outside) = critical_rank(&signed_sum_distribution(1..=n), tail);
        return (rank > 0).then_some((rank, 1.0 - 2.0 * outside, Method::SignedRank));
    }
    let size = n as f64;
    let mean = size * (size + 1.0) / 4.0;
    let deviation = (size * (size + 1.0) * (2.0 * size + 1.0) / 24.0).sqrt();
    let rank = (mean + normal_quantile(tail) * deviation).floor();
    (rank >= 1.0).then_some((rank as usize, level, Method::SignedRankNormal))
}

fn t_interval(values: &[f64], level: f64) -> Estimate {
    let n = values.len();
    let point = mean_of(values);
    let error = deviation_of(values) / (n as f64).sqrt();
    let reach = t_quantile(0.5 + level / 2.0, (n - 1) as f64) * error;
    Estimate {
        point,
        low: point - reach,
        high: point + reach,
        level,
        attained_level: level,
        method: Method::PairedT,
        n,
    }
}

fn signed_rank_normal_tails(
    doubled_ranks: impl Iterator<Item = usize> + Clone,
    doubled: usize,
) -> (f64, f64) {
    // Sum of independent half-chance ranks r: mean Σr/2, variance Σr²/4, which is tie-corrected by itself.
    let mean: f64 = doubled_ranks.clone().map(|rank| rank as f64 / 4.0).sum();
    let variance: f64 = doubled_ranks.map(|rank| (rank as f64).powi(2) / 16.0).sum();
    if variance == 0.0 {
        return (1.0, 1.0);
    }
    let distance = doubled as f64 / 2.0 - mean;
    let deviation = variance.sqrt();
    (
        normal_upper((-distance - 0.5) / deviation),
        normal_upper((distance - 0.5) / deviation),
    )
}
