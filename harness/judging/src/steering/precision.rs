//! Whether the intervals are as narrow as the matrix asks for.
//!
//! The rule looks at the width and never at the effect: looking for p < 0.05 after every block gives 16 % false
//! positives, a half-width rule keeps the coverage (METHODOLOGY, what the methods promise). It keeps it at the level that
//! [`stats::verdict::level_after_stopping`] asks for, at which such a run is ranked as well.

use documents::effect::Scale;
use record::run::{Design, Run};
use stats::verdict::{PrecisionRule, PrecisionStep, precision_step};

use super::course::has_left;
use crate::evidence::{TargetTrials, Values};
use crate::options::RankOptions;
use crate::pair::Pair;

/// What was reached, in words, if every cell in play is precise enough on every objective that a half-width is asked
/// for. Cells without one figure on an objective (failed, or never valid) are not waited for.
pub(super) fn reached(
    run: &Run,
    design: &Design,
    evidence: &TargetTrials<'_>,
    options: &RankOptions,
) -> Option<String> {
    if design.precision.is_empty() {
        return None;
    }
    let options = &options.of_design(Some(design));
    let mut words = Vec::new();
    for (&objective, &asked) in &design.precision {
        let values = evidence.values(objective);
        let mut widest: Option<f64> = None;
        let rivals = (0..values.cells.len()).filter(|&cell| {
            cell != values.control
                && !values.cells[cell].is_empty()
                && !has_left(run, &evidence.cells[cell].cell.id)
        });
        for cell in rivals {
            let width = width_if_precise(&values, cell, asked, options)?;
            widest = Some(widest.map_or(width, |widest| widest.max(width)));
        }
        // Where nothing is compared nothing is precise.
        let widest = widest?;
        words.push(format!(
            "{} ±{:.1}% ({:.1}% asked)",
            objective.heading(),
            widest * 100.0,
            asked * 100.0
        ));
    }
    Some(format!(
        "every interval is as narrow as asked for after {} blocks: {}",
        evidence.complete.len(),
        words.join(", ")
    ))
}

/// The half-width of a cell's interval, relative to the control, if it is precise enough.
fn width_if_precise(
    values: &Values,
    cell: usize,
    asked: f64,
    options: &RankOptions,
) -> Option<f64> {
    let pair = Pair::to_control(values, cell);
    let control = values.median(values.control).unwrap_or(0.0);
    let rule = PrecisionRule {
        half_width: half_width_on(pair.scale, asked, control),
        level: options.level,
        min_blocks: 2,
        max_blocks: usize::MAX,
    };
    // Cells that are zero throughout, like the control, have no width at all.
    let estimate = pair.estimate(options.level)?;
    if estimate.is_degenerate() {
        return Some(0.0);
    }
    let step = precision_step(&pair.differences, &rule).ok()?;
    (step == PrecisionStep::Reached).then(|| match pair.scale {
        Scale::Ratio => estimate.half_width().exp_m1(),
        Scale::Difference => estimate.half_width() / control,
    })
}

/// The half-width asked for on the scale of a pair.
fn half_width_on(scale: Scale, asked: f64, control: f64) -> f64 {
    let width = match scale {
        Scale::Ratio => asked.ln_1p(),
        Scale::Difference => asked * control.abs(),
    };
    // A control of zero has no share; only equal values can be precise then.
    width.max(f64::MIN_POSITIVE)
}
