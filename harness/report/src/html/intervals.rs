//! Dots with intervals: ratios on a logarithmic axis, the margin shaded.

use documents::effect::Effect;
use documents::figures::shortened;

use super::axis::{Scale, ratio_label, ratio_ticks};
use super::shape::{Frame, Shape};
use crate::chart::{Chart, Interval, Intervals};

/// Height of a row.
const ROW: f64 = 38.0;
/// Space between the labels of ticks.
const APART: f64 = 54.0;
/// Characters of a label that fit on a line.
const LABEL: usize = 44;

pub(super) fn svg(chart: &Chart, of: &Intervals) -> askama::Result<String> {
    let top = 26.0;
    let bottom = top + ROW * of.rows.len() as f64;
    let mut frame = Frame {
        width: 480.0,
        height: bottom + 8.0,
        left: 10.0,
        right: 470.0,
        top,
        bottom,
        shapes: Vec::new(),
    };
    let margin = (1.0 / (1.0 + of.margin), 1.0 + of.margin);
    let range = range(of, margin);
    let scale = Scale::logarithmic(range, (frame.left, frame.right));
    let band = (scale.at(margin.0), scale.at(margin.1));
    frame.shapes.push(Shape::Band {
        x: band.0,
        y: top,
        width: band.1 - band.0,
        height: bottom - top,
    });
    frame.line("grid", (frame.left, top), (frame.right, top));
    for ratio in ratio_ticks(range, &scale, APART) {
        let label = match ratio {
            1.0 => of.one.to_owned(),
            _ => ratio_label(ratio),
        };
        // The outermost labels stay inside the picture.
        let x = scale.at(ratio).clamp(frame.left + 16.0, frame.right - 16.0);
        frame.text("tick", (x, top - 8.0), "middle", label);
    }
    frame.upright("zero", scale.at(1.0));
    for (at, row) in of.rows.iter().enumerate() {
        let own = drawn(row, &scale, &frame, top + ROW * at as f64);
        frame.shapes.push(own);
    }
    let description: Vec<String> = of.rows.iter().map(described).collect();
    frame.drawn(chart, &description.join("; "))
}

/// The ratios to show: all intervals and the margin, with some air; within a factor of 100 of 1.
fn range(of: &Intervals, margin: (f64, f64)) -> (f64, f64) {
    let bounds = of.rows.iter().filter_map(|row| row.ratio);
    let bounds: Vec<f64> = bounds.flat_map(|(_, bounds)| bounds).collect();
    let low = bounds.iter().copied().fold(margin.0, f64::min);
    let high = bounds.iter().copied().fold(margin.1, f64::max);
    ((low / 1.03).max(0.01), (high * 1.03).min(100.0))
}

fn described(row: &Interval) -> String {
    format!("{}: {}", row.label, row.text)
}

fn drawn(row: &Interval, scale: &Scale, frame: &Frame, top: f64) -> Shape {
    let words = |class, x, anchor, text| Shape::Text {
        class,
        at: (x, top + 15.0),
        anchor,
        text,
    };
    let mut shapes = vec![
        words("label", frame.left, "start", shortened(&row.label, LABEL)),
        words("effect", frame.right, "end", row.text.clone()),
    ];
    if let Some((ratio, [low, high])) = row.ratio {
        let y = top + 27.0;
        shapes.push(Shape::Line {
            class: "whisker",
            from: (scale.at(low), y),
            to: (scale.at(high), y),
        });
        shapes.push(Shape::Dot {
            at: (scale.at(ratio), y),
            radius: 5.0,
        });
    }
    Shape::Group {
        class: match row.effect {
            Effect::Better => "better",
            Effect::Worse => "worse",
            Effect::WithinMargin => "within",
            Effect::Unclear | Effect::Control | Effect::NoData => "unclear",
        },
        title: described(row),
        shapes,
    }
}
