//! A target's ranking in words and short figures, the same for every format. Nothing is escaped here.

use documents::effect::{CellObjective, Criterion, Effect};
use documents::figures::{
    NOT_OBSERVED, counted, effect_text, host_text, limit_text, listed, margin_text, mark,
    on_scale_text, p_text, ratio_text, significant, value_text,
};
use documents::ranking::{
    CellRanking, CellState, Confirmation, ConfirmationOutcome, ConstraintCheck, ConstraintState,
    ObjectiveSummary, Ranking, ScoreSummary, TargetRanking, VerdictKind,
};
use record::objective::Objective;

use crate::explored::Explored;

/// One target, ready for layout.
pub(crate) struct TargetView<'a> {
    pub(crate) target: &'a TargetRanking,
    /// `6 of 6 blocks, 7 cells, ranked by QPS, then P99`.
    pub(crate) design: String,
    /// The ranked objectives.
    pub(crate) columns: Vec<Objective>,
    /// Of the figures of a row: the score where objectives are weighed, then the ranked objectives.
    pub(crate) headings: Vec<&'static str>,
    /// The limits in force, e.g. `errors ≤ 0.10%`.
    pub(crate) limits: Vec<String>,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) noise: Vec<NoiseRow>,
    /// Front, effects and knee, where there is something to say.
    pub(crate) explored: Explored,
    /// The chosen cell in fresh blocks, beside the search.
    pub(crate) confirmation: Option<ConfirmationView>,
}

/// A finalist's fresh figures beside those of the search.
pub(crate) struct ConfirmationView {
    /// `gogc=400 measured afresh in 6 blocks: confirmed`.
    pub(crate) title: String,
    pub(crate) fresh_heading: String,
    pub(crate) rows: Vec<ConfirmationRow>,
}

/// One objective of a confirmation.
pub(crate) struct ConfirmationRow {
    pub(crate) heading: &'static str,
    pub(crate) fresh: String,
    pub(crate) searched: String,
}

/// One cell's row.
pub(crate) struct Row<'a> {
    pub(crate) cell: &'a CellRanking,
    pub(crate) rank: String,
    /// `recommended`, `control`, `failed` and the like; may be empty.
    pub(crate) badge: &'static str,
    /// One per heading.
    pub(crate) figures: Vec<Figure>,
    /// One per limit.
    pub(crate) limits: Vec<String>,
}

/// One cell on one objective.
pub(crate) struct Figure {
    pub(crate) value: String,
    pub(crate) effect: String,
    pub(crate) mark: &'static str,
    /// The mark in a word, for those who do not see it.
    pub(crate) word: &'static str,
    /// `A` is the top group.
    pub(crate) group: String,
    /// Interval, p and n in full, for a tooltip.
    pub(crate) detail: String,
}

/// What the run can see on one objective.
pub(crate) struct NoiseRow {
    pub(crate) heading: &'static str,
    pub(crate) ranked: bool,
    pub(crate) aa: String,
    pub(crate) floor: String,
    pub(crate) margin: String,
    pub(crate) detectable: String,
}

/// The targets of a ranking.
pub(crate) fn targets(ranking: &Ranking) -> Vec<TargetView<'_>> {
    ranking.targets.iter().map(target).collect()
}

fn target(target: &TargetRanking) -> TargetView<'_> {
    let columns = target.rank_by.clone();
    let named: Vec<&'static str> = columns
        .iter()
        .map(|objective| objective.heading())
        .collect();
    let score = target.score.as_ref().map(|_| Criterion::Score.heading());
    let limits = target.cells.first().map_or(Vec::new(), |cell| {
        cell.constraints
            .iter()
            .map(|check| limit_text(check.objective, check.limit))
            .collect()
    });
    TargetView {
        design: format!(
            "{} of {}{}, {}, ranked by {}",
            target.blocks_complete,
            if target.stopped.is_some() {
                "at most "
            } else {
                ""
            },
            counted(target.blocks_planned as usize, "block"),
            counted(target.cells.len(), "cell"),
            preference(target, &named)
        ),
        headings: score.into_iter().chain(named).collect(),
        limits,
        rows: target
            .cells
            .iter()
            .map(|cell| row(cell, &columns))
            .collect(),
        noise: target
            .score
            .iter()
            .map(noise_of_score)
            .chain(target.objectives.iter().map(|own| noise(own, &columns)))
            .collect(),
        confirmation: target
            .confirmation
            .as_ref()
            .map(|confirmation| confirmation_view(target, confirmation)),
        columns,
        explored: Explored::new(target),
        target,
    }
}

/// `QPS, then P99`, or the weights of the score.
fn preference(target: &TargetRanking, named: &[&str]) -> String {
    if target.weights.is_empty() {
        return named.join(", then ");
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

/// The ranked objectives, and what either of the two found worse.
fn confirmation_view(target: &TargetRanking, confirmation: &Confirmation) -> ConfirmationView {
    let searched = target
        .cells
        .iter()
        .find(|cell| cell.id == confirmation.cell);
    let ranked = target.rank_by.iter().copied();
    let told = target.verdict.costs.iter().map(|line| line.objective);
    let mut shown: Vec<Objective> = ranked.collect();
    for objective in told {
        if !shown.contains(&objective) {
            shown.push(objective);
        }
    }
    let effect = |figures: Option<&CellObjective>, objective| {
        figures.map_or_else(
            || NOT_OBSERVED.to_owned(),
            |figures| {
                format!(
                    "{} {}",
                    effect_text(objective, figures),
                    mark(figures.effect).0
                )
            },
        )
    };
    ConfirmationView {
        title: format!(
            "{} measured afresh in {}: {}",
            confirmation.label,
            counted(confirmation.blocks, "block"),
            outcome_word(confirmation.outcome)
        ),
        fresh_heading: format!("{} fresh blocks", confirmation.blocks),
        rows: shown
            .into_iter()
            .map(|objective| ConfirmationRow {
                heading: objective.heading(),
                fresh: effect(confirmation.objectives.get(&objective), objective),
                searched: effect(
                    searched.and_then(|cell| cell.objectives.get(&objective)),
                    objective,
                ),
            })
            .collect(),
    }
}

fn outcome_word(outcome: ConfirmationOutcome) -> &'static str {
    match outcome {
        ConfirmationOutcome::Confirmed => "confirmed",
        ConfirmationOutcome::Open => "not confirmed",
        ConfirmationOutcome::Refuted => "did not hold up",
        ConfirmationOutcome::Superseded => "no longer the first choice",
    }
}

fn row<'a>(cell: &'a CellRanking, columns: &[Objective]) -> Row<'a> {
    Row {
        rank: cell
            .rank
            .map_or_else(|| NOT_OBSERVED.to_owned(), |rank| rank.to_string()),
        badge: badge(cell),
        figures: cell
            .score
            .iter()
            .map(score_figure)
            .chain(
                columns
                    .iter()
                    .map(|&objective| figure(objective, cell.objectives.get(&objective))),
            )
            .collect(),
        limits: cell.constraints.iter().map(limit).collect(),
        cell,
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

/// One objective of a cell in short.
pub(crate) fn figure(objective: Objective, figures: Option<&CellObjective>) -> Figure {
    let nothing = || Figure {
        value: NOT_OBSERVED.to_owned(),
        effect: "not observed".to_owned(),
        mark: "",
        word: "",
        group: String::new(),
        detail: String::new(),
    };
    let Some((figures, value)) = figures.and_then(|figures| Some((figures, figures.value?))) else {
        return nothing();
    };
    let (mark, word) = mark(figures.effect);
    Figure {
        value: value_text(objective, value),
        effect: match figures.effect {
            Effect::Control => "control".to_owned(),
            Effect::NoData if figures.ratio.is_none() && figures.difference.is_none() => {
                "no control".to_owned()
            }
            _ => effect_text(objective, figures),
        },
        mark,
        word,
        group: figures.group.map(group_letter).unwrap_or_default(),
        detail: detail(figures),
    }
}

/// The weighted score of a cell: a ratio and nothing else.
fn score_figure(figures: &CellObjective) -> Figure {
    let (mark, word) = mark(figures.effect);
    let ratio = figures.ratio;
    Figure {
        value: ratio.map_or_else(|| NOT_OBSERVED.to_owned(), significant),
        effect: match (figures.effect, ratio) {
            (Effect::Control, _) => "control".to_owned(),
            (_, Some(ratio)) => ratio_text(ratio, figures.interval),
            (_, None) => "zero or missing".to_owned(),
        },
        mark,
        word,
        group: figures.group.map(group_letter).unwrap_or_default(),
        detail: detail(figures),
    }
}

fn detail(figures: &CellObjective) -> String {
    let mut parts = vec![counted(figures.n, "block")];
    parts.extend(figures.method.clone());
    parts.extend(figures.p.map(|p| format!("p {} (Holm)", p_text(p))));
    parts.extend(
        figures
            .p_signed_rank
            .map(|p| format!("signed-rank p {} (Holm)", p_text(p))),
    );
    parts.extend(
        figures
            .p_permutation
            .map(|p| format!("permutation p {}", p_text(p))),
    );
    if figures.disputed {
        parts.push("the tests disagree".to_owned());
    }
    parts.join(", ")
}

/// A for the top group, B for the next; past Z the number.
fn group_letter(group: usize) -> String {
    match u8::try_from(group) {
        Ok(number @ 1..=26) => char::from(b'A' + number - 1).to_string(),
        _ => group.to_string(),
    }
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

fn noise_of_score(score: &ScoreSummary) -> NoiseRow {
    let percent = |share: f64| margin_text(Criterion::Score, share);
    let unknown = || NOT_OBSERVED.to_owned();
    let aa = score.aa.as_ref();
    let from_noise = if score.margin > score.default_margin {
        " (noise)"
    } else {
        ""
    };
    NoiseRow {
        heading: Criterion::Score.heading(),
        ranked: true,
        aa: aa.map_or_else(unknown, |aa| ratio_text(aa.estimate, aa.interval)),
        floor: aa.and_then(|aa| aa.floor).map_or_else(unknown, percent),
        margin: format!("{}{from_noise}", percent(score.margin)),
        detectable: score.minimum_detectable.map_or_else(unknown, percent),
    }
}

fn noise(summary: &ObjectiveSummary, columns: &[Objective]) -> NoiseRow {
    let objective = summary.objective;
    let aa = summary.aa.as_ref();
    let from_noise = if summary.margin > summary.default_margin {
        " (noise)"
    } else {
        ""
    };
    NoiseRow {
        heading: objective.heading(),
        ranked: columns.contains(&objective),
        aa: aa.map_or_else(
            || NOT_OBSERVED.to_owned(),
            |aa| on_scale_text(objective, aa.scale, aa.estimate, aa.interval),
        ),
        floor: aa.and_then(|aa| Some((aa.scale, aa.floor?))).map_or_else(
            || NOT_OBSERVED.to_owned(),
            |(scale, floor)| match scale {
                documents::effect::Scale::Difference if objective != Objective::ErrorRate => {
                    value_text(objective, floor)
                }
                _ => margin_text(objective, floor),
            },
        ),
        margin: format!("{}{from_noise}", margin_text(objective, summary.margin)),
        detectable: summary.minimum_detectable.map_or_else(
            || NOT_OBSERVED.to_owned(),
            |effect| margin_text(objective, effect),
        ),
    }
}

/// The verdict's kind as a word.
pub(crate) fn kind_word(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Recommend => "recommend",
        VerdictKind::NoChange => "no change",
        VerdictKind::Inconclusive => "inconclusive",
        VerdictKind::Infeasible => "infeasible",
    }
}

/// What the marks and letters mean.
pub(crate) const LEGEND: &str = "▲ better, ▼ worse than the control beyond the margin; = within it; ? cannot tell. \
     Letters: A is the top group, which no cell was shown to beat; cells that share a letter tie.";

/// `host: cpu, 2 CPUs, ...` in one line.
pub(crate) fn host_line(ranking: &Ranking) -> String {
    host_text(&ranking.provenance.host)
}

/// The Go versions in use.
pub(crate) fn toolchain_line(ranking: &Ranking) -> String {
    let versions: Vec<&str> = ranking
        .provenance
        .toolchains
        .iter()
        .map(|toolchain| toolchain.version.as_str())
        .collect();
    if versions.is_empty() {
        "no toolchain (ready-made binary)".to_owned()
    } else {
        listed(&versions)
    }
}
