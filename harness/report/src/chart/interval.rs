//! Dots with intervals: each cell's ratio to the control on one objective, the margin shaded.

use askama::Template;
use documents::effect::{CellObjective, Effect, built_in_margin};
use documents::exploration::{AxisEffect, Effects};
use documents::figures::{effect_text, margin_text, ratio_text, shortened};
use record::objective::{Direction, Objective};

use super::axis::{Scale, ratio_label, ratio_ticks};
use super::{Chart, coordinate, failed};
use crate::error::ReportError;
use crate::view::{Row, TargetView};

const WIDTH: f64 = 480.0;
const LEFT: f64 = 10.0;
const RIGHT: f64 = 470.0;
const TOP: f64 = 26.0;
const ROW: f64 = 38.0;
/// Space between the labels of ticks.
const APART: f64 = 54.0;
/// A chart with more rows than this is no help.
const MOST_ROWS: usize = 40;
/// Characters of a label that fit on a line.
const LABEL: usize = 44;

#[derive(Template)]
#[template(path = "interval.svg")]
struct IntervalChart {
    id: String,
    title: String,
    description: String,
    width: String,
    height: String,
    left: String,
    right: String,
    top: String,
    bottom: String,
    tick_label_y: String,
    control_x: String,
    band_x: String,
    band_width: String,
    plot_height: String,
    ticks: Vec<Tick>,
    rows: Vec<Line>,
}

struct Tick {
    x: String,
    label: String,
}

/// A cell in the chart.
struct Line {
    label: String,
    label_y: String,
    y: String,
    class: &'static str,
    text: String,
    title: String,
    /// Dot and whiskers; none for the control and for cells without a ratio.
    mark: Option<Mark>,
}

struct Mark {
    low: String,
    point: String,
    high: String,
}

/// The chart of one objective; `None` where no cell has a ratio.
pub(super) fn chart(
    number: usize,
    view: &TargetView<'_>,
    objective: Objective,
) -> Result<Option<Chart>, ReportError> {
    let rows: Vec<&Row<'_>> = view.rows.iter().take(MOST_ROWS).collect();
    let Some(summary) = view
        .target
        .objectives
        .iter()
        .find(|summary| summary.objective == objective)
    else {
        return Ok(None);
    };
    let margin = (1.0 / (1.0 + summary.margin), 1.0 + summary.margin);
    let Some(range) = range(&rows, objective, margin) else {
        return Ok(None);
    };
    let scale = Scale::logarithmic(range, (LEFT, RIGHT));
    let better = match objective.direction() {
        Direction::HigherIsBetter => "right is better",
        Direction::LowerIsBetter => "left is better",
    };
    let lines: Vec<Line> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| line(row, objective, &scale, TOP + ROW * at as f64))
        .collect();
    let left_out = view.rows.len() - rows.len();
    let more = if left_out > 0 {
        format!(" The first {MOST_ROWS} cells; {left_out} more in the table.")
    } else {
        String::new()
    };
    let caption = format!(
        "{} against the control, with intervals; {better}. Shaded: the margin of {}.{more}",
        objective.heading(),
        margin_text(objective, summary.margin)
    );
    let svg = drawn(Drawn {
        id: format!("interval-{}-{}", number + 1, objective.name()),
        title: format!("{} against the control", objective.heading()),
        one: "control",
        margin,
        range,
        scale,
        lines,
    })?;
    Ok(Some(Chart { svg, caption }))
}

/// What a chart of dots with intervals is drawn from.
struct Drawn {
    id: String,
    title: String,
    /// What no difference is called.
    one: &'static str,
    /// Ratios.
    margin: (f64, f64),
    range: (f64, f64),
    scale: Scale,
    lines: Vec<Line>,
}

fn drawn(of: Drawn) -> Result<String, ReportError> {
    let Drawn { scale, lines, .. } = of;
    let bottom = TOP + ROW * lines.len() as f64;
    let (from, to) = (scale.at(of.margin.0), scale.at(of.margin.1));
    let description: Vec<&str> = lines.iter().map(|line| line.title.as_str()).collect();
    let chart = IntervalChart {
        id: of.id,
        title: of.title,
        description: description.join("; "),
        width: coordinate(WIDTH),
        height: coordinate(bottom + 8.0),
        left: coordinate(LEFT),
        right: coordinate(RIGHT),
        top: coordinate(TOP),
        bottom: coordinate(bottom),
        tick_label_y: coordinate(TOP - 8.0),
        control_x: coordinate(scale.at(1.0)),
        band_x: coordinate(from),
        band_width: coordinate(to - from),
        plot_height: coordinate(bottom - TOP),
        ticks: ticks(of.range, &scale, of.one),
        rows: lines,
    };
    chart.render().map_err(|error| failed(&error))
}

/// Each level of each axis against its reference, by cells that differ in nothing else.
pub(super) fn effects(number: usize, effects: &Effects) -> Result<Chart, ReportError> {
    let objective = effects.objective;
    let shown: Vec<&AxisEffect> = effects.main.iter().take(MOST_ROWS).collect();
    let margin = 1.0 + built_in_margin(objective);
    let bounds = shown.iter().flat_map(|own| own.interval);
    let low = bounds.clone().fold(1.0 / margin, f64::min);
    let high = bounds.fold(margin, f64::max);
    let range = ((low / 1.03).max(0.01), (high * 1.03).min(100.0));
    let scale = Scale::logarithmic(range, (LEFT, RIGHT));
    let lines: Vec<Line> = shown
        .iter()
        .enumerate()
        .map(|(at, own)| effect_line(own, objective, &scale, TOP + ROW * at as f64))
        .collect();
    let caption = format!(
        "{}: each level of an axis against another, by cells that differ in nothing else, with intervals. Shaded: \
         the margin of {}.",
        objective.heading(),
        margin_text(objective, margin - 1.0)
    );
    let svg = drawn(Drawn {
        id: format!("effects-{}-{}", number + 1, objective.name()),
        title: format!("{} by the level of each axis", objective.heading()),
        one: "no change",
        margin: (1.0 / margin, margin),
        range,
        scale,
        lines,
    })?;
    Ok(Chart { svg, caption })
}

fn effect_line(own: &AxisEffect, objective: Objective, scale: &Scale, top: f64) -> Line {
    let [low, high] = own.interval;
    let text = ratio_text(own.ratio, Some(own.interval));
    let gain = own.ratio.ln() * objective.orientation();
    let label = format!("{}={} against {}", own.axis, own.level, own.reference);
    Line {
        label: shortened(&label, LABEL),
        label_y: coordinate(top + 15.0),
        y: coordinate(top + 27.0),
        class: match own.p <= 0.05 && !own.within_noise {
            true if gain > 0.0 => "better",
            true => "worse",
            false => "unclear",
        },
        title: format!("{label}: {text}"),
        mark: Some(Mark {
            low: coordinate(scale.at(low)),
            point: coordinate(scale.at(own.ratio)),
            high: coordinate(scale.at(high)),
        }),
        text,
    }
}

/// The ticks of a ratio axis; `one` is what no difference is called.
fn ticks(range: (f64, f64), scale: &Scale, one: &str) -> Vec<Tick> {
    ratio_ticks(range, scale, APART)
        .into_iter()
        .map(|ratio| Tick {
            // The outermost labels stay inside the picture.
            x: coordinate(scale.at(ratio).clamp(LEFT + 16.0, RIGHT - 16.0)),
            label: if ratio == 1.0 {
                one.to_owned()
            } else {
                ratio_label(ratio)
            },
        })
        .collect()
}

/// The ratios to show: all intervals and the margin, with some air; within a factor of 100 of the control.
fn range(rows: &[&Row<'_>], objective: Objective, margin: (f64, f64)) -> Option<(f64, f64)> {
    let shown: Vec<f64> = rows
        .iter()
        .filter(|row| !row.cell.control)
        .filter_map(|row| row.cell.objectives.get(&objective))
        .filter_map(|figures| Some((figures.ratio?, figures.interval)))
        .flat_map(|(ratio, interval)| interval.map_or([ratio, ratio], |bounds| bounds))
        .collect();
    if shown.is_empty() {
        return None;
    }
    let low = shown.iter().copied().fold(margin.0, f64::min);
    let high = shown.iter().copied().fold(margin.1, f64::max);
    Some(((low / 1.03).max(0.01), (high * 1.03).min(100.0)))
}

fn line(row: &Row<'_>, objective: Objective, scale: &Scale, top: f64) -> Line {
    let figures = row.cell.objectives.get(&objective);
    let text = match figures {
        Some(figures) if row.cell.control && figures.value.is_some() => "control".to_owned(),
        Some(figures) => effect_text(objective, figures),
        None => "not observed".to_owned(),
    };
    Line {
        label: shortened(&row.cell.label, LABEL),
        label_y: coordinate(top + 15.0),
        y: coordinate(top + 27.0),
        class: class(figures),
        title: format!("{}: {text}", row.cell.label),
        mark: figures
            .filter(|_| !row.cell.control)
            .and_then(|figures| mark(figures, scale)),
        text,
    }
}

fn mark(figures: &CellObjective, scale: &Scale) -> Option<Mark> {
    let ratio = figures.ratio?;
    let [low, high] = figures.interval.unwrap_or([ratio, ratio]);
    Some(Mark {
        low: coordinate(scale.at(low)),
        point: coordinate(scale.at(ratio)),
        high: coordinate(scale.at(high)),
    })
}

fn class(figures: Option<&CellObjective>) -> &'static str {
    match figures.map(|figures| figures.effect) {
        Some(Effect::Better) => "better",
        Some(Effect::Worse) => "worse",
        Some(Effect::WithinMargin) => "within",
        _ => "unclear",
    }
}
