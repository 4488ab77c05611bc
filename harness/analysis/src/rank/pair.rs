//! Two series of one value per block, held against each other on the scale that their values allow.

use std::collections::BTreeMap;

use record::objective::Objective;
use stats::{Alternative, Estimate, StatsError, paired};

use crate::ranking::Scale;

/// Blockwise differences: of logs where every value is above zero, of the values themselves otherwise.
pub(crate) struct Pair {
    pub(crate) scale: Scale,
    pub(crate) differences: Vec<f64>,
}

impl Pair {
    /// Pairs up the blocks that both sides have.
    ///
    /// A zero has no logarithm (no GC cycle at GOGC=off, say), so a pair that holds one is compared by differences
    /// throughout. So is the error rate always: from 0.001 % to 0.002 % is twice as much and nobody's concern.
    pub(crate) fn new(
        objective: Objective,
        cell: &BTreeMap<u32, f64>,
        control: &BTreeMap<u32, f64>,
    ) -> Pair {
        let both: Vec<(f64, f64)> = cell
            .iter()
            .filter_map(|(block, value)| Some((*value, *control.get(block)?)))
            .collect();
        let positive = both
            .iter()
            .all(|(cell, control)| *cell > 0.0 && *control > 0.0);
        let (scale, differences) = if positive && objective != Objective::ErrorRate {
            let logs = both.iter().map(|(cell, control)| cell.ln() - control.ln());
            (Scale::Ratio, logs.collect())
        } else {
            let plain = both.iter().map(|(cell, control)| cell - control);
            (Scale::Difference, plain.collect())
        };
        Pair { scale, differences }
    }

    /// How many blocks.
    pub(crate) fn n(&self) -> usize {
        self.differences.len()
    }

    /// The typical difference with its interval; `None` below two blocks.
    pub(crate) fn estimate(&self, level: f64) -> Option<Estimate> {
        paired::estimate(&self.differences, level).ok()
    }

    /// The typical difference also where a single block gives no interval.
    pub(crate) fn point(&self, level: f64) -> Option<f64> {
        self.estimate(level)
            .map(|estimate| estimate.point)
            .or_else(|| stats::summary::median(&self.differences))
    }

    /// Two-sided p-value of the paired t test; `None` below two blocks.
    pub(crate) fn t_p(&self) -> Option<f64> {
        p_value(paired::t_test(&self.differences, Alternative::TwoSided))
    }

    /// Two-sided p-value of the exact signed-rank test.
    pub(crate) fn signed_rank_p(&self) -> Option<f64> {
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
    pub(crate) fn shown(&self, difference: f64) -> f64 {
        match self.scale {
            Scale::Ratio => difference.exp(),
            Scale::Difference => difference,
        }
    }
}

fn p_value(test: Result<stats::Test, StatsError>) -> Option<f64> {
    test.ok().map(|test| test.p_value)
}
