//! Scaling and the search itself: where more Ps stop helping, and settings that change each other's effect.
//!
//! Both build on [`judging::exploration`]; their signs come with intervals over the blocks of a run, so they need no
//! second sample.

use documents::figures::{counted, listed, percent, ratio_text, significant};
use documents::finding::{Family, Severity, Try};
use record::threshold::{Threshold, Thresholds};

use crate::evidence::{RuleEvidence, Scaling, Subject};
use crate::rule::{Check, Remedy, Rule, Sign, Whole};
use crate::signal::Signal;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "U1",
        title: "more GOMAXPROCS than pays",
        family: Family::Scaling,
        needs: &[Signal::Scaling],
        rivals: &[],
        versions: "all",
        source: "N. Gunther, Guerrilla Capacity Planning: the Universal Scalability Law",
        check: Check::Whole(past_the_knee),
        remedy: fewer_ps,
    },
    Rule {
        id: "U2",
        title: "one setting changes what another does",
        family: Family::Scaling,
        needs: &[Signal::Interactions],
        rivals: &[],
        versions: "all",
        source: "Box, Hunter and Hunter, Statistics for Experimenters: two-factor interactions",
        check: Check::Whole(interaction),
        remedy: move_together,
    },
];

fn past_the_knee(evidence: &RuleEvidence, thresholds: &Thresholds) -> Whole {
    let scaling = evidence
        .beside
        .as_ref()
        .and_then(|own| own.scaling.as_ref());
    let Some(scaling) = scaling else {
        return Whole::TooLittle(Signal::Scaling.describe());
    };
    let sign = beyond_peak(scaling).or_else(|| little_over_half(scaling, thresholds));
    let name = format!("{} over GOMAXPROCS", counted(scaling.trials.len(), "trial"));
    Whole::Signs(sign.map(|sign| (name, sign)).into_iter().collect())
}

/// Beyond the optimum of the law with its whole interval.
fn beyond_peak(scaling: &Scaling) -> Option<Sign> {
    let [_, Some(point), Some(high)] = scaling.peak else {
        return None;
    };
    (f64::from(scaling.own) > high.ceil()).then(|| Sign {
        severity: Severity::Warn,
        value: f64::from(scaling.own) / point.max(1.0),
        shows: format!(
            "GOMAXPROCS {} lies beyond the peak of throughput at {} by the law",
            scaling.own,
            significant(point)
        ),
        bound: format!("warn above {}, the end of its interval", significant(high)),
        hint: half(scaling).map(|(procs, _)| procs.to_string()),
        suffices: false,
    })
}

/// Twice the Ps for less than a few per cent.
fn little_over_half(scaling: &Scaling, thresholds: &Thresholds) -> Option<Sign> {
    let own = scaling
        .points
        .iter()
        .find(|(procs, _)| *procs == scaling.own)?;
    let (procs, throughput) = half(scaling)?;
    let gain = own.1 / throughput - 1.0;
    let least = thresholds.get(Threshold::U1Gain);
    (gain < least).then(|| Sign {
        severity: Severity::Info,
        value: least - gain,
        shows: format!(
            "GOMAXPROCS {} gives {} over {procs}",
            scaling.own,
            ratio_text(gain + 1.0, None)
        ),
        bound: format!("info below +{}", percent(least)),
        hint: Some(procs.to_string()),
        suffices: false,
    })
}

/// The largest measured GOMAXPROCS that is at most half of this cell's.
fn half(scaling: &Scaling) -> Option<(u32, f64)> {
    let smaller = scaling
        .points
        .iter()
        .filter(|(procs, _)| 2 * procs <= scaling.own);
    smaller.max_by_key(|(procs, _)| *procs).copied()
}

fn fewer_ps(_: &Subject, sign: &Sign) -> Remedy {
    let set = match &sign.hint {
        Some(procs) => format!(
            "GOMAXPROCS={procs}; what is freed serves another process or a second instance."
        ),
        None => "Fewer GOMAXPROCS; what is freed serves another process or a second instance."
            .to_owned(),
    };
    Remedy::new(
        "Beyond this many Ps contention and coherency eat what a further P brings; or there are no more CPUs than that.",
        vec![
            Try::setting(set),
            Try::code("Look at L1 to L3 and at shared cache lines: what is shared sets the knee."),
        ],
        "Where the other Ps serve latency rather than throughput: compare P99 of both cells as well.",
    )
}

fn interaction(evidence: &RuleEvidence, _: &Thresholds) -> Whole {
    let found = evidence.beside.iter().flat_map(|own| &own.interactions);
    let beyond = found.filter(|own| {
        let clear = own.interval[0] > 1.0 || own.interval[1] < 1.0;
        let size = own.ratio.ln().abs();
        clear && own.detectable.is_none_or(|least| size > least.ln_1p())
    });
    let signs = beyond.map(|own| {
        let square: Vec<String> = own
            .square
            .iter()
            .map(|(label, value)| format!("{label}: {value}"))
            .collect();
        let sign = Sign {
            severity: Severity::Info,
            value: own.ratio.ln().abs(),
            shows: format!(
                "{}: with {} the effect of {} is {} of what it is otherwise{}{}",
                own.objective,
                own.second,
                own.first,
                ratio_text(own.ratio, Some(own.interval)),
                if square.is_empty() { "" } else { "; " },
                square.join(", ")
            ),
            bound: own.detectable.map_or_else(
                || "info where the interval excludes no change".to_owned(),
                |least| {
                    format!(
                        "info beyond the minimum detectable effect, {}",
                        percent(least)
                    )
                },
            ),
            hint: Some(listed(&[&own.first, &own.second])),
            suffices: false,
        };
        (format!("{} x {}", own.first, own.second), sign)
    });
    Whole::Signs(signs.collect())
}

fn move_together(_: &Subject, sign: &Sign) -> Remedy {
    let which = sign.hint.as_deref().unwrap_or("these settings");
    Remedy::new(
        "The effects of the two do not simply multiply: one uses up, or makes room for, what the other needs.",
        vec![Try::measure(format!(
            "Take {which} from one measured cell, together; tuning them one after the other can end elsewhere."
        ))],
        "Where only one of them will ever be changed.",
    )
}
