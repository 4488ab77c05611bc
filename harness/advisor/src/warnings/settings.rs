//! Settings that did not take, that cannot be meant, or that make two cells one.

use documents::finding::Severity;
use documents::warning::Warning;
use judging::evidence::cpu_count;
use record::run::Cell;
use record::trial::Trial;

use super::context::{Context, Shown};
use crate::readback::{Setting, compared};
use crate::validity;

pub(super) fn warnings(context: &Context<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(not_applied(context));
    warnings.extend(more_procs_than_cpus(context));
    warnings.extend(same_cells(context));
    warnings.extend(shared_cpus(context));
    warnings
}

fn not_applied(context: &Context<'_>) -> Option<Warning> {
    let shown = context
        .evidence
        .where_trials(|cell, trial| mismatch(context, cell.cell, trial).is_some());
    let (cell, trials) = shown.first()?;
    let first = mismatch(context, context.evidence.cells[*cell].cell, trials[0])?;
    let message = format!(
        "the process did not run with the settings of its cell, so the figures belong to something else: {}; e.g. {}: \
         {first}.",
        context.named(&shown),
        trials[0].id
    );
    let next_step = "Go ignores some bad values silently; check the value, and that the program does not override it.";
    Some(context.about(
        context.warning(Severity::Critical, "not_applied", message, next_step),
        &shown,
    ))
}

/// The first setting that the process reports otherwise than the cell asks.
fn mismatch(context: &Context<'_>, cell: &Cell, trial: &Trial) -> Option<String> {
    let readback = trial.readback.as_ref()?;
    let settings = compared(context.run, cell, readback);
    settings.iter().find_map(Setting::mismatch)
}

fn more_procs_than_cpus(context: &Context<'_>) -> Option<Warning> {
    let shown = context.evidence.where_trials(|cell, trial| {
        let procs = trial
            .readback
            .as_ref()
            .and_then(|readback| readback.gomaxprocs);
        match (procs, cpu_count(&cell.cell.target_cpus)) {
            (Some(procs), Some(cpus)) => procs > cpus as u64,
            _ => false,
        }
    });
    let (cell, trials) = shown.first()?;
    let procs = trials[0].readback.as_ref()?.gomaxprocs?;
    let cpus = cpu_count(&context.evidence.cells[*cell].cell.target_cpus)?;
    let message = format!(
        "GOMAXPROCS exceeds the CPUs that the target is pinned to (e.g. {procs} on {cpus}): {}. Its threads share \
         CPUs, which is not what that setting does on a larger host.",
        context.named(&shown)
    );
    let next_step = "Use `placement: none`, a larger machine, or smaller values of gomaxprocs.";
    Some(context.about(
        context.warning(Severity::Warn, "procs_over_cpus", message, next_step),
        &shown,
    ))
}

fn same_cells(context: &Context<'_>) -> Option<Warning> {
    let pairs: Vec<(usize, usize)> = context
        .same_as
        .iter()
        .enumerate()
        .filter_map(|(cell, first)| Some((cell, (*first)?)))
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let named: Vec<String> = pairs
        .iter()
        .take(3)
        .map(|(cell, first)| format!("{} = {}", context.label(*cell), context.label(*first)))
        .collect();
    let more = if pairs.len() > 3 { " and others" } else { "" };
    let shown: Shown<'_> = pairs.iter().map(|(cell, _)| (*cell, Vec::new())).collect();
    let message = format!(
        "cells with different names ran with the same effective settings, by what the process reports: {}{more}. Any \
         difference between them is noise.",
        named.join("; ")
    );
    let next_step = "Drop one of each pair with `exclude` to save its time.";
    Some(context.about(
        context.warning(Severity::Info, "same_cells", message, next_step),
        &shown,
    ))
}

fn shared_cpus(context: &Context<'_>) -> Option<Warning> {
    let shown: Shown<'_> = context
        .evidence
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !validity::shared_cpus(cell.cell).is_empty())
        .map(|(index, _)| (index, Vec::new()))
        .collect();
    (!shown.is_empty()).then(|| {
        let of = if shown.len() == context.evidence.cells.len() {
            "in every cell".to_owned()
        } else {
            format!("e.g. in {}", context.label(shown[0].0))
        };
        let message = format!(
            "target and generator share CPUs ({of}), so each takes time from the other and QPS is that of both together."
        );
        let next_step = "Use `placement: split` where there are CPUs enough, or load from another machine.";
        context.about(context.warning(Severity::Warn, "shared_cpus", message, next_step), &shown)
    })
}
