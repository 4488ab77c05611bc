//! The trials with their figures, for the appendix.

use std::collections::{BTreeMap, BTreeSet};

use documents::ranking::TrialFigures;
use record::axis::Axis;
use record::objective::{self, Objective};
use record::trial::{Outcome, Role, Stage, Trial};

use super::confirmation::Fresh;
use crate::evidence::{TargetTrials, label};

/// Every trial of a target, by block and place.
pub(crate) fn figures(
    evidence: &TargetTrials<'_>,
    fresh: Option<&Fresh>,
    varying: &[Axis],
) -> Vec<TrialFigures> {
    let labels: BTreeMap<_, _> = evidence
        .cells
        .iter()
        .map(|cell| (&cell.cell.id, label(cell.cell, varying)))
        .collect();
    let measured = evidence.cells.iter().flat_map(|cell| cell.valid.values());
    let used: BTreeSet<&str> = measured
        .chain(evidence.duplicates.values())
        .map(|trial| trial.id.as_str())
        .chain(
            fresh
                .into_iter()
                .flat_map(|fresh| fresh.trials.iter().map(String::as_str)),
        )
        .collect();
    evidence
        .trials
        .iter()
        .map(|trial| TrialFigures {
            id: trial.id.clone(),
            target: evidence.target.to_owned(),
            cell: trial.cell.to_string(),
            label: labels[&trial.cell].clone(),
            block: trial.block,
            position: trial.position,
            role: match (trial.stage, trial.role) {
                (Stage::Confirm, _) => "measured afresh".to_owned(),
                (Stage::Search, Role::Measured) => "measured".to_owned(),
                (Stage::Search, Role::ControlDuplicate) => "control duplicate".to_owned(),
            },
            attempt: trial.attempt,
            outcome: outcome(trial),
            used: used.contains(trial.id.as_str()),
            values: Objective::ALL
                .into_iter()
                .filter_map(|objective| Some((objective, objective::value(trial, objective)?)))
                .collect(),
            raw: trial.raw.clone(),
        })
        .collect()
}

fn outcome(trial: &Trial) -> String {
    match &trial.outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Failed(failure) => format!("failed: {}", failure.message),
        Outcome::Invalid(reasons) => {
            let reasons: Vec<String> = reasons
                .iter()
                .map(|reason| format!("{} {}", reason.rule, reason.message))
                .collect();
            format!("invalid: {}", reasons.join("; "))
        }
    }
}
