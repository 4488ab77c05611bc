//! Limits on a run's figures: what must not hold (`--fail-if 'p99>5ms'`), and what must (`--slo 'p99<5ms'`).
//!
//! The main type is [`FailIf`]; [`objective`] reads the same figures for a search.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use loadgen::{LatencyTarget, LoadOutcome};
use record::quantity::{parse_duration, parse_share};

const CURE: &str = "write FIGURE>LIMIT or FIGURE<LIMIT, with p50, p99.9, max or mean (of the response \
     time) and a duration, errors and a share, or rate and requests per second, e.g. `p99>5ms`, \
     `errors>0.1%`, `rate<5000`";

/// What must not hold of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct FailIf {
    text: String,
    figure: Figure,
    relation: Relation,
    /// In the figure's own unit: nanoseconds, a share, or requests per second.
    limit: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    Quantile(f64),
    Mean,
    Errors,
    Rate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// What a threshold came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    /// The threshold as it was written.
    pub(crate) expression: String,
    /// Whether it holds, so that the run fails.
    pub(crate) failed: bool,
    /// The figure, in words.
    pub(crate) measured: String,
}

impl FailIf {
    /// Judges `outcome`. A latency without a single answer and a share of errors among nothing fail whatever the limit
    /// is: there is no figure that could be called good.
    pub(crate) fn judge(&self, outcome: &LoadOutcome) -> Finding {
        let (answers, settled) = (outcome.ledger.completed, outcome.ledger.settled());
        let (value, measured) = match self.figure {
            Figure::Quantile(_) | Figure::Mean if answers == 0 => {
                return self.finding(true, "no request was answered".to_owned());
            }
            // What was not answered as expected was not answered in any time: where it is more than
            // a quantile leaves out, the quantile of the others says nothing of it.
            Figure::Quantile(_) | Figure::Mean if self.hides_errors(outcome) => {
                let share = outcome.ledger.error_rate() * 100.0;
                return self.finding(true, format!("{share:.1} % of requests failed"));
            }
            Figure::Errors if settled == 0 => {
                return self.finding(true, "no request came to an end".to_owned());
            }
            Figure::Quantile(quantile) => {
                let value = outcome.latency.response.value_at_quantile(quantile) as f64;
                (value, milliseconds(value))
            }
            Figure::Mean => {
                let value = outcome.latency.response.mean();
                (value, milliseconds(value))
            }
            Figure::Errors => {
                let value = outcome.ledger.error_rate();
                (value, format!("{:.3} %", value * 100.0))
            }
            Figure::Rate => {
                let value = outcome.achieved_rate_per_s;
                (value, format!("{value:.1}/s"))
            }
        };
        let failed = match self.relation {
            Relation::Above => value > self.limit,
            Relation::AtLeast => value >= self.limit,
            Relation::Below => value < self.limit,
            Relation::AtMost => value <= self.limit,
        };
        self.finding(failed, measured)
    }

    /// Whether more requests failed than the figure could leave out and still be one of them all.
    fn hides_errors(&self, outcome: &LoadOutcome) -> bool {
        let share = outcome.ledger.error_rate();
        let is_upper_limit = matches!(self.relation, Relation::Above | Relation::AtLeast);
        is_upper_limit
            && match self.figure {
                Figure::Quantile(quantile) if quantile < 1.0 => share > 1.0 - quantile,
                _ => share > 0.5,
            }
    }

    fn finding(&self, failed: bool, measured: String) -> Finding {
        Finding {
            expression: self.text.clone(),
            failed,
            measured,
        }
    }
}

fn milliseconds(ns: f64) -> String {
    format!("{:.3} ms", ns / 1e6)
}

impl fmt::Display for FailIf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for FailIf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = text.find(['<', '>']).ok_or(CURE)?;
        let (name, rest) = text.split_at(at);
        let (symbol, rest) = rest.split_at(1);
        let (is_equal_too, limit) = match rest.strip_prefix('=') {
            Some(limit) => (true, limit),
            None => (false, rest),
        };
        let relation = match (symbol, is_equal_too) {
            (">", false) => Relation::Above,
            (">", true) => Relation::AtLeast,
            (_, false) => Relation::Below,
            (_, true) => Relation::AtMost,
        };
        let (figure, limit) = figure(name.trim(), limit.trim())?;
        Ok(Self {
            text: text.trim().to_owned(),
            figure,
            relation,
            limit,
        })
    }
}

/// An objective of a search, such as `p99<5ms`.
pub(crate) fn objective(text: &str) -> Result<LatencyTarget, String> {
    const CURE: &str = "write FIGURE<LIMIT, with p50, p99.9, max or mean (of the response time) and a duration above \
         zero, or errors and a share, e.g. `p99<5ms` or `errors<0.1%`";
    let (name, limit) = text.split_once('<').ok_or(CURE)?;
    let limit = limit.strip_prefix('=').unwrap_or(limit);
    let (figure, limit) = figure(name.trim(), limit.trim()).map_err(|why| match why.as_str() {
        self::CURE => CURE.to_owned(),
        _ => why,
    })?;
    if limit <= 0.0 {
        return Err(CURE.to_owned());
    }
    let below = Duration::from_nanos(limit as u64);
    match figure {
        Figure::Quantile(quantile) => Ok(LatencyTarget::Response { quantile, below }),
        Figure::Mean => Ok(LatencyTarget::MeanResponse { below }),
        Figure::Errors => Ok(LatencyTarget::ErrorRate { below: limit }),
        Figure::Rate => Err(
            "a search finds the rate itself; limit a latency or errors, e.g. `p99<5ms`".to_owned(),
        ),
    }
}

fn figure(name: &str, limit: &str) -> Result<(Figure, f64), String> {
    let time = |limit: &str| {
        let duration = parse_duration(limit).map_err(|why| format!("limit `{limit}`: {why}"));
        duration.map(|duration: Duration| duration.as_nanos() as f64)
    };
    match name {
        "mean" => Ok((Figure::Mean, time(limit)?)),
        "max" => Ok((Figure::Quantile(1.0), time(limit)?)),
        "errors" => {
            let share = parse_share(limit).map_err(|why| format!("limit `{limit}`: {why}"))?;
            Ok((Figure::Errors, share))
        }
        "rate" => match limit
            .strip_suffix("/s")
            .unwrap_or(limit)
            .trim()
            .parse::<f64>()
        {
            Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok((Figure::Rate, rate)),
            _ => Err(format!(
                "limit `{limit}`: write requests per second, e.g. `5000`"
            )),
        },
        _ => {
            let percent = name
                .strip_prefix(['p', 'P'])
                .and_then(|text| text.replace('_', ".").parse::<f64>().ok());
            let percent = percent
                .filter(|percent| (0.0..=100.0).contains(percent))
                .ok_or(CURE)?;
            Ok((Figure::Quantile(percent / 100.0), time(limit)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read() {
        let read = |text: &str| text.parse::<FailIf>().unwrap();
        let p99 = read("p99 > 5ms");
        assert_eq!(
            (p99.figure, p99.relation, p99.limit),
            (Figure::Quantile(0.99), Relation::Above, 5e6)
        );
        assert_eq!(p99.to_string(), "p99 > 5ms");
        assert_eq!(read("errors>=0.1%").relation, Relation::AtLeast);
        assert_eq!(read("rate<5000/s").limit, 5000.0);
        assert_eq!(read("max<=1s").figure, Figure::Quantile(1.0));
    }

    #[test]
    fn an_objective_reads_the_same_figures() {
        let below = Duration::from_millis(5);
        let p99 = LatencyTarget::Response {
            quantile: 0.99,
            below,
        };
        assert_eq!(objective(" p99 < 5ms"), Ok(p99));
        assert_eq!(objective("p99<=5ms"), Ok(p99));
        assert_eq!(
            objective("mean<5ms"),
            Ok(LatencyTarget::MeanResponse { below })
        );
        assert_eq!(
            objective("errors<0.1%"),
            Ok(LatencyTarget::ErrorRate { below: 0.001 })
        );
        assert!(matches!(
            objective("p99_9<1m"),
            Ok(LatencyTarget::Response { quantile, below })
                if (quantile - 0.999).abs() < 1e-12 && below.as_secs() == 60
        ));
        for text in ["p99>5ms", "q99<5ms", "p101<5ms", "", "p99<0ms"] {
            let error = objective(text).unwrap_err();
            assert!(error.contains("`p99<5ms`"), "{text}: {error}");
        }
        assert!(objective("p99<5").unwrap_err().contains("unit"));
        assert!(objective("rate<5").unwrap_err().contains("itself"));
    }

    #[test]
    fn what_is_no_threshold_is_refused_with_a_fix() {
        for text in ["", "p99", "p99=5ms", "q9>5ms", "p101>5ms", "pnan>1ms"] {
            let error = text.parse::<FailIf>().unwrap_err();
            assert!(error.contains("e.g. `p99>5ms`"), "{text}: {error}");
        }
        assert!("p99>5".parse::<FailIf>().unwrap_err().contains("unit"));
        assert!(
            "errors>5x"
                .parse::<FailIf>()
                .unwrap_err()
                .contains("percentage")
        );
        assert!(
            "rate<many"
                .parse::<FailIf>()
                .unwrap_err()
                .contains("per second")
        );
    }
}
