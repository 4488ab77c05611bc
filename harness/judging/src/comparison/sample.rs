//! The values of two sides on one objective, as pairs of one run or as two samples of two runs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use documents::effect::Scale;
use record::objective::Objective;
use stats::power::{PairedDesign, minimum_detectable, t_test_power};
use stats::{Alternative, Estimate, paired, summary, two_sample};

use super::bar::Bar;
use crate::pair::{Column, Pair};

/// Both sides, on the scale that their values allow.
pub(crate) enum Sample {
    /// A difference per block.
    Paired(Pair),
    /// A value per block on either side, without anything in common.
    Unpaired {
        scale: Scale,
        baseline: Vec<f64>,
        candidate: Vec<f64>,
    },
}

/// The smallest effects that paired designs find, in deviations of a block's difference. They depend on the number of
/// blocks and the level alone and are dear to compute, so each is computed once.
pub(crate) struct Detectable {
    power: f64,
    known: RefCell<BTreeMap<(usize, u64), Option<f64>>>,
}

impl Detectable {
    pub(crate) fn new(power: f64) -> Detectable {
        Detectable {
            power,
            known: RefCell::default(),
        }
    }

    fn paired(&self, blocks: usize, level: f64) -> Option<f64> {
        let compute = || {
            let design = PairedDesign::of_estimate(blocks, level);
            minimum_detectable(&design, self.power).ok().flatten()
        };
        let mut known = self.known.borrow_mut();
        *known
            .entry((blocks, level.to_bits()))
            .or_insert_with(compute)
    }
}

/// What a search for the needed number of blocks gives up at: nobody runs more.
const MOST_BLOCKS: usize = 400;

impl Sample {
    /// From (baseline, candidate) columns of matched cells measured in the same blocks.
    pub(crate) fn paired(objective: Objective, columns: &[(Column, Column)]) -> Sample {
        let pairs: Vec<(&Column, &Column)> = observed(columns)
            .map(|(baseline, candidate)| (candidate, baseline))
            .collect();
        Sample::Paired(Pair::pooled(objective, &pairs))
    }

    /// From columns of matched cells measured in two runs: on either side one value per block, the mean over the cells.
    pub(crate) fn unpaired(objective: Objective, columns: &[(Column, Column)]) -> Sample {
        let used: Vec<&(Column, Column)> = observed(columns).collect();
        let positive = used
            .iter()
            .flat_map(|(baseline, candidate)| baseline.values().chain(candidate.values()))
            .all(|value| *value > 0.0);
        let scale = if positive && objective != Objective::ErrorRate {
            Scale::Ratio
        } else {
            Scale::Difference
        };
        let side = |pick: fn(&(Column, Column)) -> &Column| {
            let columns: Vec<&Column> = used.iter().map(|pair| pick(pair)).collect();
            block_means(&columns, scale)
        };
        Sample::Unpaired {
            scale,
            baseline: side(|(baseline, _)| baseline),
            candidate: side(|(_, candidate)| candidate),
        }
    }

    pub(crate) fn scale(&self) -> Scale {
        match self {
            Sample::Paired(pair) => pair.scale,
            Sample::Unpaired { scale, .. } => *scale,
        }
    }

    /// Values of the baseline and of the candidate.
    pub(crate) fn n(&self) -> [usize; 2] {
        match self {
            Sample::Paired(pair) => [pair.n(), pair.n()],
            Sample::Unpaired {
                baseline,
                candidate,
                ..
            } => [baseline.len(), candidate.len()],
        }
    }

    /// Candidate less baseline; `None` below two blocks on a side.
    pub(crate) fn estimate(&self, level: f64) -> Option<Estimate> {
        match self {
            Sample::Paired(pair) => pair.estimate(level),
            Sample::Unpaired {
                baseline,
                candidate,
                ..
            } => two_sample::shift(candidate, baseline, level).ok(),
        }
    }

    /// Candidate less baseline also where a single block gives no interval.
    pub(crate) fn point(&self, level: f64) -> Option<f64> {
        match self {
            Sample::Paired(pair) => pair.point(level),
            Sample::Unpaired {
                baseline,
                candidate,
                ..
            } => Some(summary::median(candidate)? - summary::median(baseline)?),
        }
    }

    /// One-sided p-value of "candidate less baseline lies beyond `bound`", above it or below it.
    pub(crate) fn beyond_p(&self, bound: f64, alternative: Alternative) -> Option<f64> {
        let test = match self {
            Sample::Paired(pair) => {
                let shifted: Vec<f64> = pair.differences.iter().map(|d| d - bound).collect();
                paired::t_test(&shifted, alternative)
            }
            Sample::Unpaired {
                baseline,
                candidate,
                ..
            } => {
                let shifted: Vec<f64> = candidate.iter().map(|value| value - bound).collect();
                two_sample::welch_test(&shifted, baseline, alternative)
            }
        };
        test.ok().map(|test| test.p_value)
    }

    /// The smallest difference that the estimate's interval would expose with the power of `detectable`; `None` where
    /// there is no noise to judge by, or too little data for any effect.
    pub(crate) fn minimum_detectable(&self, level: f64, detectable: &Detectable) -> Option<f64> {
        let found = match self {
            Sample::Paired(pair) => {
                detectable.paired(pair.n(), level)? * summary::deviation(&pair.differences)?
            }
            Sample::Unpaired {
                baseline,
                candidate,
                ..
            } => two_sample_detectable(baseline, candidate, level, detectable.power)?,
        };
        (found > 0.0).then_some(found)
    }

    /// How many more blocks would decide. `None` where no sensible number would, and for two runs: a longer second run
    /// does not take out what changed between the two.
    pub(crate) fn more_blocks(&self, bar: &Bar, level: f64, chance: f64) -> Option<usize> {
        match self {
            Sample::Paired(pair) => bar.more_blocks(&pair.differences, level, chance, MOST_BLOCKS),
            Sample::Unpaired { .. } => None,
        }
    }
}

/// Pairs of cells with values on both sides: a cell that never measured an objective must not silence the others.
fn observed(columns: &[(Column, Column)]) -> impl Iterator<Item = &(Column, Column)> {
    columns
        .iter()
        .filter(|(baseline, candidate)| !baseline.is_empty() && !candidate.is_empty())
}

fn block_means(columns: &[&Column], scale: Scale) -> Vec<f64> {
    let Some(first) = columns.first() else {
        return Vec::new();
    };
    let on_scale = |value: f64| match scale {
        Scale::Ratio => value.ln(),
        Scale::Difference => value,
    };
    first
        .keys()
        .filter_map(|block| {
            let values: Option<Vec<f64>> = columns
                .iter()
                .map(|column| column.get(block).copied().map(on_scale))
                .collect();
            values.as_deref().and_then(summary::mean)
        })
        .collect()
}

/// By the power of the two-sample t test with pooled deviation; the rank interval in use needs about 5 % more blocks
/// for the same (asymptotic relative efficiency 3/π under normal noise, Lehmann 1975).
fn two_sample_detectable(
    baseline: &[f64],
    candidate: &[f64],
    level: f64,
    power: f64,
) -> Option<f64> {
    let (n1, n2) = (baseline.len() as f64, candidate.len() as f64);
    let df = n1 + n2 - 2.0;
    let (d1, d2) = (
        summary::deviation(baseline)?,
        summary::deviation(candidate)?,
    );
    let pooled = (((n1 - 1.0) * d1.powi(2) + (n2 - 1.0) * d2.powi(2)) / df).sqrt();
    let error = pooled * (1.0 / n1 + 1.0 / n2).sqrt();
    let power_at = |noncentrality: f64| {
        t_test_power(noncentrality, df, 1.0 - level, Alternative::TwoSided).ok()
    };
    let (mut low, mut high) = (0.0, 1.0);
    while power_at(high)? < power {
        (low, high) = (high, high * 2.0);
        if high > 1e4 {
            return None;
        }
    }
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if power_at(middle)? < power {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high * error)
}
