//! One trial from its start to its verdict.

use record::trial::{Canary, Outcome};

use super::judge;
use super::launch::{LaunchError, Target};
use super::request::{Observed, TrialRequest, now};
use super::stop::{PATIENCE, Stop};
use super::window::{Window, Windows};
use crate::events::{Event, Listener};
use crate::observe::canary_ns;

/// Runs one trial; `None` when it was asked to stop. Everything that can go
/// wrong with the target is part of what was observed.
pub fn run_trial(request: &TrialRequest<'_>, listener: &Listener<'_>) -> Option<Observed> {
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
        Err(LaunchError::Cancelled) => return None,
        Err(LaunchError::Failed(failure, group)) => {
            observed.outcome = Outcome::Failed(*failure);
            observed.control_group = group;
            return Some(observed);
        }
    };
    let ended = measure(request, &mut target, &mut observed, listener);
    observed.readback = Some(target.readback());
    observed.process = target.life();
    if matches!(ended, Err(Stop::Cancelled)) {
        target.stop(PATIENCE);
        return None;
    }
    if let Err(Stop::Failed(failure)) = ended {
        observed.outcome = Outcome::Failed(target.end_of(failure, PATIENCE));
        observed.warnings.extend(target.log_doubts());
        observed.control_group = target.control_group_use();
        return Some(observed);
    }
    target.stop(PATIENCE);
    observed.warnings.extend(target.log_doubts());
    observed.control_group = target.control_group_use();
    let after_ns = canary_ns(&request.cell.planned.placement.target);
    observed.canary = before_ns.zip(after_ns).map(|(before_ns, after_ns)| Canary {
        before_ns,
        after_ns,
    });
    judge::judge(request, &mut observed);
    Some(observed)
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
