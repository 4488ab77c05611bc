//! What a trial needs, and what is seen of it.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use record::matrix::Warmup;
use record::trial::{CgroupUse, ClockProbe, Outcome, Phase, ProcessLife, Readback};
use topology::Topology;

use super::observation::Observation;
use crate::plan::{Plan, ReadyCell};
use supervise::Spawner;

/// What one trial needs.
#[derive(Debug)]
pub struct TrialRequest<'a> {
    /// The plan that the cell is of.
    pub plan: &'a Plan,
    /// The cell.
    pub cell: &'a ReadyCell,
    /// Who starts the process.
    pub spawner: &'a Spawner,
    /// The host.
    pub topology: &'a Topology,
    /// The rate of the constant window, requests per second.
    pub rate_per_s: Option<f64>,
    /// What the target is asked to tell of itself.
    pub observation: Observation,
    /// Load before the windows.
    pub warmup: Warmup,
    /// Seed of the requests and arrivals; the same for every cell of a block.
    pub seed: u64,
    /// An existing folder for the raw evidence.
    pub evidence: &'a Path,
    /// The clock probes of the run's trials so far.
    pub clock_probes: &'a [ClockProbe],
    /// Set to stop.
    pub cancel: &'a AtomicBool,
}

/// What was seen of a trial.
#[derive(Debug)]
pub struct Observed {
    /// Wall clock at the start, RFC 3339.
    pub started: String,
    /// Whether it may be used.
    pub outcome: Outcome,
    /// The closed-loop window.
    pub saturate: Option<Phase>,
    /// The open-loop window.
    pub constant: Option<Phase>,
    /// The process over its life.
    pub process: Option<ProcessLife>,
    /// What its cgroup counted over its life.
    pub cgroup: Option<CgroupUse>,
    /// Settings as the process has them.
    pub readback: Option<Readback>,
    /// A fixed loop on the target's CPUs, before and after.
    pub clock_probe: Option<ClockProbe>,
    /// Caveats.
    pub warnings: Vec<String>,
}

/// The wall clock as a trial's start names it.
pub(super) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}
