//! [`CompleteBlocks`]: one value per block and cell, none missing.

use crate::error::{StatsError, check_values};

/// A table of blocks x cells, finite and without gaps. For rankings its values are logs, turned so that higher is
/// better. Blocks that a killed run left incomplete stay outside.
#[derive(Debug, Clone, PartialEq)]
pub struct CompleteBlocks {
    cells: usize,
    /// Row after row, a row being a block.
    values: Vec<f64>,
}

impl CompleteBlocks {
    /// From rows, one per block, each with one value per cell in the same order.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without blocks or cells, [`StatsError::LengthMismatch`] for ragged rows,
    /// [`StatsError::NotFinite`] (its index is that of the value in its row).
    pub fn from_rows<R: AsRef<[f64]>>(rows: &[R]) -> Result<Self, StatsError> {
        let Some(first) = rows.first() else {
            return Err(StatsError::TooFew {
                what: "blocks",
                needed: 1,
                got: 0,
            });
        };
        let cells = first.as_ref().len();
        let mut values = Vec::with_capacity(rows.len() * cells);
        for row in rows {
            let row = row.as_ref();
            if row.len() != cells {
                return Err(StatsError::LengthMismatch {
                    what: "cells of two blocks",
                    left: cells,
                    right: row.len(),
                });
            }
            check_values("cells of a block", row, 1)?;
            values.extend_from_slice(row);
        }
        Ok(CompleteBlocks { cells, values })
    }

    /// How many blocks; at least 1.
    pub fn blocks(&self) -> usize {
        self.values.len() / self.cells
    }

    /// How many cells; at least 1.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// All cells of one block.
    ///
    /// # Panics
    /// For a block that does not exist, as slices do.
    pub fn row(&self, block: usize) -> &[f64] {
        &self.values[block * self.cells..(block + 1) * self.cells]
    }

    /// All blocks, one slice of cells each.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.cells)
    }

    /// All blocks of one cell.
    ///
    /// # Panics
    /// For a cell that does not exist, as slices do.
    pub fn column(&self, cell: usize) -> Vec<f64> {
        self.rows().map(|row| row[cell]).collect()
    }

    /// First cell minus second, block by block: log ratios where the table holds logs.
    ///
    /// # Panics
    /// For a cell that does not exist, as slices do.
    pub fn differences(&self, first: usize, second: usize) -> Vec<f64> {
        self.rows().map(|row| row[first] - row[second]).collect()
    }

    /// Mean of each cell over the blocks.
    pub fn cell_means(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.cells];
        for row in self.rows() {
            for (mean, value) in means.iter_mut().zip(row) {
                *mean += value;
            }
        }
        let blocks = self.blocks() as f64;
        means.iter_mut().for_each(|mean| *mean /= blocks);
        means
    }

    /// The table of some of its cells, in the given order.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for no cells at all.
    ///
    /// # Panics
    /// For a cell that does not exist, as slices do.
    pub fn select_cells(&self, cells: &[usize]) -> Result<Self, StatsError> {
        let rows: Vec<Vec<f64>> = self
            .rows()
            .map(|row| cells.iter().map(|&cell| row[cell]).collect())
            .collect();
        CompleteBlocks::from_rows(&rows)
    }
}

/// Refuses an index at or beyond `len`.
pub(crate) fn check_index(what: &'static str, index: usize, len: usize) -> Result<(), StatsError> {
    if index < len {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            what,
            value: index as f64,
            expected: "the index of a cell",
        })
    }
}
