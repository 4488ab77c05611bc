//! All blocks, trial by trial, skipping what is already on disk. What is decided between them is in [`super::settle`].

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use record::cell::CellId;
use record::run::Run;
use record::store::{LineWriter, RunDir, StoreError};
use record::trial::{ClockProbe, Outcome, Reason, Role, Stage, Trial};
use safefile::{Room, room_for};

use super::budget::{Budget, MOST_ATTEMPTS};
use super::course::Course;
use super::error::RunError;
use super::launcher::{Job, Runner};
use super::lock::FolderLock;
use super::request::Ending;
use super::steering::Steering;
use crate::events::{Event, Listener};
use crate::plan::{OrderKey, ReadyCell, Slot, block_order};

/// What is known of every slot.
type Slots = BTreeMap<(CellId, u32, Role), SlotState>;

#[derive(Debug, Clone, Copy, Default)]
struct SlotState {
    /// A trial that counts is on disk.
    settled: bool,
    /// Invalid trials on disk, of earlier calls too.
    invalid: u32,
    /// Trials of this call: who goes on with a run on a calmer host gets new tries for what was invalidated.
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

/// What the schedule works with; tests have their own runner, steering and clock.
pub(super) struct Site<'a> {
    pub(super) dir: &'a RunDir,
    /// Asked before anything is written; tests have none.
    pub(super) lock: Option<&'a FolderLock>,
    pub(super) cells: &'a [ReadyCell],
    pub(super) runner: &'a dyn Runner,
    pub(super) steering: &'a dyn Steering,
    pub(super) cancel: &'a AtomicBool,
    pub(super) listener: &'a Listener<'a>,
    /// More than the decisions on disk allow was asked for: blocks or time.
    pub(super) extend: bool,
}

/// Runs what is left of a run's trials.
pub(super) fn run_trials(
    site: &Site<'_>,
    run: Run,
    budget: Budget<'_>,
) -> Result<Ending, RunError> {
    site.dir.sweep()?;
    let trials = site.dir.read_trials()?;
    let mut schedule = Schedule {
        site,
        order: site
            .cells
            .iter()
            .map(|cell| OrderKey::of(&cell.planned))
            .collect(),
        slots: slots_on_disk(&trials),
        course: Course::start(&run),
        decided: 0,
        clock_probes: trials
            .iter()
            .filter_map(|trial| trial.clock_probe)
            .collect(),
        last_block: trials.iter().map(|trial| trial.block).max(),
        decided_before: run.decisions.len(),
        run,
        budget,
        last_reasons: Vec::new(),
    };
    schedule.announce_start();
    let mut decisions = site.dir.append_decisions()?;
    let mut writer = site.dir.append()?;
    let mut block = 0;
    loop {
        let Some(stage) = schedule.course.stage() else {
            if !schedule.goes_on_again(block, &mut decisions)? {
                return Ok(Ending::Complete);
            }
            block = schedule.next_free_block(block);
            continue;
        };
        if !schedule.run_block(block, stage, &mut writer)? {
            return Ok(Ending::Interrupted);
        }
        schedule.check_fitness(block)?;
        schedule.course.block_ended();
        block += 1;
        schedule.settle(block, &mut decisions)?;
    }
}

/// The trials of a run and how far they are.
pub(super) struct Schedule<'a> {
    pub(super) site: &'a Site<'a>,
    pub(super) run: Run,
    /// What the order of the cells depends on.
    order: Vec<OrderKey>,
    slots: Slots,
    pub(super) course: Course,
    /// How many of the run's decisions the course has followed.
    pub(super) decided: usize,
    /// How many there were when this call began.
    pub(super) decided_before: usize,
    clock_probes: Vec<ClockProbe>,
    /// The highest block that has a trial on disk.
    pub(super) last_block: Option<u32>,
    pub(super) budget: Budget<'a>,
    /// Why the last invalid trial was invalid.
    last_reasons: Vec<Reason>,
}

impl Schedule<'_> {
    /// The slots of a block, with their places in the order of all cells: whoever leaves does not move the others.
    pub(super) fn block_order(&self, block: u32) -> Vec<(usize, Slot)> {
        let (like, backwards) = self.course.order_of(block);
        let mut order = block_order(&self.order, self.run.seed, like);
        if backwards {
            order.reverse();
        }
        let slots = order.into_iter().enumerate();
        slots
            .filter(|(_, slot)| self.course.runs(self.site.cells, slot.cell))
            .collect()
    }

    /// Trials to come at most, if nothing is decided any more.
    pub(super) fn left_at_most(&self) -> usize {
        let blocks = |all: u32| all.saturating_sub(self.course.in_leg) as usize;
        match self.course.stage() {
            Some(Stage::Search) => {
                let left = self.course.most.saturating_sub(self.course.searched) as usize;
                left * self.block_order(0).len() + self.confirmation()
            }
            Some(Stage::Confirm) => {
                blocks(self.course.design.confirm_blocks) * self.block_order(0).len()
            }
            None => 0,
        }
    }

    /// Trials of a confirmation: per block a finalist of each target, and its control twice.
    pub(super) fn confirmation(&self) -> usize {
        let controls = self.site.cells.iter().filter(|cell| cell.planned.control);
        match self.course.has_rivals(self.site.cells) {
            true => self.course.design.confirm_blocks as usize * 3 * controls.count(),
            false => 0,
        }
    }

    fn announce_start(&self) {
        let finished = self.slots.values().filter(|state| state.settled).count();
        let trials = self.left_at_most();
        (self.site.listener)(Event::Started {
            folder: self.site.dir.path().to_owned(),
            trials: trials.max(finished),
            exact: self.course.is_fixed() && !self.budget.is_limited(),
            finished,
            estimate: self.budget.time_for(trials.saturating_sub(finished)),
        });
    }

    /// So many trials at first and not one of them valid: the rest of the block would go the same way.
    fn check_first_trials(&self) -> Result<(), RunError> {
        let tried: usize = self.slots.values().map(|state| state.tried as usize).sum();
        let has_valid = self.slots.values().any(|state| state.settled);
        match !has_valid && tried >= FIRST_TRIALS {
            true => Err(RunError::all_invalid(tried, &self.last_reasons)),
            false => Ok(()),
        }
    }

    /// A whole block without one valid trial: going on would only waste time. A control that never worked: nothing to
    /// compare with.
    fn check_fitness(&self, block: u32) -> Result<(), RunError> {
        if !self.slots.values().any(|state| state.settled) {
            let tried = self.slots.values().map(|state| state.tried as usize);
            return Err(RunError::all_invalid(tried.sum(), &self.last_reasons));
        }
        if block == 0 {
            self.controls_work()?;
        }
        Ok(())
    }

    /// A control that never worked in the first block: the rest of the run would have nothing to be compared with.
    fn controls_work(&self) -> Result<(), RunError> {
        let trials = self.site.dir.read_trials()?;
        for control in self.site.cells.iter().filter(|cell| cell.planned.control) {
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
    fn run_block(
        &mut self,
        block: u32,
        stage: Stage,
        writer: &mut LineWriter<Trial>,
    ) -> Result<bool, RunError> {
        let mut queue: VecDeque<(usize, Slot)> = self.block_order(block).into();
        let is_open = |slot: &Slot| {
            let key = (self.site.cells[slot.cell].id.clone(), block, slot.role);
            self.slots.get(&key).is_none_or(|state| !state.over())
        };
        let open = queue.iter().filter(|(_, slot)| is_open(slot));
        let open: Vec<&ReadyCell> = open.map(|(_, slot)| &self.site.cells[slot.cell]).collect();
        if !open.is_empty() && !self.site.runner.begin_block(block, &open)? {
            return Ok(false);
        }
        while let Some((position, slot)) = queue.pop_front() {
            let key = (self.site.cells[slot.cell].id.clone(), block, slot.role);
            let state = self.slots.get(&key).copied().unwrap_or_default();
            if state.over() {
                continue;
            }
            if self.site.cancel.load(Ordering::Relaxed) {
                return Ok(false);
            }
            self.announce(&slot, block, stage);
            let from = self.budget.now();
            let place = Place {
                block,
                stage,
                position,
                attempt: state.invalid,
            };
            let Some(trial) = self.one_trial(&slot, place)? else {
                return Ok(false);
            };
            self.site.lock.map_or(Ok(()), FolderLock::check)?;
            writer.write(&trial)?;
            self.budget.trial_ended(from);
            self.clock_probes.extend(trial.clock_probe);
            if let Outcome::Invalid(reasons) = &trial.outcome {
                self.last_reasons.clone_from(reasons);
            }
            let state = self.slots.entry(key).or_default();
            state.tried += 1;
            state.add(&trial.outcome);
            // An invalid slot goes to the end of its block and is tried again.
            match state.over() {
                true => self.budget.slot_ended(),
                false => queue.push_back((position, slot)),
            }
            (self.site.listener)(Event::TrialFinished(Box::new(trial)));
            self.check_first_trials()?;
        }
        Ok(true)
    }

    fn announce(&self, slot: &Slot, block: u32, stage: Stage) {
        let cell = &self.site.cells[slot.cell];
        let remark = match (stage, slot.role) {
            (Stage::Confirm, _) => " (measured afresh)",
            (Stage::Search, Role::Measured) => "",
            (Stage::Search, Role::ControlDuplicate) => " (A/A)",
        };
        (self.site.listener)(Event::TrialStarted {
            block,
            cell: cell.id.clone(),
            target: cell.planned.spec.target.clone(),
            settings: format!("{}{remark}", cell.planned.spec.settings),
        });
    }

    /// Runs one trial with its evidence in a temporary folder that is renamed into place; `None` when it was
    /// interrupted and leaves nothing.
    fn one_trial(&self, slot: &Slot, place: Place) -> Result<Option<Trial>, RunError> {
        let cell = &self.site.cells[slot.cell];
        let name = place.name();
        let raw = format!("raw/{}/{name}", cell.id);
        let gathered = format!("raw/unfinished-{name}");
        let unfinished = self.site.dir.make_folder(&gathered)?;
        let job = Job {
            cell,
            seed: self.run.seed ^ u64::from(place.block),
            evidence: &unfinished,
            clock_probes: &self.clock_probes,
        };
        let observed = self.site.runner.run(&job);
        let Some(observed) = observed.inspect_err(|_| drop_evidence(&unfinished))? else {
            drop_evidence(&unfinished);
            return Ok(None);
        };
        // On a full disk evidence is lost, and what then fails is not the service.
        if let Err((source, words)) = room_for(&unfinished, LEAST_ROOM) {
            drop_evidence(&unfinished);
            return Err(RunError::Short { words, source });
        }
        self.keep_evidence(&gathered, &cell.id, &raw)?;
        Ok(Some(Trial {
            format: record::trial::TRIAL_FORMAT,
            id: format!("b{name}-{}", cell.id),
            cell: cell.id.clone(),
            block: place.block,
            position: u32::try_from(place.position).unwrap_or(u32::MAX),
            role: slot.role,
            stage: place.stage,
            attempt: place.attempt,
            started: observed.started,
            outcome: observed.outcome,
            saturate: observed.saturate,
            constant: observed.constant,
            process: observed.process,
            cgroup: observed.cgroup,
            readback: observed.readback,
            clock_probe: observed.clock_probe,
            warnings: observed.warnings,
            raw,
        }))
    }

    fn keep_evidence(&self, gathered: &str, cell: &CellId, raw: &str) -> Result<(), StoreError> {
        self.site.dir.make_folder(&format!("raw/{cell}"))?;
        // What a killed run may have left under the same name has no trial.
        self.site.dir.put_in_place(gathered, raw)
    }
}

/// After so many invalid trials and no other a run ends: on a busy host a block of many cells would take long to say
/// the same.
const FIRST_TRIALS: usize = 8;

/// What must be left where a trial has written its evidence, for all of it to be there.
const LEAST_ROOM: Room = Room {
    bytes: 1 << 20,
    files: 2,
    open_files: 0,
};

/// Where a trial stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    block: u32,
    stage: Stage,
    position: usize,
    attempt: u32,
}

impl Place {
    fn name(self) -> String {
        let retry = match self.attempt {
            0 => String::new(),
            attempt => format!("-r{attempt}"),
        };
        format!("{:02}-{:02}{retry}", self.block, self.position)
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

/// A trial that is not kept leaves nothing; what cannot be removed is swept away by the next call.
fn drop_evidence(unfinished: &Path) {
    let _ = fs::remove_dir_all(unfinished);
}
