//! The two-way additive fit: log value = cell + block + noise, with one residual pooled over all cells.
//!
//! With many cells it sees much smaller effects than each cell's own blocks would, and after racing, when cells
//! have been measured in different numbers of blocks, it still compares them fairly: least squares on whatever
//! (block, cell) pairs there are, the control's duplicate trial included. It assumes that noise on the log scale
//! is about equal in all cells; [`unequal_noise`] says where it is not.

use crate::blocks::{CompleteBlocks, check_index};
use crate::correction::holm;
use crate::distribution::{f_upper, t_cdf, t_quantile, t_upper};
use crate::error::{StatsError, check_probability};
use crate::estimate::{Alternative, Estimate, Method};
use crate::linear::Matrix;
use crate::paired::signs_only_p;

mod tally;

use tally::Tally;

/// One trial's value, on the log scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Block index, from 0 without gaps.
    pub block: usize,
    /// Cell index, from 0 without gaps.
    pub cell: usize,
    /// The value.
    pub value: f64,
}

/// The fit. Cell levels are what each cell would average over all blocks.
#[derive(Debug, Clone)]
pub struct AdditiveFit {
    /// Level of each cell, adjusted for the blocks that it was measured in.
    pub cell_levels: Vec<f64>,
    /// Effect of each block; they sum to zero. A drift of the machine shows here.
    pub block_effects: Vec<f64>,
    /// Standard deviation of the noise of one trial, pooled over all cells.
    pub residual_deviation: f64,
    /// Its degrees of freedom: observations − cells − blocks + 1; at least 1.
    pub residual_df: usize,
    /// Trials of each cell.
    pub trials: Vec<usize>,
    /// Sum of squared residuals of each cell.
    cell_squares: Vec<f64>,
    /// Share of each cell's trials that fell in each block: one column per cell.
    block_shares: Matrix,
    /// Inverse of the blocks' reduced normal matrix times those shares; `None` when all cells were in all
    /// blocks equally, where it never matters.
    projected_shares: Option<Matrix>,
}

/// One cell against another, from an [`AdditiveFit`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The cell in question.
    pub cell: usize,
    /// The cell that it is compared with.
    pub against: usize,
    /// cell − against, on the scale of the observations.
    pub estimate: Estimate,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Two-sided p-value, not corrected.
    pub p_value: f64,
}

/// All cells against the control, corrected over that family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControlContrast {
    /// The contrast; `against` is the control.
    pub contrast: Contrast,
    /// Holm-adjusted p-value.
    pub p_holm: f64,
}

/// A cell whose noise is not that of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnequalNoise {
    /// The cell.
    pub cell: usize,
    /// Its residual deviation ÷ that of all other cells together.
    pub ratio: f64,
    /// Holm-adjusted two-sided p-value of the F test.
    pub p_holm: f64,
}

/// Fits a complete table.
///
/// # Errors
/// As [`fit_observations`].
pub fn fit(blocks: &CompleteBlocks) -> Result<AdditiveFit, StatsError> {
    let observations: Vec<Observation> = blocks
        .rows()
        .enumerate()
        .flat_map(|(block, row)| {
            row.iter()
                .enumerate()
                .map(move |(cell, &value)| Observation { block, cell, value })
        })
        .collect();
    fit_observations(&observations)
}

/// Fits any set of trials; a (block, cell) may be missing or hold several.
///
/// # Errors
/// [`StatsError::TooFew`] where no degree of freedom is left for noise, or an index was skipped;
/// [`StatsError::NotFinite`]; [`StatsError::Disconnected`] where cells cannot be compared through shared blocks.
pub fn fit_observations(observations: &[Observation]) -> Result<AdditiveFit, StatsError> {
    let table = Tally::new(observations)?;
    let counts = table.counts.values();
    let complete = counts.iter().all(|&count| count == counts[0]);
    let (block_effects, block_inverse) = if complete {
        (table.balanced_block_effects(), None)
    } else {
        let (effects, inverse) = table.solve_block_effects()?;
        (effects, Some(inverse))
    };
    let cell_levels: Vec<f64> = (0..table.cells())
        .map(|cell| {
            let shifts: f64 = block_effects
                .iter()
                .zip(table.counts.column(cell))
                .map(|(b, n)| b * n)
                .sum();
            (table.cell_sums[cell] - shifts) / table.cell_counts[cell]
        })
        .collect();
    let mut cell_squares = vec![0.0; table.cells()];
    for observation in observations {
        let fitted = cell_levels[observation.cell] + block_effects[observation.block];
        cell_squares[observation.cell] += (observation.value - fitted).powi(2);
    }
    let residual_df = observations.len() + 1 - table.cells() - table.blocks();
    let variance = cell_squares.iter().sum::<f64>() / residual_df as f64;
    let largest = observations
        .iter()
        .fold(0.0_f64, |most, o| most.max(o.value.abs()));
    // Rounding noise of a table without any noise is none.
    let residual_deviation = if variance.sqrt() <= 32.0 * f64::EPSILON * largest {
        0.0
    } else {
        variance.sqrt()
    };
    let mut block_shares = table.counts.clone();
    for (cell, count) in table.cell_counts.iter().enumerate() {
        let column = block_shares.column_mut(cell);
        column.iter_mut().for_each(|share| *share /= count);
    }
    Ok(AdditiveFit {
        cell_levels,
        block_effects,
        residual_deviation,
        residual_df,
        trials: table
            .cell_counts
            .iter()
            .map(|&count| count as usize)
            .collect(),
        cell_squares,
        projected_shares: block_inverse.map(|inverse| inverse.times_matrix(&block_shares)),
        block_shares,
    })
}

impl AdditiveFit {
    /// How many cells.
    pub fn cells(&self) -> usize {
        self.cell_levels.len()
    }

    /// True where all cells were measured equally often in all blocks; all differences then have one
    /// standard error.
    pub fn is_balanced(&self) -> bool {
        self.projected_shares.is_none()
    }

    /// One cell against another, with its t interval.
    ///
    /// Where the residual is zero (a measure too coarse to vary) the interval has no width and the p-value is
    /// that of a sign test, see [`crate::TestMethod::SignsOnly`].
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for the level or a cell that does not exist.
    pub fn contrast(
        &self,
        cell: usize,
        against: usize,
        level: f64,
    ) -> Result<Contrast, StatsError> {
        check_probability("confidence level", level)?;
        check_index("cell", cell, self.cells())?;
        check_index("cell", against, self.cells())?;
        let point = self.cell_levels[cell] - self.cell_levels[against];
        let standard_error = self.standard_error(cell, against);
        let df = self.residual_df as f64;
        let reach = t_quantile(0.5 + level / 2.0, df) * standard_error;
        Ok(Contrast {
            cell,
            against,
            estimate: Estimate {
                point,
                low: point - reach,
                high: point + reach,
                level,
                attained_level: level,
                method: Method::AdditiveT,
                n: self.trials[cell].min(self.trials[against]),
            },
            standard_error,
            p_value: self.p_value(cell, against, Alternative::TwoSided),
        })
    }

    /// Every cell but the control against it, with Holm's correction over them all.
    ///
    /// # Errors
    /// As [`AdditiveFit::contrast`].
    pub fn contrasts_to_control(
        &self,
        control: usize,
        level: f64,
    ) -> Result<Vec<ControlContrast>, StatsError> {
        check_index("control", control, self.cells())?;
        let contrasts = (0..self.cells())
            .filter(|&cell| cell != control)
            .map(|cell| self.contrast(cell, control, level))
            .collect::<Result<Vec<_>, _>>()?;
        let p_values: Vec<f64> = contrasts.iter().map(|contrast| contrast.p_value).collect();
        let holm = holm(&p_values)?;
        Ok(contrasts
            .into_iter()
            .zip(holm)
            .map(|(contrast, p_holm)| ControlContrast { contrast, p_holm })
            .collect())
    }

    /// Standard error of the difference of two cells' levels.
    pub(crate) fn standard_error(&self, cell: usize, against: usize) -> f64 {
        let mut variance = 1.0 / self.trials[cell] as f64 + 1.0 / self.trials[against] as f64;
        if let Some(projected) = &self.projected_shares {
            variance += (0..self.block_effects.len())
                .map(|block| {
                    let share =
                        self.block_shares[(block, cell)] - self.block_shares[(block, against)];
                    share * (projected[(block, cell)] - projected[(block, against)])
                })
                .sum::<f64>();
        }
        self.residual_deviation * variance.sqrt()
    }

    /// p-value of one cell against another; "greater" asks whether `cell` lies above `against`.
    pub(crate) fn p_value(&self, cell: usize, against: usize, alternative: Alternative) -> f64 {
        let difference = self.cell_levels[cell] - self.cell_levels[against];
        let error = self.standard_error(cell, against);
        let df = self.residual_df as f64;
        if error > 0.0 {
            let t = difference / error;
            return alternative.p_value(t_cdf(t, df), t_upper(t, df));
        }
        let agreeing = signs_only_p(self.trials[cell].min(self.trials[against]));
        if difference == 0.0 {
            1.0
        } else if difference > 0.0 {
            alternative.p_value(1.0, agreeing)
        } else {
            alternative.p_value(agreeing, 1.0)
        }
    }
}

/// Cells whose noise differs from the rest at `alpha` after Holm: an F test of each cell's residual variance
/// against that of all others. For such cells a pooled interval is too narrow (ratio above 1) or too wide; use
/// [`crate::paired`] on them. The F reference is approximate, since residuals of a two-way fit correlate weakly
/// (by 1/cells); it is given for 3 cells or more, and is sensitive to outliers, which is wanted here.
///
/// # Errors
/// [`StatsError::OutOfRange`] for `alpha`.
pub fn unequal_noise(fit: &AdditiveFit, alpha: f64) -> Result<Vec<UnequalNoise>, StatsError> {
    check_probability("alpha", alpha)?;
    if fit.cells() < 3 || fit.residual_deviation == 0.0 {
        return Ok(Vec::new());
    }
    let total: f64 = fit.cell_squares.iter().sum();
    let share = fit.residual_df as f64 / fit.trials.iter().sum::<usize>() as f64;
    let rows: Vec<(f64, f64)> = fit
        .cell_squares
        .iter()
        .zip(&fit.trials)
        .map(|(&own, &trials)| {
            // Degrees of freedom of the whole residual, shared out by trials.
            let own_df = share * trials as f64;
            let rest_df = fit.residual_df as f64 - own_df;
            let f = (own / own_df) / ((total - own) / rest_df);
            if f.is_finite() {
                let upper = f_upper(f, own_df, rest_df);
                (f.sqrt(), (2.0 * upper.min(1.0 - upper)).clamp(0.0, 1.0))
            } else {
                (f64::INFINITY, 0.0)
            }
        })
        .collect();
    let p_values: Vec<f64> = rows.iter().map(|(_, p)| *p).collect();
    Ok(holm(&p_values)?
        .into_iter()
        .zip(rows)
        .enumerate()
        .filter(|(_, (p_holm, _))| *p_holm <= alpha)
        .map(|(cell, (p_holm, (ratio, _)))| UnequalNoise {
            cell,
            ratio,
            p_holm,
        })
        .collect())
}
