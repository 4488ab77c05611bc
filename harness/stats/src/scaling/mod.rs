//! The Universal Scalability Law: throughput against parallelism (GOMAXPROCS), with contention and coherency.
//!
//! X(P) = λP / (1 + σ(P−1) + κP(P−1)) (Gunther 2007). Fitted on logs, since noise of throughput is relative. Intervals
//! are profile t intervals: near κ = 0, where most small machines lie, the usual symmetric ones are nonsense.

use crate::distribution::t_quantile;
use crate::error::{StatsError, check_probability, is_usable};
use crate::estimate::{Estimate, Method};

mod profile;

use profile::{Frame, LogLaw, Quantity};

/// One trial: throughput at a degree of parallelism.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalingPoint {
    /// P, at least 1.
    pub parallelism: f64,
    /// X, above 0, in any unit.
    pub throughput: f64,
}

/// The fitted law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalingFit {
    /// λ: throughput of one CPU, in the unit of the points.
    pub single: Estimate,
    /// σ ≥ 0: share of the work that is serialised.
    pub contention: Estimate,
    /// κ ≥ 0: cost of keeping each pair of CPUs coherent.
    pub coherency: Estimate,
    /// The P of the highest throughput, √((1−σ)/κ), at least 1; infinite where κ is 0. Its interval's upper end is
    /// infinite where the data do not rule out that more is always better.
    pub peak: Estimate,
    /// Standard deviation of the residuals, on logs.
    pub residual_deviation: f64,
    /// Degrees of freedom of the residuals.
    pub residual_df: usize,
    /// The largest P measured: what the law says beyond it is extrapolation.
    pub measured_to: f64,
    /// True where the data scale better than linearly and so push σ or κ below zero; the law then describes them
    /// badly (a cache that grows with P, a wrong baseline).
    pub superlinear: bool,
}

impl ScalingFit {
    /// X(P) by the law.
    pub fn throughput(&self, parallelism: f64) -> f64 {
        throughput(
            self.single.point,
            self.contention.point,
            self.coherency.point,
            parallelism,
        )
    }

    /// The smallest whole P at which one more CPU adds less than `share` (0.05 for 5 %). `None` beyond 4,096.
    pub fn knee(&self, share: f64) -> Option<u32> {
        (1..=4096).find(|&p| {
            let (now, next) = (
                self.throughput(f64::from(p)),
                self.throughput(f64::from(p + 1)),
            );
            next / now - 1.0 < share
        })
    }
}

/// X(P) by the law, in the unit of `single` (λ); σ and κ are `contention` and `coherency`.
#[must_use]
pub fn throughput(single: f64, contention: f64, coherency: f64, parallelism: f64) -> f64 {
    profile::log_throughput(&[single.ln(), contention, coherency], parallelism).exp()
}

/// Fits the law to trials; several per P are welcome.
///
/// # Errors
/// [`StatsError::TooFew`] below 4 points or 3 different P (three parameters, and noise to judge them by),
/// [`StatsError::NotFinite`], [`StatsError::NotPositive`], [`StatsError::OutOfRange`] for P below 1 or the level.
pub fn fit(points: &[ScalingPoint], level: f64) -> Result<ScalingFit, StatsError> {
    check_probability("confidence level", level)?;
    check_points(points)?;
    let law = LogLaw::new(points);
    let whole = Frame::whole();
    let start = law.start();
    let best = law.minimise(&whole, &start);
    let unbounded = law.minimise(&whole.without_bounds(), &best.parameters);
    let df = points.len() - 3;
    let variance = best.squares / df as f64;
    let t = t_quantile(0.5 + level / 2.0, df as f64);
    let ceiling = best.squares + t * t * variance;
    let interval = |point: f64, (low, high): (f64, f64)| Estimate {
        point,
        low: low.min(point),
        high: high.max(point),
        level,
        attained_level: level,
        method: Method::ProfileT,
        n: points.len(),
    };
    let of = |quantity: Quantity| interval(quantity.of(&best), law.reach(&best, quantity, ceiling));
    let curvature = of(Quantity::PeakCurvature);
    let peak_at = |curvature: f64| (1.0 / curvature.sqrt()).max(1.0);
    Ok(ScalingFit {
        single: of(Quantity::LogSingle).exp(),
        contention: of(Quantity::Contention),
        coherency: of(Quantity::Coherency),
        peak: interval(
            peak_at(curvature.point),
            (peak_at(curvature.high), peak_at(curvature.low)),
        ),
        residual_deviation: variance.sqrt(),
        residual_df: df,
        measured_to: points
            .iter()
            .fold(1.0, |most, point| point.parallelism.max(most)),
        superlinear: unbounded.squares < best.squares - t * t * variance,
    })
}

fn check_points(points: &[ScalingPoint]) -> Result<(), StatsError> {
    if points.len() < 4 {
        return Err(StatsError::TooFew {
            what: "scaling points",
            needed: 4,
            got: points.len(),
        });
    }
    for (index, point) in points.iter().enumerate() {
        if !(is_usable(point.parallelism) && is_usable(point.throughput)) {
            return Err(StatsError::NotFinite {
                what: "scaling points",
                index,
            });
        }
        if point.throughput <= 0.0 {
            let value = point.throughput;
            return Err(StatsError::NotPositive {
                what: "throughput",
                index,
                value,
            });
        }
        if point.parallelism < 1.0 {
            let value = point.parallelism;
            return Err(StatsError::OutOfRange {
                what: "parallelism",
                value,
                expected: "at least 1",
            });
        }
    }
    let mut different: Vec<f64> = points.iter().map(|point| point.parallelism).collect();
    different.sort_by(f64::total_cmp);
    different.dedup();
    if different.len() < 3 {
        let got = different.len();
        return Err(StatsError::TooFew {
            what: "different degrees of parallelism",
            needed: 3,
            got,
        });
    }
    Ok(())
}
