//! An objective such as `p99<5ms`, parsed and checked against an outcome.
//!
//! The main type is [`Objective`]. Objectives over several runs are deliberately absent.

use std::str::FromStr;
use std::time::Duration;

use crate::errors::LoadError;
use crate::outcome::LoadOutcome;

/// A limit that a run's figures must stay below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Objective {
    /// A quantile of the response time, in `[0, 1]`.
    Response {
        /// Which quantile; 1 is the maximum.
        quantile: f64,
        /// What it must stay below.
        below: Duration,
    },
    /// The share of settled requests that failed or timed out.
    ErrorRate {
        /// What it must stay below, in `[0, 1]`.
        below: f64,
    },
}

impl Objective {
    /// Whether `outcome` meets the objective; a run without any answer meets none.
    pub fn is_met_by(&self, outcome: &LoadOutcome) -> bool {
        match self {
            Self::Response { quantile, below } => {
                let value = outcome.latency.response.value_at_quantile(*quantile);
                outcome.ledger.completed > 0 && u128::from(value) < below.as_nanos()
            }
            Self::ErrorRate { below } => {
                outcome.ledger.settled() > 0 && outcome.ledger.error_rate() < *below
            }
        }
    }
}

impl FromStr for Objective {
    type Err = LoadError;

    /// Reads `p50<1ms`, `p99.9 < 20us`, `max<1s` or `errors<0.1%`.
    fn from_str(text: &str) -> Result<Self, LoadError> {
        let refuse = |reason: &str| {
            LoadError::InvalidSpec(format!(
                "objective {text:?}: {reason}; write it like p99<5ms, max<1s or errors<0.1%"
            ))
        };
        let (name, limit) = text.split_once('<').ok_or_else(|| refuse("has no <"))?;
        let (name, limit) = (name.trim(), limit.trim().trim_start_matches('=').trim());
        if name == "errors" {
            let below = parse_share(limit).ok_or_else(|| refuse("limit is not a share"))?;
            return Ok(Self::ErrorRate { below });
        }
        let quantile = match name {
            "max" => 1.0,
            _ => name
                .strip_prefix('p')
                .and_then(|percent| percent.replace('_', ".").parse::<f64>().ok())
                .filter(|percent| (0.0..=100.0).contains(percent))
                .map(|percent| percent / 100.0)
                .ok_or_else(|| refuse("unknown figure"))?,
        };
        let below = parse_duration(limit).ok_or_else(|| refuse("limit is not a duration"))?;
        Ok(Self::Response { quantile, below })
    }
}

fn parse_share(text: &str) -> Option<f64> {
    let (digits, scale) = match text.strip_suffix('%') {
        Some(digits) => (digits, 100.0),
        None => (text, 1.0),
    };
    digits
        .trim()
        .parse::<f64>()
        .ok()
        .map(|value| value / scale)
        .filter(|v| (0.0..=1.0).contains(v))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c != '.' && !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(unit_at);
    let scale = match unit.trim() {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    let seconds = digits.parse::<f64>().ok()? * scale;
    (seconds > 0.0)
        .then(|| Duration::try_from_secs_f64(seconds).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read() {
        let read = |text: &str| text.parse::<Objective>().unwrap();
        let p99 = Objective::Response {
            quantile: 0.99,
            below: Duration::from_millis(5),
        };
        assert_eq!(read("p99<5ms"), p99);
        assert_eq!(read(" p99 < 5 ms"), p99);
        let p999 = Objective::Response {
            quantile: 0.9990000000000001,
            below: Duration::from_micros(20),
        };
        assert!(matches!(
            (read("p99.9<20us"), p999),
            (Objective::Response { quantile: a, below: x }, Objective::Response { quantile: b, below: y })
                if (a - b).abs() < 1e-9 && x == y
        ));
        assert_eq!(read("errors<0.1%"), Objective::ErrorRate { below: 0.001 });
    }

    #[test]
    fn what_is_no_objective_is_refused_with_a_model() {
        for text in [
            "p99>5ms",
            "p99<5",
            "q99<5ms",
            "p101<5ms",
            "errors<5x",
            "",
            "p99<0ms",
        ] {
            let error = text.parse::<Objective>().unwrap_err().to_string();
            assert!(error.contains("p99<5ms"), "{text}: {error}");
        }
    }
}
