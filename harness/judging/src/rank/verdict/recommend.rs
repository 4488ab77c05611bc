//! A cell that is worth a change: by the search, and by the fresh blocks that test the choice.

use std::collections::BTreeMap;

use documents::effect::Criterion;
use documents::figures::{counted, limit_text, listed};
use documents::ranking::{
    CellRanking, CellState, Change, ConfirmationOutcome, EffectLine, RankingVerdict, VerdictKind,
};
use record::objective::Objective;

use super::words::{
    broken, criterion_text, few, figures_text, line_of, plain, rule_text, settings_text, texts,
};
use super::{Chosen, Judged, changes};
use crate::rank::confirmation::Fresh;

/// The figures that a recommendation quotes.
struct Quoted {
    /// The weighted score, where objectives are weighed.
    score: Option<String>,
    changes: BTreeMap<String, Change>,
    gains: Vec<EffectLine>,
    costs: Vec<EffectLine>,
}

/// What the blocks that chose the cell say of it.
pub(super) fn by_search(
    judged: &Judged<'_>,
    cell: &CellRanking,
    control: &CellRanking,
) -> RankingVerdict {
    let quoted = Quoted {
        score: judged
            .is_weighted()
            .then(|| criterion_text(cell, Criterion::Score)),
        changes: changes(cell, control),
        gains: judged.gains(cell),
        costs: judged.costs(cell),
    };
    let mut reasons = grounds(judged, Chosen { cell, control }, &judged.unclear(cell));
    reasons.push(
        "The blocks that give this figure also chose the cell, so a fresh run may show a little less.".to_owned(),
    );
    let next_step = format!(
        "Confirm with a fresh run of only these two cells: `only: [{}]`.",
        rule_text(&quoted.changes)
    );
    recommendation(cell, quoted, reasons, next_step)
}

/// What the fresh blocks leave of the choice.
pub(super) fn by_fresh_blocks(
    judged: &Judged<'_>,
    chosen: Chosen<'_>,
    fresh: &Fresh,
    outcome: ConfirmationOutcome,
) -> RankingVerdict {
    let claimed = judged.claimed(chosen.cell);
    let blocks = counted(fresh.blocks, "fresh block");
    let measured = format!(
        "Measured afresh in {} after it was chosen{}; the search had shown {}.",
        counted(fresh.blocks, "block"),
        colon(&lines(fresh, claimed.iter().copied())),
        or_nothing(&judged.gains(chosen.cell)),
    );
    match outcome {
        ConfirmationOutcome::Confirmed => confirmed(judged, chosen, fresh),
        ConfirmationOutcome::Refuted => RankingVerdict {
            reasons: vec![measured, why_refuted(judged, fresh)],
            next_step: "Keep the settings: what chose this cell was luck, or what it costs is more than it gains."
                .to_owned(),
            ..plain(
                VerdictKind::NoChange,
                &format!(
                    "no change worth making: {} did not hold up in {blocks}",
                    chosen.cell.label
                ),
            )
        },
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

fn confirmed(judged: &Judged<'_>, chosen: Chosen<'_>, fresh: &Fresh) -> RankingVerdict {
    let claimed = judged.claimed(chosen.cell);
    let (held, open): (Vec<Objective>, Vec<Objective>) = claimed
        .into_iter()
        .partition(|&objective| fresh.is_better(objective));
    // A loss that either of the two showed is told, by its fresh figure.
    let costs = judged
        .by_weight()
        .filter(|&objective| fresh.is_cost(objective) || judged.is_cost(chosen.cell, objective));
    let costs: Vec<Objective> = costs.collect();
    let unclear = judged.rank_by.iter().copied().filter(|objective| {
        fresh.is_unclear(*objective) && !costs.contains(objective) && !open.contains(objective)
    });
    let unclear = lines(fresh, unclear);
    let quoted = Quoted {
        score: judged
            .is_weighted()
            .then(|| figures_text(fresh.on(Criterion::Score), Criterion::Score)),
        changes: changes(chosen.cell, chosen.control),
        gains: lines(fresh, held),
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
            "Claimed by the search and not confirmed: {}.",
            texts(&open).join(", ")
        ));
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
    let ties: Vec<&str> = judged
        .cells
        .iter()
        .filter(|other| !other.control && other.id != cell.id)
        .filter(|other| crate::rank::order::tied(other, cell, judged.criteria))
        .map(|other| other.label.as_str())
        .collect();
    if !ties.is_empty() {
        reasons.push(format!(
            "It ties with {}; of these it has the fewest non-default settings, then the least memory.",
            few(&ties)
        ));
    }
    if judged.has_ranked_cost(cell) {
        reasons.push(without_that_price(judged, cell, control));
    }
    reasons
}

fn why_refuted(judged: &Judged<'_>, fresh: &Fresh) -> String {
    let broken: Vec<String> = fresh
        .broken_limits()
        .map(|check| limit_text(check.objective, check.limit))
        .collect();
    if !broken.is_empty() {
        return format!("In the fresh blocks it breaks {}.", listed(&broken));
    }
    let costs = judged
        .rank_by
        .iter()
        .copied()
        .filter(|&objective| fresh.is_cost(objective));
    let costs = lines(fresh, costs);
    if costs.is_empty() {
        return "The fresh blocks rule out a gain as large as the margin.".to_owned();
    }
    format!(
        "The fresh blocks show a loss that weighs more: {}.",
        texts(&costs).join(", ")
    )
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
