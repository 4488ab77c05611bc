//! The Pareto front under noise.

use std::collections::BTreeSet;

use documents::exploration::{Front, FrontCell};
use record::axis::Axis;
use record::objective::Objective;
use stats::{CompleteBlocks, Resampling, pareto};

use super::table::{LEVEL, Table};
use crate::evidence::{TargetTrials, label};

/// Resamples: the usual number, and fewer where each one compares many cells. 200 place a frequency of 0.8 within ± 6
/// points.
fn draws(cells: usize) -> usize {
    const MANY_CELLS: usize = 100;
    if cells > MANY_CELLS {
        200
    } else {
        Resampling::seeded(0).draws
    }
}

/// The front over the tables; they share their cells.
pub(super) fn front(
    evidence: &TargetTrials<'_>,
    tables: &[Table],
    axes: &[Axis],
    seed: u64,
) -> Option<Front> {
    let first = tables.first()?;
    if tables.len() < 2 || first.cells.len() < 2 {
        return None;
    }
    let mut blocks: BTreeSet<u32> = first.blocks.iter().copied().collect();
    blocks.retain(|block| tables.iter().all(|table| table.blocks.contains(block)));
    let values: Vec<CompleteBlocks> = tables
        .iter()
        .map(|table| table.of_blocks(&blocks))
        .collect::<Option<_>>()?;
    let objectives: Vec<pareto::ParetoAxis<'_>> = tables
        .iter()
        .zip(&values)
        .map(|(table, values)| pareto::ParetoAxis {
            values,
            margin: table.margin,
        })
        .collect();
    let rule = pareto::FrontRule {
        alpha: 1.0 - LEVEL,
        resampling: Resampling {
            draws: draws(first.cells.len()),
            seed,
        },
    };
    let standings = pareto::front(&objectives, rule).ok()?;
    let medians: Vec<(Objective, Vec<Option<f64>>)> = tables
        .iter()
        .map(|table| {
            let values = evidence.values(table.objective);
            let of_cells = first.cells.iter().map(|&cell| values.median(cell));
            (table.objective, of_cells.collect())
        })
        .collect();
    let id = |at: usize| evidence.cells[first.cells[at]].cell.id.to_string();
    let mut cells: Vec<FrontCell> = standings
        .iter()
        .map(|standing| {
            let cell = evidence.cells[first.cells[standing.cell]].cell;
            FrontCell {
                id: id(standing.cell),
                label: label(cell, axes),
                control: cell.control,
                on_front: standing.on_front,
                frequency: standing.frequency,
                dominated_by: standing.dominated_by.map(id),
                values: medians
                    .iter()
                    .filter_map(|(objective, own)| Some((*objective, own[standing.cell]?)))
                    .collect(),
            }
        })
        .collect();
    cells.sort_by(|a, b| {
        let firmness = |cell: &FrontCell| cell.frequency.unwrap_or(0.0);
        (b.on_front.cmp(&a.on_front)).then(firmness(b).total_cmp(&firmness(a)))
    });
    Some(Front {
        objectives: tables.iter().map(|table| table.objective).collect(),
        blocks: blocks.len(),
        seed,
        cells,
    })
}
