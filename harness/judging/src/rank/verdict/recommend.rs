//! A cell that is worth a change: by the search, and by the fresh blocks that test the choice.

use std::collections::BTreeMap;

use documents::effect::Criterion;
use documents::figures::{counted, limit_text, listed, value_text};
use documents::ranking::{
    CellRanking, CellState, Change, ConfirmationOutcome, ConstraintCheck, EffectLine,
    RankingVerdict, VerdictKind,
};
use record::objective::Objective;

use super::words::{
    broken, criterion_text, few, figures_text, line_of, plain, rule_text, settings_text, texts,
};
use super::{Chosen, Judged, changes, lost_of};
use crate::losses::{Loss, more_blocks};
use crate::rank::confirmation::{Answer, Fresh};

/// The figures that a recommendation quotes.
struct Quoted {
    /// The weighted score, where objectives are weighed.
    score: Option<String>,
    changes: BTreeMap<String, Change>,
    gains: Vec<EffectLine>,
    costs: Vec<EffectLine>,
}

/// What the blocks that chose the cell say of it.
pub(super) fn by_search(judged: &Judged<'_>, chosen: Chosen<'_>) -> RankingVerdict {
    let Chosen { cell, control } = chosen;
    let quoted = Quoted {
        score: judged
            .is_weighted()
            .then(|| criterion_text(cell, Criterion::Score)),
        changes: changes(cell, control),
        gains: judged.gains(cell),
        costs: judged.costs(cell),
    };
    let mut reasons = grounds(judged, chosen, &judged.unclear(cell));
    reasons.push(
        "The blocks that give this figure also chose the cell, so a fresh run may show a little less.".to_owned(),
    );
    let next_step = format!(
        "Confirm with a fresh run of only these two cells: `only: [{}]`.",
        rule_text(&quoted.changes)
    );
    recommendation(cell, quoted, reasons, next_step)
}

/// A gain of the search, with a loss that may outweigh it.
pub(super) fn open_by_search(
    judged: &Judged<'_>,
    chosen: Chosen<'_>,
    open: &[Loss],
) -> RankingVerdict {
    let changes = changes(chosen.cell, chosen.control);
    let open = Unproven {
        gains: gains_text(&judged.gains(chosen.cell), || {
            criterion_text(chosen.cell, Criterion::Score)
        }),
        lines: open.iter().filter_map(open_line).collect(),
        texts: open.iter().map(Loss::open_text).collect(),
        more_blocks: more_blocks(open),
    };
    let next_step = match open.more_blocks {
        Some(more) => format!(
            "Measure the two cells again in about {} fresh blocks (`only: [{}]`, or `confirm: {}`).",
            judged.blocks + more,
            rule_text(&changes),
            judged.blocks + more
        ),
        None => "Quiet the host or lengthen the windows: no sensible number of blocks would decide at this noise."
            .to_owned(),
    };
    let reasons = vec![format!(
        "What is open counts for more than the gain, and {} cannot rule out that it is worse by its margin or more.",
        counted(judged.blocks, "block")
    )];
    loss_open(chosen, judged.gains(chosen.cell), open, reasons, next_step)
}

/// A gain that is shown, and what is not.
struct Unproven {
    /// The gains in words.
    gains: String,
    lines: Vec<EffectLine>,
    texts: Vec<String>,
    more_blocks: Option<usize>,
}

fn loss_open(
    chosen: Chosen<'_>,
    gains: Vec<EffectLine>,
    open: Unproven,
    reasons: Vec<String>,
    next_step: String,
) -> RankingVerdict {
    let action = format!(
        "gain shown, loss open: {}",
        settings_text(&changes(chosen.cell, chosen.control))
    );
    let would_decide = match open.more_blocks {
        Some(more) => format!(
            "{}, or a calmer host, would decide",
            counted(more, "more block")
        ),
        None => "only a calmer host or longer windows would decide".to_owned(),
    };
    RankingVerdict {
        headline: format!(
            "{}: gain shown ({}), {}: {would_decide}",
            chosen.cell.label,
            open.gains,
            open.texts.join(", ")
        ),
        reasons,
        next_step,
        changes: changes(chosen.cell, chosen.control),
        gains,
        cell: Some(chosen.cell.id.clone()),
        open: open.lines,
        more_blocks: open.more_blocks,
        ..plain(VerdictKind::LossOpen, &action)
    }
}

fn open_line(loss: &Loss) -> Option<EffectLine> {
    let Criterion::Objective(objective) = loss.of else {
        return None;
    };
    Some(EffectLine {
        objective,
        text: loss.open_text(),
    })
}

/// The gains in words; where objectives are weighed, the score.
fn gains_text(gains: &[EffectLine], score: impl Fn() -> String) -> String {
    match gains.is_empty() {
        true => score(),
        false => texts(gains).join(", "),
    }
}

/// What the fresh blocks leave of the choice.
pub(super) fn by_fresh_blocks(
    judged: &Judged<'_>,
    chosen: Chosen<'_>,
    fresh: &Fresh,
    answer: &Answer,
) -> RankingVerdict {
    let claimed = judged.claimed(chosen.cell);
    let blocks = counted(fresh.blocks, "fresh block");
    let measured = format!(
        "Measured afresh in {} after it was chosen{}; the search had shown {}.",
        counted(fresh.blocks, "block"),
        colon(&lines(fresh, claimed.iter().copied())),
        or_nothing(&judged.gains(chosen.cell)),
    );
    match answer.outcome {
        ConfirmationOutcome::Confirmed => confirmed(judged, chosen, fresh, answer),
        ConfirmationOutcome::Refuted => {
            let why = why_refuted(chosen, fresh, answer);
            RankingVerdict {
                reasons: vec![measured, why.reason],
                next_step: format!("Keep the settings: {}.", why.so),
                ..plain(
                    VerdictKind::NoChange,
                    &format!(
                        "no change worth making: {} {} in {blocks}",
                        chosen.cell.label, why.found
                    ),
                )
            }
        }
        ConfirmationOutcome::LossOpen => open_afresh(judged, chosen, fresh, answer),
        ConfirmationOutcome::Open | ConfirmationOutcome::Superseded => RankingVerdict {
            reasons: vec![measured],
            next_step: format!(
                "Measure it again with more fresh blocks, e.g. `confirm: {}`, on a calmer host or with longer windows.",
                (fresh.blocks * 2).max(10)
            ),
            ..plain(
                VerdictKind::Inconclusive,
                &format!(
                    "not confirmed: {} looked better in the search, {blocks} cannot tell",
                    chosen.cell.label
                ),
            )
        },
    }
}

/// The gain is there again, and a loss that counts for more may be too.
fn open_afresh(
    judged: &Judged<'_>,
    chosen: Chosen<'_>,
    fresh: &Fresh,
    answer: &Answer,
) -> RankingVerdict {
    let claimed = judged.claimed(chosen.cell);
    let gains = lines(fresh, claimed.iter().copied());
    let limits = fresh.open_limits().map(|check| EffectLine {
        objective: check.objective,
        text: open_limit_text(check),
    });
    let limits: Vec<EffectLine> = limits.collect();
    let of_losses = answer.open.iter().map(Loss::open_text);
    let open = Unproven {
        gains: match (gains.is_empty(), claimed.is_empty()) {
            (true, true) if !judged.is_weighted() => {
                "it kept limits that the control breaks".to_owned()
            }
            _ => gains_text(&gains, || {
                figures_text(fresh.on(Criterion::Score), Criterion::Score)
            }),
        },
        texts: of_losses
            .chain(limits.iter().map(|line| line.text.clone()))
            .collect(),
        more_blocks: more_blocks(&answer.open).filter(|_| !answer.open.is_empty()),
        lines: answer
            .open
            .iter()
            .filter_map(open_line)
            .chain(limits)
            .collect(),
    };
    let next_step = match open.more_blocks {
        Some(more) => format!(
            "Measure it again with `confirm: {}`, or on a calmer host.",
            fresh.blocks + more
        ),
        None => {
            "Measure it again on a calmer host, with longer windows, or with more fresh blocks."
                .to_owned()
        }
    };
    let reasons = vec![
        format!(
            "Measured afresh in {} after it was chosen; the search had shown {}.",
            counted(fresh.blocks, "block"),
            or_nothing(&judged.gains(chosen.cell)),
        ),
        "What is open counts for more than the gain: \"cannot tell\" is not \"the same\"."
            .to_owned(),
    ];
    loss_open(chosen, gains, open, reasons, next_step)
}

fn confirmed(
    judged: &Judged<'_>,
    chosen: Chosen<'_>,
    fresh: &Fresh,
    answer: &Answer,
) -> RankingVerdict {
    let claimed = judged.claimed(chosen.cell);
    let again = |objective: &Objective| answer.held.contains(&Criterion::Objective(*objective));
    let open: Vec<Objective> = claimed
        .iter()
        .copied()
        .filter(|objective| !judged.is_weighted() && !again(objective))
        .collect();
    // A loss that either of the two showed is told, by its fresh figure.
    let fresh_losses = lost_of(&fresh.losses(&judged.all_objectives()));
    let searched_losses = judged.lost(chosen.cell);
    let costs: Vec<Objective> = judged
        .by_weight()
        .filter(|own| fresh_losses.contains(own) || searched_losses.contains(own))
        .collect();
    let unclear = judged.rank_by.iter().copied().filter(|objective| {
        fresh.is_unclear(*objective) && !costs.contains(objective) && !claimed.contains(objective)
    });
    let unclear = lines(fresh, unclear);
    // All that was claimed, not only what is significant again: a selection of figures flatters.
    let quoted = Quoted {
        score: judged
            .is_weighted()
            .then(|| figures_text(fresh.on(Criterion::Score), Criterion::Score)),
        changes: changes(chosen.cell, chosen.control),
        gains: lines(fresh, claimed),
        costs: lines(fresh, costs),
    };
    let mut reasons = vec![format!(
        "These figures were measured afresh in {}, after it was chosen; the search had shown {}.",
        counted(fresh.blocks, "block"),
        or_nothing(&judged.gains(chosen.cell)),
    )];
    if !open.is_empty() {
        let open = lines(fresh, open);
        reasons.push(format!(
            "Claimed by the search and not shown again: {}.",
            texts(&open).join(", ")
        ));
    }
    let kept: Vec<String> = fresh.kept_limits().map(kept_limit_text).collect();
    if !kept.is_empty() {
        reasons.push(format!("It kept its limits again: {}.", listed(&kept)));
    }
    reasons.extend(grounds(judged, chosen, &unclear));
    let watched: Vec<&str> = quoted
        .costs
        .iter()
        .map(|line| line.objective.heading())
        .collect();
    let next_step = match watched.is_empty() {
        true => "Roll it out in steps.".to_owned(),
        false => format!("Roll it out in steps, and watch {}.", listed(&watched)),
    };
    recommendation(chosen.cell, quoted, reasons, next_step)
}

fn recommendation(
    cell: &CellRanking,
    quoted: Quoted,
    mut reasons: Vec<String>,
    next_step: String,
) -> RankingVerdict {
    let action = format!("recommend {}", settings_text(&quoted.changes));
    let mut headline = action.clone();
    if let Some(score) = &quoted.score {
        headline.push_str(&format!(": {score}"));
        reasons.insert(0, format!("By the weights: {score} against the control."));
    }
    if !quoted.gains.is_empty() {
        headline.push_str(&format!(": {}", texts(&quoted.gains).join(", ")));
    }
    if !quoted.costs.is_empty() {
        headline.push_str(&format!("; worse: {}", texts(&quoted.costs).join(", ")));
    }
    RankingVerdict {
        kind: VerdictKind::Recommend,
        cell: Some(cell.id.clone()),
        headline,
        action,
        reasons,
        next_step,
        changes: quoted.changes,
        gains: quoted.gains,
        costs: quoted.costs,
        open: Vec::new(),
        more_blocks: None,
    }
}

/// Why this cell and no other. `unclear` is what the blocks that are quoted cannot tell.
fn grounds(judged: &Judged<'_>, chosen: Chosen<'_>, unclear: &[EffectLine]) -> Vec<String> {
    let Chosen { cell, control } = chosen;
    let mut reasons = Vec::new();
    if control.state == CellState::Violated {
        reasons.push(format!(
            "The control breaks {}; this cell keeps it.",
            broken(control)
        ));
    }
    if !unclear.is_empty() {
        reasons.push(format!(
            "Not shown either way, so watch it in the rollout: {}.",
            texts(unclear).join(", ")
        ));
    }
    reasons.extend(why_before_ties(judged, cell));
    if judged.has_ranked_cost(cell) {
        reasons.push(without_that_price(judged, cell, control));
    }
    reasons
}

/// Why this one of several that tie, by what really told them apart.
fn why_before_ties(judged: &Judged<'_>, cell: &CellRanking) -> Option<String> {
    let ties: Vec<&CellRanking> = judged
        .cells
        .iter()
        .filter(|other| !other.control && other.id != cell.id)
        .filter(|other| crate::rank::order::tied(other, cell, judged.criteria))
        .collect();
    if ties.is_empty() {
        return None;
    }
    let labels = |those: &[&CellRanking]| -> String {
        let labels: Vec<&str> = those.iter().map(|other| other.label.as_str()).collect();
        few(&labels)
    };
    let settings = |other: &CellRanking| other.non_default_settings;
    let simpler: Vec<&CellRanking> = ties
        .iter()
        .copied()
        .filter(|other| settings(other) < settings(cell))
        .collect();
    let why = if !simpler.is_empty() {
        format!(
            "of these {} would change fewer settings, but cannot be recommended by itself",
            labels(&simpler)
        )
    } else if ties.iter().any(|other| settings(other) == settings(cell)) {
        "none of these has fewer non-default settings; among equals the least memory decides"
            .to_owned()
    } else {
        "of these it has the fewest non-default settings".to_owned()
    };
    Some(format!("It ties with {}; {why}.", labels(&ties)))
}

/// Why a choice did not hold up.
struct Refutation {
    /// What the cell did, for the headline.
    found: String,
    reason: String,
    /// What follows for the settings.
    so: String,
}

fn why_refuted(chosen: Chosen<'_>, fresh: &Fresh, answer: &Answer) -> Refutation {
    let broken: Vec<String> = fresh.broken_limits().map(broken_limit_text).collect();
    if !broken.is_empty() {
        let broken = listed(&broken);
        return Refutation {
            found: "broke a limit".to_owned(),
            reason: format!("In the fresh blocks it breaks {broken}."),
            so: format!("{} does not keep the limits", chosen.cell.label),
        };
    }
    let lost = answer.lost.iter();
    let lost: Vec<String> = lost
        .map(|&criterion| figures_text(fresh.on(criterion), criterion))
        .collect();
    if lost.is_empty() {
        return Refutation {
            found: "did not hold up".to_owned(),
            reason: "The fresh blocks rule out a gain as large as the margin.".to_owned(),
            so: "the gain that chose this cell was not there again".to_owned(),
        };
    }
    let lost = lost.join(", ");
    Refutation {
        found: format!("lost more than it gained ({lost})"),
        reason: format!("A loss that counts for more than the gain showed: {lost}."),
        so: format!("a loss showed: {lost}"),
    }
}

/// `P99 ≤ 5.00 ms at 4.61 ms (97%)`, by the fresh blocks.
fn kept_limit_text(check: &ConstraintCheck) -> String {
    let limit = limit_text(check.objective, check.limit);
    match (check.value, check.confidence) {
        (Some(value), Some(confidence)) => format!(
            "{limit} at {} ({:.0}%)",
            value_text(check.objective, value),
            (confidence * 100.0).floor()
        ),
        _ => limit,
    }
}

fn broken_limit_text(check: &ConstraintCheck) -> String {
    let limit = limit_text(check.objective, check.limit);
    match check.value {
        Some(value) => format!("{limit}, with {}", value_text(check.objective, value)),
        None => limit,
    }
}

fn open_limit_text(check: &ConstraintCheck) -> String {
    match check.value {
        Some(_) => format!("{} open", kept_limit_text(check)),
        None => format!("{} not observed", limit_text(check.objective, check.limit)),
    }
}

/// Fresh effects in words.
fn lines(fresh: &Fresh, objectives: impl IntoIterator<Item = Objective>) -> Vec<EffectLine> {
    let shown = objectives.into_iter();
    shown
        .filter_map(|objective| Some(line_of(objective, fresh.on(objective)?)))
        .collect()
}

fn colon(lines: &[EffectLine]) -> String {
    match lines.is_empty() {
        true => String::new(),
        false => format!(": {}", texts(lines).join(", ")),
    }
}

fn or_nothing(lines: &[EffectLine]) -> String {
    match lines.is_empty() {
        true => "no gain, but kept limits".to_owned(),
        false => texts(lines).join(", "),
    }
}

fn without_that_price(judged: &Judged<'_>, chosen: &CellRanking, control: &CellRanking) -> String {
    let gentler = judged.cells.iter().find(|other| {
        other.id != chosen.id
            && judged.is_worth_it(other, control)
            && !judged.has_ranked_cost(other)
    });
    match gentler {
        Some(other) => format!(
            "Without a loss on a ranked objective: {}: {}.",
            settings_text(&changes(other, control)),
            texts(&judged.gains(other)).join(", ")
        ),
        None if judged.is_weighted() => {
            "It ranks first by the weights; no cell gains without losing elsewhere.".to_owned()
        }
        None => format!(
            "It ranks first because {} comes first in rank_by; no cell gains without losing elsewhere.",
            judged.rank_by[0].heading()
        ),
    }
}
