//! Values over time: the mean of each stretch as a line, and its largest value as a dotted one.

use documents::analysis::Point;
use documents::figures::significant;

use super::axis::{Scale, round_ticks};
use super::shape::{Frame, Shape};
use crate::chart::{Chart, Timeline};

pub(super) fn svg(chart: &Chart, of: &Timeline) -> askama::Result<String> {
    let mut frame = Frame {
        width: 560.0,
        height: 190.0,
        left: 52.0,
        right: 550.0,
        top: 30.0,
        bottom: 160.0,
        shapes: Vec::new(),
    };
    let points = &of.plot.points;
    let times = points.iter().map(|point| point.at_s);
    let times = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
        (low.min(at), high.max(at))
    });
    let (_, most) = of.range();
    // From zero up, so that a small change of a large value looks small.
    let range = (0.0, if most > 0.0 { most * 1.05 } else { 1.0 });
    let x = Scale::linear(times, (frame.left, frame.right));
    let y = Scale::linear(range, (frame.bottom, frame.top));
    frame.text("label", (4.0, 16.0), "start", chart.title.as_str());
    // Ticks are round, so short as they are.
    let short = |value: f64| (value * 1e6).round() / 1e6;
    frame.rows(&y, &round_ticks(range, 4), |value| short(value).to_string());
    frame.columns(&x, &round_ticks(times, 6), |value| {
        format!("{} s", short(value))
    });
    let mut curve = |class, value: fn(&Point) -> f64| {
        let places = points.iter().map(|own| (x.at(own.at_s), y.at(value(own))));
        frame.shapes.push(Shape::Curve {
            class,
            points: places.collect(),
        });
    };
    curve("highest", |point| point.max);
    curve("mean", |point| point.mean);
    let description = format!(
        "{} from {} s to {} s of the process's clock, at most {}",
        chart.title,
        significant(times.0),
        significant(times.1),
        significant(most)
    );
    frame.drawn(chart, &description)
}
