//! Values over time: one line, and its largest values above it as a band.

use askama::Template;
use documents::analysis::Plot;
use documents::figures::significant;

use super::axis::{Scale, Tick, round_ticks};
use super::{Chart, coordinate, failed};
use crate::error::ReportError;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 550.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 160.0;

/// A chart for every series; `id` makes theirs unique within the page.
pub(crate) fn timelines(id: &str, plots: &[Plot]) -> Result<Vec<Chart>, ReportError> {
    plots
        .iter()
        .enumerate()
        .map(|(at, plot)| timeline(format!("{id}-{at}"), plot))
        .collect()
}

fn timeline(id: String, plot: &Plot) -> Result<Chart, ReportError> {
    let times = plot.points.iter().map(|point| point.at_s);
    let (from, to) = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
        (low.min(at), high.max(at))
    });
    let most = plot
        .points
        .iter()
        .map(|point| point.max)
        .fold(0.0, f64::max);
    let x = Scale::linear((from, to), (LEFT, RIGHT));
    // From zero up, so that a small change of a large value looks small.
    let range = (0.0, if most > 0.0 { most * 1.05 } else { 1.0 });
    let y = Scale::linear(range, (BOTTOM, TOP));
    let line = |value: fn(&documents::analysis::Point) -> f64| {
        let places: Vec<String> = plot
            .points
            .iter()
            .map(|point| {
                format!(
                    "{},{}",
                    coordinate(x.at(point.at_s)),
                    coordinate(y.at(value(point)))
                )
            })
            .collect();
        places.join(" ")
    };
    let unit = if plot.unit.is_empty() {
        String::new()
    } else {
        format!(", {}", plot.unit)
    };
    let title = format!("{}{unit}", plot.name);
    let drawing = Drawing {
        description: format!(
            "{title} from {} s to {} s of the process's clock, at most {}",
            significant(from),
            significant(to),
            significant(most)
        ),
        mean: line(|point| point.mean),
        highest: line(|point| point.max),
        x_ticks: ticks((from, to), 6, &x),
        y_ticks: ticks(range, 4, &y),
        id,
        title,
    };
    Ok(Chart {
        svg: drawing.render().map_err(|error| failed(&error))?,
        caption: String::new(),
    })
}

fn ticks(range: (f64, f64), wanted: usize, scale: &Scale) -> Vec<Tick> {
    round_ticks(range, wanted)
        .into_iter()
        .map(|value| Tick {
            at: coordinate(scale.at(value)),
            // Ticks are round, so short as they are.
            label: format!("{}", (value * 1e6).round() / 1e6),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "timeline.svg")]
struct Drawing {
    id: String,
    title: String,
    description: String,
    mean: String,
    highest: String,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
}

impl Drawing {
    const WIDTH: f64 = WIDTH;
    const HEIGHT: f64 = HEIGHT;
}
