//! Two objectives against each other.

use documents::figures::value_text;
use record::objective::{Direction, Objective};

use super::axis::{Scale, round_ticks};
use super::shape::{At, Frame, Shape};
use crate::chart::{Chart, Point, Points, Role};

pub(super) fn svg(chart: &Chart, of: &Points) -> askama::Result<String> {
    let mut frame = Frame {
        width: 480.0,
        height: 320.0,
        left: 66.0,
        right: 464.0,
        top: 18.0,
        bottom: 268.0,
        shapes: Vec::new(),
    };
    let (x_range, y_range) = (
        range(of.points.iter().map(|point| point.x)),
        range(of.points.iter().map(|point| point.y)),
    );
    let x = Scale::linear(x_range, (frame.left, frame.right));
    let y = Scale::linear(y_range, (frame.bottom, frame.top));
    let x_values = round_ticks(x_range, 4);
    for &value in &x_values {
        frame.upright("grid", x.at(value));
    }
    frame.columns(&x, &x_values, |value| value_text(of.x, value));
    frame.rows(&y, &round_ticks(y_range, 4), |value| {
        value_text(of.y, value)
    });
    frame.axes(
        format!("{}, {}", of.x.heading(), better(of.x, "right", "left")),
        format!("{}, {}", of.y.heading(), better(of.y, "up", "down")),
    );
    let place = |point: &Point| (x.at(point.x), y.at(point.y));
    frame.shapes.push(Shape::Curve {
        class: "front",
        points: of.joined.iter().map(|&at| place(&of.points[at])).collect(),
    });
    let mut description = Vec::new();
    for point in &of.points {
        let title = format!(
            "{}: {}, {}",
            point.label,
            value_text(of.x, point.x),
            value_text(of.y, point.y)
        );
        let own = drawn(point, place(point), title.clone(), frame.right);
        frame.shapes.push(own);
        description.push(title);
    }
    frame.drawn(chart, &description.join("; "))
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

fn better(objective: Objective, more: &str, less: &str) -> String {
    let way = match objective.direction() {
        Direction::HigherIsBetter => more,
        Direction::LowerIsBetter => less,
    };
    format!("{way} is better")
}

fn drawn(point: &Point, at: At, title: String, right: f64) -> Shape {
    let mark = match point.role {
        Role::Control => Shape::Square { at },
        Role::Recommended | Role::Other => Shape::Dot { at, radius: 6.0 },
    };
    // A label at the right edge goes to the left of its point.
    let aside = if at.0 > right - 30.0 { -18.0 } else { 9.0 };
    let tag = Shape::Text {
        class: "number",
        at: (at.0 + aside, at.1 + 4.5),
        anchor: "start",
        text: point.tag.clone(),
    };
    Shape::Group {
        class: match point.role {
            Role::Control => "control",
            Role::Recommended => "recommended",
            Role::Other => "other",
        },
        title,
        shapes: vec![mark, tag],
    }
}
