//! QPS over GOMAXPROCS: the trials, the fitted law through them, and the knee. The law is drawn as far as was measured.

use askama::Template;
use documents::exploration::Knee;
use documents::figures::value_text;
use record::objective::Objective;

use super::axis::{Scale, Tick, round_ticks};
use super::{Chart, coordinate, failed};
use crate::error::ReportError;
use crate::explored;

/// Combinations of the other axes that get a chart.
pub(super) const MOST: usize = 6;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 464.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 212.0;

/// Pieces of the curve.
const PIECES: u32 = 60;

#[derive(Template)]
#[template(path = "knee.svg")]
struct KneeChart {
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
    tick_y: String,
    x_title_y: String,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    law: String,
    knee_x: Option<String>,
    points: Vec<Point>,
}

/// The trials at one value of GOMAXPROCS.
struct Point {
    x: String,
    low: String,
    median: String,
    high: String,
    title: String,
}

/// The chart of one fit; `None` where the document does not hold what was measured.
pub(super) fn chart(id: &str, knee: &Knee) -> Option<Result<Chart, ReportError>> {
    let (first, last) = (*knee.measured.first()?, *knee.measured.last()?);
    if knee.seen.len() != knee.measured.len() || first == last {
        return None;
    }
    let x = Scale::linear(
        (f64::from(first), f64::from(last)),
        (LEFT + 12.0, RIGHT - 12.0),
    );
    let curve: Vec<(f64, f64)> = (0..=PIECES)
        .map(|at| f64::from(first) + f64::from(last - first) * f64::from(at) / f64::from(PIECES))
        .map(|parallelism| (parallelism, knee.throughput(parallelism)))
        .collect();
    let of_law = curve.iter().map(|(_, throughput)| *throughput);
    let highest = knee.seen.iter().map(|[.., high]| *high);
    let top = of_law.chain(highest).fold(0.0, f64::max);
    // From zero on, so that twice as high is twice as much.
    let range = (0.0, top * 1.05);
    let y = Scale::linear(range, (BOTTOM, TOP));
    let qps = |value| value_text(Objective::Qps, value);
    let measured = knee.measured.iter().zip(&knee.seen);
    let points: Vec<Point> = measured
        .map(|(&parallelism, &[low, median, high])| Point {
            x: coordinate(x.at(f64::from(parallelism))),
            low: coordinate(y.at(low)),
            median: coordinate(y.at(median)),
            high: coordinate(y.at(high)),
            title: format!(
                "GOMAXPROCS {parallelism}: {} (trials {} to {})",
                qps(median),
                qps(low),
                qps(high)
            ),
        })
        .collect();
    let described: Vec<&str> = points.iter().map(|point| point.title.as_str()).collect();
    let line: Vec<String> = curve
        .iter()
        .map(|&(at, value)| format!("{},{}", coordinate(x.at(at)), coordinate(y.at(value))))
        .collect();
    let shared = match knee.label.as_str() {
        "" => String::new(),
        label => format!(", {label}"),
    };
    let drawing = KneeChart {
        id: id.to_owned(),
        title: format!("QPS over GOMAXPROCS{shared}"),
        description: described.join("; "),
        width: coordinate(WIDTH),
        height: coordinate(HEIGHT),
        left: coordinate(LEFT),
        right: coordinate(RIGHT),
        top: coordinate(TOP),
        bottom: coordinate(BOTTOM),
        label_x: coordinate(LEFT - 6.0),
        tick_y: coordinate(BOTTOM + 18.0),
        x_title_y: coordinate(HEIGHT - 8.0),
        x_ticks: x_ticks(knee, &x),
        y_ticks: round_ticks(range, 4)
            .into_iter()
            .map(|value| Tick {
                at: coordinate(y.at(value)),
                label: qps(value),
            })
            .collect(),
        law: line.join(" "),
        knee_x: knee.knee.map(|at| coordinate(x.at(f64::from(at)))),
        points,
    };
    let caption = format!(
        "QPS over GOMAXPROCS{shared}: median and range of the trials, and the {}.{}",
        explored::law(knee),
        match knee.knee {
            Some(at) => format!(" Dashed: the knee at {at}."),
            None => String::new(),
        }
    );
    let svg = drawing.render().map_err(|error| failed(&error));
    Some(svg.map(|svg| Chart { svg, caption }))
}

/// The values measured, those left out whose labels would touch.
fn x_ticks(knee: &Knee, scale: &Scale) -> Vec<Tick> {
    const APART: f64 = 24.0;
    let mut ticks = Vec::new();
    let mut taken = f64::NEG_INFINITY;
    for &value in &knee.measured {
        let at = scale.at(f64::from(value));
        if at - taken >= APART {
            taken = at;
            ticks.push(Tick {
                at: coordinate(at),
                label: value.to_string(),
            });
        }
    }
    ticks
}
