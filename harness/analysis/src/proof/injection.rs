//! A known slowdown: `option.burn` spends a fixed number of loop iterations in every request.
//!
//! How long an iteration takes depends on the machine, so no single size is known beforehand; that sizes are in
//! proportion to the iterations is. The proportion is estimated from all steps together.

use record::objective::Objective;
use stats::power::{self, PairedDesign};
use stats::{Estimate, proportion, summary};

use super::{Check, Known, Outcome, PART, SURPRISE};
use crate::figures::{counted, ratio_text};
use crate::rank::Pair;

/// The axis of the injection.
const AXIS: &str = "option.burn";

/// What is measured: a neighbour on the host disturbs it less than throughput.
const MEASURED: Objective = Objective::CpuPerReq;

/// A step with what was measured of it over the whole run.
struct Step {
    cell: usize,
    /// Iterations per request more than the control's.
    iterations: f64,
    /// Of the log ratio.
    estimate: Estimate,
    /// The same at a level so high that all steps together leave it by chance as rarely as a check may fail.
    surely: Estimate,
    /// Of one block's log ratio.
    deviation: f64,
    blocks: usize,
}

pub(super) fn checks(known: &Known<'_>) -> Vec<Check> {
    let steps = steps(known);
    let Some(rise) = rise_per_iteration(&steps) else {
        return Vec::new();
    };
    let largest = steps.iter().map(|own| own.iterations).fold(0.0, f64::max);
    let of_step = |step: &Step| {
        let size = (rise * step.iterations).ln_1p();
        [
            size_check(known, step, size, step.iterations == largest),
            power_check(known, step, size),
        ]
    };
    steps.iter().flat_map(of_step).collect()
}

fn steps(known: &Known<'_>) -> Vec<Step> {
    let values = known.evidence.values(MEASURED);
    let control = known.evidence.control;
    let axes = &known.evidence.cells[control].cell.axes;
    let base = axes.get(AXIS).and_then(|text| text.parse::<f64>().ok());
    let cells: Vec<(usize, f64)> = known
        .differing_in(AXIS)
        .filter_map(|(at, _, value)| Some((at, value.parse::<f64>().ok()? - base?)))
        .filter(|(_, iterations)| *iterations > 0.0)
        .collect();
    let surely = 1.0 - SURPRISE / cells.len().max(1) as f64;
    cells
        .into_iter()
        .filter_map(|(cell, iterations)| {
            let pair = Pair::new(MEASURED, &values.cells[cell], &values.cells[control]);
            Some(Step {
                cell,
                iterations,
                estimate: pair.estimate(known.options.level)?,
                surely: pair.estimate(surely)?,
                deviation: summary::deviation(&pair.differences)?,
                blocks: pair.n(),
            })
        })
        .collect()
}

/// What one iteration adds to a request, as a share of the control's CPU: the least-squares line through the origin,
/// steps weighed by how closely they are known.
fn rise_per_iteration(steps: &[Step]) -> Option<f64> {
    let weighed = |of: fn(f64, f64) -> f64| -> f64 {
        let terms = steps.iter().map(|step| {
            let weight = step.blocks as f64 / step.deviation.powi(2).max(1e-12);
            weight * of(step.iterations, step.estimate.point.exp_m1())
        });
        terms.sum()
    };
    let (both, square) = (weighed(|x, y| x * y), weighed(|x, _| x * x));
    (square > 0.0).then(|| both / square)
}

fn size_check(known: &Known<'_>, step: &Step, size: f64, is_largest: bool) -> Check {
    let Estimate {
        point, low, high, ..
    } = step.estimate;
    let in_proportion = step.surely.contains(size);
    Check {
        name: "injection_size".to_owned(),
        target: known.evidence.target.to_owned(),
        about: known.label(step.cell),
        promised: format!(
            "{} CPU per request, in proportion to its {} iterations",
            ratio_text(size.exp(), None),
            step.iterations
        ),
        observed: format!(
            "{} in {}",
            ratio_text(point.exp(), Some([low.exp(), high.exp()])),
            counted(step.blocks, "block")
        ),
        n: step.blocks,
        outcome: match (in_proportion, is_largest && low <= 0.0) {
            (false, _) => Outcome::Fails,
            // A slowdown of nothing is in proportion to everything.
            (true, true) => Outcome::Inconclusive,
            (true, false) => Outcome::Holds,
        },
    }
}

fn power_check(known: &Known<'_>, step: &Step, size: f64) -> Check {
    let design = PairedDesign::of_estimate(PART, known.options.level);
    let predicted = power::power(&design, size / step.deviation.max(1e-9)).unwrap_or(f64::NAN);
    let id = known.id(step.cell);
    let intervals: Vec<[f64; 2]> = known
        .parts
        .iter()
        .filter_map(|part| part.cells.iter().find(|cell| cell.id == id))
        .filter_map(|cell| cell.objectives.get(&MEASURED)?.interval)
        .collect();
    let runs = intervals.len();
    let found = intervals.iter().filter(|[low, _]| *low > 1.0).count();
    // Away from certainty, which no noise allows and no binomial takes.
    let share = predicted.clamp(1e-6, 1.0 - 1e-6);
    let rarer = proportion::at_least(found, runs, share)
        .unwrap_or(1.0)
        .min(proportion::at_most(found, runs, share).unwrap_or(1.0));
    Check {
        name: "injection_power".to_owned(),
        target: known.evidence.target.to_owned(),
        about: known.label(step.cell),
        promised: format!(
            "found in {:.0}% of runs of {PART} blocks, by its size and a deviation of {:.1}% a pair",
            predicted * 100.0,
            step.deviation.exp_m1() * 100.0
        ),
        observed: format!("found in {found} of {}", counted(runs, "run")),
        n: runs,
        outcome: if runs == 0 {
            Outcome::Inconclusive
        } else if 2.0 * rarer < SURPRISE {
            Outcome::Fails
        } else {
            Outcome::Holds
        },
    }
}
