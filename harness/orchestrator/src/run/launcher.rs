//! Runs one trial: for real, or as a test pretends.

use std::path::Path;

use record::trial::Canary;

use super::RunRequest;
use super::prepare::{Prepared, ReadyCell};
use crate::events::Listener;
use crate::own_side::OwnSide;
use crate::supervise::Spawner;
use crate::trial::{Observation, Observed, TrialRequest, run_trial};

/// One trial to run.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) cell: &'a ReadyCell,
    pub(super) seed: u64,
    /// An existing folder for the raw evidence.
    pub(super) evidence: &'a Path,
    /// The canaries of the run's trials so far.
    pub(super) canaries: &'a [Canary],
}

/// Runs trials.
pub(super) trait Runner {
    /// Runs one; `None` when it was asked to stop.
    ///
    /// # Errors
    /// What our own side ran out of.
    fn run(&self, job: &Job<'_>) -> Result<Option<Observed>, OwnSide>;
}

/// The real one: a fresh process each.
pub(super) struct Launcher<'a> {
    pub(super) request: &'a RunRequest<'a>,
    pub(super) spawner: &'a Spawner,
    pub(super) prepared: &'a Prepared,
    pub(super) listener: &'a Listener<'a>,
}

impl Runner for Launcher<'_> {
    fn run(&self, job: &Job<'_>) -> Result<Option<Observed>, OwnSide> {
        let plan = self.request.plan;
        let request = TrialRequest {
            plan,
            cell: job.cell,
            spawner: self.spawner,
            topology: self.request.topology,
            rate_per_s: self.prepared.rate(&job.cell.planned.spec.target),
            observation: Observation::Measured,
            warmup: plan.matrix.warmup,
            seed: job.seed,
            evidence: job.evidence,
            canaries: job.canaries,
            cancel: self.request.cancel,
        };
        run_trial(&request, self.listener)
    }
}
