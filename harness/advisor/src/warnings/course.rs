//! What a run decided as it went, so that no reader wonders about unequal numbers of trials.

use documents::finding::Severity;
use documents::warning::Warning;
use judging::evidence::end_of_search;
use record::decision::StopReason;

use super::context::{Context, Shown};

pub(super) fn warnings(context: &Context<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(left_the_race(context));
    warnings.extend(stopped_early(context));
    warnings.extend(confirmation_cut_short(context));
    warnings
}

fn left_the_race(context: &Context<'_>) -> Option<Warning> {
    let left: Shown<'_> = context
        .evidence
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.left.is_some())
        .map(|(index, _)| (index, Vec::new()))
        .collect();
    left.first()?;
    let reasons: Vec<String> = left
        .iter()
        .take(3)
        .filter_map(|(cell, _)| {
            let words = context.evidence.cells[*cell].left?.words;
            let blocks = context.evidence.blocks_of(*cell);
            Some(format!(
                "{} after block {blocks} ({words})",
                context.label(*cell)
            ))
        })
        .collect();
    let more = match left.len() - reasons.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let warning = context.warning(
        Severity::Info,
        "left_race",
        format!(
            "cells left the race, so their figures rest on fewer blocks: {}{more}.",
            reasons.join("; ")
        ),
        "Nothing; with `race: false` every cell is run in every block.",
    );
    Some(context.about(warning, &left))
}

fn stopped_early(context: &Context<'_>) -> Option<Warning> {
    let stop = end_of_search(context.run)?;
    let (severity, next_step) = match stop.reason {
        StopReason::Blocks => return None,
        StopReason::Budget => (
            Severity::Warn,
            "Give the same folder to `gosweep run` with a new --budget, and it goes on searching.",
        ),
        StopReason::Precise | StopReason::Decided => (
            Severity::Info,
            "Nothing: the rule goes by the width of the intervals or by who can still win, not by what was found.",
        ),
    };
    Some(context.warning(
        severity,
        "stopped_early",
        format!(
            "the search ended after {} of at most {} blocks: {}.",
            context.evidence.complete.len(),
            context.run.blocks,
            stop.words
        ),
        next_step,
    ))
}

/// A confirmation that time cut short.
fn confirmation_cut_short(context: &Context<'_>) -> Option<Warning> {
    let last = context.run.decisions.last()?;
    let stop = last.stop.as_ref()?;
    let of_confirmation = !std::ptr::eq(stop, end_of_search(context.run)?);
    (of_confirmation && stop.reason == StopReason::Budget).then(|| {
        context.warning(
            Severity::Warn,
            "confirmation_cut_short",
            format!("the confirmation was cut short: {}.", stop.words),
            "Confirm by a fresh run of the recommended cell and the control alone.",
        )
    })
}
