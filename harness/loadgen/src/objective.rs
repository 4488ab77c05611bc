//! An objective such as "P99 below 5 ms", checked against an outcome.
//!
//! The main type is [`LatencyTarget`]. Deliberately absent: objectives over several runs, and how one is written.

use std::time::Duration;

use crate::outcome::LoadOutcome;

/// A limit that a run's figures must stay below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LatencyTarget {
    /// A quantile of the response time, in `[0, 1]`.
    Response {
        /// Which quantile; 1 is the maximum.
        quantile: f64,
        /// What it must stay below.
        below: Duration,
    },
    /// The mean response time.
    MeanResponse {
        /// What it must stay below.
        below: Duration,
    },
    /// The share of the requests due an answer that failed, timed out or were left unanswered.
    ErrorRate {
        /// What it must stay below, in `[0, 1]`.
        below: f64,
    },
}

impl LatencyTarget {
    /// Whether `outcome` meets the objective; a run without any answer meets none.
    pub fn is_met_by(&self, outcome: &LoadOutcome) -> bool {
        match self {
            Self::Response { quantile, below } => {
                let value = outcome.latency.response.value_at_quantile(*quantile);
                outcome.ledger.completed > 0 && u128::from(value) < below.as_nanos()
            }
            Self::MeanResponse { below } => {
                let mean = outcome.latency.response.mean();
                outcome.ledger.completed > 0 && mean < below.as_nanos() as f64
            }
            Self::ErrorRate { below } => {
                outcome.ledger.due() > 0 && outcome.ledger.error_rate() < *below
            }
        }
    }
}
