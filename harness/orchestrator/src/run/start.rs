//! From a request to a finished or interrupted run.

use std::cell::RefCell;
use std::time::Instant;

use record::store::{RunDir, StoreError};

use super::budget::Budget;
use super::error::RunError;
use super::launcher::Launcher;
use super::lock::{FolderLock, HostLock};
use super::prepare;
use super::request::{Ending, RunRequest};
use super::schedule::{self, Site};
use crate::events::Listener;
use crate::plan::{self, trial_time};
use safefile::{Room, room_for};
use supervise::Spawner;

/// Runs a plan, or what is left of it.
///
/// # Errors
/// See [`RunError`]. Failed and invalid trials are results, not errors.
pub fn run(request: &RunRequest<'_>, listener: &Listener<'_>) -> Result<Ending, RunError> {
    let begun = Instant::now();
    match RunDir::open(&request.folder) {
        Ok(_) => {}
        Err(StoreError::NotARun(_)) => request.check_budget()?,
        Err(error) => return Err(error.into()),
    }
    // Before anything is touched or waited for.
    RunDir::check_free(&request.folder)?;
    let host = HostLock::take_within(request.wait, request.cancel, listener)?;
    let Some(_host) = host else {
        return Ok(Ending::Interrupted);
    };
    let dir = RunDir::create(&request.folder)?;
    check_room(request)?;
    let folder = FolderLock::take(&dir)?;
    let spawner = start_spawner(request)?;
    let Some(prepared) = prepare::prepare(request, &dir, &spawner, listener)? else {
        return Ok(Ending::Interrupted);
    };
    let launcher = Launcher {
        request,
        spawner: &spawner,
        prepared: &prepared,
        listener,
        of_block: RefCell::default(),
    };
    let site = Site {
        dir: &dir,
        lock: Some(&folder),
        cells: &prepared.cells,
        runner: &launcher,
        steering: request.steering,
        cancel: request.cancel,
        listener,
        extend: request.blocks.is_some() || request.budget.is_some(),
    };
    let clock = || begun.elapsed();
    let budget = Budget::new(&clock, request.budget, trial_time(request.plan));
    schedule::run_trials(&site, prepared.run.clone(), budget)
}

/// What a trial leaves, by far: logs, histograms and metrics of both windows.
const TRIAL_BYTES: u64 = 256 << 10;
/// Files and folders of a trial.
const TRIAL_FILES: u64 = 10;
/// Below this no run begins: programs are built, and their logs may be long.
const LEAST_BYTES: u64 = 32 << 20;
/// Besides connections: libraries, event queues, pipes and files under work.
const OWN_FILES: u64 = 64;

/// Refuses a run for which the disk or the limit on open files is too small, before it begins.
pub(super) fn check_room(request: &RunRequest<'_>) -> Result<(), RunError> {
    let plan = request.plan;
    let trials = plan.cells.len() as u64 * u64::from(request.blocks().max);
    let needed = Room {
        bytes: LEAST_BYTES + trials * TRIAL_BYTES,
        files: (1 + trials) * TRIAL_FILES,
        open_files: OWN_FILES + plan.matrix.load.connections as u64,
    };
    let cache = request.toolbox.store.root();
    let cached = Room {
        bytes: LEAST_BYTES,
        files: TRIAL_FILES,
        ..needed
    };
    for (folder, needed) in [(request.folder.as_path(), needed), (cache, cached)] {
        if folder.is_dir() {
            room_for(folder, needed)
                .map_err(|(source, words)| RunError::Short { words, source })?;
        }
    }
    Ok(())
}

/// The spawner, with the place for cgroups that the plan's cells want.
pub(super) fn start_spawner(request: &RunRequest<'_>) -> Result<Spawner, RunError> {
    let groups = plan::cgroup_parent(request.plan)?;
    Spawner::start(groups, request.user.clone()).map_err(|source| RunError::System {
        action: "start the spawner thread",
        source,
    })
}
