//! All blocks, trial by trial, skipping what is already on disk.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::Ordering;

use record::cell::CellId;
use record::store::{RunDir, StoreError, sync_folder};
use record::trial::{Outcome, Role, Trial};

use super::prepare::Prepared;
use super::{Ending, RunError, RunRequest};
use crate::events::{Event, Listener};
use crate::plan::{Slot, block_order, estimate};
use crate::supervise::Spawner;
use crate::trial::{TrialRequest, run_trial};

/// How often a slot is tried while host or generator spoil it.
const MOST_ATTEMPTS: u32 = 3;

/// What is known of a slot from the trials on disk.
type Done = BTreeMap<(CellId, u32, Role), SlotState>;

#[derive(Debug, Clone, Copy, Default)]
struct SlotState {
    settled: bool,
    invalid: u32,
}

impl SlotState {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Invalid(_) => self.invalid += 1,
            Outcome::Ok | Outcome::Failed(_) => self.settled = true,
        }
    }

    fn over(self) -> bool {
        self.settled || self.invalid >= MOST_ATTEMPTS
    }
}

pub(super) fn run_trials(
    request: &RunRequest<'_>,
    dir: &RunDir,
    spawner: &Spawner,
    prepared: &Prepared,
    listener: &Listener<'_>,
) -> Result<Ending, RunError> {
    let mut done = done_slots(&dir.read_trials()?);
    sweep_unfinished(dir);
    let order: Vec<(CellId, bool)> = prepared
        .cells
        .iter()
        .map(|cell| (cell.id.clone(), cell.planned.control))
        .collect();
    let blocks = prepared.run.blocks;
    let per_block = block_order(&order, prepared.run.seed, 0).len();
    let trials = per_block * blocks as usize;
    let finished = done.values().filter(|state| state.over()).count();
    let left = (trials - finished.min(trials)) as f64 / trials.max(1) as f64;
    listener(Event::Started {
        folder: dir.path().to_owned(),
        trials,
        finished,
        estimate: estimate(request.plan).mul_f64(left),
    });
    let mut writer = dir.append()?;
    for block in 0..blocks {
        // A spoilt slot goes to the end of its block and is tried again there.
        let mut queue: std::collections::VecDeque<(usize, Slot)> =
            block_order(&order, prepared.run.seed, block)
                .into_iter()
                .enumerate()
                .collect();
        while let Some((position, slot)) = queue.pop_front() {
            let key = (order[slot.cell].0.clone(), block, slot.role);
            let state = done.get(&key).copied().unwrap_or_default();
            if state.over() {
                continue;
            }
            if request.cancel.load(Ordering::Relaxed) {
                return Ok(Ending::Interrupted);
            }
            announce(
                prepared,
                &slot,
                block,
                block as usize * per_block + position,
                trials,
                listener,
            );
            let trial = one_trial(
                request,
                dir,
                spawner,
                prepared,
                &slot,
                (block, position, state.invalid),
                listener,
            )?;
            let Some(trial) = trial else {
                return Ok(Ending::Interrupted);
            };
            writer.write(&trial)?;
            let state = done.entry(key).or_default();
            state.add(&trial.outcome);
            if !state.over() {
                queue.push_back((position, slot));
            }
            listener(Event::TrialFinished(Box::new(trial)));
        }
    }
    Ok(Ending::Complete)
}

fn done_slots(trials: &[Trial]) -> Done {
    let mut done = Done::new();
    for trial in trials {
        let key = (trial.cell.clone(), trial.block, trial.role);
        done.entry(key).or_default().add(&trial.outcome);
    }
    done
}

fn announce(
    prepared: &Prepared,
    slot: &Slot,
    block: u32,
    number: usize,
    trials: usize,
    listener: &Listener<'_>,
) {
    let cell = &prepared.cells[slot.cell];
    let duplicate = match slot.role {
        Role::Measured => "",
        Role::ControlDuplicate => " (A/A)",
    };
    listener(Event::TrialStarted {
        number: number + 1,
        trials,
        block,
        cell: cell.id.clone(),
        target: cell.planned.spec.target.clone(),
        settings: format!("{}{duplicate}", cell.planned.spec.settings),
    });
}

/// Runs one trial with its evidence in a temporary folder that is renamed into
/// place; `None` when it was interrupted and leaves nothing.
fn one_trial(
    request: &RunRequest<'_>,
    dir: &RunDir,
    spawner: &Spawner,
    prepared: &Prepared,
    slot: &Slot,
    (block, position, attempt): (u32, usize, u32),
    listener: &Listener<'_>,
) -> Result<Option<Trial>, RunError> {
    let cell = &prepared.cells[slot.cell];
    let retry = if attempt == 0 {
        String::new()
    } else {
        format!("-r{attempt}")
    };
    let name = format!("{block:02}-{position:02}{retry}");
    let raw = format!("raw/{}/{name}", cell.id);
    let unfinished = dir.raw().join(format!("unfinished-{name}"));
    make_folder(&unfinished)?;
    let trial_request = TrialRequest {
        plan: request.plan,
        cell,
        spawner,
        topology: request.topology,
        rate_per_s: prepared.rate(&cell.planned.spec.target),
        warmup: request.plan.matrix.warmup,
        seed: prepared.run.seed ^ u64::from(block),
        evidence: &unfinished,
        cancel: request.cancel,
    };
    let observed = run_trial(&trial_request, listener);
    let Some(observed) = observed else {
        let _ = fs::remove_dir_all(&unfinished);
        return Ok(None);
    };
    let place = dir.path().join(&raw);
    let parent = dir.raw().join(cell.id.as_str());
    make_folder(&parent)?;
    // What a killed run may have left under the same name has no trial.
    let _ = fs::remove_dir_all(&place);
    fs::rename(&unfinished, &place).map_err(|source| StoreError::Io {
        action: "rename",
        path: unfinished,
        source,
    })?;
    sync_folder(&parent)?;
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
        readback: observed.readback,
        warnings: observed.warnings,
        raw,
    }))
}

fn make_folder(path: &std::path::Path) -> Result<(), StoreError> {
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
