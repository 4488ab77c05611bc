//! The verdict in words.

use std::collections::BTreeMap;

use documents::effect::{CellObjective, Criterion};
use documents::figures::{
    counted, effect_text, limit_text, listed, margin_text, p_text, ratio_text, value_text,
};
use documents::ranking::{
    CellRanking, CellState, Change, ConstraintState, EffectLine, RankingVerdict, VerdictKind,
};
use record::axis::Axis;
use record::objective::Objective;
use stats::Alternative;
use stats::power::{PairedDesign, PairedTest, blocks_needed};

use super::Judged;

/// More blocks than this is not a suggestion that anyone follows.
const MOST_BLOCKS: usize = 100;

pub(super) fn plain(kind: VerdictKind, headline: &str) -> RankingVerdict {
    RankingVerdict {
        kind,
        headline: headline.to_owned(),
        action: headline.to_owned(),
        cell: None,
        changes: BTreeMap::new(),
        gains: Vec::new(),
        costs: Vec::new(),
        open: Vec::new(),
        more_blocks: None,
        reasons: Vec::new(),
        next_step: String::new(),
    }
}

pub(super) fn effect_line(cell: &CellRanking, objective: Objective) -> EffectLine {
    line_of(objective, &cell.objectives[&objective])
}

pub(super) fn line_of(objective: Objective, figures: &CellObjective) -> EffectLine {
    let effect = effect_text(objective, figures);
    EffectLine {
        objective,
        text: format!("{} {effect}", objective.heading()),
    }
}

/// `QPS +8.1% [+5.2, +10.9]`, or the score in the same way.
pub(super) fn criterion_text(cell: &CellRanking, criterion: Criterion) -> String {
    figures_text(cell.on(criterion), criterion)
}

pub(super) fn figures_text(figures: Option<&CellObjective>, criterion: Criterion) -> String {
    match (criterion, figures) {
        (Criterion::Objective(objective), Some(own)) => line_of(objective, own).text,
        (Criterion::Score, Some(own)) if own.ratio.is_some() => {
            let ratio = own.ratio.unwrap_or(1.0);
            format!("score {}", ratio_text(ratio, own.interval))
        }
        _ => format!("{} not observed", criterion.heading()),
    }
}

pub(super) fn lone_control(control: &CellRanking) -> RankingVerdict {
    RankingVerdict {
        reasons: vec![format!(
            "The control ({}) is the only cell of the matrix.",
            control.label
        )],
        next_step: "Give an axis a second value, e.g. `gogc: [100, 400]`.".to_owned(),
        ..plain(
            VerdictKind::NoChange,
            "nothing to compare: there is one cell only",
        )
    }
}

/// Nothing was measured yet, or not one whole block.
pub(super) fn nothing_yet(trials: usize) -> RankingVerdict {
    let measured = match trials {
        0 => "The run has no trials yet.".to_owned(),
        some => format!(
            "The run has {} so far, and no complete block.",
            counted(some, "trial")
        ),
    };
    RankingVerdict {
        reasons: vec![measured],
        next_step: "Let the run finish: `gosweep run` on the same folder goes on where it stopped."
            .to_owned(),
        ..plain(
            VerdictKind::Inconclusive,
            "inconclusive: nothing to compare yet",
        )
    }
}

pub(super) fn no_control(control: &CellRanking) -> RankingVerdict {
    let cause = control.failures.first().map_or_else(
        || match control.invalid.len() {
            0 => "it has no trial in a complete block".to_owned(),
            count => format!(
                "all {count} of its trials were invalid by the evidence of host or generator"
            ),
        },
        |failed| format!("trial {} failed: {}", failed.trial, failed.failure.message),
    );
    RankingVerdict {
        reasons: vec![format!(
            "The control ({}) has no figures: {cause}.",
            control.label
        )],
        next_step: match (control.failures.is_empty(), control.invalid.is_empty()) {
            (true, false) => "Make the host calm (`gosweep host` shows what disturbs), and go on with the same folder.",
            _ => "Name a control that runs, or repair the target, and run again.",
        }
        .to_owned(),
        ..plain(
            VerdictKind::Inconclusive,
            "inconclusive: there is no control to compare with",
        )
    }
}

pub(super) fn no_rival(judged: &Judged<'_>) -> RankingVerdict {
    let invalid: usize = judged.cells.iter().map(|cell| cell.invalid.len()).sum();
    let failed: usize = judged.cells.iter().map(|cell| cell.failures.len()).sum();
    RankingVerdict {
        reasons: vec![format!(
            "No cell but the control has valid trials in two blocks ({invalid} trials were invalid, {failed} failed)."
        )],
        next_step: if invalid > 0 {
            "Make the host calm (`gosweep host` shows what disturbs), and go on with the same folder."
        } else {
            "See why the trials failed, repair the cells or drop them, and run again."
        }
        .to_owned(),
        ..plain(
            VerdictKind::Inconclusive,
            "inconclusive: no cell can be compared with the control",
        )
    }
}

pub(super) fn too_few_blocks(blocks: usize) -> RankingVerdict {
    RankingVerdict {
        reasons: vec![
            "One block shows no run-to-run noise, so no difference can be judged.".to_owned(),
        ],
        next_step:
            "This is a look and not a result. For a result: `gosweep run` on the same folder with \
                    `--blocks 10` goes on from here."
                .to_owned(),
        ..plain(
            VerdictKind::Inconclusive,
            &format!(
                "inconclusive: {} complete, at least 2 are needed",
                counted(blocks, "block")
            ),
        )
    }
}

/// A verdict where constraints alone leave nothing to choose from.
pub(super) fn constraints_in_the_way(judged: &Judged<'_>) -> Option<RankingVerdict> {
    let tried: Vec<&CellRanking> = judged
        .cells
        .iter()
        .filter(|cell| cell.state != CellState::NoData)
        .collect();
    let all = |wanted: &[CellState]| tried.iter().all(|cell| wanted.contains(&cell.state));
    let first = tried.first()?;
    if all(&[CellState::Violated, CellState::Failed]) {
        return Some(RankingVerdict {
            reasons: vec![format!(
                "The best of them, {}, breaks {}.",
                first.label,
                broken(first)
            )],
            next_step: "Loosen the limit, lower the constant rate, or widen the axes.".to_owned(),
            ..plain(VerdictKind::Infeasible, "no cell keeps the constraints")
        });
    }
    if all(&[CellState::Uncertain, CellState::Violated, CellState::Failed]) {
        let (kind, open) = (VerdictKind::Inconclusive, undecided(first));
        return Some(RankingVerdict {
            reasons: vec![format!("The best of them, {}: {open}.", first.label)],
            next_step: "Run more blocks, or loosen the limit.".to_owned(),
            ..plain(
                kind,
                "inconclusive: no cell keeps the constraints with 90% confidence",
            )
        });
    }
    None
}

pub(super) fn promising(
    judged: &Judged<'_>,
    cell: &CellRanking,
    criterion: Criterion,
) -> RankingVerdict {
    let shown = criterion_text(cell, criterion);
    let action = format!("inconclusive: {} may be better", cell.label);
    let reason = disagreement(cell, criterion, &shown).unwrap_or_else(|| {
        format!(
            "{} cannot tell it from chance: {shown}.",
            counted(judged.blocks, "block")
        )
    });
    RankingVerdict {
        headline: format!("{action} ({shown})"),
        reasons: vec![reason],
        next_step: how_to_decide(judged, cell, criterion),
        ..plain(VerdictKind::Inconclusive, &action)
    }
}

/// That the two tests of a cell contradict each other.
fn disagreement(cell: &CellRanking, criterion: Criterion, shown: &str) -> Option<String> {
    let figures = cell.on(criterion)?;
    let (t, rearranged) = (figures.p?, figures.p_permutation?);
    figures.disputed.then(|| {
        format!(
            "The corrected t test (p {}) and the permutation of the same blocks (p {}) disagree on it, so neither is \
             taken: {shown}.",
            p_text(t),
            p_text(rearranged)
        )
    })
}

/// What would settle whether a cell is better.
fn how_to_decide(judged: &Judged<'_>, cell: &CellRanking, criterion: Criterion) -> String {
    let gain = judged.gain(cell, criterion);
    if gain.is_some_and(|gain| gain.estimate.point < gain.required) {
        return format!(
            "Quiet the host or lengthen the windows, or run about {} blocks: over these blocks the control may differ \
             from its own duplicate by more than this effect.",
            judged.blocks * 2
        );
    }
    let needed = judged
        .compared
        .pair_deviation(criterion)
        .and_then(|deviation| {
            let effect = gain?.estimate.point / deviation;
            let rivals = judged.cells.len().saturating_sub(1).max(1);
            // The t test has the pooled residual to go by, and the correction: that of a plain one is near to it.
            let design = PairedDesign {
                blocks: judged.blocks.max(6),
                alpha: judged.options.alpha / rivals as f64,
                alternative: Alternative::TwoSided,
                test: PairedTest::T,
            };
            blocks_needed(&design, effect, judged.options.power, MOST_BLOCKS).ok()?
        });
    match needed.filter(|needed| *needed > judged.blocks) {
        Some(needed) => {
            format!("Run about {needed} blocks: by then an effect of that size should show.")
        }
        None => format!("Run about {} blocks.", judged.blocks + judged.blocks.max(4)),
    }
}

pub(super) fn no_change(judged: &Judged<'_>, control: &CellRanking) -> RankingVerdict {
    let headings: Vec<&str> = judged.criteria.iter().map(|own| own.heading()).collect();
    let mut reasons = vec![format!(
        "No usable cell is better than the control ({}) on {} by more than the margin.",
        control.label,
        listed(&headings)
    )];
    for &criterion in judged.criteria {
        let Some((asked, detectable)) = judged.compared.sight(criterion) else {
            continue;
        };
        reasons.push(sight_text(criterion, asked, detectable));
    }
    let outside: Vec<&str> = judged
        .cells
        .iter()
        .filter(|cell| {
            matches!(
                cell.state,
                CellState::Uncertain | CellState::Violated | CellState::Failed
            )
        })
        .map(|cell| cell.label.as_str())
        .collect();
    if !outside.is_empty() {
        reasons.push(format!(
            "Not eligible (failed, or a constraint not surely kept): {}.",
            few(&outside)
        ));
    }
    RankingVerdict {
        reasons,
        next_step: "Keep the settings. To find smaller changes run more blocks or longer windows."
            .to_owned(),
        ..plain(VerdictKind::NoChange, "no change worth making")
    }
}

/// How small a gain would have been claimed.
fn sight_text(criterion: Criterion, asked: f64, detectable: f64) -> String {
    let heading = criterion.heading();
    let more_is_better = criterion.orientation() > 0.0;
    let hopeless = match more_is_better {
        true => detectable >= 1.0,
        false => detectable >= 0.9,
    };
    if hopeless {
        let most = if more_is_better {
            "a doubling"
        } else {
            "a fall to a tenth"
        };
        return format!("{heading}: too noisy to say; even {most} might have been missed.");
    }
    format!(
        "{heading}: a gain of {} would have been claimed 4 times in 5; one between the margin of {} and that may be \
         missed.",
        margin_text(criterion, detectable),
        margin_text(criterion, asked)
    )
}

pub(super) fn broken(cell: &CellRanking) -> String {
    let broken = cell
        .constraints
        .iter()
        .filter(|check| check.state == ConstraintState::Violated);
    let broken: Vec<String> = broken
        .map(|check| {
            let value = check
                .value
                .map(|value| value_text(check.objective, value))
                .unwrap_or_default();
            format!(
                "{} (it has {value})",
                limit_text(check.objective, check.limit)
            )
        })
        .collect();
    if broken.is_empty() {
        "no limit, but has failed trials".to_owned()
    } else {
        listed(&broken)
    }
}

fn undecided(cell: &CellRanking) -> String {
    let open = cell
        .constraints
        .iter()
        .filter(|check| check.state != ConstraintState::Ok);
    let open: Vec<String> = open
        .map(|check| match (check.value, check.confidence) {
            (Some(value), Some(confidence)) => format!(
                "{} at {} with {:.0}% confidence",
                limit_text(check.objective, check.limit),
                value_text(check.objective, value),
                confidence * 100.0
            ),
            (Some(_), None) => format!(
                "{}: too few trials",
                limit_text(check.objective, check.limit)
            ),
            (None, _) => format!("{}: not observed", limit_text(check.objective, check.limit)),
        })
        .collect();
    listed(&open)
}

pub(super) fn texts(lines: &[EffectLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// `gogc=400 (control: 100)`, in the order shown.
pub(super) fn settings_text(changes: &BTreeMap<String, Change>) -> String {
    let parts: Vec<String> = in_order(changes)
        .map(|(axis, change)| format!("{axis}={} (control: {})", change.to, change.from))
        .collect();
    parts.join(" ")
}

/// A rule of a matrix that matches the cell.
pub(super) fn rule_text(changes: &BTreeMap<String, Change>) -> String {
    let parts: Vec<String> = in_order(changes)
        .map(|(axis, change)| format!("{axis}: {:?}", change.to))
        .collect();
    format!("{{{}}}", parts.join(", "))
}

/// Changes in the order in which axes are shown everywhere.
fn in_order(changes: &BTreeMap<String, Change>) -> impl Iterator<Item = (&String, &Change)> {
    let mut changes: Vec<_> = changes.iter().collect();
    changes.sort_by_cached_key(|(axis, _)| axis.parse::<Axis>().map_err(|_| (*axis).clone()));
    changes.into_iter()
}

/// The first few of a long list.
pub(super) fn few(items: &[&str]) -> String {
    match items {
        [a, b, c, rest @ ..] if rest.len() > 1 => format!("{a}, {b}, {c} and {} more", rest.len()),
        _ => listed(items),
    }
}
