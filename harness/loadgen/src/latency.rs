//! The three latencies of a request class, while they are recorded and afterwards.
//!
//! The main types are [`LatencySet`] and [`Summary`].

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::histogram::new_histogram;
use crate::tally::Tally;

/// The three latencies of one request class, in nanoseconds.
#[derive(Debug, Clone)]
pub struct LatencySet {
    /// From the intended send time to the answer: what a user waits. Holds completed and timed
    /// out requests, and at the run's end those in flight or never sent at their age so far;
    /// failed ones are kept apart by error class.
    pub response: Histogram<u64>,
    /// From the actual send to the answer; as `response`, without those never sent.
    pub service: Histogram<u64>,
    /// From the intended to the actual send time, for every request that was sent.
    pub send_lag: Histogram<u64>,
}

impl LatencySet {
    /// An empty set.
    pub fn new() -> Self {
        Self {
            response: new_histogram(),
            service: new_histogram(),
            send_lag: new_histogram(),
        }
    }
}

impl Default for LatencySet {
    fn default() -> Self {
        Self::new()
    }
}

/// The three latencies of one request class while they are recorded; as [`LatencySet`].
#[derive(Debug, Clone, Default)]
pub(crate) struct LatencyTally {
    pub(crate) response: Tally,
    pub(crate) service: Tally,
    pub(crate) send_lag: Tally,
}

impl LatencyTally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.response.add(&other.response);
        self.service.add(&other.service);
        self.send_lag.add(&other.send_lag);
    }

    pub(crate) fn clear(&mut self) {
        self.response.clear();
        self.service.clear();
        self.send_lag.clear();
    }

    /// Adds the counts to histograms.
    pub(crate) fn add_to(&self, set: &mut LatencySet) {
        self.response.add_to(&mut set.response);
        self.service.add_to(&mut set.service);
        self.send_lag.add_to(&mut set.send_lag);
    }

    pub(crate) fn to_histograms(&self) -> LatencySet {
        let mut set = LatencySet::new();
        self.add_to(&mut set);
        set
    }
}

/// The usual figures of a histogram of nanoseconds, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p99_9: f64,
    /// Largest value.
    pub max: f64,
    /// Values recorded.
    pub count: u64,
}

impl Summary {
    /// The figures of `histogram`; all zero when it is empty.
    pub fn of_ms(histogram: &Histogram<u64>) -> Self {
        let quantile = |q| histogram.value_at_quantile(q) as f64 / 1e6;
        Self {
            mean: histogram.mean() / 1e6,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p99_9: quantile(0.999),
            max: histogram.max() as f64 / 1e6,
            count: histogram.len(),
        }
    }
}
