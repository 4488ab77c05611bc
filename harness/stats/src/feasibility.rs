//! Constraints as probabilities: how likely a cell's typical value meets a limit.
//!
//! A hard cut on one noisy P99 throws the true best away; a probability with a margin does not.

use crate::distribution::t_cdf;
use crate::error::{StatsError, check_not_negative, check_values};
use crate::summary::{deviation_of, mean_of};

/// A limit on an objective, on the scale of the values (take logs of both, or of neither).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Latency, error rate, memory.
    AtMost(f64),
    /// Throughput.
    AtLeast(f64),
}

/// Noise known from elsewhere, usually [`crate::additive::AdditiveFit`]'s residual: lets one trial speak too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownNoise {
    /// Standard deviation of one trial.
    pub deviation: f64,
    /// Its degrees of freedom.
    pub df: usize,
}

/// How a cell stands to a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feasibility {
    /// Probability that the cell's mean meets the limit. 0.9 and above counts as feasible.
    pub probability: f64,
    /// Distance of its mean from the limit; positive inside.
    pub margin: f64,
    /// Trials.
    pub n: usize,
}

/// The probability that the cell's mean meets the limit: the t posterior under the usual flat prior, which is one minus
/// the one-sided p-value of "it does not".
///
/// Without any variation (all error rates zero, say) it is 1 inside and at the limit, 0 outside.
///
/// # Errors
/// [`StatsError::TooFew`] without values, or for a single value without known noise; [`StatsError::NotFinite`];
/// [`StatsError::OutOfRange`] for the limit or the noise.
pub fn probability_feasible(
    values: &[f64],
    limit: Limit,
    noise: Option<KnownNoise>,
) -> Result<Feasibility, StatsError> {
    check_values(
        "trials of the cell",
        values,
        if noise.is_some() { 1 } else { 2 },
    )?;
    let (deviation, df) = match noise {
        Some(KnownNoise { deviation, df }) => {
            check_not_negative("known noise", deviation)?;
            (deviation, df.max(1) as f64)
        }
        None => (deviation_of(values), (values.len() - 1) as f64),
    };
    let margin = match limit {
        Limit::AtMost(limit) => limit - mean_of(values),
        Limit::AtLeast(limit) => mean_of(values) - limit,
    };
    if margin.is_nan() {
        return Err(StatsError::OutOfRange {
            what: "limit",
            value: margin,
            expected: "a number",
        });
    }
    let error = deviation / (values.len() as f64).sqrt();
    let probability = if error > 0.0 {
        t_cdf(margin / error, df)
    } else if margin >= 0.0 {
        1.0
    } else {
        0.0
    };
    Ok(Feasibility {
        probability,
        margin,
        n: values.len(),
    })
}
