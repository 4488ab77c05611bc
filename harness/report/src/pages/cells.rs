//! One target of a ranking: the verdict, its cells, the confirmation, the limits and what the run can see.

use documents::effect::{CellObjective, Criterion};
use documents::figures::{
    NOT_OBSERVED, counted, disagrees, effect_text, limit_text, listed, mark, value_text,
};
use documents::ranking::{
    CellRanking, CellState, Confirmation, ConfirmationOutcome, ConstraintCheck, ConstraintState,
    TargetRanking, VerdictKind,
};
use record::objective::Objective;

use super::figure::{figure, score_figure};
use super::noise::noise;
use super::shared::anchor;
use super::{charts, exploration, requests};
use crate::block::{Block, Lead, Section, Title, Tone, Verdict};
use crate::table::{Cell, Column, Row, Table};

/// What the marks and letters mean.
const LEGEND: &str = "▲ better, ▼ worse than the control beyond the margin; = within it; ? cannot tell. \
     Letters: A is the top group, which no cell was shown to beat; cells that share a letter tie.";

/// One target; `at` is its place in the ranking.
pub(super) fn target(matrix: &str, at: usize, target: &TargetRanking) -> Block {
    let mut blocks = vec![
        Block::Text(design(target).into()),
        Block::Verdict(verdict(target)),
        Block::Group(
            [Block::Table(cells(target)), Block::Note(LEGEND.into())]
                .into_iter()
                .chain(medians_note(target))
                .collect(),
        ),
    ];
    let drawn = charts::of_target(at, target);
    if !drawn.is_empty() {
        blocks.push(Block::Full(vec![Block::Charts(drawn)]));
    }
    if let Some(own) = &target.confirmation {
        blocks.push(confirmation(target, own));
    }
    blocks.extend(limits(target));
    blocks.push(noise(target));
    blocks.extend(exploration::of_target(at, target));
    blocks.extend(requests::of_target(at, target));
    blocks.extend(troubles(target));
    let title = Title::name(format!("{matrix} · {}", target.target));
    Section::linked(anchor("target", at), title, blocks)
}

/// `6 of 6 blocks, 7 cells, ranked by QPS, then P99`.
fn design(target: &TargetRanking) -> String {
    let at_most = match target.stopped {
        Some(_) => "at most ",
        None => "",
    };
    format!(
        "{} of {at_most}{}, {}, ranked by {}",
        target.blocks_complete,
        counted(target.blocks_planned as usize, "block"),
        counted(target.cells.len(), "cell"),
        preference(target)
    )
}

/// `QPS, then P99`, or the weights of the score.
fn preference(target: &TargetRanking) -> String {
    if target.weights.is_empty() {
        let named = target.rank_by.iter().map(|own| own.heading());
        return named.collect::<Vec<_>>().join(", then ");
    }
    let weighed = target.rank_by.iter().filter_map(|objective| {
        let weight = target.weights.get(objective)?;
        Some(format!("{weight} {}", objective.heading()))
    });
    format!(
        "one score of weights {}",
        listed(&weighed.collect::<Vec<_>>())
    )
}

fn verdict(target: &TargetRanking) -> Verdict {
    let own = &target.verdict;
    let mut leads = Vec::new();
    for (lead, effects) in [
        ("better", &own.gains),
        ("worse", &own.costs),
        ("open", &own.open),
    ] {
        let effects: Vec<&str> = effects.iter().map(|line| line.text.as_str()).collect();
        if !effects.is_empty() {
            leads.push(Lead::new(lead, effects.join(", ")));
        }
    }
    leads.extend(own.reasons.iter().map(|reason| Lead::new("", reason)));
    if !own.next_step.is_empty() {
        leads.push(Lead::new("next", &own.next_step));
    }
    Verdict {
        outcome: "",
        tone: match own.kind {
            VerdictKind::Recommend => Tone::Good,
            VerdictKind::NoChange => Tone::Plain,
            VerdictKind::LossOpen | VerdictKind::Inconclusive => Tone::Caution,
            VerdictKind::Infeasible => Tone::Bad,
        },
        action: own.action.clone(),
        leads,
    }
}

/// The score where objectives are weighed, then the ranked objectives.
fn cells(target: &TargetRanking) -> Table {
    let mut columns = vec![Column::words("#"), Column::words("cell")];
    let score = target.score.iter().map(|_| Criterion::Score.heading());
    let named = target.rank_by.iter().map(|own| own.heading());
    columns.extend(score.chain(named).map(Column::figure));
    columns.push(Column::number("n").full());
    let mut table = Table::new(format!("Ranking of {}", target.target), columns);
    table.named_by = 1;
    let control = control(target);
    let rows = target.cells.iter();
    table.rows = rows
        .map(|cell| row(cell, &target.rank_by, control))
        .collect();
    table
}

/// What a word in the table needs said; `None` where it does not stand there.
fn medians_note(target: &TargetRanking) -> Option<Block> {
    let control = control(target);
    let apart = |cell: &CellRanking, objective: &Objective| {
        let own = cell.objectives.get(objective);
        own.is_some_and(|own| disagrees(own, value_of(control, *objective)))
    };
    let mut cells = target.cells.iter();
    cells
        .any(|cell| target.rank_by.iter().any(|objective| apart(cell, objective)))
        .then(|| {
            Block::Note(
                "* Within the blocks the change is as shown, though the medians over all blocks stand the other \
                 way round; they hold what drifted between blocks."
                    .into(),
            )
        })
}

fn control(target: &TargetRanking) -> Option<&CellRanking> {
    target.cells.iter().find(|cell| cell.control)
}

fn value_of(cell: Option<&CellRanking>, objective: Objective) -> Option<f64> {
    cell?.objectives.get(&objective)?.value
}

fn row(cell: &CellRanking, ranked: &[Objective], control: Option<&CellRanking>) -> Row {
    let rank = cell
        .rank
        .map_or_else(|| NOT_OBSERVED.to_owned(), |rank| rank.to_string());
    let mut cells = vec![rank.into(), Cell::Named(cell.label.clone(), badge(cell))];
    let score = cell.score.iter().map(score_figure);
    let figures = ranked.iter().map(|&objective| {
        let own = cell.objectives.get(&objective);
        figure(objective, own, value_of(control, objective))
    });
    cells.extend(score.chain(figures).map(Cell::Figure));
    cells.push(cell.n.to_string().into());
    Row {
        chosen: cell.recommended,
        ..Row::new(cells)
    }
}

/// A finalist's fresh figures alongside those of the search, on the ranked objectives and what either found worse.
fn confirmation(target: &TargetRanking, own: &Confirmation) -> Block {
    let searched = target.cells.iter().find(|cell| cell.id == own.cell);
    let mut shown = target.rank_by.clone();
    for line in &target.verdict.costs {
        if !shown.contains(&line.objective) {
            shown.push(line.objective);
        }
    }
    let effect = |figures: Option<&CellObjective>, objective| {
        figures.map_or_else(
            || NOT_OBSERVED.to_owned(),
            |figures| {
                let sign = mark(figures.effect).0;
                let uncorrected = match target.rank_by.contains(&objective) || sign.is_empty() {
                    true => "",
                    false => " (not ranked: uncorrected)",
                };
                format!("{} {sign}{uncorrected}", effect_text(objective, figures))
            },
        )
    };
    let columns = vec![
        Column::words("objective"),
        Column::number(format!("{} fresh blocks", own.blocks)),
        Column::number("search, which chose it"),
    ];
    let label = format!("Confirmation of {}", target.target);
    let table = Table::new(label, columns).rows(shown.into_iter().map(|objective| {
        let searched = searched.and_then(|cell| cell.objectives.get(&objective));
        vec![
            objective.heading().to_owned(),
            effect(own.objectives.get(&objective), objective),
            effect(searched, objective),
        ]
    }));
    let note = format!(
        "In {} run after it was chosen, which are not part of the table above.",
        counted(own.blocks, "block")
    );
    let about = format!("{}: {}", own.label, outcome_word(own.outcome));
    let blocks = vec![Block::Table(table), Block::Note(note.into())];
    Section::block(
        Title::topic("Measured afresh:").about(about),
        vec![Block::Group(blocks)],
    )
}

fn outcome_word(outcome: ConfirmationOutcome) -> &'static str {
    match outcome {
        ConfirmationOutcome::Confirmed => "confirmed",
        ConfirmationOutcome::Open => "not confirmed",
        ConfirmationOutcome::LossOpen => "the gain confirmed, a loss open",
        ConfirmationOutcome::Refuted => "did not hold up",
        ConfirmationOutcome::Superseded => "no longer the first choice",
    }
}

fn badge(cell: &CellRanking) -> &'static str {
    match (cell.state, cell.control, cell.recommended) {
        (CellState::Failed, true, _) => "control, failed",
        (CellState::Failed, false, _) => "failed",
        (CellState::NoData, true, _) => "control, no data",
        (CellState::NoData, false, _) => "no data",
        (_, true, _) => "control",
        (_, _, true) => "recommended",
        _ if cell.left_race.is_some() => "left the race",
        _ => "",
    }
}

/// Every cell by the limits in force; `None` without a limit.
fn limits(target: &TargetRanking) -> Option<Block> {
    let first = target.cells.first()?;
    let limits = first.constraints.iter();
    let limits: Vec<String> = limits
        .map(|check| limit_text(check.objective, check.limit))
        .collect();
    if limits.is_empty() {
        return None;
    }
    let columns = std::iter::once("cell".to_owned()).chain(limits);
    let columns = columns.map(Column::words).collect();
    let table = Table::new(format!("Limits of {}", target.target), columns);
    let table = table.rows(target.cells.iter().map(|cell| {
        let checks = cell.constraints.iter().map(limit);
        std::iter::once(cell.label.clone()).chain(checks).collect()
    }));
    Some(Section::block(
        Title::topic("Limits"),
        vec![Block::Table(table)],
    ))
}

/// How far from the limit, as a share of it.
fn room(check: &ConstraintCheck) -> String {
    match check.margin {
        Some(room) if room < 0.0 => format!(", {:.0}% beyond", -room * 100.0),
        Some(room) => format!(", {:.0}% room", room * 100.0),
        None => String::new(),
    }
}

fn limit(check: &ConstraintCheck) -> String {
    let value = check.value.map(|value| value_text(check.objective, value));
    let confidence = check
        .confidence
        .map(|confidence| format!(" ({:.0}%)", (confidence * 100.0).floor()));
    match (check.state, value) {
        (ConstraintState::Unknown, _) | (_, None) => "not observed".to_owned(),
        (ConstraintState::Ok, Some(value)) => format!("kept: {value}{}", room(check)),
        (ConstraintState::Violated, Some(value)) => format!("BROKEN: {value}{}", room(check)),
        (ConstraintState::Uncertain, Some(value)) => {
            format!("unsure: {value}{}", confidence.unwrap_or_default())
        }
    }
}

/// Failed and invalid trials by cell.
fn troubles(target: &TargetRanking) -> Option<Block> {
    let row = |cell: &CellRanking, trial: &str, what: String, lines: &[String]| {
        Row::new(vec![
            trial.into(),
            cell.label.as_str().into(),
            Cell::Details {
                text: what,
                summary: "last lines of stderr",
                lines: lines.to_vec(),
            },
        ])
    };
    let failed = target.cells.iter().flat_map(|cell| {
        cell.failures.iter().map(move |own| {
            let failure = &own.failure;
            let panic = failure.panic.as_ref();
            let panic = panic.map_or_else(String::new, |panic| format!(" ({panic})"));
            let what = format!("failed: {}{panic}", failure.message);
            row(cell, &own.trial, what, &failure.stderr_tail)
        })
    });
    let invalid = target.cells.iter().flat_map(|cell| {
        cell.invalid.iter().map(move |own| {
            let what = format!("invalid: {}", own.reasons.join("; "));
            row(cell, &own.trial, what, &[])
        })
    });
    let rows: Vec<Row> = failed.chain(invalid).collect();
    if rows.is_empty() {
        return None;
    }
    let mut table = Table::new(
        format!("Failed and invalid trials of {}", target.target),
        ["trial", "cell", "what"].map(Column::words).to_vec(),
    );
    table.rows = rows;
    let title = Title::topic("Trials that did not count");
    let section = Section::block(title, vec![Block::Table(table)]);
    Some(Block::Full(vec![section]))
}
