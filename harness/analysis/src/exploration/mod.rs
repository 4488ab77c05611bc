//! What a run says beyond the ranking: which cells trade one objective for another (the Pareto front), what each axis
//! does by itself and together with another, and where more GOMAXPROCS stops helping.
//!
//! [`explore`] answers an [`Exploration`], which [`crate::report`] draws. Nothing here decides a
//! verdict, and yet people act on a single line of it: so effects are Holm-corrected within their table (METHODOLOGY,
//! why not Benjamini-Hochberg), margins are the ranking's, A/A floor included, and what is no larger than the control's
//! difference from its own duplicate is marked and not told in summaries. Values that are zero somewhere have no
//! logarithm, so such an objective is left out, by name.
//!
//! Deliberately absent: models that extrapolate beyond the measured cells.

mod effects;
mod front;
mod scaling;

use std::collections::{BTreeMap, BTreeSet};

use record::axis::Axis;
use record::objective::Objective;
use record::run::Run;
use record::trial::Trial;
use serde::{Deserialize, Serialize};
use stats::CompleteBlocks;

pub use effects::{AxisEffect, AxisInteraction, Effects};
pub use front::{Front, FrontCell};
pub use scaling::Knee;
pub(crate) use scaling::{cpu_count, cpus};

use crate::error::AnalysisError;
use crate::rank::{
    Evidence, Margins, Pair, RankOptions, check_cells, default_margin, targets, varying_axes,
};
use crate::ranking::Scale;

/// The version of the exploration document.
pub const EXPLORATION_FORMAT: u32 = 1;

/// Level of the intervals here.
const LEVEL: f64 = 0.95;

/// What is explored unless the caller says otherwise: the four that METHODOLOGY trades against each other.
pub const EXPLORED: [Objective; 4] = [
    Objective::Qps,
    Objective::P99,
    Objective::GcPerKreq,
    Objective::Rss,
];

/// What a run says beyond its ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exploration {
    /// The version of this format.
    pub format: u32,
    /// The run.
    pub run: String,
    /// One entry per target.
    pub targets: Vec<TargetExploration>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetExploration {
    /// The target.
    pub target: String,
    /// The front; null below two blocks, two cells or two objectives.
    pub front: Option<Front>,
    /// What the axes do, by objective.
    pub effects: Vec<Effects>,
    /// The knee over GOMAXPROCS, for every combination of the other axes with three numbers of it or more.
    pub knees: Vec<Knee>,
    /// Objectives that zeros or gaps leave out.
    pub left_out: Vec<Objective>,
}

/// Explores every target. `objectives` are those of the front and the effects.
///
/// # Errors
/// [`AnalysisError`]: a record that contradicts itself.
pub fn explore(
    run: &Run,
    trials: &[Trial],
    objectives: &[Objective],
) -> Result<Exploration, AnalysisError> {
    check_cells(run, trials)?;
    let options = RankOptions::default();
    let explored = targets(run).into_iter().map(|target| {
        let evidence = Evidence::of_target(run, target, trials)?;
        Ok(explore_target(run, &evidence, objectives, &options))
    });
    Ok(Exploration {
        format: EXPLORATION_FORMAT,
        run: run.id.clone(),
        targets: explored.collect::<Result<_, AnalysisError>>()?,
    })
}

pub(crate) fn explore_target(
    run: &Run,
    evidence: &Evidence<'_>,
    objectives: &[Objective],
    options: &RankOptions,
) -> TargetExploration {
    let axes = varying_axes(evidence);
    let cells = measured_cells(evidence, objectives);
    let tables: Vec<(Objective, Option<Table>)> = objectives
        .iter()
        .map(|&objective| (objective, Table::new(evidence, objective, &cells, options)))
        .collect();
    let left_out = tables.iter().filter(|(_, table)| table.is_none());
    let left_out = left_out.map(|(objective, _)| *objective).collect();
    let tables: Vec<Table> = tables.into_iter().filter_map(|(_, table)| table).collect();
    TargetExploration {
        target: evidence.target.to_owned(),
        front: front::front(evidence, &tables, &axes, run.seed),
        effects: tables
            .iter()
            .filter_map(|table| effects::effects(evidence, table, &axes))
            .collect(),
        knees: scaling::knees(evidence, &axes),
        left_out,
    }
}

/// Cells that have a value on every objective that any cell has one on.
fn measured_cells(evidence: &Evidence<'_>, objectives: &[Objective]) -> Vec<usize> {
    let columns: Vec<_> = objectives
        .iter()
        .map(|&objective| evidence.values(objective).cells)
        .filter(|cells| cells.iter().any(|cell| !cell.is_empty()))
        .collect();
    (0..evidence.cells.len())
        .filter(|&cell| !columns.is_empty() && columns.iter().all(|own| !own[cell].is_empty()))
        .collect()
}

/// One objective's logs, turned so that higher is better: blocks x cells without gaps.
struct Table {
    objective: Objective,
    /// The cells of the table, by their position in the evidence.
    cells: Vec<usize>,
    /// Blocks by number, in the order of the rows.
    blocks: Vec<u32>,
    rows: Vec<Vec<f64>>,
    /// A log ratio that matters: the margin asked for or the A/A floor, whichever is larger.
    margin: f64,
    /// The A/A floor alone, as a log ratio; zero where the control has no duplicate.
    noise: f64,
}

impl Table {
    fn new(
        evidence: &Evidence<'_>,
        objective: Objective,
        cells: &[usize],
        options: &RankOptions,
    ) -> Option<Table> {
        let values = evidence.values(objective);
        let columns: Vec<&BTreeMap<u32, f64>> =
            cells.iter().map(|&cell| &values.cells[cell]).collect();
        let blocks: BTreeSet<u32> = columns.first()?.keys().copied().collect();
        let blocks: Vec<u32> = blocks
            .into_iter()
            .filter(|block| columns.iter().all(|column| column.contains_key(block)))
            .collect();
        let sign = objective.orientation();
        let rows: Vec<Vec<f64>> = blocks
            .iter()
            .map(|block| {
                columns
                    .iter()
                    .map(|column| sign * column[block].ln())
                    .collect()
            })
            .collect();
        let is_sound = rows.len() >= 2 && rows.iter().flatten().all(|value| value.is_finite());
        let margins = Margins::of_values(&values, default_margin(objective, options), options);
        let aa = Pair::new(objective, &values.duplicate, &values.cells[values.control]);
        let floor = aa.noise_floor(LEVEL).filter(|_| aa.scale == Scale::Ratio);
        is_sound.then(|| Table {
            margin: margins.applied.on(Scale::Ratio),
            noise: floor.map_or(0.0, |floor| floor.reach),
            objective,
            cells: cells.to_vec(),
            blocks,
            rows,
        })
    }

    /// The table of some of its blocks.
    fn of_blocks(&self, wanted: &BTreeSet<u32>) -> Option<CompleteBlocks> {
        let kept = self.blocks.iter().zip(&self.rows);
        let rows: Vec<&Vec<f64>> = kept
            .filter(|(block, _)| wanted.contains(block))
            .map(|(_, row)| row)
            .collect();
        CompleteBlocks::from_rows(&rows).ok()
    }

    fn all_blocks(&self) -> Option<CompleteBlocks> {
        CompleteBlocks::from_rows(&self.rows).ok()
    }
}

/// A cell's levels on the axes, numbered by first appearance, with their names.
fn levels(
    evidence: &Evidence<'_>,
    cells: &[usize],
    axes: &[Axis],
) -> (Vec<Vec<usize>>, Vec<Vec<String>>) {
    let mut names: Vec<Vec<String>> = vec![Vec::new(); axes.len()];
    let mut level = |axis: usize, value: &str| {
        let known = names[axis].iter().position(|own| own == value);
        known.unwrap_or_else(|| {
            names[axis].push(value.to_owned());
            names[axis].len() - 1
        })
    };
    let numbered = cells
        .iter()
        .map(|&cell| {
            let settings = crate::rank::settings(evidence.cells[cell].cell);
            let values = axes.iter().enumerate();
            values
                .map(|(at, axis)| level(at, settings.get(axis)))
                .collect()
        })
        .collect();
    (numbered, names)
}
