//! A known order: a larger GOGC means fewer collections, in a ratio that the pacer's formula predicts.
//!
//! The heap goal is live + (live + stacks + globals) x GOGC/100, and not below 4 MiB x GOGC/100 (Go's GC guide;
//! runtime/mgcpacer.go, `commit` and `heapMinimum`); between two collections the program allocates goal − live. Live
//! heap, roots and allocation are read from the trials, so the prediction uses nothing that the count is made of.

use documents::figures::significant;
use documents::proof::{Check, Outcome};
use record::objective::{Objective, value};
use record::trial::Trial;
use stats::summary;

use super::known::Known;
use crate::physics::{bytes_between_collections, plausible};

const AXIS: &str = "gogc";

/// Fewer collections than this say nothing about a ratio.
const FEWEST_CYCLES: f64 = 10.0;

/// One value of GOGC.
struct Level<'a> {
    percent: f64,
    trials: Vec<&'a Trial>,
}

pub(super) fn checks(known: &Known<'_>) -> Vec<Check> {
    let levels = levels(known);
    match levels.as_slice() {
        [first, .., last] => {
            let about = format!("gogc={} to {}", first.percent, last.percent);
            let checks = [
                order(known, &levels, &about),
                ratio(known, first, last, &about),
            ];
            checks.into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}

/// The values of GOGC, the smallest first.
fn levels<'k>(known: &'k Known<'_>) -> Vec<Level<'k>> {
    let control = &known.evidence.cells[known.evidence.control];
    let own = control
        .cell
        .axes
        .get(AXIS)
        .map(|value| (control, value.as_str()));
    let others = known
        .differing_in(AXIS)
        .map(|(_, cell, value)| (cell, value));
    let percent = |value: &str| match value {
        "default" => Some(100.0),
        value => value.parse().ok(),
    };
    let all = own.into_iter().chain(others).filter_map(|(cell, value)| {
        Some(Level {
            percent: percent(value)?,
            trials: cell.valid.values().copied().collect(),
        })
    });
    let mut levels: Vec<Level<'_>> = all.filter(|level| !level.trials.is_empty()).collect();
    levels.sort_by(|a, b| a.percent.total_cmp(&b.percent));
    // The control under another name is no level of its own.
    levels.dedup_by(|a, b| a.percent == b.percent);
    levels
}

fn order(known: &Known<'_>, levels: &[Level<'_>], about: &str) -> Option<Check> {
    let median = |level: &Level<'_>| {
        let values: Vec<f64> = level
            .trials
            .iter()
            .filter_map(|trial| value(trial, Objective::GcPerKreq))
            .collect();
        summary::median(&values)
    };
    let medians: Vec<f64> = levels.iter().map(median).collect::<Option<_>>()?;
    let shown: Vec<String> = medians.iter().map(|value| significant(*value)).collect();
    let falls = medians.windows(2).all(|pair| pair[1] < pair[0]);
    Some(Check {
        name: "gogc_order".to_owned(),
        target: known.evidence.target.to_owned(),
        about: about.to_owned(),
        promised: "collections per 1,000 requests fall as GOGC grows".to_owned(),
        observed: format!("medians {}", shown.join(", ")),
        fails: "where one of them is not below the one before it".to_owned(),
        needed: None,
        n: levels.iter().map(|level| level.trials.len()).sum(),
        outcome: if falls {
            Outcome::Holds
        } else {
            Outcome::Fails
        },
    })
}

fn ratio(known: &Known<'_>, few: &Level<'_>, many: &Level<'_>, about: &str) -> Option<Check> {
    let (few, many) = (Cycles::of(few)?, Cycles::of(many)?);
    let (measured, predicted) = (few.measured / many.measured, few.predicted / many.predicted);
    let off = measured / predicted;
    // Measured over predicted of one cell lies in the band, of two cells the quotient between its quotients.
    let band = plausible(known.thresholds);
    let allowed = [band.start() / band.end(), band.end() / band.start()];
    let counted = few.measured.min(many.measured) * many.trials.min(few.trials) as f64;
    Some(Check {
        name: "gogc_ratio".to_owned(),
        target: known.evidence.target.to_owned(),
        about: about.to_owned(),
        promised: format!(
            "{} times as many collections by live heap, roots and allocation, within a factor of {} to {}",
            significant(predicted),
            significant(allowed[0]),
            significant(allowed[1])
        ),
        observed: format!(
            "{} times as many, which is {} of it; measured over predicted is {} and {} by itself",
            significant(measured),
            significant(off),
            significant(few.measured / few.predicted),
            significant(many.measured / many.predicted)
        ),
        fails: format!(
            "below {} or above {} of what is predicted",
            significant(allowed[0]),
            significant(allowed[1])
        ),
        needed: (counted < FEWEST_CYCLES).then(|| {
            format!("at least {FEWEST_CYCLES} collections on either side: a longer window or a higher rate")
        }),
        n: few.trials + many.trials,
        outcome: if counted < FEWEST_CYCLES {
            Outcome::Inconclusive
        } else if (allowed[0]..=allowed[1]).contains(&off) {
            Outcome::Holds
        } else {
            Outcome::Fails
        },
    })
}

/// Collections of a trial, the mean over the trials of a cell.
struct Cycles {
    measured: f64,
    predicted: f64,
    trials: usize,
}

impl Cycles {
    fn of(level: &Level<'_>) -> Option<Cycles> {
        let counted: Vec<(f64, f64)> = level
            .trials
            .iter()
            .filter_map(|trial| {
                let window = trial.constant.as_ref()?.runtime.as_ref()?;
                let between = bytes_between_collections(window, level.percent);
                (between > 0.0).then(|| {
                    let predicted = window.alloc_bytes as f64 / between;
                    (window.gc_cycles as f64, predicted)
                })
            })
            .collect();
        let trials = counted.len();
        let mean = |of: fn(&(f64, f64)) -> f64| counted.iter().map(of).sum::<f64>() / trials as f64;
        let cycles = Cycles {
            measured: mean(|own| own.0),
            predicted: mean(|own| own.1),
            trials,
        };
        (trials > 0 && cycles.measured > 0.0).then_some(cycles)
    }
}
