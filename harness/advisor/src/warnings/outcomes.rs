//! Trials that failed, were invalid, or carry remarks of their own.

use std::collections::BTreeMap;

use documents::figures::{counted, listed};
use documents::finding::Severity;
use documents::warning::Warning;
use record::trial::{FailureCause, Outcome, Trial};

use super::context::{Context, Shown};

pub(super) fn warnings(context: &Context<'_>) -> Vec<Warning> {
    let mut warnings = failed(context);
    warnings.extend(invalid(context));
    warnings.extend(remarks(context));
    warnings.extend(unequal_blocks(context));
    warnings
}

/// One warning per cell: each cell fails in its own way.
fn failed(context: &Context<'_>) -> Vec<Warning> {
    context
        .evidence
        .cells
        .iter()
        .enumerate()
        .filter_map(|(index, cell)| {
            let Outcome::Failed(failure) = &cell.failed.first()?.outcome else {
                return None;
            };
            let panic = failure
                .panic
                .as_ref()
                .map(|panic| format!(" ({panic})"))
                .unwrap_or_default();
            let message = format!(
                "{}: {} {}: {}{panic}. It cannot be recommended.",
                context.label(index),
                counted(cell.failed.len(), "trial"),
                cause(failure.cause),
                failure.message.trim_end_matches('.'),
            );
            let next_step = format!("The last lines of stderr are in {}.", cell.failed[0].raw);
            let shown: Shown<'_> = vec![(index, cell.failed.clone())];
            let warning = context.warning(Severity::Critical, "failed_trials", message, &next_step);
            Some(context.about(warning, &shown))
        })
        .collect()
}

fn cause(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::NotStarted => "could not be started",
        FailureCause::NotReady => "did not become ready",
        FailureCause::Crashed => "crashed",
        FailureCause::OomKilled => "ran out of its memory cap",
        FailureCause::Errors => "answered mostly errors",
    }
}

fn invalid(context: &Context<'_>) -> Option<Warning> {
    let shown: Shown<'_> = context
        .evidence
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !cell.invalid.is_empty())
        .map(|(index, cell)| (index, cell.invalid.clone()))
        .collect();
    let all: Vec<&Trial> = shown
        .iter()
        .flat_map(|(_, trials)| trials)
        .copied()
        .collect();
    if all.is_empty() {
        return None;
    }
    let mut by_rule: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for trial in &all {
        if let Outcome::Invalid(reasons) = &trial.outcome {
            for reason in reasons {
                by_rule
                    .entry(reason.rule.word())
                    .or_insert((0, &reason.message))
                    .0 += 1;
            }
        }
    }
    let rules: Vec<String> = by_rule
        .into_iter()
        .map(|(rule, (count, message))| {
            format!("{rule} {count}x, e.g. {}", message.trim_end_matches('.'))
        })
        .collect();
    let message = format!(
        "{} invalid by the evidence of host or generator, and left out: {}.",
        if all.len() == 1 {
            "1 trial was".to_owned()
        } else {
            format!("{} trials were", all.len())
        },
        listed(&rules)
    );
    let few = all.len() * 10 <= context.evidence.trials.len();
    let (severity, next_step) = if few {
        (
            Severity::Info,
            "Nothing: few trials were invalidated, and they were run again.",
        )
    } else {
        (
            Severity::Critical,
            "Fix the cause (`gosweep host` shows what disturbs): re-runs only hide it.",
        )
    };
    let warning = context.warning(severity, "invalid_trials", message, next_step);
    Some(context.about(warning, &shown))
}

/// What trials remark about themselves, each remark once.
fn remarks(context: &Context<'_>) -> Vec<Warning> {
    let mut by_text: BTreeMap<&str, Vec<&Trial>> = BTreeMap::new();
    for trial in &context.evidence.trials {
        for text in &trial.warnings {
            by_text.entry(text).or_default().push(trial);
        }
    }
    by_text
        .into_iter()
        .map(|(text, trials)| {
            let message = format!(
                "{} ({}).",
                text.trim_end_matches('.'),
                counted(trials.len(), "trial")
            );
            let mut warning = context.warning(
                Severity::Info,
                "trial_remark",
                message,
                "See the raw evidence of the trials named.",
            );
            warning.trials = trials.iter().map(|trial| trial.id.clone()).collect();
            warning
        })
        .collect()
}

/// Cells that lack a valid trial in some complete block, without having failed.
fn unequal_blocks(context: &Context<'_>) -> Option<Warning> {
    let blocks = context.evidence.complete.len();
    let shown: Shown<'_> = context
        .evidence
        .cells
        .iter()
        .enumerate()
        .filter(|(index, cell)| {
            cell.valid.len() + cell.failed.len() < context.evidence.blocks_of(*index)
        })
        .map(|(index, _)| (index, Vec::new()))
        .collect();
    (!shown.is_empty()).then(|| {
        let labels: Vec<String> = shown
            .iter()
            .take(3)
            .map(|(cell, _)| format!("{} ({})", context.label(*cell), context.evidence.cells[*cell].valid.len()))
            .collect();
        let more = if shown.len() > 3 { " and others" } else { "" };
        let message = format!(
            "not every cell has a valid trial in each of the {}: {}{more}. Those are compared on the blocks they have.",
            counted(blocks, "complete block"),
            labels.join("; ")
        );
        let next_step = "Resume the run with `gosweep run` on the same folder.";
        context.about(context.warning(Severity::Warn, "missing_trials", message, next_step), &shown)
    })
}
