//! A whole run: from a plan to trials on disk, resumable at any trial.

mod artifacts;
mod calibrate;
mod diagnose;
mod host;
mod lock;
mod prepare;
mod schedule;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use record::store::{RunDir, StoreError};

pub use diagnose::{Choice, diagnose};
pub use host::describe as describe_host;
pub use lock::{HostLock, LockError};
pub use prepare::{ReadyCell, option_values};

use crate::events::Listener;
use crate::plan::{self, GROUPS_WANTED, Plan};
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
    /// No control group can be made for the cells that want one.
    #[error("{GROUPS_WANTED}{0}")]
    ControlGroups(#[from] topology::GroupError),
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
}

/// Runs a plan, or what is left of it.
///
/// # Errors
/// See [`RunError`]. Failed and invalid trials are results, not errors.
pub fn run(request: &RunRequest<'_>, listener: &Listener<'_>) -> Result<Ending, RunError> {
    let _host = HostLock::take()?;
    let dir = RunDir::create(&request.folder)?;
    let _folder = lock::folder_lock(dir.path())?;
    let spawner = start_spawner(request.plan)?;
    let Some(prepared) = prepare::prepare(request, &dir, &spawner, listener)? else {
        return Ok(Ending::Interrupted);
    };
    schedule::run_trials(request, &dir, &spawner, &prepared, listener)
}

/// The spawner, with the place for control groups that the plan's cells want.
fn start_spawner(plan: &Plan) -> Result<Spawner, RunError> {
    let groups = plan::control_groups(plan)?;
    Spawner::start(groups).map_err(|source| RunError::System {
        action: "start the spawner thread",
        source,
    })
}
