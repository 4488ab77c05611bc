//! Tests by rearrangement: what the data would have looked like had the labels not mattered. They cross-check the
//! t tests of [`crate::additive`] and [`crate::paired`]; where both disagree the verdict is inconclusive.

use crate::blocks::{CompleteBlocks, check_index};
use crate::error::StatsError;
use crate::random::{Random, Resampling};

mod unequal;

pub use unequal::max_t_unequal_noise;

/// Up to this many blocks all 2^n sign patterns are counted; each costs a pass over all cells.
const ALL_SIGNS_UP_TO: usize = 12;

/// Every cell against the control by within-block permutation, adjusted for their number: for each cell the share of
/// rearrangements whose **largest** |t| over all cells reaches that cell's own (single-step max-T, Westfall & Young
/// 1993). Two-sided; `None` stands at the control's place.
///
/// t is that of the additive fit with pooled residual. All cells are exchanged within each block, so the reference is
/// the complete null; with noise of unequal size it is approximate, as the pooled t itself. Where the control was measured
/// more than once in each block, `control` names all of its columns, and cells are compared with their mean.
///
/// # Errors
/// [`StatsError::TooFew`] without a control, below one cell besides it, two blocks or one draw;
/// [`StatsError::OutOfRange`] for a control that does not exist.
pub fn max_t_against_control(
    blocks: &CompleteBlocks,
    control: &[usize],
    resampling: Resampling,
) -> Result<Vec<Option<f64>>, StatsError> {
    check_controls(control, blocks)?;
    let mut layout = Layout::new(blocks, resampling)?;
    let mut statistics = vec![0.0; blocks.cells()];
    layout.against(control, &mut statistics);
    let observed: Vec<f64> = statistics.iter().map(|t| t.abs()).collect();
    let mut largest = Vec::with_capacity(resampling.draws);
    let mut random = Random::new(resampling.seed);
    for _ in 0..resampling.draws {
        layout.rearrange(&mut random);
        layout.against(control, &mut statistics);
        largest.push(statistics.iter().fold(0.0_f64, |most, t| most.max(t.abs())));
    }
    largest.sort_by(f64::total_cmp);
    Ok(observed
        .iter()
        .enumerate()
        .map(|(cell, &t)| (!control.contains(&cell)).then(|| share_reaching(&largest, t)))
        .collect())
}

/// Every cell against the control by flipping the signs of its blockwise differences, adjusted for their number: for
/// each cell the share of sign patterns under which the **largest** paired |t| over all cells reaches its own. A block's
/// sign is flipped for all cells at once, which keeps what they share through the control. Two-sided; `None` stands at
/// the control's place. All 2^n patterns up to 12 blocks, else seeded draws.
///
/// The cross-check of paired t tests: each cell is measured by its own noise, so that unequal noise does not matter.
/// It rests on noise that is as likely up as down. Below six blocks no p-value reaches 5 %.
///
/// # Errors
/// As [`max_t_against_control`].
pub fn sign_flip_max_t(
    blocks: &CompleteBlocks,
    control: usize,
    resampling: Resampling,
) -> Result<Vec<Option<f64>>, StatsError> {
    check_index("control", control, blocks.cells())?;
    check_sizes(blocks)?;
    let differences: Vec<Vec<f64>> = (0..blocks.cells())
        .filter(|&cell| cell != control)
        .map(|cell| blocks.differences(cell, control))
        .collect();
    let squares: Vec<f64> = differences
        .iter()
        .map(|own| own.iter().map(|value| value * value).sum())
        .collect();
    let n = blocks.blocks();
    let cells = differences.len();
    // Flipping signs leaves the sum of squares alone, so |t| grows with the squared sum over the squares.
    let share = |signs: &[u64], cell: usize| {
        let flipped = |block: usize| signs[block / 64] >> (block % 64) & 1 == 1;
        let signed = differences[cell].iter().enumerate();
        let sum: f64 = signed
            .map(|(block, value)| if flipped(block) { -value } else { *value })
            .sum();
        if squares[cell] > 0.0 {
            sum * sum / squares[cell]
        } else {
            0.0
        }
    };
    let largest_under = |signs: &[u64]| {
        let shares = (0..cells).map(|cell| share(signs, cell));
        shares.fold(0.0, f64::max)
    };
    let all_patterns = n <= ALL_SIGNS_UP_TO;
    let mut largest: Vec<f64> = if all_patterns {
        // Turning every sign changes no |t|: half of the patterns are all there is to see.
        let patterns = 0..1_u64 << (n - 1);
        patterns.map(|signs| largest_under(&[signs])).collect()
    } else {
        check_draws(resampling)?;
        let mut random = Random::new(resampling.seed);
        let mut signs = vec![0; n.div_ceil(64)];
        let draws = 0..resampling.draws;
        draws
            .map(|_| {
                signs.iter_mut().for_each(|word| *word = random.bits());
                largest_under(&signs)
            })
            .collect()
    };
    let as_observed = vec![0; n.div_ceil(64)];
    largest.sort_by(f64::total_cmp);
    let p_value = |cell: usize| {
        let reached = share(&as_observed, cell) * (1.0 - 1e-12);
        let hits = largest.len() - largest.partition_point(|&value| value < reached);
        // Of all patterns the observed one is a member; of draws it is one more.
        let added = usize::from(!all_patterns);
        (hits + added) as f64 / (largest.len() + added) as f64
    };
    let mut p_values = (0..cells).map(p_value);
    Ok((0..blocks.cells())
        .map(|cell| (cell != control).then(|| p_values.next()).flatten())
        .collect())
}

fn check_controls(control: &[usize], blocks: &CompleteBlocks) -> Result<(), StatsError> {
    for &column in control {
        check_index("control", column, blocks.cells())?;
    }
    let besides = blocks.cells().saturating_sub(control.len());
    match [
        ("columns of the control", control.len()),
        ("cells besides the control", besides),
    ]
    .into_iter()
    .find(|(_, got)| *got == 0)
    {
        Some((what, got)) => Err(StatsError::TooFew {
            what,
            needed: 1,
            got,
        }),
        None => Ok(()),
    }
}

fn check_draws(resampling: Resampling) -> Result<(), StatsError> {
    if resampling.draws == 0 {
        return Err(StatsError::TooFew {
            what: "rearrangements",
            needed: 1,
            got: 0,
        });
    }
    Ok(())
}

fn check_sizes(blocks: &CompleteBlocks) -> Result<(), StatsError> {
    let sizes = [("cells", blocks.cells()), ("blocks", blocks.blocks())];
    match sizes.into_iter().find(|(_, got)| *got < 2) {
        Some((what, got)) => Err(StatsError::TooFew {
            what,
            needed: 2,
            got,
        }),
        None => Ok(()),
    }
}

/// (1 + how many of the sorted values reach `t`) / (1 + how many there are).
fn share_reaching(sorted: &[f64], t: f64) -> f64 {
    let below = sorted.partition_point(|&value| value < t * (1.0 - 1e-12));
    (1 + sorted.len() - below) as f64 / (1 + sorted.len()) as f64
}

/// A table under rearrangement. Sorting values among the cells of a block changes neither the block's mean nor its
/// spread, so with blocks centred at zero only the cells' sums need to be taken again.
struct Layout {
    cells: usize,
    blocks: f64,
    /// Centred values, block after block.
    centred: Vec<f64>,
    within_blocks: f64,
    sums: Vec<f64>,
}

impl Layout {
    fn new(blocks: &CompleteBlocks, resampling: Resampling) -> Result<Self, StatsError> {
        check_draws(resampling)?;
        check_sizes(blocks)?;
        let mut centred = Vec::with_capacity(blocks.cells() * blocks.blocks());
        for row in blocks.rows() {
            let mean = crate::summary::mean_of(row);
            centred.extend(row.iter().map(|value| value - mean));
        }
        let within_blocks = centred.iter().map(|value| value * value).sum();
        let (cells, blocks) = (blocks.cells(), blocks.blocks() as f64);
        Ok(Layout {
            cells,
            blocks,
            centred,
            within_blocks,
            sums: vec![0.0; cells],
        })
    }

    fn rearrange(&mut self, random: &mut Random) {
        for block in self.centred.chunks_exact_mut(self.cells) {
            random.shuffle(block);
        }
    }

    /// t of every cell against the control.
    fn against(&mut self, control: &[usize], statistics: &mut [f64]) {
        self.sums.fill(0.0);
        for block in self.centred.chunks_exact(self.cells) {
            for (sum, value) in self.sums.iter_mut().zip(block) {
                *sum += value;
            }
        }
        let between: f64 = self.sums.iter().map(|sum| sum * sum).sum::<f64>() / self.blocks;
        let residual = self.within_blocks - between;
        let residual = if residual <= 1e-13 * self.within_blocks {
            0.0
        } else {
            residual
        };
        let df = (self.blocks - 1.0) * (self.cells - 1) as f64;
        let times = control.len() as f64;
        // Of a difference of sums, not of means.
        let error = ((1.0 + 1.0 / times) * residual / df * self.blocks).sqrt();
        let reference = control.iter().map(|&cell| self.sums[cell]).sum::<f64>() / times;
        // Equal cells whose sums were rounded differently are equal all the same.
        let slack = 1e-12 * self.within_blocks.sqrt();
        for (cell, (statistic, sum)) in statistics.iter_mut().zip(&self.sums).enumerate() {
            // The control's own columns are not compared with their mean.
            let difference = if control.contains(&cell) {
                0.0
            } else {
                sum - reference
            };
            *statistic = if difference.abs() <= slack {
                0.0
            } else {
                difference / error
            };
        }
    }
}
