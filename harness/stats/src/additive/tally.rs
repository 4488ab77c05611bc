//! Counts and sums of the trials, and the normal equations of the blocks.

use super::Observation;
use crate::error::{StatsError, is_usable};
use crate::linear::Matrix;

/// Counts and sums of the observations.
pub(super) struct Tally {
    /// blocks x cells.
    pub(super) counts: Matrix,
    pub(super) cell_counts: Vec<f64>,
    pub(super) cell_sums: Vec<f64>,
    pub(super) block_counts: Vec<f64>,
    pub(super) block_sums: Vec<f64>,
}

impl Tally {
    pub(super) fn new(observations: &[Observation]) -> Result<Self, StatsError> {
        if let Some(index) = observations.iter().position(|o| !is_usable(o.value)) {
            return Err(StatsError::NotFinite {
                what: "observations",
                index,
            });
        }
        let blocks = observations.iter().map(|o| o.block + 1).max().unwrap_or(0);
        let cells = observations.iter().map(|o| o.cell + 1).max().unwrap_or(0);
        // Also keeps a wild index from asking for a wild amount of memory.
        if observations.len() < blocks.saturating_add(cells) {
            return Err(StatsError::TooFew {
                what: "trials for an additive fit (cells + blocks)",
                needed: blocks.saturating_add(cells),
                got: observations.len(),
            });
        }
        let mut tally = Tally {
            counts: Matrix::zeros(blocks, cells),
            cell_counts: vec![0.0; cells],
            cell_sums: vec![0.0; cells],
            block_counts: vec![0.0; blocks],
            block_sums: vec![0.0; blocks],
        };
        for &Observation { block, cell, value } in observations {
            tally.counts[(block, cell)] += 1.0;
            tally.cell_counts[cell] += 1.0;
            tally.cell_sums[cell] += value;
            tally.block_counts[block] += 1.0;
            tally.block_sums[block] += value;
        }
        if tally
            .cell_counts
            .iter()
            .chain(&tally.block_counts)
            .any(|&count| count == 0.0)
        {
            return Err(StatsError::TooFew {
                what: "trials of a cell or block",
                needed: 1,
                got: 0,
            });
        }
        Ok(tally)
    }

    pub(super) fn blocks(&self) -> usize {
        self.block_sums.len()
    }

    pub(super) fn cells(&self) -> usize {
        self.cell_sums.len()
    }

    pub(super) fn balanced_block_effects(&self) -> Vec<f64> {
        let grand = self.block_sums.iter().sum::<f64>() / self.block_counts.iter().sum::<f64>();
        self.block_sums
            .iter()
            .zip(&self.block_counts)
            .map(|(sum, count)| sum / count - grand)
            .collect()
    }

    /// Normal equations of the blocks with the cells eliminated, under the constraint that effects sum to zero.
    pub(super) fn solve_block_effects(&self) -> Result<(Vec<f64>, Matrix), StatsError> {
        self.check_connected()?;
        let blocks = self.blocks();
        // Adding the matrix of ones imposes the zero sum and leaves estimable contrasts as they are.
        let mut normal = Matrix::filled(blocks, blocks, 1.0);
        let mut right = self.block_sums.clone();
        for (block, count) in self.block_counts.iter().enumerate() {
            normal[(block, block)] += count;
        }
        for cell in 0..self.cells() {
            let column = self.counts.column(cell);
            normal.add_outer(-1.0 / self.cell_counts[cell], column);
            let mean = self.cell_sums[cell] / self.cell_counts[cell];
            for (sum, count) in right.iter_mut().zip(column) {
                *sum -= mean * count;
            }
        }
        let inverse = normal.symmetric_inverse().ok_or(StatsError::NoFit {
            what: "additive fit",
            reason: "block effects cannot be told apart; measure more cells per block",
        })?;
        Ok((inverse.times(&right), inverse))
    }

    /// Walks from cell 0 through shared blocks and demands to reach every cell.
    fn check_connected(&self) -> Result<(), StatsError> {
        let mut cell_seen = vec![false; self.cells()];
        let mut block_seen = vec![false; self.blocks()];
        let mut frontier = vec![0];
        cell_seen[0] = true;
        while let Some(cell) = frontier.pop() {
            let unseen = |(_, seen): &(usize, &mut bool)| !**seen;
            for (block, seen) in block_seen.iter_mut().enumerate().filter(unseen) {
                *seen = self.counts[(block, cell)] > 0.0;
                if !*seen {
                    continue;
                }
                for (other, seen) in cell_seen.iter_mut().enumerate() {
                    if self.counts[(block, other)] > 0.0 && !*seen {
                        *seen = true;
                        frontier.push(other);
                    }
                }
            }
        }
        match cell_seen.iter().position(|seen| !seen) {
            Some(cell) => Err(StatsError::Disconnected { cell }),
            None => Ok(()),
        }
    }
}
