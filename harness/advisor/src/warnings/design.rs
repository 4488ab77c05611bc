//! What the design of the run cannot carry: too few blocks, too few samples, too much noise.

use documents::figures::{counted, listed, margin_text, on_scale_text, significant};
use documents::finding::Severity;
use documents::warning::Warning;
use record::objective::{Objective, gc_cycles};
use record::quantity::format_duration;
use record::trial::Phase;

use super::context::Context;

/// Below this no exact 95 % signed-rank interval exists (2/2^n > 0.05).
const FEWEST_BLOCKS: usize = 6;
/// Samples beyond a quantile that make it worth comparing.
const SAMPLES_BEYOND: f64 = 100.0;
/// Cycles in a window below which one cycle more or less is 10 % of the figure.
const FEWEST_CYCLES: f64 = 10.0;

pub(super) fn warnings(context: &Context<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(incomplete_blocks(context));
    warnings.extend(few_blocks(context));
    warnings.extend(missing_duplicate(context));
    warnings.extend(noise_above_margin(context));
    warnings.extend(aa_differs(context));
    warnings.extend(few_tail_samples(context));
    warnings.extend(few_gc_cycles(context));
    warnings.extend(not_observed(context));
    warnings.extend(zeros(context));
    warnings
}

fn incomplete_blocks(context: &Context<'_>) -> Option<Warning> {
    let left_out = &context.evidence.incomplete;
    if left_out.is_empty() {
        return None;
    }
    let names: Vec<String> = left_out.iter().map(u32::to_string).collect();
    let (noun, verb) = if names.len() == 1 {
        ("block", "is")
    } else {
        ("blocks", "are")
    };
    Some(context.warning(
        Severity::Info,
        "incomplete_block",
        format!(
            "{noun} {} {verb} left out: not every cell was tried there.",
            listed(&names)
        ),
        "`gosweep run` on the same folder goes on where it stopped.",
    ))
}

fn few_blocks(context: &Context<'_>) -> Option<Warning> {
    let blocks = context.evidence.complete.len();
    (blocks < FEWEST_BLOCKS && context.evidence.cells.len() > 1).then(|| {
        context.warning(
            Severity::Warn,
            "few_blocks",
            format!(
                "{} complete: below {FEWEST_BLOCKS} there is no exact 95% interval, so a t interval stands in, which \
                 trusts the noise to be normal.",
                counted(blocks, "block")
            ),
            "Set `blocks: 6` or more; 10 is the default.",
        )
    })
}

fn missing_duplicate(context: &Context<'_>) -> Option<Warning> {
    let missing = context.evidence.duplicates.is_empty() && !context.evidence.complete.is_empty();
    missing.then(|| {
        context.warning(
            Severity::Warn,
            "no_aa",
            "the control has no valid duplicate, so the noise floor of this host is unknown and only the default \
             margins apply."
                .to_owned(),
            "See why the duplicates are missing in the trials' list, and run again.",
        )
    })
}

fn noise_above_margin(context: &Context<'_>) -> Option<Warning> {
    let noisy: Vec<String> = context
        .rank_by
        .iter()
        .filter_map(|&objective| context.comparison(objective))
        .filter(|comparison| comparison.summary.margin > comparison.summary.default_margin)
        .map(|comparison| {
            let objective = comparison.objective();
            format!(
                "{} {} (default {})",
                objective.heading(),
                margin_text(objective, comparison.summary.margin),
                margin_text(objective, comparison.summary.default_margin)
            )
        })
        .collect();
    (!noisy.is_empty()).then(|| {
        context.warning(
            Severity::Warn,
            "noisy_host",
            format!(
                "the control and its own duplicate may differ by more than the default margin over these blocks, so \
                 claims have to pass that noise instead: {}.",
                listed(&noisy)
            ),
            "Quiet the host (`gosweep host`), lengthen the windows, run more blocks, or accept that smaller changes stay unseen.",
        )
    })
}

fn aa_differs(context: &Context<'_>) -> Option<Warning> {
    let differing: Vec<String> = context
        .rank_by
        .iter()
        .filter_map(|&objective| context.comparison(objective))
        .filter_map(|comparison| {
            let aa = comparison.summary.aa.as_ref()?;
            let [low, high] = aa.interval?;
            let nothing = match aa.scale {
                documents::effect::Scale::Ratio => 1.0,
                documents::effect::Scale::Difference => 0.0,
            };
            let apart = low > nothing || high < nothing;
            let text = on_scale_text(comparison.objective(), aa.scale, aa.estimate, aa.interval);
            apart.then(|| format!("{} {text}", comparison.objective().heading()))
        })
        .collect();
    (!differing.is_empty()).then(|| {
        context.warning(
            Severity::Warn,
            "aa_differs",
            format!(
                "the control differs from its own duplicate: {}. About 1 run in 20 shows this by chance for each \
                 objective; otherwise something of the order or the host biases the trials.",
                listed(&differing)
            ),
            "Run again with another seed; if it stays, do not trust differences of this size.",
        )
    })
}

fn few_tail_samples(context: &Context<'_>) -> Vec<Warning> {
    let in_use = |objective: &Objective| {
        context.rank_by.contains(objective) || context.limits.contains_key(objective)
    };
    Objective::ALL
        .into_iter()
        .filter(in_use)
        .filter_map(|objective| few_samples_beyond(context, objective, objective.tail_quantile()?))
        .collect()
}

fn few_samples_beyond(
    context: &Context<'_>,
    objective: Objective,
    quantile: f64,
) -> Option<Warning> {
    let beyond = |phase: &Phase| phase.response_ms.count as f64 * (1.0 - quantile);
    // Rounded, since 10,000 x (1 − 0.99) is a hair below 100 in binary.
    let short = |phase: &Phase| beyond(phase).round() < SAMPLES_BEYOND;
    let shown = context
        .evidence
        .where_trials(|_, trial| trial.constant.as_ref().is_some_and(short));
    let phases = shown
        .iter()
        .flat_map(|(_, trials)| trials)
        .filter_map(|trial| trial.constant.as_ref());
    let fewest = phases.min_by(|a, b| a.response_ms.count.cmp(&b.response_ms.count))?;
    let lower = if objective == Objective::P999 {
        "P99"
    } else {
        "P50"
    };
    let heading = objective.heading();
    let longer = if fewest.response_ms.count > 0 {
        let seconds = fewest.seconds * SAMPLES_BEYOND / beyond(fewest);
        let rounded = std::time::Duration::from_secs_f64(seconds.ceil().min(86_400.0));
        format!(
            "Set `constant: {{for: {}}}`, or rank by {lower}.",
            format_duration(rounded)
        )
    } else {
        format!("Lengthen the constant window, or rank by {lower}.")
    };
    let message = format!(
        "{heading} rests on {} samples beyond it in a trial ({} in all); 100 are wanted. It was short in {}.",
        beyond(fewest).round(),
        significant(fewest.response_ms.count as f64),
        context.named(&shown)
    );
    let warning = context.warning(Severity::Warn, "few_tail_samples", message, &longer);
    Some(context.about(warning, &shown))
}

fn few_gc_cycles(context: &Context<'_>) -> Option<Warning> {
    let ranked = [Objective::GcPerKreq, Objective::GcPerS, Objective::GcCpu]
        .iter()
        .any(|objective| context.rank_by.contains(objective));
    if !ranked {
        return None;
    }
    let cycles = |trial: &record::trial::Trial| gc_cycles(trial.constant.as_ref()?);
    let shown = context
        .evidence
        .where_trials(|_, trial| cycles(trial).is_some_and(|n| n > 0.0 && n < FEWEST_CYCLES));
    let fewest = shown
        .iter()
        .flat_map(|(_, trials)| trials)
        .filter_map(|trial| cycles(trial))
        .fold(f64::INFINITY, f64::min);
    (!shown.is_empty()).then(|| {
        let message = format!(
            "GC figures rest on as few as {} in a window: one more or less moves them by {}%. Seen in {}.",
            counted(fewest as usize, "cycle"),
            significant(100.0 / fewest),
            context.named(&shown)
        );
        let next_step = "Lengthen the constant window until the quietest cell sees 10 cycles.";
        context.about(context.warning(Severity::Info, "few_gc_cycles", message, next_step), &shown)
    })
}

fn not_observed(context: &Context<'_>) -> Option<Warning> {
    if context.evidence.complete.is_empty() {
        return None;
    }
    let missing: Vec<&str> = context
        .rank_by
        .iter()
        .filter(|&&objective| context.comparison(objective).is_none())
        .map(|objective| objective.heading())
        .collect();
    (!missing.is_empty()).then(|| {
        context.warning(
            Severity::Warn,
            "not_observed",
            format!("{} could not be observed on this target, so the ranking goes without.", listed(&missing)),
            "GC figures need the probe or gctrace on stderr; QPS needs `saturate`, latency `constant` in `load`.",
        )
    })
}

fn zeros(context: &Context<'_>) -> Option<Warning> {
    let shown: Vec<(usize, Vec<&record::trial::Trial>)> = (0..context.evidence.cells.len())
        .filter(|&cell| cell != context.control())
        .filter(|&cell| {
            context
                .rank_by
                .iter()
                .filter_map(|&o| context.comparison(o))
                .any(|comparison| {
                    comparison.objective() != Objective::ErrorRate
                        && comparison.cells[cell].difference.is_some()
                })
        })
        .map(|cell| (cell, Vec::new()))
        .collect();
    (!shown.is_empty()).then(|| {
        let labels: Vec<String> = shown.iter().take(3).map(|(cell, _)| context.label(*cell)).collect();
        let more = if shown.len() > 3 { " and others" } else { "" };
        let message = format!(
            "a figure is zero in some trial (no GC cycle in the window, say), which has no ratio: {}{more} are \
             compared with the control by differences there.",
            labels.join("; ")
        );
        let next_step = "Nothing, if the collector is off; else lengthen the constant window.";
        context.about(context.warning(Severity::Info, "zeros", message, next_step), &shown)
    })
}
