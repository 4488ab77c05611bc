//! What only shows alongside other cells: the control over time, scaling, interactions, an older Go.

use std::collections::BTreeMap;

use documents::exploration::{AxisInteraction, Effects, TargetExploration};
use documents::figures::value_text;
use judging::evidence::{TargetTrials as Trials, label, settings, varying_axes};
use record::axis::Axis;
use record::cell::CellId;
use record::objective::{Objective, value};

use super::Source;
use crate::evidence::{Beside, ControlReading, Interaction, RuleEvidence, Scaling, VersionStep};
use crate::physics;

/// Interactions above this (Holm-adjusted p) are chance.
const ALPHA: f64 = 0.05;

/// The control over time and the interactions of all axes.
pub(super) fn of_target(source: &Source<'_>, evidence: &Trials<'_>) -> Beside {
    let control = &evidence.cells[evidence.control];
    let reading = |trial: &&record::trial::Trial| {
        Some(ControlReading {
            trial: trial.id.clone(),
            value: value(trial, Objective::CpuPerReq)?,
        })
    };
    Beside {
        control: control.valid.values().filter_map(reading).collect(),
        interactions: interactions(source, evidence),
        ..Beside::default()
    }
}

/// Scaling around one cell.
pub(super) fn of_cell(source: &Source<'_>, evidence: &Trials<'_>, at: usize) -> Beside {
    Beside {
        scaling: scaling(source, evidence, at),
        ..Beside::default()
    }
}

fn explored<'a>(source: &Source<'a>, target: &str) -> Option<&'a TargetExploration> {
    let targets = &source.exploration.targets;
    targets.iter().find(|own| own.target == target)
}

fn scaling(source: &Source<'_>, evidence: &Trials<'_>, at: usize) -> Option<Scaling> {
    let axes = varying_axes(evidence);
    let others: Vec<Axis> = axes
        .into_iter()
        .filter(|axis| *axis != Axis::Gomaxprocs)
        .collect();
    let of = |cell: usize| {
        let settings = settings(evidence.cells[cell].cell);
        let rest: Vec<String> = others
            .iter()
            .map(|axis| settings.get(axis).to_owned())
            .collect();
        (settings.get(&Axis::Gomaxprocs).parse::<u32>().ok(), rest)
    };
    let (own, rest) = of(at);
    let own = own?;
    let same = (0..evidence.cells.len()).filter(|cell| of(*cell).1 == rest);
    let values = evidence.values(Objective::Qps);
    let mut points = Vec::new();
    let mut trials = Vec::new();
    for cell in same {
        if let (Some(procs), Some(median)) = (of(cell).0, values.median(cell)) {
            points.push((procs, median));
            trials.extend(
                evidence.cells[cell]
                    .valid
                    .values()
                    .map(|trial| trial.id.clone()),
            );
        }
    }
    points.sort_by_key(|(procs, _)| *procs);
    let label = match others.as_slice() {
        [] => String::new(),
        _ => label(evidence.cells[at].cell, &others),
    };
    let knees = &explored(source, evidence.target)?.knees;
    let knee = knees.iter().find(|knee| knee.label == label)?;
    Some(Scaling {
        own,
        points,
        peak: knee.peak,
        trials,
    })
}

fn interactions(source: &Source<'_>, evidence: &Trials<'_>) -> Vec<Interaction> {
    let Some(explored) = explored(source, evidence.target) else {
        return Vec::new();
    };
    let ranked = source
        .ranking
        .targets
        .iter()
        .find(|own| own.target == evidence.target);
    let detectable = |objective: Objective| {
        let summaries = ranked
            .map(|own| own.objectives.as_slice())
            .unwrap_or_default();
        let own = summaries.iter().find(|own| own.objective == objective)?;
        own.minimum_detectable
    };
    let of_effects = |effects: &Effects| {
        let found: Vec<Interaction> = effects
            .interactions
            .iter()
            .filter(|own| own.p < ALPHA && !own.within_noise)
            .map(|own| Interaction {
                objective: effects.objective.heading().to_owned(),
                first: own.first.clone(),
                second: own.second.clone(),
                ratio: own.ratio,
                interval: own.interval,
                detectable: detectable(effects.objective),
                square: square(evidence, effects, own),
            })
            .collect();
        found
    };
    explored.effects.iter().flat_map(of_effects).collect()
}

/// The four cells that show it: both axes at their reference or their level, all others as in the control.
fn square(
    evidence: &Trials<'_>,
    effects: &Effects,
    own: &AxisInteraction,
) -> Vec<(String, String)> {
    let (Some(first), Some(second)) = (own.first.split_once('='), own.second.split_once('='))
    else {
        return Vec::new();
    };
    let reference = |axis: &str| {
        let found = effects.main.iter().find(|effect| effect.axis == axis);
        found.map(|effect| effect.reference.as_str())
    };
    let (Some(one), Some(two)) = (reference(first.0), reference(second.0)) else {
        return Vec::new();
    };
    let corners = [
        (one, two),
        (first.1, two),
        (one, second.1),
        (first.1, second.1),
    ];
    let control = settings(evidence.cells[evidence.control].cell);
    let values = evidence.values(effects.objective);
    let corner = |(a, b): (&str, &str)| {
        let at = (0..evidence.cells.len()).find(|cell| {
            let settings = settings(evidence.cells[*cell].cell);
            varying_axes(evidence).iter().all(|axis| {
                let name = axis.to_string();
                let wanted = match name.as_str() {
                    name if name == first.0 => a,
                    name if name == second.0 => b,
                    _ => control.get(axis),
                };
                settings.get(axis) == wanted
            })
        })?;
        let median = values.median(at)?;
        let label = format!("{}={a} {}={b}", first.0, second.0);
        Some((label, value_text(effects.objective, median)))
    };
    corners
        .into_iter()
        .map(corner)
        .collect::<Option<_>>()
        .unwrap_or_default()
}

/// Gives each cell the cell that differs from it in nothing but an older toolchain, if the run has one.
pub(super) fn add_older(evidence: &Trials<'_>, cells: &mut [(CellId, RuleEvidence)]) {
    let figures: Vec<Option<(f64, f64)>> = cells.iter().map(|(_, own)| memory(own)).collect();
    let rest: Vec<BTreeMap<String, String>> = evidence
        .cells
        .iter()
        .map(|own| {
            let mut axes = own.cell.axes.clone();
            axes.remove(&Axis::Toolchain.to_string());
            axes
        })
        .collect();
    let older: Vec<Option<usize>> = (0..cells.len())
        .map(|at| {
            let own = cells[at].1.subject.go.as_ref()?;
            let is_older = |other: &usize| {
                let version = cells[*other].1.subject.go.as_ref();
                rest[*other] == rest[at] && version.is_some_and(|version| version < own)
            };
            let candidates = (0..cells.len()).filter(is_older);
            candidates.max_by_key(|other| cells[*other].1.subject.go.clone())
        })
        .collect();
    for (at, older) in older.into_iter().enumerate() {
        let step = older.and_then(|older| {
            let (from, to) = (figures[older]?, figures[at]?);
            let version = |cell: usize| cells[cell].1.subject.go.as_ref().map(ToString::to_string);
            let trials = [older, at].into_iter().flat_map(|cell| {
                evidence.cells[cell]
                    .valid
                    .values()
                    .map(|trial| trial.id.clone())
            });
            Some(VersionStep {
                from: version(older)?,
                to: version(at)?,
                rss_bytes: [from.0, to.0],
                runtime_bytes: [from.1, to.1],
                trials: trials.collect(),
            })
        });
        if let Some(beside) = &mut cells[at].1.beside {
            beside.older = step;
        }
    }
}

/// Resident memory and the runtime's own, medians over the samples.
fn memory(evidence: &RuleEvidence) -> Option<(f64, f64)> {
    let both: Vec<(f64, f64)> = evidence
        .samples
        .iter()
        .filter_map(|sample| {
            let memory = sample.runtime.as_ref()?.memory?;
            let resident = sample.process.as_ref()?.rss_bytes as f64;
            Some((resident, memory.total - memory.released))
        })
        .collect();
    let resident = physics::median(both.iter().map(|own| own.0))?;
    Some((resident, physics::median(both.iter().map(|own| own.1))?))
}
