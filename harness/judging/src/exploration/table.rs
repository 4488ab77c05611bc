//! One objective's figures as a table of cells and blocks.

use std::collections::{BTreeMap, BTreeSet};

use documents::effect::Scale;
use record::axis::Axis;
use record::objective::Objective;
use stats::CompleteBlocks;

use crate::evidence::{TargetTrials, settings};
use crate::margin::{Margins, default_margin};
use crate::options::RankOptions;
use crate::pair::Pair;

/// Level of the intervals here.
pub(super) const LEVEL: f64 = 0.95;

/// One objective's logs, turned so that higher is better: blocks x cells without gaps.
pub(super) struct Table {
    pub(super) objective: Objective,
    /// The cells of the table, by their position in the evidence.
    pub(super) cells: Vec<usize>,
    /// Blocks by number, in the order of the rows.
    pub(super) blocks: Vec<u32>,
    pub(super) rows: Vec<Vec<f64>>,
    /// A log ratio that matters: the margin asked for or the noise floor, whichever is larger.
    pub(super) margin: f64,
    /// The noise floor alone, as a log ratio; zero where the control has no duplicate.
    pub(super) noise: f64,
}

impl Table {
    pub(super) fn new(
        evidence: &TargetTrials<'_>,
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
    pub(super) fn of_blocks(&self, wanted: &BTreeSet<u32>) -> Option<CompleteBlocks> {
        let kept = self.blocks.iter().zip(&self.rows);
        let rows: Vec<&Vec<f64>> = kept
            .filter(|(block, _)| wanted.contains(block))
            .map(|(_, row)| row)
            .collect();
        CompleteBlocks::from_rows(&rows).ok()
    }

    pub(super) fn all_blocks(&self) -> Option<CompleteBlocks> {
        CompleteBlocks::from_rows(&self.rows).ok()
    }
}

/// A cell's levels on the axes, numbered by first appearance, with their names.
pub(super) fn levels(
    evidence: &TargetTrials<'_>,
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
            let settings = settings(evidence.cells[cell].cell);
            let values = axes.iter().enumerate();
            values
                .map(|(at, axis)| level(at, settings.get(axis)))
                .collect()
        })
        .collect();
    (numbered, names)
}
