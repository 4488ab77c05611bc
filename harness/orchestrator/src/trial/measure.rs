//! One trial from its start to its verdict.

use record::trial::{ClockProbe, Outcome};

use super::judge;
use super::launch::Target;
use super::launch_error::LaunchError;
use super::request::{Observed, TrialRequest, now};
use super::stop::{PATIENCE, Stop};
use super::window::{Window, Windows};
use crate::events::{Event, Listener};
use crate::observe::clock_probe_ns;
use crate::own_side::OwnSide;

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
        cgroup: None,
        readback: None,
        clock_probe: None,
        warnings: Vec::new(),
    };
    listener(Event::PhaseStarted("start"));
    let before_ns = clock_probe_ns(&request.cell.planned.placement.target);
    let mut target = match Target::launch(request) {
        Ok(target) => target,
        Err(LaunchError::Cancelled) => return Ok(None),
        Err(LaunchError::OwnSide(own_side)) => return Err(own_side),
        Err(LaunchError::Failed(failure, group)) => {
            observed.outcome = Outcome::Failed(*failure);
            observed.cgroup = group;
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
            observed.warnings.extend(target.log_caveats());
            observed.cgroup = target.cgroup_use();
            return Ok(Some(observed));
        }
    }
    target.stop(PATIENCE);
    observed.warnings.extend(target.log_caveats());
    observed.cgroup = target.cgroup_use();
    let after_ns = clock_probe_ns(&request.cell.planned.placement.target);
    observed.clock_probe = before_ns
        .zip(after_ns)
        .map(|(before_ns, after_ns)| ClockProbe {
            before_ns,
            after_ns,
        });
    judge::judge(request, &mut observed);
    Ok(Some(observed))
}

fn measure(
    request: &TrialRequest<'_>,
    target: &mut Target,
    observed: &mut Observed,
    listener: &Listener<'_>,
) -> Result<(), Stop> {
    let windows = Windows::new(request);
    listener(Event::PhaseStarted("warm-up"));
    if let Some(caveat) = windows.warm_up(target)? {
        observed.warnings.push(caveat);
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
