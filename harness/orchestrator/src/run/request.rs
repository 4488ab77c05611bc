//! What a run is asked for, and how it ended.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use record::matrix::Blocks;
use toolchain::Toolbox;

use super::error::RunError;
use super::steering::Steering;
use crate::plan::{Plan, estimate};

/// What a run needs besides its plan.
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
    /// How long another gosweep on this host is waited for.
    pub wait: Duration,
    /// Decides between blocks which cells stay, when to stop and what to confirm.
    pub steering: &'a dyn Steering,
    /// Where toolchains come from and go to.
    pub toolbox: &'a Toolbox,
    /// The command line, for the record.
    pub argv: Vec<String>,
    /// gosweep's version and revision, for the record.
    pub tool: String,
    /// Whom targets run as, where it is not ourselves.
    pub user: Option<supervise::User>,
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
    pub(super) fn check_budget(&self) -> Result<(), RunError> {
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
