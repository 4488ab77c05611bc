//! Two objectives against each other, with the front of cells that no other beats on both by their medians.

use askama::Template;
use documents::figures::value_text;
use documents::ranking::CellState;
use record::objective::{Direction, Objective};

use super::axis::{Scale, Tick, round_ticks};
use super::{Chart, coordinate, failed};
use crate::error::ReportError;
use crate::view::TargetView;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 464.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 268.0;

#[derive(Template)]
#[template(path = "scatter.svg")]
struct ScatterChart {
    id: String,
    title: String,
    description: String,
    width: String,
    height: String,
    left: String,
    right: String,
    top: String,
    bottom: String,
    label_x: String,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    x_title: String,
    y_title: String,
    x_title_y: String,
    tick_y: String,
    front: String,
    points: Vec<Point>,
}

struct Point {
    x: String,
    y: String,
    label_x: String,
    label_y: String,
    number: String,
    class: &'static str,
    title: String,
}

/// A cell with its two values.
struct Pair<'a> {
    x: f64,
    y: f64,
    rank: &'a str,
    label: &'a str,
    class: &'static str,
    eligible: bool,
}

/// The chart of two objectives; `None` below two cells that have both.
pub(super) fn chart(
    number: usize,
    view: &TargetView<'_>,
    x: Objective,
    y: Objective,
) -> Result<Option<Chart>, ReportError> {
    let pairs = pairs(view, x, y);
    if pairs.len() < 2 {
        return Ok(None);
    }
    let front = front(&pairs, x, y);
    let (x_range, y_range) = (
        range(pairs.iter().map(|pair| pair.x)),
        range(pairs.iter().map(|pair| pair.y)),
    );
    let x_scale = Scale::linear(x_range, (LEFT, RIGHT));
    let y_scale = Scale::linear(y_range, (BOTTOM, TOP));
    let place = |pair: &Pair<'_>| (x_scale.at(pair.x), y_scale.at(pair.y));
    let line: Vec<String> = front
        .iter()
        .map(|&at| place(&pairs[at]))
        .map(|(x, y)| format!("{},{}", coordinate(x), coordinate(y)))
        .collect();
    let described: Vec<String> = pairs
        .iter()
        .map(|pair| {
            format!(
                "{}: {}, {}",
                pair.label,
                value_text(x, pair.x),
                value_text(y, pair.y)
            )
        })
        .collect();
    let title = format!("{} against {}", y.heading(), x.heading());
    let chart = ScatterChart {
        id: format!("scatter-{}", number + 1),
        description: described.join("; "),
        width: coordinate(WIDTH),
        height: coordinate(HEIGHT),
        left: coordinate(LEFT),
        right: coordinate(RIGHT),
        top: coordinate(TOP),
        bottom: coordinate(BOTTOM),
        label_x: coordinate(LEFT - 6.0),
        x_ticks: ticks(x, x_range, &x_scale),
        y_ticks: ticks(y, y_range, &y_scale),
        x_title: format!("{}, {}", x.heading(), better(x, "right", "left")),
        y_title: format!("{}, {}", y.heading(), better(y, "up", "down")),
        x_title_y: coordinate(HEIGHT - 12.0),
        tick_y: coordinate(BOTTOM + 18.0),
        front: line.join(" "),
        points: pairs
            .iter()
            .zip(&described)
            .map(|(pair, title)| point(pair, place(pair), title))
            .collect(),
        title: title.clone(),
    };
    let svg = chart.render().map_err(|error| failed(&error))?;
    let joined = if front.len() > 1 {
        " The line joins cells that no other beats on both by these medians (not a statistical claim)."
    } else {
        ""
    };
    let caption =
        format!("{title}, medians; the numbers are ranks, the square is the control.{joined}");
    Ok(Some(Chart { svg, caption }))
}

fn pairs<'a>(view: &'a TargetView<'_>, x: Objective, y: Objective) -> Vec<Pair<'a>> {
    view.rows
        .iter()
        .filter_map(|row| {
            let value = |objective| row.cell.objectives.get(&objective)?.value;
            Some(Pair {
                x: value(x)?,
                y: value(y)?,
                rank: &row.rank,
                label: &row.cell.label,
                class: match (row.cell.control, row.cell.recommended) {
                    (true, _) => "control",
                    (_, true) => "recommended",
                    _ => "other",
                },
                eligible: matches!(row.cell.state, CellState::Feasible | CellState::Uncertain),
            })
        })
        .collect()
}

/// The eligible cells that no other eligible one matches on both objectives and beats on one, by their x.
fn front(pairs: &[Pair<'_>], x: Objective, y: Objective) -> Vec<usize> {
    let (x_sign, y_sign) = (x.orientation(), y.orientation());
    let beats = |a: &Pair<'_>, b: &Pair<'_>| {
        let (dx, dy) = ((a.x - b.x) * x_sign, (a.y - b.y) * y_sign);
        dx >= 0.0 && dy >= 0.0 && (dx > 0.0 || dy > 0.0)
    };
    let mut front: Vec<usize> = (0..pairs.len())
        .filter(|&at| pairs[at].eligible)
        .filter(|&at| {
            !pairs
                .iter()
                .any(|rival| rival.eligible && beats(rival, &pairs[at]))
        })
        .collect();
    front.sort_by(|&a, &b| pairs[a].x.total_cmp(&pairs[b].x));
    front
}

fn range(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    let air = if high > low {
        (high - low) * 0.08
    } else {
        high.abs() * 0.05 + 1e-9
    };
    (low - air, high + air)
}

fn ticks(objective: Objective, range: (f64, f64), scale: &Scale) -> Vec<Tick> {
    round_ticks(range, 4)
        .into_iter()
        .map(|value| Tick {
            at: coordinate(scale.at(value)),
            label: value_text(objective, value),
        })
        .collect()
}

fn better(objective: Objective, more: &str, less: &str) -> String {
    let way = match objective.direction() {
        Direction::HigherIsBetter => more,
        Direction::LowerIsBetter => less,
    };
    format!("{way} is better")
}

fn point(pair: &Pair<'_>, (x, y): (f64, f64), title: &str) -> Point {
    // A label at the right edge goes to the left of its point.
    let label_x = if x > RIGHT - 30.0 { x - 18.0 } else { x + 9.0 };
    Point {
        x: coordinate(x),
        y: coordinate(y),
        label_x: coordinate(label_x),
        label_y: coordinate(y + 4.5),
        number: pair.rank.to_owned(),
        class: pair.class,
        title: title.to_owned(),
    }
}
