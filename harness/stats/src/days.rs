//! Two runs of different days, compared with what days differ by.
//!
//! Within one run all cells share the machine's day. Two runs do not, and nothing in them says how much of their
//! difference is the day's: 2 % between days makes 12 % of identical pairs of runs look different at 5 %. Only a history
//! of one unchanged configuration knows. Without one, two runs support no claim.

use crate::distribution::t_quantile;
use crate::error::{StatsError, check_probability, check_values};
use crate::estimate::{Estimate, Method};
use crate::summary::{deviation_of, mean_of};
use crate::two_sample;

/// What runs of one unchanged configuration differ by from day to day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayNoise {
    /// Standard deviation of a run's mean, its own noise included, on the scale of the values.
    pub deviation: f64,
    /// Degrees of freedom: days − 1.
    pub df: usize,
}

impl DayNoise {
    /// From the means of earlier runs of one configuration, one per day, each of about as many blocks as the runs that
    /// are to be compared.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below three days: two leave one degree of freedom, and every interval covers everything.
    /// [`StatsError::NotFinite`].
    pub fn of_history(run_means: &[f64]) -> Result<Self, StatsError> {
        check_values("earlier runs of one configuration", run_means, 3)?;
        Ok(DayNoise {
            deviation: deviation_of(run_means),
            df: run_means.len() - 1,
        })
    }
}

/// first − second of two runs' block means, with an interval that allows for the days: the wider of the one by the
/// noise between days and the one by the blocks alone ([`two_sample::shift`]), around the difference of the means.
///
/// # Errors
/// [`StatsError::TooFew`] below two blocks in a run, [`StatsError::NotFinite`], [`StatsError::OutOfRange`].
pub fn between_runs(
    first: &[f64],
    second: &[f64],
    days: &DayNoise,
    level: f64,
) -> Result<Estimate, StatsError> {
    check_probability("confidence level", level)?;
    let within = two_sample::shift(first, second, level)?;
    let point = mean_of(first) - mean_of(second);
    let t = t_quantile(0.5 + level / 2.0, days.df.max(1) as f64);
    let reach = t * days.deviation * std::f64::consts::SQRT_2;
    Ok(Estimate {
        point,
        low: within.low.min(point - reach),
        high: within.high.max(point + reach),
        level,
        attained_level: level,
        method: Method::BetweenDays,
        n: within.n,
    })
}
