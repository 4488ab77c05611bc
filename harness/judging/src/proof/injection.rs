//! A known slowdown: `option.burn` spends a fixed number of loop iterations in every request.
//!
//! How long an iteration takes depends on the machine, so no single size is known beforehand. Known are that an
//! iteration takes time at all, that a step's slowdown is to the largest one's as their iterations are, and, from size
//! and noise, how often runs of six blocks show it.

use std::collections::BTreeMap;

use documents::figures::{counted, ratio_text, significant};
use documents::proof::{Check, Outcome};
use record::objective::Objective;
use stats::power::{self, PairedDesign};
use stats::{Estimate, paired, proportion, summary};

use super::known::{Known, PART, SURPRISE, blocks_that_would_do, parts_that_would_do};
use crate::pair::Pair;

/// The axis of the injection.
const AXIS: &str = "option.burn";

/// What is measured: a neighbour on the host disturbs it less than throughput.
const MEASURED: Objective = Objective::CpuPerReq;

/// An iteration is a chain of six dependent operations (targets/internal/work, `Spin`); processors that shift and xor
/// in one, as arm64 does, take three cycles. At 6 GHz that is half a nanosecond, and no processor in use is faster.
const FASTEST_ITERATION_NS: f64 = 0.5;

/// A step's share of the largest one's slowdown may be off by this factor: the loop's own cost per iteration is fixed,
/// but a busier process also sleeps and is woken less often.
const TOLERANCE: f64 = 2.0;

/// No power is believed beyond this: now and then a trial is off by more than noise that is normal.
const MOST_CERTAIN: f64 = 0.99;

/// What to do where no number of blocks would.
const OTHERWISE: &str = "a calmer host, longer windows, or more iterations";

/// What the steps show together.
struct Injection {
    steps: Vec<Step>,
    /// Rise of CPU per request by one iteration, as a share of the control's; by all steps, block by block.
    slope: Option<Estimate>,
    /// The same in nanoseconds, at [`Self::sure_level`].
    slope_ns: Option<Estimate>,
    /// So high that all checks of sizes together leave their intervals by chance as rarely as a check may fail.
    sure_level: f64,
}

/// A step with what was measured of it over the whole run.
struct Step {
    cell: usize,
    /// Iterations per request more than the control's.
    iterations: f64,
    /// Rise over the control by block, as a share of the control's median. Not of the block's own value: the mean of
    /// ratios to a noisy value is too large, by as much as a small step.
    rises: BTreeMap<u32, f64>,
    /// Of the log ratio.
    estimate: Option<Estimate>,
    /// Of one block's log ratio.
    deviation: Option<f64>,
}

pub(super) fn checks(known: &Known<'_>) -> Vec<Check> {
    let Some(injection) = Injection::of(known) else {
        return Vec::new();
    };
    let mut checks = vec![injection.slope_check(known)];
    let (smaller, largest) = injection.steps.split_at(injection.steps.len() - 1);
    for step in smaller {
        checks.push(injection.size_check(known, step, &largest[0]));
    }
    for step in &injection.steps {
        checks.push(injection.power_check(known, step));
    }
    checks
}

impl Injection {
    /// `None` where the run has no such step.
    fn of(known: &Known<'_>) -> Option<Injection> {
        let values = known.evidence.values(MEASURED);
        let control = &values.cells[known.evidence.control];
        let axes = &known.evidence.cells[known.evidence.control].cell.axes;
        let base: f64 = axes.get(AXIS)?.parse().ok()?;
        let level = values.median(known.evidence.control);
        let level = level.filter(|level| *level > 0.0);
        let mut steps: Vec<Step> = known
            .differing_in(AXIS)
            .filter_map(|(at, _, value)| Some((at, value.parse::<f64>().ok()? - base)))
            .filter(|(_, iterations)| *iterations > 0.0)
            .map(|(cell, iterations)| {
                let column = &values.cells[cell];
                let rises = column.iter().filter_map(|(block, own)| {
                    Some((*block, (own - control.get(block)?) / level?))
                });
                let pair = Pair::new(MEASURED, column, control);
                Step {
                    cell,
                    iterations,
                    rises: rises.collect(),
                    estimate: pair.estimate(known.options.level),
                    deviation: summary::deviation(&pair.differences),
                }
            })
            .collect();
        steps.sort_by(|a, b| a.iterations.total_cmp(&b.iterations));
        let sure_level = 1.0 - SURPRISE / steps.len().max(1) as f64;
        let slopes = slopes(&steps);
        let in_ns = |slope: &f64| Some(slope * level? * 1e3);
        let nanoseconds: Vec<f64> = slopes.iter().filter_map(in_ns).collect();
        (!steps.is_empty()).then(|| Injection {
            steps,
            slope: paired::estimate(&slopes, known.options.level).ok(),
            slope_ns: paired::estimate(&nanoseconds, sure_level).ok(),
            sure_level,
        })
    }

    /// The slope where it is told from nothing.
    fn rising(&self) -> Option<f64> {
        let slope = self.slope.filter(|own| own.low > 0.0)?;
        Some(slope.point)
    }

    fn slope_check(&self, known: &Known<'_>) -> Check {
        let blocks = self.steps.iter().map(|step| step.rises.len()).max();
        let blocks = blocks.unwrap_or(0);
        let of_thousand = |slope: f64| 1.0 + slope * 1e3;
        let outcome = match (self.slope, self.slope_ns) {
            (_, Some(sure)) if sure.high < FASTEST_ITERATION_NS => Outcome::Fails,
            (Some(slope), Some(_)) if slope.low > 0.0 => Outcome::Holds,
            _ => Outcome::Inconclusive,
        };
        let half_width = self.slope_ns.map(|own| (own.high - own.low) / 2.0);
        let needed = self.slope.map_or(PART as f64, |slope| {
            blocks_for(blocks, &slope, slope.point.max(0.0))
        });
        Check {
            name: "injection_slope".to_owned(),
            target: known.evidence.target.to_owned(),
            about: format!("{} to {} iterations", self.steps[0].iterations, self.most()),
            promised: format!(
                "CPU per request rises with them, by {FASTEST_ITERATION_NS} ns or more each on any processor"
            ),
            observed: match (self.slope, self.slope_ns) {
                (Some(slope), Some(own)) => format!(
                    "{} per 1,000 iterations in {}, {} ns each",
                    ratio_text(
                        of_thousand(slope.point),
                        Some([of_thousand(slope.low), of_thousand(slope.high)])
                    ),
                    counted(blocks, "block"),
                    significant(own.point)
                ),
                _ => format!("{} with both sides valid", counted(blocks, "block")),
            },
            fails: half_width.map_or_else(String::new, |half| {
                let least = FASTEST_ITERATION_NS - half;
                format!("below {} ns each", significant(least))
            }),
            needed: (outcome == Outcome::Inconclusive)
                .then(|| blocks_that_would_do(needed, OTHERWISE)),
            n: blocks,
            outcome,
        }
    }

    fn most(&self) -> f64 {
        self.steps.last().map_or(0.0, |step| step.iterations)
    }

    /// A step against its share of the largest one's rise, by differences within the blocks: neither slope nor clock
    /// has to be known for that.
    fn size_check(&self, known: &Known<'_>, step: &Step, largest: &Step) -> Check {
        let share = step.iterations / largest.iterations;
        let beyond = |times: f64| self.beyond(step, largest, times * share);
        let (least, most) = (beyond(1.0 / TOLERANCE), beyond(TOLERANCE));
        let blocks = step.rises.len();
        let size = self.rising().map(|slope| slope * step.iterations);
        let is_out =
            least.is_some_and(|own| own.high < 0.0) || most.is_some_and(|own| own.low > 0.0);
        let is_seen = step.estimate.is_some_and(|own| own.low > 0.0);
        let outcome = match size {
            _ if is_out => Outcome::Fails,
            Some(_) if is_seen && least.is_some() && most.is_some() => Outcome::Holds,
            _ => Outcome::Inconclusive,
        };
        let needed = match (size, step.estimate) {
            (Some(size), Some(own)) => blocks_for(blocks, &own, size),
            (_, None) => PART as f64,
            _ => f64::INFINITY,
        };
        let expected = size.map_or_else(String::new, |size| {
            format!("{} CPU per request, ", ratio_text(1.0 + size, None))
        });
        Check {
            name: "injection_size".to_owned(),
            target: known.evidence.target.to_owned(),
            about: known.label(step.cell),
            promised: format!(
                "{expected}{} of what the largest step adds, within a factor of {TOLERANCE}",
                significant(share)
            ),
            observed: step.observed(),
            fails: self.refuting(least, most, share),
            needed: (outcome == Outcome::Inconclusive)
                .then(|| blocks_that_would_do(needed, OTHERWISE)),
            n: blocks,
            outcome,
        }
    }

    /// By how much a step's rise is beyond this share of the largest one's.
    fn beyond(&self, step: &Step, largest: &Step, share: f64) -> Option<Estimate> {
        let both = step.rises.iter();
        let differences: Vec<f64> = both
            .filter_map(|(block, own)| Some(own - share * largest.rises.get(block)?))
            .collect();
        paired::estimate(&differences, self.sure_level).ok()
    }

    /// From which rises on the step is out of proportion.
    fn refuting(&self, least: Option<Estimate>, most: Option<Estimate>, share: f64) -> String {
        let Some((least, most, slope)) = least
            .zip(most)
            .zip(self.slope)
            .map(|((least, most), slope)| (least, most, slope.point.max(0.0)))
        else {
            return String::new();
        };
        let of_largest = slope * self.most() * share;
        let low = of_largest / TOLERANCE - (least.high - least.point);
        let high = of_largest * TOLERANCE + (most.point - most.low);
        let shown = |rise: f64| ratio_text((1.0 + rise).max(0.0), None);
        format!("below {} or above {}", shown(low), shown(high))
    }

    /// How often the interval of a run of six blocks lies above nothing. That is less than the ranking asks before it
    /// claims something (correction, margin, cross-check), and it is what can be predicted.
    fn power_check(&self, known: &Known<'_>, step: &Step) -> Check {
        let id = known.id(step.cell);
        let intervals: Vec<[f64; 2]> = known
            .parts
            .iter()
            .filter_map(|part| part.cells.iter().find(|cell| cell.id == id))
            .filter_map(|cell| cell.objectives.get(&MEASURED)?.interval)
            .collect();
        let runs = intervals.len();
        let shown = intervals.iter().filter(|[low, _]| *low > 1.0).count();
        let predicted = self.predicted_power(known, step);
        let judged = predicted.map(|(share, _)| Missed::judge(shown, runs, share));
        let outcome = judged
            .as_ref()
            .map_or(Outcome::Inconclusive, |own| own.outcome);
        Check {
            name: "injection_power".to_owned(),
            target: known.evidence.target.to_owned(),
            about: known.label(step.cell),
            promised: match predicted {
                Some((share, deviation)) => format!(
                    "shown by {:.0}% of runs of {PART} blocks or more (their interval lies above the control), by its \
                     size and a deviation of {:.1}% a pair",
                    share * 100.0,
                    deviation.exp_m1() * 100.0
                ),
                None => format!(
                    "shown by as many runs of {PART} blocks as size and noise predict (their interval lies above the \
                     control); the size is not known yet"
                ),
            },
            observed: format!("shown by {shown} of {}", counted(runs, "run")),
            fails: judged.as_ref().map_or_else(String::new, Missed::fails),
            needed: (outcome == Outcome::Inconclusive).then(|| {
                parts_that_would_do(
                    judged.as_ref().map_or(f64::INFINITY, |own| own.needed),
                    OTHERWISE,
                )
            }),
            n: runs,
            outcome,
        }
    }

    /// Power, and the noise of a pair that it follows from; `None` where the size cannot be told from nothing.
    fn predicted_power(&self, known: &Known<'_>, step: &Step) -> Option<(f64, f64)> {
        let size = (self.rising()? * step.iterations).ln_1p();
        let deviation = step.deviation?;
        let design = PairedDesign::of_estimate(PART, known.options.level);
        let power = power::power(&design, size / deviation.max(1e-9)).ok()?;
        Some((power.clamp(1.0 - MOST_CERTAIN, MOST_CERTAIN), deviation))
    }
}

impl Step {
    fn observed(&self) -> String {
        let blocks = counted(self.rises.len(), "block");
        match self.estimate {
            Some(own) => format!(
                "{} in {blocks}",
                ratio_text(own.point.exp(), Some([own.low.exp(), own.high.exp()]))
            ),
            None => format!("{blocks} with both sides valid"),
        }
    }
}

/// Rise by one iteration in each block: the least-squares line through the origin over the steps that it has.
fn slopes(steps: &[Step]) -> Vec<f64> {
    let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for step in steps {
        for (block, rise) in &step.rises {
            let (both, square) = sums.entry(*block).or_default();
            *both += step.iterations * rise;
            *square += step.iterations * step.iterations;
        }
    }
    sums.into_values()
        .map(|(both, square)| both / square)
        .collect()
}

/// Blocks at which the lower side of an estimate's interval would lie above nothing, were the effect `size`: the width
/// falls with their root. A tenth more, so that it lies beyond and not on it.
fn blocks_for(blocks: usize, estimate: &Estimate, size: f64) -> f64 {
    let side = estimate.point - estimate.low;
    let needed = 1.1 * blocks as f64 * (side / size).powi(2);
    needed.max((blocks + 1).max(PART) as f64)
}

/// A number of runs that show a step, against the share that should.
///
/// Too few is a fault, too many is none: noise with outliers has a larger deviation than what hides a step from ranks,
/// and intervals that are too narrow raise false alarms, which have a check of their own.
struct Missed {
    runs: usize,
    /// So few, or fewer, are too few.
    too_few: Option<usize>,
    outcome: Outcome,
    /// Runs of which not one showing it would be too few.
    needed: f64,
}

impl Missed {
    fn judge(shown: usize, runs: usize, share: f64) -> Missed {
        let is_rare = |few: &usize| {
            proportion::at_most(*few, runs, share).is_ok_and(|chance| chance < SURPRISE)
        };
        let too_few = (0..=runs).rfind(is_rare);
        Missed {
            runs,
            too_few,
            outcome: match too_few {
                Some(few) if shown <= few => Outcome::Fails,
                Some(_) => Outcome::Holds,
                // Where none at all could be chance, nothing is proved.
                None => Outcome::Inconclusive,
            },
            needed: (SURPRISE.ln() / (1.0 - share).ln()).max(1.0),
        }
    }

    fn fails(&self) -> String {
        self.too_few.map_or_else(String::new, |few| {
            let how_few = match few {
                0 => "none".to_owned(),
                few => format!("at most {few}"),
            };
            format!("shown by {how_few} of {}", counted(self.runs, "run"))
        })
    }
}
