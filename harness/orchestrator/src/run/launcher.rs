//! Runs one trial: for real, or as a test pretends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use record::cell::CellId;
use record::trial::ClockProbe;

use super::artifacts::changes_by_block;
use super::error::RunError;
use super::prepare::Prepared;
use super::request::RunRequest;
use crate::events::Listener;
use crate::own_side::OwnSide;
use crate::plan::ReadyCell;
use crate::trial::{Observation, Observed, TrialRequest, run_trial};
use supervise::Spawner;

/// One trial to run.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) cell: &'a ReadyCell,
    pub(super) seed: u64,
    /// An existing folder for the raw evidence.
    pub(super) evidence: &'a Path,
    /// The clock probes of the run's trials so far.
    pub(super) clock_probes: &'a [ClockProbe],
}

/// Runs trials.
pub(super) trait Runner {
    /// Makes ready what these cells need in this block and no other; false when asked to stop.
    fn begin_block(&self, _block: u32, _cells: &[&ReadyCell]) -> Result<bool, RunError> {
        Ok(true)
    }

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
    /// Cells with the program that they have in the block under way, where that is not the one that they have in all.
    pub(super) of_block: RefCell<BTreeMap<CellId, ReadyCell>>,
}

impl Runner for Launcher<'_> {
    fn begin_block(&self, block: u32, cells: &[&ReadyCell]) -> Result<bool, RunError> {
        let mut of_block = BTreeMap::new();
        for cell in cells.iter().filter(|cell| changes_by_block(&cell.planned)) {
            let programs = &self.prepared.programs;
            let program = programs.for_block(self.request, &cell.planned, block, self.listener)?;
            let Some(program) = program else {
                return Ok(false);
            };
            of_block.insert(
                cell.id.clone(),
                ReadyCell {
                    program: program.path,
                    program_sha256: program.sha256,
                    ..(*cell).clone()
                },
            );
        }
        self.of_block.replace(of_block);
        Ok(true)
    }

    fn run(&self, job: &Job<'_>) -> Result<Option<Observed>, OwnSide> {
        let plan = self.request.plan;
        let of_block = self.of_block.borrow();
        let own = of_block.get(&job.cell.id);
        let request = TrialRequest {
            plan,
            cell: own.unwrap_or(job.cell),
            spawner: self.spawner,
            topology: self.request.topology,
            rate_per_s: self.prepared.rate(&job.cell.planned.spec.target),
            observation: Observation::Measured,
            warmup: plan.matrix.warmup,
            seed: job.seed,
            evidence: job.evidence,
            clock_probes: job.clock_probes,
            cancel: self.request.cancel,
        };
        let Some(mut observed) = run_trial(&request, self.listener)? else {
            return Ok(None);
        };
        if let (Some(own), Some(readback)) = (own, &mut observed.readback) {
            readback.program_sha256 = Some(own.program_sha256.clone());
        }
        Ok(Some(observed))
    }
}
