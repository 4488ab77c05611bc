//! Whether a run's figures can be taken for the server's: the verdicts, and the limits they go by.

use serde::Serialize;

/// Whether a run's figures can be taken for the server's, with the reason and the stretch of
/// time where not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoadVerdict {
    /// The figures are the server's.
    Valid,
    /// The generator was late or out of CPU: the figures are partly its own.
    GeneratorBound {
        /// The worst stretch, in seconds on the run's clock.
        interval: Stretch,
        /// What was seen, in plain language.
        reason: String,
    },
    /// The server did not keep up with the schedule: latencies depend on the run's length.
    Overloaded {
        /// The stretch in which work was left undone, in seconds on the run's clock.
        interval: Stretch,
        /// What was seen, in plain language.
        reason: String,
    },
    /// Most requests were not answered as expected, or none were any more: there is no figure of the
    /// service at work.
    Failed {
        /// The stretch that the evidence covers.
        interval: Stretch,
        /// What was seen, in plain language.
        reason: String,
    },
    /// The host disturbed the run.
    Noisy {
        /// The stretch that the evidence covers.
        interval: Stretch,
        /// What was seen, in plain language.
        reason: String,
    },
}

impl LoadVerdict {
    /// The verdict's name as it stands in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::GeneratorBound { .. } => "GENERATOR_BOUND",
            Self::Overloaded { .. } => "OVERLOADED",
            Self::Failed { .. } => "FAILED",
            Self::Noisy { .. } => "NOISY",
        }
    }

    /// Whether the figures are the server's.
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }
}

/// A stretch of the run, in seconds on its clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stretch {
    /// Its start.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
}

impl Stretch {
    /// Its length in seconds.
    pub fn length_s(&self) -> f64 {
        self.to_s - self.from_s
    }
}

/// When a run is not VALID.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VerdictLimits {
    /// GENERATOR_BOUND above this 99th percentile of the send lag that the generator is to
    /// blame for, in nanoseconds.
    pub generator_lag_p99_ns: u64,
    /// GENERATOR_BOUND when a thread once did not run for longer than this, in seconds.
    pub stall_s: f64,
    /// GENERATOR_BOUND above this share of one CPU on the busiest thread.
    pub cpu_share: f64,
    /// OVERLOADED above this share of the schedule left unanswered at the end, or grown up to.
    pub unanswered_share: f64,
    /// NOISY above this share of the elapsed time in which the generator's threads were ready
    /// to run and had no CPU.
    pub run_delay_share: f64,
    /// NOISY above this share of the CPUs' time that the hypervisor gave to other machines.
    pub steal_share: f64,
}

impl Default for VerdictLimits {
    fn default() -> Self {
        Self {
            generator_lag_p99_ns: 2_000_000,
            stall_s: 0.2,
            cpu_share: 0.95,
            unanswered_share: 0.005,
            run_delay_share: 0.10,
            steal_share: 0.05,
        }
    }
}
