//! The control under another name: whatever is claimed of it is a false alarm.

use documents::effect::{Criterion, Effect};
use documents::figures::counted;
use documents::proof::{Check, Outcome};
use documents::ranking::{CellRanking, TargetRanking};
use stats::proportion;

use super::known::{Known, PART, SURPRISE, parts_that_would_do};

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
    let refuting = fewest_that_refute(runs);
    let outcome = match refuting {
        None => Outcome::Inconclusive,
        Some(refuting) if flagged >= refuting => Outcome::Fails,
        Some(_) if flagged as f64 <= ALLOWED * runs as f64 => Outcome::Holds,
        Some(_) => Outcome::Inconclusive,
    };
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
        fails: refuting.map_or_else(String::new, |refuting| {
            format!("from {refuting} of {} on", counted(runs, "run"))
        }),
        needed: (outcome == Outcome::Inconclusive)
            .then(|| parts_that_would_do(runs_needed(flagged, runs), "a calmer host")),
        n: runs,
        outcome,
    })
}

/// The fewest flagged runs that the promised share explains too seldom; `None` where not even all of them would do.
fn fewest_that_refute(runs: usize) -> Option<usize> {
    let is_surprising = |flagged: &usize| {
        proportion::at_least(*flagged, runs, ALLOWED).is_ok_and(|chance| chance < SURPRISE)
    };
    (1..=runs).find(is_surprising)
}

/// Runs with which the share of flagged ones, staying what it is, is either within the promise or refutes it.
fn runs_needed(flagged: usize, runs: usize) -> f64 {
    let share = flagged as f64 / runs.max(1) as f64;
    let decides = |runs: &usize| {
        let flagged = (share * *runs as f64).round();
        fewest_that_refute(*runs)
            .is_some_and(|refuting| flagged >= refuting as f64 || flagged <= ALLOWED * *runs as f64)
    };
    let mut more = runs + 1..=runs * 10 + 10;
    more.find(decides).map_or(f64::INFINITY, |runs| runs as f64)
}

/// Whether anything that the ranking goes by is claimed of the cell.
fn is_flagged(part: &TargetRanking, cell: &CellRanking) -> bool {
    let objectives = part.rank_by.iter().copied().map(Criterion::from);
    objectives
        .chain([Criterion::Score])
        .filter_map(|criterion| cell.on(criterion))
        .any(|figures| matches!(figures.effect, Effect::Better | Effect::Worse))
}
