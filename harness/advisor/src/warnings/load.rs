//! What the load generator says of itself.
//!
//! Deliberately absent: Little's law, by which a trial is invalid or carries a caveat of its own (rule V3).

use documents::figures::significant;
use documents::finding::Severity;
use documents::warning::Warning;
use record::objective::Objective;
use record::trial::{Trial, WindowVerdict};

use super::context::{Context, Shown};
use crate::validity::{lag_bound_ms, lag_bound_without_objective_ms};

/// A caveat that the generator's own record of a trial raises.
struct Rule<'a> {
    applies: &'a dyn Fn(&Trial) -> bool,
    severity: Severity,
    code: &'static str,
    what: &'static str,
    next_step: &'static str,
}

pub(super) fn warnings(context: &Context<'_>) -> Vec<Warning> {
    let saturated = |trial: &Trial, name| {
        trial
            .saturate
            .as_ref()
            .is_some_and(|phase| phase.verdict.name == name)
    };
    let constant = |trial: &Trial, name| {
        trial
            .constant
            .as_ref()
            .is_some_and(|phase| phase.verdict.name == name)
    };
    let rules = [
        Rule {
            applies: &|trial| saturated(trial, WindowVerdict::GeneratorBound),
            severity: Severity::Critical,
            code: "generator_bound",
            what: "the generator was the limit, so QPS is a lower bound of what the service can do and gains on it are \
             understated",
            next_step: "Give the generator more CPUs (placement), or load from another machine.",
        },
        Rule {
            applies: &|trial| constant(trial, WindowVerdict::GeneratorBound),
            severity: Severity::Critical,
            code: "generator_bound_constant",
            what: "the generator could not keep its own schedule at the constant rate, so the latencies are partly its own",
            next_step: "Lower the constant rate, or give the generator more CPUs.",
        },
        Rule {
            applies: &|trial| constant(trial, WindowVerdict::Overloaded),
            severity: Severity::Critical,
            code: "overloaded",
            what: "the service could not keep up with the constant rate, so its latencies measure a growing backlog",
            next_step: "Lower the constant rate (it is a share of the control's capacity); the cell itself is slower than that.",
        },
        Rule {
            applies: &|trial| {
                saturated(trial, WindowVerdict::Noisy) || constant(trial, WindowVerdict::Noisy)
            },
            severity: Severity::Warn,
            code: "noisy_window",
            what: "the generator calls a window noisy",
            next_step: "See the trial's verdict; lengthen the windows or quiet the host.",
        },
        Rule {
            applies: &|trial| late(context, trial),
            severity: Severity::Warn,
            code: "late_sends",
            what: "requests left the generator late, and this send lag is part of the response times",
            next_step: "Give the generator its own cores, or lower the constant rate.",
        },
    ];
    rules
        .into_iter()
        .filter_map(
            |Rule {
                 applies,
                 severity,
                 code,
                 what,
                 next_step,
             }| {
                let shown = context.evidence.where_trials(|_, trial| applies(trial));
                let message = format!("{what}: {}{}.", context.named(&shown), said(code, &shown));
                let warning = context.warning(severity, code, message, next_step);
                (!shown.is_empty()).then(|| context.about(warning, &shown))
            },
        )
        .collect()
}

/// The generator's own words in the first trial that shows it.
fn said(code: &str, shown: &Shown<'_>) -> String {
    let Some(trial) = shown.first().and_then(|(_, trials)| trials.first()) else {
        return String::new();
    };
    let of_constant = matches!(code, "generator_bound_constant" | "overloaded");
    let phases = [trial.saturate.as_ref(), trial.constant.as_ref()];
    let phase = match code {
        "generator_bound" => trial.saturate.as_ref(),
        _ if of_constant => trial.constant.as_ref(),
        "noisy_window" => phases
            .into_iter()
            .flatten()
            .find(|phase| phase.verdict.name == WindowVerdict::Noisy),
        _ => None,
    };
    match phase.map(|phase| phase.verdict.reason.trim_end_matches('.')) {
        Some(reason) if !reason.is_empty() => format!("; e.g. {}: {reason}", trial.id),
        _ if code == "late_sends" => {
            let lag = trial
                .constant
                .as_ref()
                .map_or(0.0, |phase| phase.send_lag_ms.p99);
            format!("; e.g. {}: P99 send lag {} ms", trial.id, significant(lag))
        }
        _ => String::new(),
    }
}

fn late(context: &Context<'_>, trial: &Trial) -> bool {
    let Some(phase) = trial
        .constant
        .as_ref()
        .filter(|phase| phase.send_lag_ms.count > 0)
    else {
        return false;
    };
    let bound = match context.limits.get(&Objective::P99) {
        Some(limit) => lag_bound_ms(context.thresholds, *limit),
        None => lag_bound_without_objective_ms(phase.response_ms.p99),
    };
    phase.send_lag_ms.p99 > bound
}
