//! Whether a trial had settled while it was measured: a look at its sub-windows (one second each, usually).
//!
//! "No steady state" is a result that travels with the trial, never a reason to throw its value away (Barrett et al.,
//! OOPSLA 2017: fewer than half of VM/benchmark pairs reach a steady peak).

use crate::distribution::normal_upper;
use crate::error::{StatsError, check_not_negative, check_probability, check_values};
use crate::estimate::{Alternative, Test, TestMethod};
use crate::summary::median;
use crate::two_sample::mann_whitney_test;

/// Up to this many windows without ties the Mann-Kendall distribution is counted exactly.
const EXACT_UP_TO: usize = 50;

/// What counts as a trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteadyRule {
    /// Size of the tests. Neighbouring windows resemble each other, which makes the tests reject too often; the
    /// tolerance is what keeps small drifts from counting.
    pub alpha: f64,
    /// Relative drift that does not matter (0.02 for 2 %).
    pub tolerance: f64,
}

impl Default for SteadyRule {
    fn default() -> Self {
        SteadyRule {
            alpha: 0.01,
            tolerance: 0.02,
        }
    }
}

/// What the windows show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteadyState {
    /// False where a trend or a step between the halves is both significant and beyond the tolerance.
    pub steady: bool,
    /// Median of the second half ÷ median of the first, minus 1.
    pub halves_change: f64,
    /// Exact Mann-Whitney test of the halves.
    pub halves: Test,
    /// Theil-Sen slope times the number of steps, ÷ the median: drift over the whole measured window.
    pub drift: f64,
    /// Mann-Kendall test for a monotonic trend.
    pub trend: Test,
}

/// Judges the sub-windows of one trial, in time order. Values must have a positive median (rates, latencies).
///
/// # Errors
/// [`StatsError::TooFew`] below 6 windows, [`StatsError::NotFinite`], [`StatsError::NoFit`] where medians are not
/// above zero, [`StatsError::OutOfRange`] for the rule.
pub fn steady_state(windows: &[f64], rule: SteadyRule) -> Result<SteadyState, StatsError> {
    check_values("sub-windows", windows, 6)?;
    check_probability("alpha", rule.alpha)?;
    check_not_negative("tolerance", rule.tolerance)?;
    let (first, second) = windows.split_at(windows.len() / 2);
    let positive_median = |values: &[f64]| {
        median(values)
            .filter(|median| *median > 0.0)
            .ok_or(StatsError::NoFit {
                what: "steady-state check",
                reason: "a median of the sub-windows is not above zero; use longer windows",
            })
    };
    let halves_change = positive_median(second)? / positive_median(first)? - 1.0;
    let halves = mann_whitney_test(second, first, Alternative::TwoSided)?;
    let steps = (windows.len() - 1) as f64;
    let drift = theil_sen(windows)? * steps / positive_median(windows)?;
    let trend = mann_kendall_test(windows, Alternative::TwoSided)?;
    let moves =
        |test: &Test, change: f64| test.p_value <= rule.alpha && change.abs() > rule.tolerance;
    Ok(SteadyState {
        steady: !moves(&halves, halves_change) && !moves(&trend, drift),
        halves_change,
        halves,
        drift,
        trend,
    })
}

/// The median of the slopes between all pairs of values at equal steps (Theil 1950, Sen 1968): change per step, deaf to
/// single outliers. Takes time and memory with the square of the length.
///
/// # Errors
/// [`StatsError::TooFew`] below two values, [`StatsError::NotFinite`].
pub fn theil_sen(values: &[f64]) -> Result<f64, StatsError> {
    check_values("series", values, 2)?;
    let mut slopes: Vec<f64> = (1..values.len())
        .flat_map(|later| {
            (0..later)
                .map(move |earlier| (values[later] - values[earlier]) / (later - earlier) as f64)
        })
        .collect();
    let upper = slopes.len() / 2;
    let odd = slopes.len() % 2 == 1;
    let (below, middle, _) = slopes.select_nth_unstable_by(upper, f64::total_cmp);
    if odd {
        return Ok(*middle);
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ok(lower.midpoint(*middle))
}

/// The Mann-Kendall test for a monotonic trend. The statistic is S: rising pairs minus falling pairs.
///
/// Exact up to 50 values without ties, else the normal approximation with tie and continuity correction (Kendall 1975).
///
/// # Errors
/// [`StatsError::TooFew`] below two values, [`StatsError::NotFinite`].
pub fn mann_kendall_test(values: &[f64], alternative: Alternative) -> Result<Test, StatsError> {
    check_values("series", values, 2)?;
    let n = values.len();
    let (mut rising, mut falling) = (0_usize, 0_usize);
    for later in 1..n {
        for earlier in 0..later {
            rising += usize::from(values[later] > values[earlier]);
            falling += usize::from(values[later] < values[earlier]);
        }
    }
    let statistic = rising as f64 - falling as f64;
    let untied = rising + falling == n * (n - 1) / 2;
    let (lower, upper, method) = if untied && n <= EXACT_UP_TO {
        let (lower, upper) = crate::ranks::tails(&inversion_distribution(n), rising);
        (lower, upper, TestMethod::Exact)
    } else {
        let (lower, upper) = kendall_normal_tails(values, statistic);
        (lower, upper, TestMethod::Normal)
    };
    Ok(Test {
        statistic,
        p_value: alternative.p_value(lower, upper),
        method,
        n,
    })
}

/// P(number of rising pairs = r) over all orders of n different values.
fn inversion_distribution(n: usize) -> Vec<f64> {
    let mut chance = vec![1.0];
    for size in 2..=n {
        // The new largest value rises over any number 0..size of the others, each equally likely.
        let mut next = vec![0.0; chance.len() + size - 1];
        for (pairs, probability) in chance.iter().enumerate() {
            for target in &mut next[pairs..pairs + size] {
                *target += probability / size as f64;
            }
        }
        chance = next;
    }
    chance
}

fn kendall_normal_tails(values: &[f64], statistic: f64) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let spread = |size: f64| size * (size - 1.0) * (2.0 * size + 5.0);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|tied| spread(tied.len() as f64))
        .sum();
    let variance = (spread(values.len() as f64) - ties) / 18.0;
    if variance <= 0.0 {
        return (1.0, 1.0);
    }
    let deviation = variance.sqrt();
    (
        normal_upper((-statistic - 1.0) / deviation),
        normal_upper((statistic - 1.0) / deviation),
    )
}
