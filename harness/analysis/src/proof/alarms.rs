//! The control under another name: whatever is claimed of it is a false alarm.

use stats::proportion;

use super::{Check, Known, Outcome, PART, SURPRISE};
use crate::figures::counted;
use crate::rank::Criterion;
use crate::ranking::{CellRanking, Effect, TargetRanking};

/// Of A/A runs at most this share may flag anything (METHODOLOGY, estimates and tests).
const ALLOWED: f64 = 0.05;

pub(super) fn check(known: &Known<'_>) -> Option<Check> {
    let control = known.id(known.evidence.control);
    let same: Vec<&CellRanking> = known
        .ranking
        .cells
        .iter()
        .filter(|cell| cell.same_as.as_ref() == Some(&control))
        .collect();
    if same.is_empty() {
        return None;
    }
    let names: Vec<&str> = same.iter().map(|cell| cell.label.as_str()).collect();
    let is_same = |cell: &&CellRanking| same.iter().any(|own| own.id == cell.id);
    let flags = |part: &TargetRanking| {
        let mut cells = part.cells.iter().filter(is_same);
        cells.any(|cell| is_flagged(part, cell))
    };
    let runs = known.parts.len();
    let flagged = known.parts.iter().filter(|part| flags(part)).count();
    let bound = proportion::upper_bound(flagged, runs, 0.95).unwrap_or(1.0);
    let chance = proportion::at_least(flagged, runs, ALLOWED).unwrap_or(1.0);
    Some(Check {
        name: "false_alarms".to_owned(),
        target: known.evidence.target.to_owned(),
        about: format!("{}, the control under another name", names.join(", ")),
        promised: format!(
            "at most {:.0}% of runs of {PART} blocks flag anything",
            ALLOWED * 100.0
        ),
        observed: format!(
            "{flagged} of {} flagged something; the true share is at most {:.0}% with 95% confidence",
            counted(runs, "run"),
            bound * 100.0
        ),
        n: runs,
        outcome: if chance < SURPRISE {
            Outcome::Fails
        } else if runs > 0 && flagged as f64 <= ALLOWED * runs as f64 {
            Outcome::Holds
        } else {
            Outcome::Inconclusive
        },
    })
}

/// Whether anything that the ranking goes by is claimed of the cell.
fn is_flagged(part: &TargetRanking, cell: &CellRanking) -> bool {
    let objectives = part.rank_by.iter().copied().map(Criterion::from);
    objectives
        .chain([Criterion::Score])
        .filter_map(|criterion| cell.on(criterion))
        .any(|figures| matches!(figures.effect, Effect::Better | Effect::Worse))
}
