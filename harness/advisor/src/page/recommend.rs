//! The setting worth changing, with all that a careful person would ask before changing it.

use std::collections::BTreeMap;

use documents::advice::{
    Ablation, CellName, MeasuredEffect, Recommendation, Setting, SettingAdvice, Tried, Validity,
};
use documents::effect::Effect;
use documents::figures::{NOT_OBSERVED, effect_text, significant, value_text};
use documents::finding::{Finding, Judgement, Severity};
use documents::ranking::{CellRanking, Change, Ranking, TargetRanking, VerdictKind};
use judging::physics::plausible;
use record::axis::Axis;
use record::objective::Objective;
use record::quantity::format_bytes;
use record::threshold::Thresholds;

use crate::evidence::{RuleEvidence, Sample};
use crate::physics;

const ROLLOUT: &str = "One instance, or at most 2 % of the traffic, for 15 minutes; then 10 %, 50 % and 100 %, with one \
     traffic peak on the way.";

const ROLLBACK: &str = "Take it back if, against the instances without it, any of these holds for three minutes in a \
     row (one-minute windows): P99 ratio above 1 + the larger of 5 % and three standard deviations, errors up by 0.1 pp, \
     resident memory above 90 % of the cap, throttled periods up by 5 pp, GC above 25 % of the CPU, or the GC limiter ran.";

/// What of a target the advice needs.
pub(super) struct Judged<'a> {
    pub(super) ranking: &'a Ranking,
    pub(super) target: &'a TargetRanking,
    pub(super) whole: &'a Judgement,
    pub(super) thresholds: &'a Thresholds,
    /// By cell id.
    pub(super) cells: BTreeMap<&'a str, (&'a RuleEvidence, &'a Judgement)>,
}

/// What to set, or why nothing.
pub(super) fn setting(judged: &Judged<'_>) -> SettingAdvice {
    let verdict = &judged.target.verdict;
    let winner = verdict
        .cell
        .as_ref()
        .filter(|_| matches!(verdict.kind, VerdictKind::Recommend | VerdictKind::LossOpen))
        .and_then(|id| judged.target.cells.iter().find(|cell| cell.id == *id));
    let control = judged.target.cells.iter().find(|cell| cell.control);
    let (Some(winner), Some(control)) = (winner, control) else {
        return SettingAdvice {
            action: verdict.action.clone(),
            refused: None,
            change: None,
            proposal: None,
        };
    };
    if let Some(why) = refusal(judged, &[winner, control]) {
        return SettingAdvice {
            action: "no recommendation: what was measured cannot carry one".to_owned(),
            refused: Some(why),
            change: None,
            proposal: None,
        };
    }
    let found = Some(recommendation(judged, winner, control));
    let (change, proposal) = match verdict.kind {
        VerdictKind::Recommend => (found, None),
        _ => (None, found),
    };
    SettingAdvice {
        action: verdict.action.clone(),
        refused: None,
        change,
        proposal,
    }
}

/// A critical validity finding of either cell or of the run as a whole.
fn refusal(judged: &Judged<'_>, cells: &[&CellRanking]) -> Option<String> {
    let of_cells = cells.iter().filter_map(|cell| {
        let (_, judgement) = judged.cells.get(cell.id.as_str())?;
        Some((cell.label.as_str(), *judgement))
    });
    let mut all = of_cells.chain([("the run", judged.whole)]);
    all.find_map(|(label, judgement)| {
        let invalid = judgement.findings.first().filter(|_| !judgement.valid)?;
        let Finding {
            rule,
            title,
            signal,
            ..
        } = invalid;
        Some(format!("{label}: {title} ({rule}): {signal}"))
    })
}

fn recommendation(
    judged: &Judged<'_>,
    winner: &CellRanking,
    control: &CellRanking,
) -> Recommendation {
    let changes = &judged.target.verdict.changes;
    let effects = effects(judged.target, winner, control);
    let worse = effects.iter().filter(|own| own.effect == Effect::Worse);
    let worse = worse
        .map(|own| format!("{} {}", own.objective.heading(), own.change))
        .collect();
    let set = |pick: fn(&Change) -> &str| {
        let lines = changes
            .iter()
            .map(|(axis, change)| line(axis, pick(change)));
        lines.collect()
    };
    Recommendation {
        cell: name(winner),
        set: set(|change| &change.to),
        undo: set(|change| &change.from),
        mechanism: mechanism(judged, winner, control),
        worse,
        effects,
        tied: tied(judged.target, winner),
        settings: settings(judged.target, winner, control),
        validity: validity(judged, winner),
        ablation: ablation(judged.target, winner, changes),
        valid_for: {
            let mut lines = valid_for(judged, winner);
            lines.extend(side_effects(changes));
            lines.extend(memory_needed(judged, winner));
            lines
        },
        rollout: ROLLOUT.to_owned(),
        rollback: ROLLBACK.to_owned(),
    }
}

pub(super) fn name(cell: &CellRanking) -> CellName {
    CellName {
        id: cell.id.clone(),
        label: cell.label.clone(),
        control: cell.control,
    }
}

/// A setting as a line that can be pasted; what is no environment variable says where it belongs.
fn line(axis: &str, value: &str) -> String {
    axis.parse::<Axis>()
        .map_or_else(|_| format!("# {axis}: {value}"), |axis| axis.line(value))
}

fn effects(
    target: &TargetRanking,
    winner: &CellRanking,
    control: &CellRanking,
) -> Vec<MeasuredEffect> {
    let ranked = &target.rank_by;
    let median = |cell: &CellRanking, objective: Objective| {
        cell.objectives.get(&objective).and_then(|own| own.value)
    };
    let value = |cell: &CellRanking, objective: Objective| {
        median(cell, objective)
            .map_or_else(|| NOT_OBSERVED.to_owned(), |own| value_text(objective, own))
    };
    let margin = |objective: Objective| {
        let mut summaries = target.objectives.iter();
        Some(summaries.find(|own| own.objective == objective)?.margin)
    };
    let mut effects: Vec<MeasuredEffect> = winner
        .objectives
        .iter()
        .filter(|(_, own)| own.effect != Effect::NoData)
        .map(|(&objective, own)| MeasuredEffect {
            objective,
            ranked: ranked.contains(&objective),
            effect: own.effect,
            from: value(control, objective),
            to: value(winner, objective),
            change: effect_text(objective, own),
            n: own.n,
            control: median(control, objective),
            value: median(winner, objective),
            ratio_interval: own.interval.filter(|_| own.ratio.is_some()),
            margin: margin(objective),
        })
        .collect();
    let place = |objective: &Objective| ranked.iter().position(|own| own == objective);
    effects.sort_by_key(|own| (place(&own.objective).unwrap_or(usize::MAX), own.objective));
    effects
}

/// GC cycles per second before and after, alongside what the formula gives for the recommended cell's own heap.
fn mechanism(judged: &Judged<'_>, winner: &CellRanking, control: &CellRanking) -> Option<String> {
    let per_second = |cell: &CellRanking| cell.objectives.get(&Objective::GcPerS)?.value;
    let (before, after) = (per_second(control)?, per_second(winner)?);
    let (evidence, _) = judged.cells.get(winner.id.as_str())?;
    let predicted = |sample: &Sample| {
        let runtime = sample.runtime.as_ref()?;
        let room = physics::room_bytes(runtime)?;
        let rate = runtime.alloc_bytes? / sample.seconds?;
        (room > 0.0).then_some(rate / room)
    };
    // The constant window only: there the rate is the same for every cell.
    let constant = evidence
        .samples
        .iter()
        .filter(|own| own.drive == crate::Drive::Open);
    let formula = physics::median(constant.filter_map(predicted))?;
    let band = plausible(judged.thresholds);
    Some(format!(
        "GC cycles/s {} → {}; allocation rate ÷ (goal − live heap) gives {} to {}",
        significant(before),
        significant(after),
        significant(band.start() * formula),
        significant(band.end() * formula)
    ))
}

/// Cells in the same group on the first objective.
fn tied(target: &TargetRanking, winner: &CellRanking) -> Vec<String> {
    let Some(first) = target.rank_by.first() else {
        return Vec::new();
    };
    let group = |cell: &CellRanking| cell.objectives.get(first).and_then(|own| own.group);
    let own = group(winner);
    let same = |cell: &&CellRanking| cell.id != winner.id && own.is_some() && group(cell) == own;
    let tied = target.cells.iter().filter(same);
    tied.map(|cell| cell.label.clone()).collect()
}

fn ranked_changes(target: &TargetRanking, cell: &CellRanking) -> Vec<String> {
    let own = |objective: &Objective| {
        let figures = cell.objectives.get(objective)?;
        let text = effect_text(*objective, figures);
        Some(format!("{} {text}", objective.heading()))
    };
    target.rank_by.iter().filter_map(own).collect()
}

/// From the recommended cell back to the control, one setting at a time.
fn ablation(
    target: &TargetRanking,
    winner: &CellRanking,
    changes: &BTreeMap<String, Change>,
) -> Vec<Ablation> {
    if changes.len() < 2 {
        return Vec::new();
    }
    let without = |(axis, change): (&String, &Change)| {
        let mut wanted = winner.axes.clone();
        wanted.insert(axis.clone(), change.from.clone());
        let cell = target.cells.iter().find(|cell| cell.axes == wanted);
        Ablation {
            without: format!("{axis}={}", change.from),
            changes: cell.map(|cell| ranked_changes(target, cell)),
        }
    };
    changes.iter().map(without).collect()
}

/// What setting it does besides.
fn side_effects(changes: &BTreeMap<String, Change>) -> Vec<String> {
    let is_set = |axis: &str| {
        let change = changes.get(axis);
        change.is_some_and(|own| own.to != "default")
    };
    let fixed = is_set("gomaxprocs").then(|| {
        "GOMAXPROCS stays as set: from Go 1.25 on a service without it follows its CPU quota and affinity, also while it runs; \
         a fixed one does not"
            .to_owned()
    });
    let merged = is_set("godebug").then(|| {
        "GODEBUG is one variable for all keys: add the pair to those that production has, do not replace them".to_owned()
    });
    fixed.into_iter().chain(merged).collect()
}

/// The peak that the recommended cell needs by its own heap: live x (1 + GOGC/100) + roots, and what is beside the heap.
fn memory_needed(judged: &Judged<'_>, winner: &CellRanking) -> Option<String> {
    let (evidence, _) = judged.cells.get(winner.id.as_str())?;
    let of_sample = |sample: &Sample| {
        let runtime = sample.runtime.as_ref()?;
        let factor = physics::gogc_factor(&evidence.subject, sample)?;
        let live = runtime.live_bytes?[1];
        let roots = runtime.roots_bytes.unwrap_or(0.0);
        let memory = runtime.memory?;
        let resident = sample.process.as_ref()?.rss_bytes as f64;
        let beside = (resident - memory.objects - memory.unused).max(0.0);
        Some(live + (live + roots) * factor + beside)
    };
    let needed = evidence.samples.iter().filter_map(of_sample);
    let needed = needed.reduce(f64::max)?;
    let cap = evidence.subject.memory_cap_bytes.map(|cap| {
        let share = documents::figures::percent(needed / cap as f64);
        format!(", {share} of the cap of {}", format_bytes(cap as f64))
    });
    Some(format!(
        "memory of about {} at the peak (live x (1 + GOGC/100) + roots x GOGC/100 + what is beside the heap){}: size the cap for a \
         live heap that grows by it",
        format_bytes(needed),
        cap.unwrap_or_default()
    ))
}

/// Every setting of the winner that is not the default or not the control's, with what the grid knows of it alone.
fn settings(target: &TargetRanking, winner: &CellRanking, control: &CellRanking) -> Vec<Setting> {
    let axes = winner.axes.iter().filter_map(|(name, to)| {
        let axis: Axis = name.parse().ok()?;
        let from = control.axes.get(name).map_or(to, |from| from);
        let is_set = !axis.is_same(to, axis.default_value()) || !axis.is_same(from, to);
        is_set.then_some((axis, name, from, to))
    });
    let mut axes: Vec<_> = axes.collect();
    axes.sort();
    let changes = axes
        .iter()
        .filter(|(axis, _, from, to)| !axis.is_same(from, to));
    let several = changes.count() > 1;
    let with = |cell: &CellRanking, name: &str, value: &str| {
        let mut wanted = cell.axes.clone();
        wanted.insert(name.to_owned(), value.to_owned());
        let mut cells = target.cells.iter().filter(|_| several);
        let found = cells.find(|cell| cell.axes == wanted)?;
        Some(ranked_changes(target, found))
    };
    let settings = axes.iter().map(|(axis, name, from, to)| {
        let changed = !axis.is_same(from, to);
        Setting {
            axis: (*name).clone(),
            from: (*from).clone(),
            to: (*to).clone(),
            alone: with(control, name, to).filter(|_| changed),
            without: with(winner, name, from).filter(|_| changed),
        }
    });
    settings.collect()
}

/// What it was measured under, in figures.
fn validity(judged: &Judged<'_>, winner: &CellRanking) -> Validity {
    let provenance = &judged.ranking.provenance;
    let calibration = provenance.calibration.get(&judged.target.target);
    let Some((evidence, _)) = judged.cells.get(winner.id.as_str()) else {
        return Validity::default();
    };
    let subject = &evidence.subject;
    Validity {
        live_heap_bytes: live_heap(evidence),
        rate_per_s: calibration.map(|own| own.rate_per_s),
        capacity_per_s: calibration.and_then(|own| own.control_capacity_per_s),
        cpus: subject.cpus,
        cpu: Some(provenance.host.cpu.clone()).filter(|cpu| !cpu.is_empty()),
        quota_cpus: subject.quota_cpus,
        memory_cap_bytes: subject.memory_cap_bytes,
        go: subject.go.as_ref().map(ToString::to_string),
    }
}

/// Least and most live heap over the samples, bytes.
fn live_heap(evidence: &RuleEvidence) -> Option<[f64; 2]> {
    let live = evidence
        .samples
        .iter()
        .filter_map(|own| own.runtime.as_ref()?.live_bytes);
    let live: Vec<f64> = live.flatten().filter(|bytes| *bytes > 0.0).collect();
    let least = live.iter().copied().reduce(f64::min)?;
    Some([least, live.iter().copied().reduce(f64::max)?])
}

/// Where it was measured; beyond that it is a guess.
fn valid_for(judged: &Judged<'_>, winner: &CellRanking) -> Vec<String> {
    let Some((evidence, _)) = judged.cells.get(winner.id.as_str()) else {
        return Vec::new();
    };
    let subject = &evidence.subject;
    let mut lines = Vec::new();
    if let Some([least, most]) = live_heap(evidence) {
        lines.push(format!(
            "a live heap of {} to {}",
            format_bytes(least),
            format_bytes(most)
        ));
    }
    let provenance = &judged.ranking.provenance;
    if let Some(calibration) = provenance.calibration.get(&judged.target.target) {
        let rate = value_text(Objective::Qps, calibration.rate_per_s);
        lines.push(match calibration.control_capacity_per_s {
            Some(most) => format!(
                "latency and GC: {rate}; throughput: up to {}",
                value_text(Objective::Qps, most)
            ),
            None => format!("latency and GC: {rate}"),
        });
    }
    let cpus = subject.cpus.map(|cpus| {
        format!(
            "{} of this CPU model",
            documents::figures::counted(cpus, "CPU")
        )
    });
    let quota = subject
        .quota_cpus
        .map(|quota| format!("a quota of {} CPUs", significant(quota)));
    let cap = subject
        .memory_cap_bytes
        .map(|cap| format!("a memory cap of {}", format_bytes(cap as f64)));
    lines.extend([cpus, quota, cap].into_iter().flatten());
    if quota_and_cap_missing(subject.quota_cpus, subject.memory_cap_bytes) {
        lines.push("no CPU quota and no memory cap: measure again under yours".to_owned());
    }
    if let Some(go) = &subject.go {
        lines.push(format!(
            "{go}; a new minor version moves the collector and the scheduler"
        ));
    }
    lines
}

fn quota_and_cap_missing(quota: Option<f64>, cap: Option<u64>) -> bool {
    quota.is_none() && cap.is_none()
}

/// Cells that the run cannot tell from the control, or shows to be within the margin, on every ranked objective.
pub(super) fn no_difference(target: &TargetRanking) -> Vec<Tried> {
    let tried = |cell: &CellRanking| {
        let effects: Vec<Effect> = target
            .rank_by
            .iter()
            .filter_map(|objective| Some(cell.objectives.get(objective)?.effect))
            .collect();
        let none = |effect: &Effect| matches!(effect, Effect::WithinMargin | Effect::Unclear);
        let is_tie = !cell.control && !effects.is_empty() && effects.iter().all(none);
        is_tie.then(|| Tried {
            label: cell.label.clone(),
            shown: effects.iter().all(|effect| *effect == Effect::WithinMargin),
            changes: ranked_changes(target, cell),
        })
    };
    target.cells.iter().filter_map(tried).collect()
}

/// Whether a finding is worth acting on.
pub(super) fn matters(finding: &Finding) -> bool {
    finding.severity >= Severity::Warn
}
