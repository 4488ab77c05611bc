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
    let marks: Vec<At> = of.points.iter().map(place).collect();
    let mut tags = Vec::new();
    let mut description = Vec::new();
    for point in &of.points {
        let title = format!(
            "{}: {}, {}",
            point.label,
            value_text(of.x, point.x),
            value_text(of.y, point.y)
        );
        let tag = beside(
            place(point),
            point.tag.chars().count(),
            &marks,
            &tags,
            &frame,
        );
        tags.push(tag);
        let own = drawn(point, place(point), tag.middle, title.clone());
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

/// How far a mark reaches from its middle, with a little air.
const MARK_REACH: f64 = 8.0;
/// Half the width of a character of a tag, and half its height.
const HALF_CHARACTER: At = (4.0, 7.0);

/// Where a tag stands.
#[derive(Clone, Copy)]
struct Tag {
    middle: At,
    half_width: f64,
}

impl Tag {
    fn meets(&self, at: At, reach: At) -> bool {
        (self.middle.0 - at.0).abs() < self.half_width + reach.0
            && (self.middle.1 - at.1).abs() < HALF_CHARACTER.1 + reach.1
    }
}

/// The first place alongside a point that is free of other points and of the tags before; to the right where none is.
fn beside(at: At, characters: usize, marks: &[At], tags: &[Tag], frame: &Frame) -> Tag {
    let half_width = HALF_CHARACTER.0 * characters as f64;
    let (away, over) = (MARK_REACH + 1.0 + half_width, MARK_REACH + HALF_CHARACTER.1);
    let places = [(away, 0.0), (-away, 0.0), (0.0, -over), (0.0, over)].map(|(x, y)| Tag {
        middle: (at.0 + x, at.1 + y),
        half_width,
    });
    let free = |tag: &Tag| {
        let inside = (frame.left..frame.right).contains(&tag.middle.0)
            && (frame.top..frame.bottom).contains(&tag.middle.1);
        let mut others = marks.iter().filter(|mark| **mark != at);
        inside
            && !others.any(|mark| tag.meets(*mark, (MARK_REACH, MARK_REACH)))
            && !tags
                .iter()
                .any(|own| tag.meets(own.middle, (own.half_width, HALF_CHARACTER.1)))
    };
    places.into_iter().find(free).unwrap_or(places[0])
}

fn drawn(point: &Point, at: At, tag: At, title: String) -> Shape {
    let mark = match point.role {
        Role::Control => Shape::Square { at },
        Role::Recommended | Role::Other => Shape::Dot { at, radius: 6.0 },
    };
    let tag = Shape::Text {
        class: "number",
        at: (tag.0, tag.1 + 4.5),
        anchor: "middle",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            width: 120.0,
            height: 120.0,
            left: 0.0,
            right: 100.0,
            top: 0.0,
            bottom: 100.0,
            shapes: Vec::new(),
        }
    }

    #[test]
    fn a_tag_keeps_off_points_edges_and_other_tags() {
        let alone = beside((50.0, 50.0), 1, &[(50.0, 50.0)], &[], &frame());
        assert!(alone.middle.0 > 50.0);
        let at_the_edge = beside((95.0, 50.0), 1, &[(95.0, 50.0)], &[], &frame());
        assert!(at_the_edge.middle.0 < 95.0);
        let marks = [(50.0, 50.0), (62.0, 50.0)];
        let first = beside(marks[0], 1, &marks, &[], &frame());
        assert!(first.middle.0 < 50.0, "to the left of its neighbour");
        let second = beside(marks[1], 1, &marks, &[first], &frame());
        assert!(second.middle.0 > 62.0);
        let between = [(38.0, 50.0), (50.0, 50.0), (62.0, 50.0)];
        let middle = beside(between[1], 1, &between, &[], &frame());
        assert_eq!(middle.middle.0, 50.0, "above it");
        let below = beside(between[1], 1, &between, &[middle], &frame());
        assert!(below.middle.1 > 50.0);
    }
}
