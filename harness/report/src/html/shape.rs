//! Charts as inline SVG: no script, no resources, text that scales, a title and a description for those who do not see
//! them. Colours are the page's, by class.

use askama::Template;

use super::axis::Scale;
use crate::chart::Chart;

/// A place in a picture, from its upper left corner.
pub(super) type At = (f64, f64);

/// What a picture is made of.
#[derive(Template)]
#[template(path = "shape.svg")]
pub(super) enum Shape {
    /// A shaded area.
    Band {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
    },
    /// A straight line.
    Line {
        class: &'static str,
        from: At,
        to: At,
    },
    /// A line through points.
    Curve {
        class: &'static str,
        points: Vec<At>,
    },
    /// A round mark.
    Dot { at: At, radius: f64 },
    /// A square mark.
    Square { at: At },
    /// Words; the anchor is `start`, `middle` or `end`.
    Text {
        class: &'static str,
        at: At,
        anchor: &'static str,
        text: String,
    },
    /// Shapes that belong together, with what a pointer on them shows.
    Group {
        class: &'static str,
        title: String,
        shapes: Vec<Shape>,
    },
}

/// The words of an axis stand this much lower than its line.
const HALF_A_LINE: f64 = 4.0;

/// The picture of a chart and the place for its data.
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) shapes: Vec<Shape>,
}

impl Frame {
    pub(super) fn text(
        &mut self,
        class: &'static str,
        at: At,
        anchor: &'static str,
        text: impl Into<String>,
    ) {
        let text = text.into();
        self.shapes.push(Shape::Text {
            class,
            at,
            anchor,
            text,
        });
    }

    pub(super) fn line(&mut self, class: &'static str, from: At, to: At) {
        self.shapes.push(Shape::Line { class, from, to });
    }

    /// A vertical line from top to bottom.
    pub(super) fn upright(&mut self, class: &'static str, x: f64) {
        self.line(class, (x, self.top), (x, self.bottom));
    }

    /// The values of the vertical axis with a line of the grid each.
    pub(super) fn rows(&mut self, scale: &Scale, values: &[f64], label: impl Fn(f64) -> String) {
        for &value in values {
            let y = scale.at(value);
            self.line("grid", (self.left, y), (self.right, y));
            let at = (self.left - 6.0, y + HALF_A_LINE);
            self.text("tick", at, "end", label(value));
        }
    }

    /// The values of the horizontal axis.
    pub(super) fn columns(&mut self, scale: &Scale, values: &[f64], label: impl Fn(f64) -> String) {
        for &value in values {
            let at = (scale.at(value), self.bottom + 18.0);
            self.text("tick", at, "middle", label(value));
        }
    }

    /// What the axes are of.
    pub(super) fn axes(&mut self, x: impl Into<String>, y: impl Into<String>) {
        self.text("tick", (self.right, self.bottom + 40.0), "end", x);
        self.text("tick", (self.left, self.top - 7.0), "start", y);
    }

    /// The picture as an SVG element.
    pub(super) fn drawn(&self, chart: &Chart, description: &str) -> askama::Result<String> {
        let picture = Picture {
            id: &chart.id,
            title: &chart.title,
            description,
            width: self.width,
            height: self.height,
            shapes: &self.shapes,
        };
        picture.render()
    }
}

#[derive(Template)]
#[template(path = "chart.svg")]
struct Picture<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    width: f64,
    height: f64,
    shapes: &'a [Shape],
}
