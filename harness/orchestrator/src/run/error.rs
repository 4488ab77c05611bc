//! Why a run could not be done.

use std::path::PathBuf;
use std::time::Duration;

use record::quantity::format_duration;
use record::store::StoreError;
use record::trial::{Reason, RuleId};
use toolchain::ToolchainError;

use super::lock::LockError;
use crate::plan::GROUPS_WANTED;

/// Why a run could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another gosweep measures.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A toolchain could not be obtained or did not build.
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
    /// Not one trial was valid: the host invalidates everything.
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
    /// No cgroup can be made for the cells that want one.
    #[error("{GROUPS_WANTED}{0}")]
    Cgroups(#[from] topology::GroupError),
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
    /// No CPU profile of the control could be taken.
    #[error(
        "no CPU profile of the control of target `{target}` for `pgo: control`: {reason}; the service must serve /debug/pprof"
    )]
    Profile {
        /// The target.
        target: String,
        /// What was in the way.
        reason: String,
    },
    /// We ran out of something ourselves; what was measured stands, and the run can go on.
    #[error(transparent)]
    OwnSide(#[from] crate::own_side::OwnSide),
    /// The plan has no cell left.
    #[error("no cell can run: {0}")]
    Nothing(String),
    /// There is too little room or too few open files before the run begins.
    #[error("{words}")]
    Short {
        /// What there is and what is wanted.
        words: String,
        /// Of what kind it is.
        source: std::io::Error,
    },
    /// A thread or file that we need could not be obtained.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl RunError {
    /// What to free or to raise, where the machine ran short of something and the run is not to
    /// blame: the same command goes on when there is enough again.
    pub fn shortage(&self) -> Option<&'static str> {
        let (RunError::Store(StoreError::Io { source, .. })
        | RunError::System { source, .. }
        | RunError::Locked(LockError::Unusable { source, .. })
        | RunError::Short { source, .. }
        | RunError::Toolchain(ToolchainError::Io { source, .. })) = self
        else {
            // A compiler tells in words.
            return match self {
                RunError::Build { reason, .. } => safefile::shortage_in_words(reason),
                RunError::Toolchain(error) => safefile::shortage_in_words(&error.to_string()),
                _ => None,
            };
        };
        safefile::fix_of(source)
    }

    /// A control that failed, with its last words.
    pub(super) fn control(target: &str, failure: &record::trial::Failure) -> RunError {
        let tail = failure.stderr_tail.join("\n  ");
        RunError::Control {
            target: target.to_owned(),
            reason: format!("{}\n  {tail}", failure.message),
        }
    }

    /// That every trial so far was invalid, the last one for these reasons.
    pub(super) fn all_invalid(trials: usize, last: &[Reason]) -> RunError {
        let messages: Vec<&str> = last.iter().map(|own| own.message.as_str()).collect();
        let reason = messages.join("; ");
        // Rule V2 reads settings back; every other rule is about the host or the generator.
        if !last.is_empty() && last.iter().all(|own| own.rule == RuleId::V2) {
            RunError::NotApplied { trials, reason }
        } else {
            RunError::NotFit { trials, reason }
        }
    }
}
