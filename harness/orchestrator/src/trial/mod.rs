//! One trial: a fresh process, warm-up, the measured windows, the end.

mod diagnose;
mod doubts;
mod judge;
#[cfg(test)]
mod judge_tests;
mod last_words;
mod launch;
pub(crate) mod limits;
mod load;
mod observation;
mod observed;
mod thresholds;
mod window;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use record::matrix::Warmup;
use record::trial::{
    Canary, ControlGroupUse, Failure, FailureCause, Outcome, Phase, ProcessLife, Readback,
};
use topology::Topology;

use crate::events::{Event, Listener};
use crate::observe::canary_ns;
use crate::own_side::OwnSide;
use crate::plan::Plan;
pub use crate::run::ReadyCell;
use crate::supervise::Spawner;
pub use diagnose::run_diagnosis;
use launch::Target;
pub use load::request_specs;
pub use observation::Observation;
use window::{Window, Windows};

/// How long a target may take to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(3);

/// What one trial needs.
#[derive(Debug)]
pub struct TrialRequest<'a> {
    /// The plan that the cell is of.
    pub plan: &'a Plan,
    /// The cell.
    pub cell: &'a ReadyCell,
    /// Who starts the process.
    pub spawner: &'a Spawner,
    /// The host.
    pub topology: &'a Topology,
    /// The rate of the constant window, requests per second.
    pub rate_per_s: Option<f64>,
    /// What the target is asked to tell of itself.
    pub observation: Observation,
    /// Load before the windows.
    pub warmup: Warmup,
    /// Seed of the requests and arrivals; the same for every cell of a block.
    pub seed: u64,
    /// An existing folder for the raw evidence.
    pub evidence: &'a Path,
    /// The canaries of the run's trials so far.
    pub canaries: &'a [Canary],
    /// Set to stop.
    pub cancel: &'a AtomicBool,
}

/// What was seen of a trial.
#[derive(Debug)]
pub struct Observed {
    /// Wall clock at the start, RFC 3339.
    pub started: String,
    /// Whether it may be used.
    pub outcome: Outcome,
    /// The closed-loop window.
    pub saturate: Option<Phase>,
    /// The open-loop window.
    pub constant: Option<Phase>,
    /// The process over its life.
    pub process: Option<ProcessLife>,
    /// What its control group counted over its life.
    pub control_group: Option<ControlGroupUse>,
    /// Settings as the process has them.
    pub readback: Option<Readback>,
    /// A fixed loop on the target's CPUs, before and after.
    pub canary: Option<Canary>,
    /// Doubts.
    pub warnings: Vec<String>,
}

/// Runs one trial; `None` when it was asked to stop. Everything that can go
/// wrong with the target is part of what was observed.
///
/// # Errors
/// What our own side ran out of; the target is ended and nothing is to be kept.
pub fn run_trial(
    request: &TrialRequest<'_>,
    listener: &Listener<'_>,
) -> Result<Option<Observed>, OwnSide> {
    let mut observed = Observed {
        started: now(),
        outcome: Outcome::Ok,
        saturate: None,
        constant: None,
        process: None,
        control_group: None,
        readback: None,
        canary: None,
        warnings: Vec::new(),
    };
    listener(Event::PhaseStarted("start"));
    let before_ns = canary_ns(&request.cell.planned.placement.target);
    let mut target = match Target::launch(request) {
        Ok(target) => target,
        Err(launch::LaunchError::Cancelled) => return Ok(None),
        Err(launch::LaunchError::OwnSide(own_side)) => return Err(own_side),
        Err(launch::LaunchError::Failed(failure, group)) => {
            observed.outcome = Outcome::Failed(*failure);
            observed.control_group = group;
            return Ok(Some(observed));
        }
    };
    let ended = measure(request, &mut target, &mut observed, listener);
    observed.readback = Some(target.readback());
    observed.process = target.life();
    match ended {
        Ok(()) => {}
        Err(Stop::Cancelled) => {
            target.stop(PATIENCE);
            return Ok(None);
        }
        Err(Stop::OwnSide(own_side)) => {
            target.stop(PATIENCE);
            return Err(own_side);
        }
        Err(Stop::Failed(failure)) => {
            observed.outcome = Outcome::Failed(target.end_of(failure, PATIENCE));
            observed.control_group = target.control_group_use();
            return Ok(Some(observed));
        }
    }
    target.stop(PATIENCE);
    observed.control_group = target.control_group_use();
    let after_ns = canary_ns(&request.cell.planned.placement.target);
    observed.canary = before_ns.zip(after_ns).map(|(before_ns, after_ns)| Canary {
        before_ns,
        after_ns,
    });
    judge::judge(request, &mut observed);
    Ok(Some(observed))
}

/// The wall clock as a trial's start names it.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

/// Why measuring ended early.
enum Stop {
    Cancelled,
    OwnSide(OwnSide),
    Failed(Failure),
}

fn measure(
    request: &TrialRequest<'_>,
    target: &mut Target,
    observed: &mut Observed,
    listener: &Listener<'_>,
) -> Result<(), Stop> {
    let windows = Windows::new(request);
    listener(Event::PhaseStarted("warm-up"));
    if let Some(doubt) = windows.warm_up(target)? {
        observed.warnings.push(doubt);
    }
    let load = &request.plan.matrix.load;
    if let Some(duration) = load.saturate {
        listener(Event::PhaseStarted("saturate"));
        observed.saturate = Some(windows.measure(target, Window::saturate(duration))?);
    }
    if let (Some(constant), Some(rate_per_s)) = (load.constant, request.rate_per_s) {
        listener(Event::PhaseStarted("constant"));
        let window = Window::constant(constant, rate_per_s);
        observed.constant = Some(windows.measure(target, window)?);
    }
    Ok(())
}

impl Stop {
    fn crashed(message: String) -> Stop {
        Stop::Failed(Failure {
            cause: FailureCause::Crashed,
            message,
            exit_code: None,
            signal: None,
            panic: None,
            stderr_tail: Vec::new(),
        })
    }
}
