//! The values of two sides on one objective, as pairs of one run or as two samples of two runs.

use documents::effect::Scale;
use record::objective::Objective;
use stats::days::{self, DayNoise};
use stats::power::claim::ClaimDesign;
use stats::{Alternative, Estimate, paired, summary, two_sample};

use super::bar::Bar;
use crate::pair::{Column, Pair};
use crate::rank::smallest_claimed;

/// Both sides, on the scale that their values allow.
pub(crate) enum Sample {
    /// A difference per block.
    Paired(Pair),
    /// A value per block on either side, without anything in common.
    Unpaired {
        scale: Scale,
        baseline: Vec<f64>,
        candidate: Vec<f64>,
        /// What runs of one configuration differ by from day to day, where a history shows it.
        days: Option<DayNoise>,
    },
}

/// The chance at which the smallest regression is stated.
pub(crate) struct Detectable {
    power: f64,
}

impl Detectable {
    pub(crate) fn new(power: f64) -> Detectable {
        Detectable { power }
    }

    /// The smallest loss, without its sign, that would be called a regression: its interval has to clear the bar, its t
    /// test to hold after correction over all `tests`, and its estimate to pass the noise. `None` where there is no noise
    /// to judge by, too little data for any effect, and for two runs, which support no claim.
    pub(crate) fn smallest_regression(
        &self,
        sample: &Sample,
        bar: &Bar,
        level: f64,
        noise: Option<f64>,
        tests: usize,
    ) -> Option<f64> {
        let Sample::Paired(pair) = sample else {
            return None;
        };
        let deviation = summary::deviation(&pair.differences).filter(|own| *own > 0.0)?;
        let bar = bar.worst().abs();
        let design = ClaimDesign {
            blocks: pair.n(),
            level,
            alpha: 1.0 - level,
            comparisons: tests.max(1),
            residual_df: pair.n().saturating_sub(1),
            deviation,
            required: (noise.unwrap_or(0.0) - bar).max(0.0),
        };
        Some(bar + smallest_claimed(&design, self.power)?)
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
    /// `history` holds the baseline's columns in earlier runs.
    pub(crate) fn unpaired(
        objective: Objective,
        columns: &[(Column, Column)],
        history: &[Vec<Column>],
    ) -> Sample {
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
        let mean_of_run = |run: &Vec<Column>| -> Option<f64> {
            let all = run.iter().flat_map(|column| column.values());
            let has_logs = scale == Scale::Difference || all.clone().all(|value| *value > 0.0);
            let columns: Vec<&Column> = run.iter().collect();
            summary::mean(&block_means(&columns, scale)).filter(|_| has_logs)
        };
        let means: Option<Vec<f64>> = history.iter().map(mean_of_run).collect();
        Sample::Unpaired {
            scale,
            baseline: side(|(baseline, _)| baseline),
            candidate: side(|(_, candidate)| candidate),
            days: means.and_then(|means| DayNoise::of_history(&means).ok()),
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
                days: Some(days),
                ..
            } => days::between_runs(candidate, baseline, days, level).ok(),
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

    /// Whether two runs are compared and nothing says what their days differ by.
    pub(crate) fn lacks_days(&self) -> bool {
        matches!(self, Sample::Unpaired { days: None, .. })
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
