//! All blocks, trial by trial, skipping what is already on disk.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use record::cell::CellId;
use record::store::{RunDir, StoreError, TrialWriter, sync_folder};
use record::trial::{Outcome, Role, Trial};

use super::prepare::Prepared;
use super::{Ending, RunError, RunRequest};
use crate::events::{Event, Listener};
use crate::plan::{OrderKey, Slot, block_order, estimate};
use crate::supervise::Spawner;
use crate::trial::{Observation, TrialRequest, run_trial};

/// How often a slot is tried in one call while host or generator spoil it.
pub(super) const MOST_ATTEMPTS: u32 = 3;

/// What is known of every slot.
type Slots = BTreeMap<(CellId, u32, Role), SlotState>;

#[derive(Debug, Clone, Copy, Default)]
struct SlotState {
    /// A trial that counts is on disk.
    settled: bool,
    /// Invalid trials on disk, of earlier calls too.
    invalid: u32,
    /// Trials of this call: who goes on with a run on a calmer host gets new
    /// tries for what was spoilt.
    tried: u32,
}

impl SlotState {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Invalid(_) => self.invalid += 1,
            Outcome::Ok | Outcome::Failed(_) => self.settled = true,
        }
    }

    fn over(self) -> bool {
        self.settled || self.tried >= MOST_ATTEMPTS
    }
}

/// Runs what is left of a run's trials.
pub(super) fn run_trials(
    request: &RunRequest<'_>,
    dir: &RunDir,
    spawner: &Spawner,
    prepared: &Prepared,
    listener: &Listener<'_>,
) -> Result<Ending, RunError> {
    sweep_unfinished(dir);
    let planned = prepared.cells.iter().map(|cell| &cell.planned);
    let mut schedule = Schedule {
        request,
        dir,
        spawner,
        prepared,
        listener,
        order: planned.map(OrderKey::of).collect(),
        slots: slots_on_disk(&dir.read_trials()?),
        last_reasons: Vec::new(),
    };
    let blocks = prepared.run.blocks;
    let trials = schedule.per_block() * blocks as usize;
    let settled = schedule
        .slots
        .values()
        .filter(|state| state.settled)
        .count();
    let left = trials.saturating_sub(settled) as f64 / trials.max(1) as f64;
    listener(Event::Started {
        folder: dir.path().to_owned(),
        trials,
        finished: settled,
        estimate: estimate(request.plan)
            .mul_f64(left * f64::from(blocks) / f64::from(request.plan.matrix.blocks)),
    });
    let mut writer = dir.append()?;
    for block in 0..blocks {
        if !schedule.run_block(block, &mut writer)? {
            return Ok(Ending::Interrupted);
        }
        // A whole block without one valid trial: going on would only heat the
        // room.
        if !schedule.slots.values().any(|state| state.settled) {
            return Err(RunError::NotFit {
                trials: schedule
                    .slots
                    .values()
                    .map(|state| state.tried as usize)
                    .sum(),
                reason: schedule.last_reasons.join("; "),
            });
        }
        if block == 0 {
            schedule.controls_work()?;
        }
    }
    Ok(Ending::Complete)
}

/// The trials of a run and how far they are.
struct Schedule<'a> {
    request: &'a RunRequest<'a>,
    dir: &'a RunDir,
    spawner: &'a Spawner,
    prepared: &'a Prepared,
    listener: &'a Listener<'a>,
    /// What the order of the cells depends on.
    order: Vec<OrderKey>,
    slots: Slots,
    /// Why the last invalid trial was invalid.
    last_reasons: Vec<String>,
}

impl Schedule<'_> {
    fn block_order(&self, block: u32) -> Vec<Slot> {
        block_order(&self.order, self.prepared.run.seed, block)
    }

    fn per_block(&self) -> usize {
        self.block_order(0).len()
    }

    /// A control that never worked in the first block: the rest of the run
    /// would have nothing to be compared with.
    fn controls_work(&self) -> Result<(), RunError> {
        let trials = self.dir.read_trials()?;
        let controls = self.prepared.cells.iter();
        for control in controls.filter(|cell| cell.planned.control) {
            let mut own = trials
                .iter()
                .filter(|trial| trial.block == 0 && trial.cell == control.id)
                .peekable();
            let first = own.peek().map(|trial| &trial.outcome);
            if let Some(Outcome::Failed(failure)) = first
                && own.all(|trial| matches!(trial.outcome, Outcome::Failed(_)))
            {
                return Err(RunError::control(&control.planned.spec.target, failure));
            }
        }
        Ok(())
    }

    /// Runs what is left of a block; false when asked to stop.
    fn run_block(&mut self, block: u32, writer: &mut TrialWriter) -> Result<bool, RunError> {
        let mut queue: VecDeque<(usize, Slot)> =
            self.block_order(block).into_iter().enumerate().collect();
        while let Some((position, slot)) = queue.pop_front() {
            let key = (self.prepared.cells[slot.cell].id.clone(), block, slot.role);
            let state = self.slots.get(&key).copied().unwrap_or_default();
            if state.over() {
                continue;
            }
            if self.request.cancel.load(Ordering::Relaxed) {
                return Ok(false);
            }
            self.announce(&slot, block, position);
            let Some(trial) = self.one_trial(&slot, block, position, state.invalid)? else {
                return Ok(false);
            };
            writer.write(&trial)?;
            if let Outcome::Invalid(reasons) = &trial.outcome {
                self.last_reasons = reasons
                    .iter()
                    .map(|reason| reason.message.clone())
                    .collect();
            }
            let state = self.slots.entry(key).or_default();
            state.tried += 1;
            state.add(&trial.outcome);
            // A spoilt slot goes to the end of its block and is tried again.
            if !state.over() {
                queue.push_back((position, slot));
            }
            (self.listener)(Event::TrialFinished(Box::new(trial)));
        }
        Ok(true)
    }

    fn announce(&self, slot: &Slot, block: u32, position: usize) {
        let cell = &self.prepared.cells[slot.cell];
        let duplicate = match slot.role {
            Role::Measured => "",
            Role::ControlDuplicate => " (A/A)",
        };
        (self.listener)(Event::TrialStarted {
            number: block as usize * self.per_block() + position + 1,
            trials: self.per_block() * self.prepared.run.blocks as usize,
            block,
            cell: cell.id.clone(),
            target: cell.planned.spec.target.clone(),
            settings: format!("{}{duplicate}", cell.planned.spec.settings),
        });
    }

    /// Runs one trial with its evidence in a temporary folder that is renamed
    /// into place; `None` when it was interrupted and leaves nothing.
    fn one_trial(
        &self,
        slot: &Slot,
        block: u32,
        position: usize,
        attempt: u32,
    ) -> Result<Option<Trial>, RunError> {
        let cell = &self.prepared.cells[slot.cell];
        let retry = if attempt == 0 {
            String::new()
        } else {
            format!("-r{attempt}")
        };
        let name = format!("{block:02}-{position:02}{retry}");
        let raw = format!("raw/{}/{name}", cell.id);
        let unfinished = self.dir.raw().join(format!("unfinished-{name}"));
        make_folder(&unfinished)?;
        let trial_request = TrialRequest {
            plan: self.request.plan,
            cell,
            spawner: self.spawner,
            topology: self.request.topology,
            rate_per_s: self.prepared.rate(&cell.planned.spec.target),
            observation: Observation::Measured,
            warmup: self.request.plan.matrix.warmup,
            seed: self.prepared.run.seed ^ u64::from(block),
            evidence: &unfinished,
            cancel: self.request.cancel,
        };
        let Some(observed) = run_trial(&trial_request, self.listener) else {
            let _ = fs::remove_dir_all(&unfinished);
            return Ok(None);
        };
        self.keep_evidence(&unfinished, &cell.id, &raw)?;
        Ok(Some(Trial {
            format: record::trial::TRIAL_FORMAT,
            id: format!("b{name}-{}", cell.id),
            cell: cell.id.clone(),
            block,
            position: u32::try_from(position).unwrap_or(u32::MAX),
            role: slot.role,
            attempt,
            started: observed.started,
            outcome: observed.outcome,
            saturate: observed.saturate,
            constant: observed.constant,
            process: observed.process,
            control_group: observed.control_group,
            readback: observed.readback,
            warnings: observed.warnings,
            raw,
        }))
    }

    fn keep_evidence(&self, unfinished: &Path, cell: &CellId, raw: &str) -> Result<(), StoreError> {
        let place = self.dir.path().join(raw);
        let parent = self.dir.raw().join(cell.as_str());
        make_folder(&parent)?;
        // What a killed run may have left under the same name has no trial.
        let _ = fs::remove_dir_all(&place);
        fs::rename(unfinished, &place).map_err(|source| StoreError::Io {
            action: "rename",
            path: unfinished.to_owned(),
            source,
        })?;
        sync_folder(&parent)
    }
}

fn slots_on_disk(trials: &[Trial]) -> Slots {
    let mut slots = Slots::new();
    for trial in trials {
        let key = (trial.cell.clone(), trial.block, trial.role);
        slots.entry(key).or_default().add(&trial.outcome);
    }
    slots
}

pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|source| StoreError::Io {
        action: "create",
        path: path.to_owned(),
        source,
    })
}

/// Removes the evidence of a trial that a killed run was in.
fn sweep_unfinished(dir: &RunDir) {
    for entry in fs::read_dir(dir.raw()).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("unfinished-")
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
