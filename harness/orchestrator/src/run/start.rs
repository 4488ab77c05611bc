//! From a request to a finished or interrupted run.

use std::cell::RefCell;
use std::time::Instant;

use record::store::RunDir;

use super::budget::Budget;
use super::error::RunError;
use super::launcher::Launcher;
use super::lock::{self, HostLock};
use super::prepare;
use super::request::{Ending, RunRequest};
use super::schedule::{self, Site};
use crate::events::Listener;
use crate::plan::{self, trial_time};
use supervise::Spawner;

/// Runs a plan, or what is left of it.
///
/// # Errors
/// See [`RunError`]. Failed and invalid trials are results, not errors.
pub fn run(request: &RunRequest<'_>, listener: &Listener<'_>) -> Result<Ending, RunError> {
    let begun = Instant::now();
    if RunDir::open(&request.folder).is_err() {
        request.check_budget()?;
    }
    let _host = HostLock::take()?;
    let dir = RunDir::create(&request.folder)?;
    let _folder = lock::folder_lock(dir.path())?;
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

/// The spawner, with the place for cgroups that the plan's cells want.
pub(super) fn start_spawner(request: &RunRequest<'_>) -> Result<Spawner, RunError> {
    let groups = plan::cgroup_parent(request.plan)?;
    Spawner::start(groups, request.user.clone()).map_err(|source| RunError::System {
        action: "start the spawner thread",
        source,
    })
}
