//! How people write a limit on an objective, and its weight.

use super::Objective;
use crate::quantity::{parse_bytes, parse_positive_duration, parse_share};

/// How a limit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// A plain number.
    Number,
    /// A duration: `5ms`.
    Duration,
    /// A share: `0.1%`.
    Share,
    /// A size: `512MiB`.
    Size,
}

impl Objective {
    /// How a limit on it is written.
    pub fn limit_kind(self) -> LimitKind {
        match self {
            Objective::P50 | Objective::P99 | Objective::P999 | Objective::CpuPerReq => {
                LimitKind::Duration
            }
            Objective::ErrorRate | Objective::GcCpu => LimitKind::Share,
            Objective::Rss | Objective::AllocPerReq => LimitKind::Size,
            Objective::Qps | Objective::GcPerS | Objective::GcPerKreq => LimitKind::Number,
        }
    }

    /// A limit as matrices and gates write it (`5ms`, `0.1%`, `512MiB`, `15000`), in the unit of [`Objective::unit`].
    ///
    /// # Errors
    /// The fix.
    pub fn limit(self, text: &str) -> Result<f64, String> {
        match self {
            Objective::P50 | Objective::P99 | Objective::P999 => {
                Ok(parse_positive_duration(text)?.as_secs_f64() * 1e3)
            }
            Objective::CpuPerReq => Ok(parse_positive_duration(text)?.as_secs_f64() * 1e6),
            Objective::ErrorRate | Objective::GcCpu => parse_share(text),
            #[expect(clippy::cast_precision_loss, reason = "sizes below 2^53")]
            Objective::Rss | Objective::AllocPerReq => Ok(parse_bytes(text)? as f64),
            Objective::Qps | Objective::GcPerS => {
                plain_number(text.strip_suffix("/s").unwrap_or(text).trim_end())
            }
            Objective::GcPerKreq => plain_number(text),
        }
    }
}

impl Objective {
    /// A weight in `rank_by`, above zero.
    ///
    /// # Errors
    /// The fix.
    pub fn weight(self, text: &str) -> Result<f64, String> {
        if self == Objective::ErrorRate {
            return Err(
                "an error rate has no ratio to weigh: limit it in `constraints`".to_owned(),
            );
        }
        match text.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight > 0.0 => Ok(weight),
            _ => Err("write a number above zero, e.g. `2`".to_owned()),
        }
    }
}

fn plain_number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("write a number, e.g. `15000`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_in_the_unit_of_their_objective() {
        assert_eq!(Objective::P99.limit("5ms"), Ok(5.0));
        assert_eq!(Objective::CpuPerReq.limit("20us"), Ok(20.0));
        assert_eq!(Objective::ErrorRate.limit("0.1%"), Ok(0.001));
        assert_eq!(Objective::Rss.limit("1KiB"), Ok(1024.0));
        assert_eq!(Objective::Qps.limit("15000/s"), Ok(15_000.0));
        assert_eq!(Objective::GcPerS.limit("2 /s"), Ok(2.0));
        assert_eq!(Objective::GcPerKreq.limit("0.5"), Ok(0.5));
    }

    #[test]
    fn weights_are_above_zero_and_not_of_errors() {
        assert_eq!(Objective::Qps.weight("2.5"), Ok(2.5));
        for bad in ["0", "-1", "much", "inf", "nan"] {
            assert!(Objective::Qps.weight(bad).is_err(), "{bad}");
        }
        let fix = Objective::ErrorRate.weight("1").unwrap_err();
        assert!(fix.contains("constraints"));
    }

    #[test]
    fn what_is_no_limit_comes_with_the_fix() {
        assert!(Objective::P99.limit("0ms").is_err());
        assert!(Objective::Qps.limit("many").unwrap_err().contains("15000"));
        assert!(Objective::Qps.limit("inf").is_err());
        assert!(Objective::GcPerKreq.limit("2/s").is_err());
        assert!(Objective::Rss.limit("512MB").is_err());
    }
}
