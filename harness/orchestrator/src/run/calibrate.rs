//! Finds the constant rate: a share of what the control can do at saturation.

use std::time::Duration;

use record::quantity::Rate;
use record::run::Calibration;
use record::store::CALIBRATION;
use record::trial::Outcome;

use super::budget::MOST_ATTEMPTS;
use super::error::RunError;
use super::request::RunRequest;
use crate::events::{Event, Listener};
use crate::plan::ReadyCell;
use crate::trial::{Observation, TrialRequest, run_trial};
use supervise::Spawner;

/// The window in which capacity is found when the matrix has none for QPS.
const WINDOW: Duration = Duration::from_secs(2);

/// The rate for a target, `None` when asked to stop.
pub(super) fn calibrate(
    request: &RunRequest<'_>,
    spawner: &Spawner,
    control: &ReadyCell,
    rate: Rate,
    listener: &Listener<'_>,
) -> Result<Option<Calibration>, RunError> {
    let share = match rate {
        Rate::PerSecond(rate_per_s) => {
            return Ok(Some(Calibration {
                control_capacity_per_s: None,
                rate_per_s,
            }));
        }
        Rate::ShareOfControl(share) => share,
    };
    let target = control.planned.spec.target.clone();
    listener(Event::Calibrating {
        target: target.clone(),
    });
    let mut plan = request.plan.clone();
    plan.matrix.load.constant = None;
    plan.matrix.load.saturate.get_or_insert(WINDOW);
    // In the run's folder, under a name that the next call sweeps away: a temporary folder elsewhere would outlive
    // `kill -9`.
    let evidence = tempfile::Builder::new()
        .prefix(CALIBRATION)
        .tempdir_in(request.folder.join("raw"))
        .map_err(|source| RunError::System {
            action: "create a temporary folder",
            source,
        })?;
    let trial = TrialRequest {
        plan: &plan,
        cell: control,
        spawner,
        topology: request.topology,
        rate_per_s: None,
        observation: Observation::Measured,
        warmup: plan.matrix.warmup,
        seed: plan.matrix.seed_in_force(),
        evidence: evidence.path(),
        clock_probes: &[],
        cancel: request.cancel,
    };
    let failed = |reason| RunError::Control {
        target: target.clone(),
        reason,
    };
    let mut attempt = 1;
    let observed = loop {
        let Some(observed) = run_trial(&trial, listener)? else {
            return Ok(None);
        };
        match &observed.outcome {
            Outcome::Ok => break observed,
            Outcome::Failed(failure) => return Err(RunError::control(&target, failure)),
            // An invalid capacity would set the rate of the whole run.
            Outcome::Invalid(reasons) if attempt == MOST_ATTEMPTS => {
                return Err(RunError::all_invalid(attempt as usize, reasons));
            }
            Outcome::Invalid(_) => attempt += 1,
        }
    };
    let phase = observed
        .saturate
        .ok_or_else(|| failed("it was not measured".to_owned()))?;
    let answered = phase.ledger.completed;
    if answered == 0 {
        return Err(failed(format!(
            "no request was answered as expected: {:?}",
            phase.errors
        )));
    }
    let capacity = answered as f64 / phase.seconds;
    Ok(Some(Calibration {
        control_capacity_per_s: Some(capacity),
        // A round figure reads better and changes nothing.
        rate_per_s: (capacity * share).max(1.0).round(),
    }))
}
