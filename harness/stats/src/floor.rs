//! The noise floor: what a cell shows against its own duplicate, where there is nothing to see.
//!
//! An estimate that is no larger than the floor proves nothing. The floor is the far end of the duplicate's interval, so
//! it answers the question that a claim asks: how large may an *estimate over these blocks* be? It shrinks with 1/√n
//! while the pair scatters about zero, and stays where the duplicate differs in truth.
//!
//! Below [`RANK_INTERVAL_FROM`] blocks the interval is Student's: there the exact rank interval ends at the largest
//! single pairs (at six blocks it *is* the range, some four standard errors wide).

use crate::distribution::t_quantile;
use crate::error::StatsError;
use crate::estimate::Estimate;
use crate::paired;
use crate::summary::deviation_of;

/// From so many blocks on the floor is the end of a rank interval, which outliers do not move.
pub const RANK_INTERVAL_FROM: usize = 10;

/// What identical cells show as a difference, on the scale of the differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floor {
    /// The larger distance from zero of the interval's two ends.
    pub reach: f64,
    /// The duplicate against the control.
    pub estimate: Estimate,
    /// Standard deviation of a block's difference.
    pub deviation: f64,
}

/// The floor from the differences of a duplicated control, one per block; `level` is that of the intervals that it is
/// compared with.
///
/// # Errors
/// [`StatsError::TooFew`] below two differences, [`StatsError::NotFinite`], [`StatsError::OutOfRange`].
pub fn of_duplicates(differences: &[f64], level: f64) -> Result<Floor, StatsError> {
    let estimate = if differences.len() < RANK_INTERVAL_FROM {
        paired::t_estimate(differences, level)?
    } else {
        paired::estimate(differences, level)?
    };
    Ok(Floor {
        reach: estimate.low.abs().max(estimate.high.abs()),
        estimate,
        deviation: deviation_of(differences),
    })
}

/// The floor of an estimate that is pooled over several pairs of cells: their duplicates are pooled in the same way, by
/// the mean over pairs within each block, so that one noisy duplicate does not silence what all pairs agree on. Each
/// pair is a list of (block, difference); a block counts with the pairs that it has.
///
/// # Errors
/// As [`of_duplicates`]; it is blocks that may be too few.
pub fn pooled(pairs: &[Vec<(usize, f64)>], level: f64) -> Result<Floor, StatsError> {
    let all: Vec<(usize, f64)> = pairs.iter().flatten().copied().collect();
    of_duplicates(&paired::block_means(&all), level)
}

impl Floor {
    /// The floor of an estimate over another number of blocks, such as a confirmation's: the duplicate's difference,
    /// which more blocks do not take away, and alongside it the t reach of so many blocks of its noise.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for no blocks.
    pub fn reach_over(&self, blocks: usize) -> Result<f64, StatsError> {
        if blocks == 0 {
            return Err(StatsError::TooFew {
                what: "blocks",
                needed: 1,
                got: 0,
            });
        }
        let df = (self.estimate.n.max(2) - 1) as f64;
        let t = t_quantile(0.5 + self.estimate.level / 2.0, df);
        Ok(self.estimate.point.abs() + t * self.deviation / (blocks as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_blocks_have_a_t_floor() {
        let floor = of_duplicates(&[0.01, -0.02, 0.03, -0.01, 0.0, 0.02], 0.95).unwrap();
        // mean 0.005, deviation √(0.00035), t(0.975, 5) = 2.570581835636314
        let error = 0.00035_f64.sqrt() / 6.0_f64.sqrt();
        assert!((floor.reach - (0.005 + 2.570_581_835_636_314 * error)).abs() < 1e-12);
        assert!((floor.reach_over(6).unwrap() - floor.reach).abs() < 1e-12);
        assert!(floor.reach_over(24).unwrap() < 0.7 * floor.reach);
    }

    #[test]
    fn one_noisy_duplicate_of_three_does_not_rule() {
        let quiet = |sign: f64| {
            (0..6)
                .map(|b| (b, sign * 0.01 * [1.0, -1.0][b % 2]))
                .collect()
        };
        let noisy: Vec<(usize, f64)> = (0..6).map(|b| (b, 0.09 * [1.0, -1.0][b % 2])).collect();
        let pairs = [quiet(1.0), quiet(-1.0), noisy.clone()];
        let all = pooled(&pairs, 0.95).unwrap();
        let one = pooled(&[noisy], 0.95).unwrap();
        assert!((3.0 * all.reach - one.reach).abs() < 1e-12);
    }
}
