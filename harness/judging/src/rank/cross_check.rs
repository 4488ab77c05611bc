//! The corrected t tests compared with rearrangements of the same blocks.
//!
//! A t test trusts a formula for what chance does; a permutation test asks the blocks themselves. Where every cell has
//! about the same noise, values change places within each block (max-T, Westfall & Young 1993); where it has not, they do
//! so in units of their cell's noise. Both are adjusted for the number of cells by construction, and compare with both
//! trials of the control where every block has two. Where t test and rearrangement disagree on a change that matters,
//! nothing is claimed.
//!
//! Deliberately absent: a cross-check of fewer than six blocks (the smallest p of two cells is then above 5 %), or of a
//! table with more than a fifth of its blocks incomplete (it would judge by other blocks than the t test did). Cells
//! that lack more than a fifth of the blocks, because they left the race, are not in the table.

use std::collections::BTreeSet;

use documents::effect::Scale;
use stats::{CompleteBlocks, Resampling, permutation};

use super::model::{NoiseOfCells, on_scale};
use crate::evidence::Values;
use crate::pair::Column;

/// Below this no rearrangement of two cells is rare enough.
const FEWEST_BLOCKS: usize = 6;

/// Share of the blocks that must be without gaps.
const ENOUGH_BLOCKS: f64 = 0.8;

/// Values in a table from which on fewer rearrangements are drawn: 999 place a p of 5 % within ± 1.4 points.
const LARGE_TABLE: usize = 2_000;
const DRAWS_OF_LARGE_TABLE: usize = 999;

/// Adjusted p of "differs from the control", by cell; all `None` where there is no cross-check.
pub(crate) fn p_values(
    values: &Values,
    scale: Scale,
    noise: NoiseOfCells,
    seed: u64,
) -> Vec<Option<f64>> {
    let unchecked = vec![None; values.cells.len()];
    let Some(Table {
        cells,
        control,
        blocks,
    }) = table(values, scale)
    else {
        return unchecked;
    };
    let mut resampling = Resampling::seeded(seed);
    if blocks.cells() * blocks.blocks() > LARGE_TABLE {
        resampling.draws = DRAWS_OF_LARGE_TABLE;
    }
    let found = match noise {
        NoiseOfCells::Equal => permutation::max_t_against_control(&blocks, &control, resampling),
        NoiseOfCells::Unequal => permutation::max_t_unequal_noise(&blocks, &control, resampling),
    };
    let mut p_values = unchecked;
    for (cell, p) in cells.into_iter().zip(found.unwrap_or_default()) {
        p_values[cell] = p;
    }
    p_values
}

/// Cells that have values in most blocks, over the blocks in which all of them have one.
struct Table {
    /// Which cell stands in each column; the control's duplicate comes after them all.
    cells: Vec<usize>,
    /// The columns of the control.
    control: Vec<usize>,
    blocks: CompleteBlocks,
}

fn table(values: &Values, scale: Scale) -> Option<Table> {
    let all: BTreeSet<u32> = values
        .cells
        .iter()
        .flat_map(|column| column.keys().copied())
        .collect();
    // A cell that left the race early would leave few blocks for the others.
    let stayed = |cell: usize| {
        let own = values.cells[cell].len();
        own > 0 && own as f64 >= ENOUGH_BLOCKS * all.len() as f64
    };
    let cells: Vec<usize> = (0..values.cells.len())
        .filter(|&cell| stayed(cell))
        .collect();
    let complete: Vec<u32> = all
        .iter()
        .copied()
        .filter(|block| {
            cells
                .iter()
                .all(|&cell| values.cells[cell].contains_key(block))
        })
        .collect();
    let enough = complete.len() as f64 >= ENOUGH_BLOCKS * all.len() as f64;
    if cells.len() < 2 || complete.len() < FEWEST_BLOCKS || !enough {
        return None;
    }
    let mut control = vec![cells.iter().position(|&cell| cell == values.control)?];
    let mut columns: Vec<&Column> = cells.iter().map(|&cell| &values.cells[cell]).collect();
    let is_twice = |block| values.duplicate.contains_key(block);
    if complete.iter().all(is_twice) {
        control.push(columns.len());
        columns.push(&values.duplicate);
    }
    let rows: Vec<Vec<f64>> = complete
        .iter()
        .map(|block| {
            let own = columns.iter().map(|column| column[block]);
            own.map(|value| on_scale(value, scale)).collect()
        })
        .collect();
    Some(Table {
        cells,
        control,
        blocks: CompleteBlocks::from_rows(&rows).ok()?,
    })
}
