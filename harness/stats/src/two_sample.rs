//! Two independent samples: runs that share no block, one number per trial on each side.
//!
//! Weaker than [`crate::paired`], which should be used wherever trials were measured in the same blocks.
//! Written here because statrs' exact Mann-Whitney path is wrong for n1 ≤ n2.

use crate::distribution::{normal_quantile, normal_upper, t_cdf, t_quantile, t_upper};
use crate::error::{StatsError, check_probability, check_values};
use crate::estimate::{Alternative, Estimate, Method, Test, TestMethod};
use crate::ranks::{
    PairDifferences, chosen_sum_distribution, critical_rank, doubled_midranks, tails,
};
use crate::summary::{deviation_of, mean_of};

/// Up to this many values in both samples together null distributions are counted exactly.
pub const EXACT_UP_TO: usize = 60;

/// The Mann-Whitney-Wilcoxon test that both samples come from one distribution. The statistic is U of the first
/// sample: pairs in which it is larger, ties counted half.
///
/// Exact given the ties (the permutation distribution of the midrank sum) up to [`EXACT_UP_TO`] values in all;
/// beyond that the normal approximation with tie and continuity correction.
///
/// # Errors
/// [`StatsError::TooFew`] for an empty sample, [`StatsError::NotFinite`].
pub fn mann_whitney_test(
    first: &[f64],
    second: &[f64],
    alternative: Alternative,
) -> Result<Test, StatsError> {
    check_values("first sample", first, 1)?;
    check_values("second sample", second, 1)?;
    let all: Vec<f64> = first.iter().chain(second).copied().collect();
    let ranks = doubled_midranks(&all);
    let doubled: usize = ranks[..first.len()].iter().sum();
    let (lower, upper, method) = if all.len() <= EXACT_UP_TO {
        let distribution = chosen_sum_distribution(&ranks, first.len());
        let (lower, upper) = tails(&distribution, doubled);
        (lower, upper, TestMethod::Exact)
    } else {
        let (lower, upper) = normal_tails(&ranks, first.len(), doubled);
        (lower, upper, TestMethod::Normal)
    };
    let n1 = first.len() as f64;
    Ok(Test {
        statistic: doubled as f64 / 2.0 - n1 * (n1 + 1.0) / 2.0,
        p_value: alternative.p_value(lower, upper),
        method,
        n: all.len(),
    })
}

/// How far the first sample lies above the second: the Hodges-Lehmann median of all pairwise differences with
/// the exact Mann-Whitney interval (Hollander, Wolfe & Chicken 2014, §4.2-4.3), or the difference of means with
/// Welch's t interval where too few values let no rank interval exist (below 4 + 4 at 0.95).
///
/// # Errors
/// [`StatsError::TooFew`] below two values on a side, [`StatsError::NotFinite`], [`StatsError::OutOfRange`].
pub fn shift(first: &[f64], second: &[f64], level: f64) -> Result<Estimate, StatsError> {
    check_values("first sample", first, 2)?;
    check_values("second sample", second, 2)?;
    check_probability("confidence level", level)?;
    let Some((rank, attained_level, method)) = interval_rank(first.len(), second.len(), level)
    else {
        return Ok(welch_interval(first, second, level));
    };
    let differences = PairDifferences::new(first, second);
    let point = differences.median();
    Ok(Estimate {
        point,
        low: differences.kth(rank).min(point),
        high: differences.kth(differences.len() + 1 - rank).max(point),
        level,
        attained_level,
        method,
        n: first.len() + second.len(),
    })
}

/// Welch's t test that both samples have one mean, whatever their variances. The statistic is t, positive where the
/// first lies higher.
///
/// Where neither sample varies there is no t: equal samples give p = 1, different ones the exact permutation
/// probability of so clean a split, 1 / C(n1+n2, n1) one-sided, marked [`TestMethod::SignsOnly`].
///
/// # Errors
/// [`StatsError::TooFew`] below two values on a side, [`StatsError::NotFinite`].
pub fn welch_test(
    first: &[f64],
    second: &[f64],
    alternative: Alternative,
) -> Result<Test, StatsError> {
    check_values("first sample", first, 2)?;
    check_values("second sample", second, 2)?;
    let n = first.len() + second.len();
    let difference = mean_of(first) - mean_of(second);
    let Welch { error, df } = Welch::of(first, second);
    if error > 0.0 {
        let statistic = difference / error;
        let p_value = alternative.p_value(t_cdf(statistic, df), t_upper(statistic, df));
        return Ok(Test {
            statistic,
            p_value,
            method: TestMethod::T,
            n,
        });
    }
    let cleanest: f64 = (1..=first.len())
        .map(|i| i as f64 / (second.len() + i) as f64)
        .product();
    let (statistic, p_value) = if difference == 0.0 {
        (0.0, 1.0)
    } else if difference > 0.0 {
        (f64::INFINITY, alternative.p_value(1.0, cleanest))
    } else {
        (f64::NEG_INFINITY, alternative.p_value(cleanest, 1.0))
    };
    Ok(Test {
        statistic,
        p_value,
        method: TestMethod::SignsOnly,
        n,
    })
}

/// Standard error of a difference of means, with Welch-Satterthwaite degrees of freedom (Welch 1947); error 0
/// where neither sample varies.
struct Welch {
    error: f64,
    df: f64,
}

impl Welch {
    fn of(first: &[f64], second: &[f64]) -> Self {
        let squared_error = |sample: &[f64]| deviation_of(sample).powi(2) / sample.len() as f64;
        let (e1, e2) = (squared_error(first), squared_error(second));
        if e1 + e2 == 0.0 {
            return Welch {
                error: 0.0,
                df: f64::INFINITY,
            };
        }
        // By shares, since the squares of tiny errors would underflow.
        let share = e1 / (e1 + e2);
        let df = 1.0
            / (share.powi(2) / (first.len() - 1) as f64
                + (1.0 - share).powi(2) / (second.len() - 1) as f64);
        Welch {
            error: (e1 + e2).sqrt(),
            df,
        }
    }
}

fn interval_rank(n1: usize, n2: usize, level: f64) -> Option<(usize, f64, Method)> {
    let tail = (1.0 - level) / 2.0;
    if n1 + n2 <= EXACT_UP_TO {
        let ranks: Vec<usize> = (1..=n1 + n2).collect();
        let sums = chosen_sum_distribution(&ranks, n1);
        // U is the rank sum less its least value.
        let (rank, outside) = critical_rank(&sums[n1 * (n1 + 1) / 2..], tail);
        return (rank > 0).then_some((rank, 1.0 - 2.0 * outside, Method::MannWhitney));
    }
    let (n1, n2) = (n1 as f64, n2 as f64);
    let deviation = (n1 * n2 * (n1 + n2 + 1.0) / 12.0).sqrt();
    let rank = (n1 * n2 / 2.0 + normal_quantile(tail) * deviation).floor();
    (rank >= 1.0).then_some((rank as usize, level, Method::MannWhitneyNormal))
}

fn welch_interval(first: &[f64], second: &[f64], level: f64) -> Estimate {
    let point = mean_of(first) - mean_of(second);
    let Welch { error, df } = Welch::of(first, second);
    let reach = if error > 0.0 {
        t_quantile(0.5 + level / 2.0, df) * error
    } else {
        0.0
    };
    Estimate {
        point,
        low: point - reach,
        high: point + reach,
        level,
        attained_level: level,
        method: Method::WelchT,
        n: first.len() + second.len(),
    }
}

fn normal_tails(ranks: &[usize], n1: usize, doubled: usize) -> (f64, f64) {
    // Sampling n1 of N ranks without replacement: variance n1·n2/N times the ranks' own variance, which is
    // tie-corrected by itself.
    let all: Vec<f64> = ranks.iter().map(|rank| *rank as f64 / 2.0).collect();
    let (n1, total) = (n1 as f64, ranks.len() as f64);
    let deviation = (n1 * (total - n1) / total).sqrt() * deviation_of(&all);
    if deviation == 0.0 {
        return (1.0, 1.0);
    }
    let distance = doubled as f64 / 2.0 - n1 * (total + 1.0) / 2.0;
    (
        normal_upper((-distance - 0.5) / deviation),
        normal_upper((distance - 0.5) / deviation),
    )
}
