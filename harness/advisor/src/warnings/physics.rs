//! Figures that contradict what the collector must do, and windows that had not settled.
//!
//! Both are caveats and make no trial invalid: a trial is judged by its host and its generator, never by what it
//! measured.

use documents::finding::Severity;
use documents::warning::Warning;
use judging::physics::{Collections, Heap, Predicted, plausible};
use record::threshold::Thresholds;
use record::trial::{Phase, Trial};
use stats::steady::{SteadyRule, steady_state};

use super::context::Context;

/// Intervals of 250 ms in one second.
const INTERVALS_PER_SECOND: usize = 4;

pub(super) fn warnings(context: &Context<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(against_physics(context));
    warnings.extend(unsettled(context));
    warnings
}

/// Rule V1.
fn against_physics(context: &Context<'_>) -> Option<Warning> {
    let band = plausible(context.thresholds);
    let shown = context.evidence.where_trials(|_, trial| {
        let windows = [&trial.saturate, &trial.constant];
        let mut ratios = windows
            .into_iter()
            .flatten()
            .filter_map(|phase| measured_to_predicted(phase, trial, context.thresholds));
        ratios.any(|ratio| !band.contains(&ratio))
    });
    let message = format!(
        "V1: the number of GC cycles is not what allocation and heap goal make it ({} to {} times that): {}.",
        band.start(),
        band.end(),
        context.named(&shown)
    );
    let warning = context.warning(
        Severity::Warn,
        "gc_physics",
        message,
        "Lengthen the warm-up: a live heap that changes within the window is the usual cause.",
    );
    (!shown.is_empty()).then(|| context.about(warning, &shown))
}

/// GC cycles measured ÷ predicted; `None` where the formula says nothing, or the runtime gave no account.
fn measured_to_predicted(phase: &Phase, trial: &Trial, thresholds: &Thresholds) -> Option<f64> {
    let runtime = phase.runtime.as_ref()?;
    let gogc = trial.readback.as_ref()?.gogc?;
    let collections = Collections {
        cycles: runtime.gc_cycles as f64,
        forced: runtime.gc_forced as f64,
        alloc_bytes: runtime.alloc_bytes as f64,
        heap: Heap::of(runtime),
        goal_bytes: runtime.heap_goal_bytes as f64,
        // 2^64-1 is off (runtime/metrics).
        gogc: (gogc != u64::MAX).then_some(gogc as f64),
    };
    collections
        .by_formula(thresholds)
        .ok()
        .map(Predicted::ratio)
}

/// Windows of six seconds or more whose throughput had a trend: "no steady state" is a result (Barrett et al., OOPSLA
/// 2017). At a constant rate throughput is what was asked for, so only the closed loop is looked at.
fn unsettled(context: &Context<'_>) -> Option<Warning> {
    let shown = context.evidence.where_trials(|_, trial| {
        let phase = trial.saturate.as_ref();
        phase.is_some_and(|phase| is_steady(phase) == Some(false))
    });
    let message = format!(
        "no steady state: throughput still rose or fell within the saturate window: {}.",
        context.named(&shown)
    );
    let warning = context.warning(
        Severity::Warn,
        "no_steady_state",
        message,
        "Lengthen the warm-up, or the window if it goes on; the figures are of a service in motion.",
    );
    (!shown.is_empty()).then(|| context.about(warning, &shown))
}

/// By windows of one second; `None` where there are too few of them.
fn is_steady(phase: &Phase) -> Option<bool> {
    let seconds: Vec<f64> = phase
        .completed_by_interval
        .chunks_exact(INTERVALS_PER_SECOND)
        .map(|second| second.iter().sum::<u64>() as f64)
        .collect();
    let found = steady_state(&seconds, SteadyRule::default()).ok()?;
    Some(found.steady)
}
