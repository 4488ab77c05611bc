//! A whole run: from a plan to trials on disk, resumable at any trial.

mod artifacts;
mod budget;
mod calibrate;
mod course;
mod diagnose;
mod host;
mod launcher;
mod lock;
mod prepare;
mod schedule;
#[cfg(test)]
mod schedule_tests;
mod settle;
mod steering;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use record::matrix::Blocks;
use record::quantity::format_duration;
use record::store::{RunDir, StoreError};
use record::trial::Reason;

pub use diagnose::{Choice, diagnose};
pub use host::describe as describe_host;
pub use lock::{HostLock, LockError};
pub use prepare::{ReadyCell, option_values};
pub use steering::Steering;

use budget::Budget;
use launcher::Launcher;
use schedule::Site;

use crate::events::Listener;
use crate::plan::{self, GROUPS_WANTED, Plan, estimate, trial_time};
use crate::supervise::Spawner;
use crate::toolchain::{Toolbox, ToolchainError};

/// What a run needs beside its plan.
#[derive(Debug)]
pub struct RunRequest<'a> {
    /// What to run.
    pub plan: &'a Plan,
    /// The host.
    pub topology: &'a topology::Topology,
    /// The run's folder; a run in it is resumed.
    pub folder: PathBuf,
    /// Blocks instead of the matrix's; more than before extends a run.
    pub blocks: Option<u32>,
    /// The time that this call may take, from its beginning on.
    pub budget: Option<Duration>,
    /// Who is asked between blocks.
    pub steering: &'a dyn Steering,
    /// Where toolchains come from and go to.
    pub toolbox: &'a Toolbox,
    /// The command line, for the record.
    pub argv: Vec<String>,
    /// gosweep's version and revision, for the record.
    pub tool: String,
    /// Set to stop after cleaning up; the trial under way is not recorded.
    pub cancel: &'a AtomicBool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every block is complete.
    Complete,
    /// It was asked to stop; it can be resumed.
    Interrupted,
}

/// Why a run could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another gosweep measures.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A toolchain could not be had or did not build.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// A target did not build.
    #[error("target `{target}` does not build with {toolchain}: {reason}")]
    Build {
        /// The target.
        target: String,
        /// The toolchain.
        toolchain: String,
        /// The builder's words.
        reason: String,
    },
    /// The folder holds another run.
    #[error("{} holds a different run: {difference}; use another --out, or finish that run with its own matrix", folder.display())]
    OtherRun {
        /// The folder.
        folder: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The control cell does not work, so nothing can be compared.
    #[error(
        "the control cell of target `{target}` failed, so no other cell can be compared: {reason}"
    )]
    Control {
        /// The target.
        target: String,
        /// What happened, with the last lines of its stderr.
        reason: String,
    },
    /// Not one trial was valid: the host spoils everything.
    #[error(
        "this host is not fit for measuring now: all {trials} first trials were invalid, the last because {reason}; stop other work (`gosweep host` shows what disturbs), then go on with the same folder"
    )]
    NotFit {
        /// Trials that were tried.
        trials: usize,
        /// Why the last one was invalid.
        reason: String,
    },
    /// Not one trial was valid, and the host has no part in it: the settings do not reach the service.
    #[error(
        "the settings asked for do not reach the service: all {trials} first trials were invalid, the last because {reason}; look for a wrapper, or the program itself, that sets them afresh"
    )]
    NotApplied {
        /// Trials that were tried.
        trials: usize,
        /// Why the last one was invalid.
        reason: String,
    },
    /// We ran out of something ourselves; what was measured stands, and the run can go on.
    #[error(transparent)]
    OwnSide(#[from] crate::own_side::OwnSide),
    /// No control group can be made for the cells that want one.
    #[error("{GROUPS_WANTED}{0}")]
    ControlGroups(#[from] topology::GroupError),
    /// The least that makes sense does not fit into the time.
    #[error(
        "a time budget of {} is too short: {} blocks, calibration and {} confirmation blocks take about {}; give more time, or shorten windows, drop cells, or lower `confirm` or `blocks.min`",
        format_duration(*budget), blocks, confirm, format_duration(*needed)
    )]
    Budget {
        /// What was given.
        budget: Duration,
        /// What would be needed, about.
        needed: Duration,
        /// Blocks that must be run.
        blocks: u32,
        /// Blocks of the confirmation.
        confirm: u32,
    },
    /// The plan has no cell left.
    #[error("no cell can run: {0}")]
    Nothing(String),
    /// A thread or file that we need could not be had.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl RunError {
    /// A control that failed, with its last words.
    fn control(target: &str, failure: &record::trial::Failure) -> RunError {
        let tail = failure.stderr_tail.join("\n  ");
        RunError::Control {
            target: target.to_owned(),
            reason: format!("{}\n  {tail}", failure.message),
        }
    }

    /// That every trial so far was invalid, the last one for these reasons.
    fn all_invalid(trials: usize, last: &[Reason]) -> RunError {
        let messages: Vec<&str> = last.iter().map(|own| own.message.as_str()).collect();
        let reason = messages.join("; ");
        // Rule V2 reads settings back; every other rule is about the host or the generator.
        if !last.is_empty() && last.iter().all(|own| own.rule == "V2") {
            RunError::NotApplied { trials, reason }
        } else {
            RunError::NotFit { trials, reason }
        }
    }
}

impl RunRequest<'_> {
    /// How many blocks there may be: the command line's number is a maximum.
    pub fn blocks(&self) -> Blocks {
        let written = self.plan.matrix.blocks;
        match self.blocks {
            None => written,
            Some(max) => Blocks {
                min: written.min.min(max),
                max,
            },
        }
    }

    /// Refuses a budget that the least number of blocks would overrun.
    fn check_budget(&self) -> Result<(), RunError> {
        let needed = estimate(self.plan, self.blocks()).least_to_judge;
        match self.budget {
            Some(budget) if needed > budget => Err(RunError::Budget {
                budget,
                needed,
                blocks: self.blocks().min,
                confirm: self.plan.matrix.confirm,
            }),
            _ => Ok(()),
        }
    }
}

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
    let spawner = start_spawner(request.plan)?;
    let Some(prepared) = prepare::prepare(request, &dir, &spawner, listener)? else {
        return Ok(Ending::Interrupted);
    };
    let launcher = Launcher {
        request,
        spawner: &spawner,
        prepared: &prepared,
        listener,
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

/// The spawner, with the place for control groups that the plan's cells want.
fn start_spawner(plan: &Plan) -> Result<Spawner, RunError> {
    let groups = plan::control_groups(plan)?;
    Spawner::start(groups).map_err(|source| RunError::System {
        action: "start the spawner thread",
        source,
    })
}
