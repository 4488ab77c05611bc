//! How a search is made.

use std::time::Duration;

/// How a search is made.
#[derive(Debug, Clone, Copy)]
pub struct SearchOptions {
    /// Length of each probe.
    pub probe: Duration,
    /// Runs at most, the first closed one included.
    pub max_probes: usize,
    /// Relative width to which the answer is narrowed down.
    pub precision: f64,
    /// The share of settled requests that may fail or time out at a good rate, in `[0, 1]`: a
    /// server that refuses what is too much for it does not keep up with it. An objective for the
    /// errors takes its place.
    pub max_error_share: f64,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            probe: Duration::from_secs(2),
            max_probes: 10,
            precision: 0.03,
            max_error_share: 0.01,
        }
    }
}
