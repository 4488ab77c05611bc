//! What a run can see: how much the control differs from its own duplicate, and the smallest effect that would show.

use documents::effect::{Criterion, Scale};
use documents::figures::{NOT_OBSERVED, margin_text, on_scale_text, ratio_text, value_text};
use documents::ranking::{AaFigure, ObjectiveSummary, ScoreSummary, TargetRanking};
use record::objective::Objective;

use crate::block::{Block, Section, Title};
use crate::table::{Column, Row, Table};

/// What the run can see on each objective; a brief format shows the ranked ones.
pub(super) fn noise(target: &TargetRanking) -> Block {
    let columns = [
        "control vs its duplicate",
        "noise floor",
        "margin",
        "MDE (80% power)",
    ];
    let first = std::iter::once(Column::words("objective"));
    let mut table = Table::new(
        format!("Noise of {}", target.target),
        first.chain(columns.map(Column::number)).collect(),
    );
    table.rows.extend(target.score.as_ref().map(noise_of_score));
    table.rows.extend(target.objectives.iter().map(|own| Row {
        full: !target.rank_by.contains(&own.objective),
        ..noise_of(own)
    }));
    let note = "MDE: the smallest gain of one cell that would be claimed 4 times in 5: past interval, corrected test, margin \
                and noise floor.";
    let blocks = vec![Block::Table(table), Block::Note(note.into())];
    let title = Title::topic("What this run can see");
    Section::block(title, vec![Block::Group(blocks)])
}

fn noise_of_score(score: &ScoreSummary) -> Row {
    let percent = |share: f64| margin_text(Criterion::Score, share);
    let aa = score.aa.as_ref();
    noise_row([
        Some(Criterion::Score.heading().to_owned()),
        aa.map(|aa| ratio_text(aa.estimate, aa.interval)),
        aa.and_then(|aa| aa.floor).map(percent),
        Some(percent(score.margin) + from_noise(score.margin, score.default_margin)),
        score.minimum_detectable.map(percent),
    ])
}

fn noise_of(summary: &ObjectiveSummary) -> Row {
    let objective = summary.objective;
    let percent = |share: f64| margin_text(objective, share);
    let aa = summary.aa.as_ref();
    let floor = |aa: &AaFigure| match aa.scale {
        Scale::Difference if objective != Objective::ErrorRate => {
            aa.floor.map(|floor| value_text(objective, floor))
        }
        _ => aa.floor.map(percent),
    };
    noise_row([
        Some(objective.heading().to_owned()),
        aa.map(|aa| on_scale_text(objective, aa.scale, aa.estimate, aa.interval)),
        aa.and_then(floor),
        Some(percent(summary.margin) + from_noise(summary.margin, summary.default_margin)),
        summary.minimum_detectable.map(percent),
    ])
}

fn from_noise(margin: f64, default: f64) -> &'static str {
    match margin > default {
        true => " (noise)",
        false => "",
    }
}

fn noise_row(texts: [Option<String>; 5]) -> Row {
    let cells = texts.map(|text| text.unwrap_or_else(|| NOT_OBSERVED.to_owned()).into());
    Row::new(cells.into())
}
