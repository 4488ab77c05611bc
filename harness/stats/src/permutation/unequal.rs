//! Rearrangement of cells whose noise is unequal.

use super::{check_controls, check_draws, check_sizes, share_reaching};
use crate::blocks::CompleteBlocks;
use crate::error::StatsError;
use crate::random::{Random, Resampling};
use crate::summary::deviation_of;

/// Passes in which block effects and the cells' noise are estimated by turns; they settle in two.
const PASSES: usize = 3;

/// No cell counts as less noisy than this share of the noisiest: one without any noise would take all the weight.
const LEAST_SHARE: f64 = 1e-3;

/// Every cell against the control by within-block permutation of *standardised* residuals, adjusted for their number:
/// values change places within their block in units of their cell's noise and are read in those of the place where they
/// come to stand; for each cell the share of rearrangements whose largest paired |t| reaches its own (max-T, Westfall &
/// Young 1993). Two-sided; `None` stands at the control's place.
///
/// The cross-check of paired t tests. Flipping signs block by block ([`super::sign_flip_max_t`]) is exact, but has 32
/// patterns at six blocks, and a noisy cell that no one asks about takes up the one that is needed. Standardising is
/// approximate: in simulation it flags something in 3.5 to 6.5 % of runs of identical cells (3 to 25 cells, 6 and 10 blocks,
/// one or every second cell 5x noisier).
///
/// # Errors
/// As [`super::max_t_against_control`]. `control` names all columns of the control, as there.
pub fn max_t_unequal_noise(
    blocks: &CompleteBlocks,
    control: &[usize],
    resampling: Resampling,
) -> Result<Vec<Option<f64>>, StatsError> {
    check_controls(control, blocks)?;
    check_draws(resampling)?;
    check_sizes(blocks)?;
    let mut table = Standardised::of(blocks);
    let observed = table.t_values(control);
    let mut random = Random::new(resampling.seed);
    let mut largest: Vec<f64> = (0..resampling.draws)
        .map(|_| {
            table.rearrange(&mut random);
            table.t_values(control).into_iter().fold(0.0, f64::max)
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    Ok(observed
        .into_iter()
        .enumerate()
        .map(|(cell, t)| (!control.contains(&cell)).then(|| share_reaching(&largest, t)))
        .collect())
}

/// Residuals in units of their cell's noise, row after row, a row being a block.
struct Standardised {
    cells: usize,
    values: Vec<f64>,
    noise: Vec<f64>,
}

impl Standardised {
    fn of(blocks: &CompleteBlocks) -> Self {
        let cells = blocks.cells();
        let mut noise = vec![1.0; cells];
        let mut residuals = Vec::new();
        for _ in 0..PASSES {
            let weights = weights(&noise);
            residuals = blocks
                .rows()
                .flat_map(|row| {
                    let effect: f64 = row.iter().zip(&weights).map(|(x, w)| x * w).sum();
                    row.iter().map(move |value| value - effect)
                })
                .collect();
            noise = noises(&residuals, &weights);
        }
        let mut table = Standardised {
            cells,
            values: residuals,
            noise,
        };
        for row in table.values.chunks_exact_mut(cells) {
            for (value, noise) in row.iter_mut().zip(&table.noise) {
                *value /= noise;
            }
        }
        table
    }

    fn rearrange(&mut self, random: &mut Random) {
        for row in self.values.chunks_exact_mut(self.cells) {
            random.shuffle(row);
        }
    }

    /// |t| of every cell's blockwise differences to the control; zero at the control's own place.
    fn t_values(&self, control: &[usize]) -> Vec<f64> {
        let n = (self.values.len() / self.cells) as f64;
        let mut sums = vec![0.0; self.cells];
        let mut squares = vec![0.0; self.cells];
        for row in self.values.chunks_exact(self.cells) {
            let own = control.iter().map(|&cell| row[cell] * self.noise[cell]);
            let reference = own.sum::<f64>() / control.len() as f64;
            for cell in (0..self.cells).filter(|cell| !control.contains(cell)) {
                let difference = row[cell] * self.noise[cell] - reference;
                sums[cell] += difference;
                squares[cell] += difference * difference;
            }
        }
        let t = |(sum, squares): (f64, f64)| {
            let variance = squares - sum * sum / n;
            if sum == 0.0 {
                0.0
            } else if variance <= 1e-13 * squares {
                f64::INFINITY
            } else {
                (sum * sum / n / (variance / (n - 1.0))).sqrt()
            }
        };
        sums.into_iter().zip(squares).map(t).collect()
    }
}

/// Weights of the cells in a block's effect: 1/variance, summing to one.
fn weights(noise: &[f64]) -> Vec<f64> {
    let inverse: Vec<f64> = noise.iter().map(|noise| noise.powi(-2)).collect();
    let total: f64 = inverse.iter().sum();
    inverse.into_iter().map(|weight| weight / total).collect()
}

/// Each cell's noise from its residuals, which its own weight in the block effects makes too small.
fn noises(residuals: &[f64], weights: &[f64]) -> Vec<f64> {
    let cells = weights.len();
    let own: Vec<f64> = (0..cells)
        .map(|cell| {
            let column: Vec<f64> = residuals[cell..].iter().step_by(cells).copied().collect();
            deviation_of(&column) / (1.0 - weights[cell]).max(0.05).sqrt()
        })
        .collect();
    let largest = own.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return vec![1.0; cells];
    }
    own.into_iter()
        .map(|noise| noise.max(LEAST_SHARE * largest))
        .collect()
}
