//! What was promised, as rules of a gate.
//!
//! What depends on the service alone (collections, memory) is held by a limit; what depends on the host too (time,
//! throughput) by "no worse than" against the baseline of the same run. What the run could not tell is not promised.

use documents::advice::{MeasuredEffect, Recommendation};
use documents::effect::Effect;
use documents::export::Rule;
use record::objective::{Direction, LimitKind, Objective};

/// The rules, in the order of the effects.
pub(super) fn rules(change: &Recommendation) -> Vec<Rule> {
    change.effects.iter().map(rule).collect()
}

fn rule(of: &MeasuredEffect) -> Rule {
    let because = super::effect(of);
    let text = match of.effect {
        Effect::Better | Effect::Worse if follows_the_service(of.objective) => limit(of),
        Effect::Better | Effect::WithinMargin => no_worse(of, of.margin),
        Effect::Worse => no_worse(of, cost(of)),
        Effect::Control | Effect::Unclear | Effect::NoData => None,
    };
    Rule { text, because }
}

fn follows_the_service(objective: Objective) -> bool {
    matches!(
        objective,
        Objective::GcPerKreq | Objective::Rss | Objective::AllocPerReq
    )
}

/// The end of the interval that is least in our favour, with the margin on top, of the control's value. All of these
/// objectives are better lower.
fn limit(of: &MeasuredEffect) -> Option<String> {
    let worst = of.ratio_interval?[1] * (1.0 + of.margin?);
    let limit = of.control? * worst;
    let text = match of.objective.limit_kind() {
        LimitKind::Size => format!("{:.0}B", limit.ceil()),
        _ => format!("{}", (limit * 100.0).ceil() / 100.0),
    };
    Some(format!("{} <= {text}", of.objective))
}

fn no_worse(of: &MeasuredEffect, share: Option<f64>) -> Option<String> {
    let percent = (share?.max(0.0) * 1e4).ceil() / 100.0;
    // A share of an error rate near zero means nothing: its rules are in percentage points.
    let unit = match of.objective {
        Objective::ErrorRate => "pp",
        _ => "%",
    };
    Some(format!("{}: no worse than {percent}{unit}", of.objective))
}

/// The cost that was measured, at its worst, with the margin on top.
fn cost(of: &MeasuredEffect) -> Option<f64> {
    let [low, high] = of.ratio_interval?;
    let worst = match of.objective.direction() {
        Direction::HigherIsBetter => 1.0 - low,
        Direction::LowerIsBetter => high - 1.0,
    };
    Some(worst + of.margin?)
}
