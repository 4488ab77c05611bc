//! How often something happened out of how many times: exact binomial tails and bounds, and two shares compared with
//! each other.

use statrs::function::gamma::ln_gamma;

use crate::error::{StatsError, check_probability};

/// P(X ≥ `count`) of `runs` independent runs of which each shows it with probability `share`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless 0 < share < 1.
pub fn at_least(count: usize, runs: usize, share: f64) -> Result<f64, StatsError> {
    check_probability("share", share)?;
    Ok(upper_tail(count, runs, share))
}

/// P(X ≤ `count`) of the same.
///
/// # Errors
/// As [`at_least`].
pub fn at_most(count: usize, runs: usize, share: f64) -> Result<f64, StatsError> {
    check_probability("share", share)?;
    Ok(upper_tail(runs.saturating_sub(count), runs, 1.0 - share))
}

/// The largest share that `count` of `runs` still agrees with at this one-sided confidence (Clopper & Pearson,
/// Biometrika 26, 1934); 1 where every run showed it.
///
/// # Errors
/// [`StatsError::OutOfRange`] for the confidence.
pub fn upper_bound(count: usize, runs: usize, confidence: f64) -> Result<f64, StatsError> {
    check_probability("confidence", confidence)?;
    if count >= runs {
        return Ok(1.0);
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if upper_tail(runs - count, runs, 1.0 - middle) > 1.0 - confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(high)
}

/// How often something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// So often,
    pub hits: usize,
    /// out of so many.
    pub runs: usize,
}

/// Fisher's exact test that it happens more often in the first sample than in the second: P(as many hits of the first or
/// more | the total of hits), one-sided (Fisher 1935). One crash in ten trials against none has p = 0.5.
///
/// # Errors
/// [`StatsError::OutOfRange`] where more happened than was tried.
pub fn fisher_more_often(first: Count, second: Count) -> Result<f64, StatsError> {
    for Count { hits, runs } in [first, second] {
        if hits > runs {
            return Err(StatsError::OutOfRange {
                what: "hits",
                value: hits as f64,
                expected: "no more than there were runs",
            });
        }
    }
    let hits = first.hits + second.hits;
    let ways = |own: usize| {
        ln_choose(first.runs, own) + ln_choose(second.runs, hits - own)
            - ln_choose(first.runs + second.runs, hits)
    };
    let tail = (first.hits..=hits.min(first.runs)).map(|own| ways(own).exp());
    Ok(tail.sum::<f64>().min(1.0))
}

/// ln of "n choose k"; minus infinity where k is more than n.
fn ln_choose(n: usize, k: usize) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    let ln_factorial = |n: usize| ln_gamma(n as f64 + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Summed term by term in logarithms, so that many runs underflow nowhere that matters.
fn upper_tail(count: usize, runs: usize, share: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if share <= 0.0 {
        return 0.0;
    }
    let odds = share.ln() - (1.0 - share).ln();
    let mut ln_term = runs as f64 * (1.0 - share).ln();
    let mut sum = 0.0;
    for hits in 0..=runs {
        if hits >= count {
            sum += ln_term.exp();
        }
        ln_term += ((runs - hits) as f64 / (hits + 1) as f64).ln() + odds;
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_of_fair_coins() {
        assert!((at_least(8, 10, 0.5).unwrap() - 56.0 / 1024.0).abs() < 1e-12);
        assert!((at_most(2, 10, 0.5).unwrap() - 56.0 / 1024.0).abs() < 1e-12);
        assert_eq!(at_least(0, 10, 0.3).unwrap(), 1.0);
        assert!((at_most(10, 10, 0.3).unwrap() - 1.0).abs() < 1e-12);
        assert!(at_least(1, 10, 0.0).is_err());
    }

    #[test]
    fn bounds_are_those_of_the_tables() {
        // Of none in n: 1 − 0.05^(1/n). One of ten: 39.4 % (Clopper & Pearson's chart, one-sided 95 %).
        let none = upper_bound(0, 20, 0.95).unwrap();
        assert!((none - (1.0 - 0.05_f64.powf(0.05))).abs() < 1e-12);
        assert!((upper_bound(1, 10, 0.95).unwrap() - 0.394_163).abs() < 1e-5);
        assert_eq!(upper_bound(5, 5, 0.95).unwrap(), 1.0);
    }
}
