//! Two sides on one objective: the change with its interval, and the verdict against the margin.

use documents::comparison::{Judgement, ObjectiveComparison};
use documents::effect::{Scale, built_in_margin};
use documents::figures::{counted, p_text};
use record::objective::Objective;
use stats::{Alternative, correction, summary};

use super::bar::Bar;
use super::matched::Matched;
use super::noise::Noise;
use super::options::CompareOptions;
use super::sample::{Detectable, Sample};
use crate::pair::{Column, shown};

/// Everything about one objective; the document is made of it, and a gate's tests.
pub(crate) struct Change {
    /// One-sided p of "it is no worse by the margin", to be corrected over all that is tested together; `None` where
    /// nothing varies and the place of the values decides.
    pub(crate) p: Option<f64>,
    pub(crate) figures: ObjectiveComparison,
}

/// What is asked about one objective.
pub(crate) struct Question<'q> {
    pub(crate) objective: Objective,
    /// (baseline, candidate) by pair of cells.
    pub(crate) columns: &'q [(Column, Column)],
    /// The margin: relative, for the error rate absolute.
    pub(crate) margin: f64,
    /// Level of the interval.
    pub(crate) level: f64,
    pub(crate) noise: Noise,
    /// How many such questions are tested together.
    pub(crate) tests: usize,
    /// Whether to say how many more blocks would decide, which is dear to work out.
    pub(crate) advise: bool,
}

/// Compares on one objective.
pub(crate) fn change(
    matched: &Matched<'_>,
    question: &Question<'_>,
    options: &CompareOptions,
    detectable: &Detectable,
) -> Change {
    let &Question {
        objective,
        columns,
        margin: asked,
        level,
        noise,
        tests,
        advise,
    } = question;
    let sample = matched.sample(objective, columns);
    let scale = sample.scale();
    let baseline = typical(columns.iter().map(|(baseline, _)| baseline), scale);
    let candidate = typical(columns.iter().map(|(_, candidate)| candidate), scale);
    let bar = Bar::new(objective, scale, asked, baseline.unwrap_or(0.0));
    // Of several tests between days each has its share of the level: there is no p to correct.
    let level = match sample {
        Sample::Unpaired { .. } => level_of_each(level, tests.max(1)),
        Sample::Paired(_) => level,
    };
    let estimate = sample.estimate(level);
    let noise = noise.on(scale, columns.len());
    let other_load = matched
        .other_rates
        .filter(|_| is_of_constant_window(objective));
    let verdict = estimate.map(|estimate| match (other_load, &sample) {
        // Nothing in two runs says how much of their difference is the day's.
        (Some(_), _) => Judgement::Inconclusive,
        (None, sample) if sample.lacks_days() => Judgement::Inconclusive,
        (None, _) => bar.judge(&estimate, noise),
    });
    let alpha = (1.0 - options.level) / 2.0;
    let p = match estimate {
        Some(own) if own.is_degenerate() && chance_of_agreement(own.n) <= alpha => None,
        _ if matches!(sample, Sample::Unpaired { .. }) => None,
        _ => sample.beyond_p(bar.worst(), towards_bad(objective)),
    };
    let is_open = verdict == Some(Judgement::Inconclusive) && other_load.is_none();
    let more_blocks = (is_open && advise)
        .then(|| sample.more_blocks(&bar, level, options.power))
        .flatten()
        .filter(|more| *more > 0);
    let observed = baseline.is_some() && candidate.is_some();
    let aside = |distance: f64| match scale {
        Scale::Ratio => distance.exp_m1(),
        Scale::Difference => distance,
    };
    let reason = match (&sample, verdict) {
        (_, Some(_)) if other_load.is_some() => other_load.map(|[before, after]| {
            format!("measured at different loads, {before:.0}/s and {after:.0}/s")
        }),
        (_, None) if !observed => Some("not observed on both sides".to_owned()),
        (_, None) => Some("fewer than two blocks on a side".to_owned()),
        (Sample::Unpaired { .. }, Some(Judgement::Inconclusive)) => Some(two_runs(&sample)),
        (_, Some(Judgement::Inconclusive)) if advise && more_blocks.is_none() => Some(undecidable(
            estimate.map_or(0.0, |estimate| estimate.point.abs()),
            noise,
        )),
        _ => None,
    };
    let figures = ObjectiveComparison {
        objective,
        unit: objective.unit().to_owned(),
        direction: objective.direction().into(),
        decides: false,
        baseline,
        candidate,
        scale,
        effect: sample
            .point(level)
            .filter(|_| observed)
            .map(|point| shown(scale, point)),
        interval: estimate.map(|own| [shown(scale, own.low), shown(scale, own.high)]),
        interval_level: estimate.map(|own| own.attained_level),
        method: estimate.map(|own| own.method.label().to_owned()),
        n: sample.n(),
        margin: asked,
        noise: noise.map(aside),
        minimum_detectable: detectable
            .smallest_regression(&sample, &bar, level, noise, tests)
            .map(|loss| match objective.orientation() > 0.0 {
                true if scale == Scale::Ratio => -(-loss).exp_m1(),
                _ => aside(loss),
            }),
        verdict: verdict.or(observed.then_some(Judgement::Inconclusive)),
        more_blocks,
        reason,
    };
    Change { p, figures }
}

/// How likely so many blocks agree where nothing varies and either way is as likely.
fn chance_of_agreement(blocks: usize) -> f64 {
    0.5_f64.powi(i32::try_from(blocks).unwrap_or(i32::MAX))
}

fn towards_bad(objective: Objective) -> Alternative {
    if objective.orientation() > 0.0 {
        Alternative::Less
    } else {
        Alternative::Greater
    }
}

/// The level of each of several intervals that are to hold together (Bonferroni).
pub(crate) fn level_of_each(level: f64, several: usize) -> f64 {
    1.0 - (1.0 - level) / several as f64
}

/// Takes back regressions that the p-values, corrected over all that was tested together, do not bear out. Answers the
/// corrected p-values.
pub(crate) fn correct(
    tested: &mut [(Option<f64>, &mut ObjectiveComparison)],
    alpha: f64,
) -> Vec<Option<f64>> {
    let corrected = corrected(&tested.iter().map(|own| own.0).collect::<Vec<_>>());
    let tests = corrected.iter().flatten().count();
    for ((_, own), p) in tested.iter_mut().zip(&corrected) {
        let is_borne_out = p.is_none_or(|p| p <= alpha);
        if own.verdict == Some(Judgement::Regressed) && !is_borne_out {
            own.verdict = Some(Judgement::Inconclusive);
            own.reason = p.map(|p| not_borne_out(tests, p));
        }
    }
    corrected
}

/// Holm's correction over the p-values that there are.
pub(crate) fn corrected(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family: Vec<f64> = p_values.iter().flatten().copied().collect();
    let mut adjusted = correction::holm(&family).unwrap_or_default().into_iter();
    let own = p_values.iter();
    own.map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// Why an interval beyond the limit does not do.
pub(crate) fn not_borne_out(tests: usize, p: f64) -> String {
    format!(
        "the interval lies beyond the limit, but over {} p is {}",
        counted(tests, "test"),
        p_text(p)
    )
}

fn two_runs(sample: &Sample) -> String {
    match sample.lacks_days() {
        true => "two runs differ by their days too, by how much nobody knows: measure both sides in one run, or give \
                 three earlier runs of the baseline or more (--history)",
        false => "days differ by as much: measure both sides in one run",
    }
    .to_owned()
}

/// Why no number of blocks is offered.
fn undecidable(effect: f64, noise: Option<f64>) -> String {
    if noise.is_some_and(|noise| effect <= noise) {
        return "the control differs from its own duplicate as much: quiet the host, or lengthen the windows"
            .to_owned();
    }
    "the change lies on the margin itself, so that more blocks would not decide: choose another margin"
        .to_owned()
}

/// The margin in force for an objective.
pub(crate) fn margin(objective: Objective, options: &CompareOptions) -> f64 {
    let asked = options.margins.get(&objective).copied();
    asked.unwrap_or_else(|| built_in_margin(objective))
}

/// Whether an objective's figures depend on the constant rate.
fn is_of_constant_window(objective: Objective) -> bool {
    match objective {
        Objective::P50
        | Objective::P99
        | Objective::P999
        | Objective::GcPerKreq
        | Objective::GcPerS
        | Objective::GcCpu
        | Objective::CpuPerReq
        | Objective::AllocPerReq => true,
        Objective::Qps | Objective::Rss | Objective::ErrorRate => false,
    }
}

/// The median over a cell's trials; over several cells the mean of theirs, taken on the scale of the change, so that it
/// stands to the other side's as the change does.
fn typical<'a>(columns: impl Iterator<Item = &'a Column>, scale: Scale) -> Option<f64> {
    let medians: Vec<f64> = columns
        .filter_map(|column| summary::median(&column.values().copied().collect::<Vec<_>>()))
        .collect();
    let on_scale: Vec<f64> = match (scale, medians.as_slice()) {
        (_, [only]) => return Some(*only),
        (Scale::Ratio, all) => all.iter().map(|value| value.ln()).collect(),
        (Scale::Difference, all) => all.to_vec(),
    };
    Some(shown(scale, summary::mean(&on_scale)?))
}
