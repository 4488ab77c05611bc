//! Two series of one value per block, compared with each other on the scale that their values allow.

use std::collections::BTreeMap;

use documents::effect::{Criterion, Scale};
use stats::floor;
use stats::{Alternative, Estimate, StatsError, paired};

use crate::evidence::Values;
use crate::margin::NoiseFloor;

/// One value per block.
pub type Column = BTreeMap<u32, f64>;

/// Blockwise differences: of logs where every value is above zero, of the values themselves otherwise.
pub struct Pair {
    /// How the two are compared.
    pub scale: Scale,
    /// One value per block that both have.
    pub differences: Vec<f64>,
}

impl Pair {
    /// Pairs up the blocks that both sides have.
    ///
    /// A zero has no logarithm (no GC cycle at GOGC=off, say), so a pair that holds one is compared by differences
    /// throughout. So is the error rate always: from 0.001 % to 0.002 % is twice as much and nobody's concern.
    pub fn new(of: impl Into<Criterion>, cell: &Column, control: &Column) -> Pair {
        Pair::pooled(of, &[(cell, control)])
    }

    /// A cell against the control, of which both trials of a block serve where there are two: their mean, on the scale
    /// of the differences ([`paired::block_differences`]).
    pub fn to_control(values: &Values, cell: usize) -> Pair {
        let own = &values.cells[cell];
        let control = [&values.cells[values.control], &values.duplicate];
        let shared = |column: &Column| -> Vec<(u32, f64)> {
            let beside = |block: &u32| {
                own.contains_key(block) && control.iter().any(|one| one.contains_key(block))
            };
            let trials = column.iter().filter(|(block, _)| beside(block));
            trials.map(|(&block, &value)| (block, value)).collect()
        };
        let trials = shared(own);
        let control: Vec<(u32, f64)> = control.into_iter().flat_map(shared).collect();
        let positive = trials.iter().chain(&control).all(|(_, value)| *value > 0.0);
        let scale = if positive && !values.of.is_difference() {
            Scale::Ratio
        } else {
            Scale::Difference
        };
        let on_scale = |trials: &[(u32, f64)]| -> Vec<(usize, f64)> {
            let scaled = trials.iter().map(|&(block, value)| match scale {
                Scale::Ratio => (block as usize, value.ln()),
                Scale::Difference => (block as usize, value),
            });
            scaled.collect()
        };
        Pair {
            scale,
            differences: paired::block_differences(&on_scale(&trials), &on_scale(&control)),
        }
    }

    /// The same over several pairs of cells at once: per block the mean of their differences, over the blocks that all
    /// of them have. Cells of one block are not independent, so a block stays one value.
    pub fn pooled(of: impl Into<Criterion>, pairs: &[(&Column, &Column)]) -> Pair {
        let Some((first, _)) = pairs.first() else {
            return Pair {
                scale: Scale::Ratio,
                differences: Vec::new(),
            };
        };
        let blocks: Vec<Vec<(f64, f64)>> = first
            .keys()
            .filter_map(|block| {
                pairs
                    .iter()
                    .map(|(cell, control)| Some((*cell.get(block)?, *control.get(block)?)))
                    .collect()
            })
            .collect();
        let positive = blocks
            .iter()
            .flatten()
            .all(|(cell, control)| *cell > 0.0 && *control > 0.0);
        let scale = if positive && !of.into().is_difference() {
            Scale::Ratio
        } else {
            Scale::Difference
        };
        let difference = |(cell, control): &(f64, f64)| match scale {
            Scale::Ratio => cell.ln() - control.ln(),
            Scale::Difference => cell - control,
        };
        let mean = |block: &Vec<(f64, f64)>| {
            block.iter().map(difference).sum::<f64>() / block.len() as f64
        };
        Pair {
            scale,
            differences: blocks.iter().map(mean).collect(),
        }
    }

    /// How many blocks.
    pub fn n(&self) -> usize {
        self.differences.len()
    }

    /// The typical difference with its interval; `None` below two blocks.
    pub fn estimate(&self, level: f64) -> Option<Estimate> {
        paired::estimate(&self.differences, level).ok()
    }

    /// The typical difference also where a single block gives no interval.
    pub fn point(&self, level: f64) -> Option<f64> {
        self.estimate(level)
            .map(|estimate| estimate.point)
            .or_else(|| stats::summary::median(&self.differences))
    }

    /// Two-sided p-value of the paired t test; `None` below two blocks.
    pub fn t_p(&self) -> Option<f64> {
        p_value(paired::t_test(&self.differences, Alternative::TwoSided))
    }

    /// Of a duplicate against its control: what an estimate over these blocks shows where there is nothing to see.
    pub fn noise_floor(&self, level: f64) -> Option<NoiseFloor> {
        let floor = floor::of_duplicates(&self.differences, level).ok()?;
        Some(NoiseFloor {
            scale: self.scale,
            reach: floor.reach,
            floor,
        })
    }

    /// Two-sided p-value of the exact signed-rank test.
    pub fn signed_rank_p(&self) -> Option<f64> {
        (self.n() >= 2)
            .then(|| {
                p_value(paired::signed_rank_test(
                    &self.differences,
                    Alternative::TwoSided,
                ))
            })
            .flatten()
    }

    /// A difference as it is shown: a ratio on the ratio scale.
    pub fn shown(&self, difference: f64) -> f64 {
        shown(self.scale, difference)
    }
}

/// A difference on the scale of a pair as it is shown: a ratio on the ratio scale.
pub fn shown(scale: Scale, difference: f64) -> f64 {
    match scale {
        Scale::Ratio => difference.exp(),
        Scale::Difference => difference,
    }
}

fn p_value(test: Result<stats::Test, StatsError>) -> Option<f64> {
    test.ok().map(|test| test.p_value)
}
