//! Which differences want an explanation, and what is tried for it.

use documents::upgrade::{Attribution, ObjectiveVerdict, SwitchTried};
use gotrace::environment::{Role, SwitchKind};
use judging::evidence::TargetTrials;
use judging::upgrade::{Asked, Judged, attribute};
use record::axis::Axis;
use record::run::Cell;

use super::compared::{Compared, UpgradeGiven, compared};
use super::defaults::Sides;
use crate::error::AdvisorError;

/// At most so many switches are tried: each is a cell of the second run.
const MOST_SWITCHES: usize = 10;

/// A difference beyond its margin, and the switches that may carry it.
#[derive(Debug, Clone)]
pub struct Unexplained {
    /// The target.
    pub target: String,
    /// The new toolchain as the matrix names it.
    pub toolchain: String,
    /// Whether its go line is raised too.
    pub full: bool,
    /// The settings of the new side's cell.
    pub cell: Cell,
    /// Values of axes to try, each alone: (axis, value).
    pub switches: Vec<(Axis, String)>,
}

/// What a second run should explain.
///
/// # Errors
/// [`AdvisorError`]: a record that contradicts itself.
pub fn unexplained(given: &UpgradeGiven<'_>) -> Result<Vec<Unexplained>, AdvisorError> {
    let compared = compared(given)?;
    let wanted = compared.iter().filter(|own| !asked(&own.judged).is_empty());
    let all = wanted.map(|own| Unexplained {
        target: own.target.clone(),
        toolchain: own.toolchain.clone(),
        full: own.sides.full,
        cell: own.new.clone(),
        switches: candidates(&own.sides, &own.new),
    });
    Ok(all.filter(|own| !own.switches.is_empty()).collect())
}

/// The figures that differ beyond their margin, in either direction: an improvement has a cause too.
fn asked(judged: &[Judged]) -> Vec<Asked> {
    let differ = judged.iter().filter(|own| {
        let verdict = own.shown.verdict;
        let beyond = matches!(
            verdict,
            Some(ObjectiveVerdict::Regressed | ObjectiveVerdict::Improved)
        );
        own.shown.decides && beyond
    });
    let asked = differ.filter_map(|own| {
        Some(Asked {
            figure: own.figure,
            effect: own.effect?,
        })
    });
    asked.collect()
}

/// The switches of the new side that may show in speed or memory, and the go line as one of its own.
fn candidates(sides: &Sides, new: &Cell) -> Vec<(Axis, String)> {
    let mut found = Vec::new();
    let [old_line, new_line] = sides.lines();
    if sides.full && old_line.cmp_release(&new_line).is_lt() {
        found.push((Axis::GoLine, "module".to_owned()));
    }
    let switches = sides
        .switches()
        .into_iter()
        .filter(|own| own.role == Role::Tuning);
    for switch in switches {
        let axis = match switch.kind {
            SwitchKind::Godebug => Axis::Godebug,
            SwitchKind::Goexperiment => Axis::Goexperiment,
        };
        // What the matrix sets already stays as it is.
        if !is_set(new, &axis) {
            found.push((axis, switch.setting));
        }
    }
    if is_set(new, &Axis::Pgo) {
        found.push((Axis::Pgo, "off".to_owned()));
    }
    found.truncate(MOST_SWITCHES);
    found
}

fn is_set(cell: &Cell, axis: &Axis) -> bool {
    let value = cell.axes.get(&axis.to_string());
    value.is_some_and(|value| !["default", "none", "off"].contains(&value.as_str()))
}

/// What the second runs say of one target and version, and that in a sentence.
pub(super) fn attributed(
    given: &UpgradeGiven<'_>,
    own: &Compared<'_>,
) -> Result<(Vec<Attribution>, Vec<SwitchTried>, String), AdvisorError> {
    let asked = asked(&own.judged);
    let nothing = |why: &str| Ok((Vec::new(), Vec::new(), why.to_owned()));
    if asked.is_empty() {
        return nothing("no figure differs beyond its margin, so there is nothing to attribute");
    }
    let switched = given
        .switched
        .iter()
        .find(|run| run.target == own.target && run.toolchain == own.toolchain);
    let Some(switched) = switched else {
        return nothing("not tried: the new version was not run with its switches back");
    };
    let evidence = TargetTrials::of_target(switched.run, switched.target, switched.trials)?;
    let control = evidence.cells[evidence.control].cell;
    let name = |cell: usize| switch_name(evidence.cells[cell].cell, control);
    let (named, tried) = attribute(&evidence, &asked, &name);
    let blocks = evidence.complete.len();
    let mut names: Vec<&str> = named.iter().map(|own| own.switch.as_str()).collect();
    names.dedup();
    let text = match names.as_slice() {
        [] => format!("none of the switches back carries the difference ({blocks} fresh blocks)"),
        names => format!("{} ({blocks} fresh blocks)", names.join(", ")),
    };
    Ok((named, tried, text))
}

/// How a cell differs from the control.
fn switch_name(cell: &Cell, control: &Cell) -> String {
    let differ = cell
        .axes
        .iter()
        .filter(|(axis, value)| control.axes.get(*axis) != Some(*value));
    let names = differ.map(|(axis, value)| match axis.as_str() {
        "godebug" => format!("GODEBUG={value}"),
        "goexperiment" => format!("GOEXPERIMENT={value}"),
        "go_line" => "the go line as it was".to_owned(),
        _ => format!("{axis}={value}"),
    });
    names.collect::<Vec<_>>().join(" ")
}
