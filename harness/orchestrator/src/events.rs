//! What a run tells whoever shows progress.

use std::time::Duration;

use record::cell::CellId;
use record::decision::Decision;
use record::diagnosis::Diagnosis;
use record::trial::Trial;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A toolchain is being found, fetched or used.
    Toolchain(toolchain::Progress),
    /// The run's folder and how much of it is already there.
    Started {
        /// The folder.
        folder: std::path::PathBuf,
        /// Trials in all, at most.
        trials: usize,
        /// Whether it will be exactly so many.
        exact: bool,
        /// Trials that an earlier call finished.
        finished: usize,
        /// Time that the rest will take.
        estimate: Duration,
    },
    /// A cell turned out not to be possible.
    Dropped {
        /// The cell's settings.
        cell: String,
        /// Why.
        reason: String,
    },
    /// The control's capacity is being found.
    Calibrating {
        /// The target.
        target: String,
    },
    /// The rate of the constant window is settled.
    Calibrated {
        /// The target.
        target: String,
        /// What the control can do, requests per second.
        capacity_per_s: Option<f64>,
        /// The rate for every cell, requests per second.
        rate_per_s: f64,
    },
    /// A trial starts.
    TrialStarted {
        /// Its block, from 0.
        block: u32,
        /// Its cell.
        cell: CellId,
        /// The target.
        target: String,
        /// The cell's settings.
        settings: String,
    },
    /// A part of the trial under way starts: `warm-up`, `saturate`, ...
    PhaseStarted(&'static str),
    /// A trial is on disk.
    TrialFinished(Box<Trial>),
    /// A diagnosis trial starts.
    DiagnosisStarted {
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The target.
        target: String,
        /// The cell's settings.
        settings: String,
    },
    /// A diagnosis is on disk.
    DiagnosisFinished(Box<Diagnosis>),
    /// A block has ended, and so it goes on.
    Decided {
        /// What was decided.
        decision: Box<Decision>,
        /// Trials that are to come, at most.
        left_at_most: usize,
    },
    /// Something that the person should know.
    Warning(String),
}

/// Receives events. Called from the thread that runs the trials, never while a window is measured.
pub type Listener<'a> = dyn Fn(Event) + 'a;
