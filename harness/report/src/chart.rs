//! Charts as what they show. How one is drawn is a format's business.

use documents::analysis::Plot;
use documents::effect::Effect;
use documents::figures::count_text;
use documents::profile::FlameGraph;
use record::objective::Objective;

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Unique within the page: letters, digits and `-`.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How to read it; may be empty.
    pub caption: String,
    /// What is drawn.
    pub drawing: Drawing,
}

/// The kinds of chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Drawing {
    /// Ratios with intervals, one a row.
    Intervals(Intervals),
    /// Two objectives against each other.
    Points(Points),
    /// Throughput over parallelism.
    Scaling(Scaling),
    /// Values over time.
    Timeline(Timeline),
    /// A flame graph.
    Flame(FlameGraph),
}

/// Ratios with intervals on a logarithmic axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// What a ratio of 1 is called.
    pub one: &'static str,
    /// The margin around 1, relative.
    pub margin: f64,
    /// The rows, the first on top.
    pub rows: Vec<Interval>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// What it is of.
    pub label: String,
    /// The ratio in words.
    pub text: String,
    /// What it comes to.
    pub effect: Effect,
    /// The ratio and its bounds; `None` where there is nothing to draw.
    pub ratio: Option<(f64, [f64; 2])>,
}

/// Points by two objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// The objective from left to right.
    pub x: Objective,
    /// The objective from bottom to top.
    pub y: Objective,
    /// The points.
    pub points: Vec<Point>,
    /// Positions of the points that a line joins, from left to right.
    pub joined: Vec<usize>,
}

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its values.
    pub x: f64,
    /// See `x`.
    pub y: f64,
    /// A few characters that stand alongside it.
    pub tag: String,
    /// What it is.
    pub label: String,
    /// What sets it apart.
    pub role: Role,
}

/// What sets a point apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The control.
    Control,
    /// What the verdict recommends.
    Recommended,
    /// Nothing.
    Other,
}

/// Throughput, in requests per second, over parallelism.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// Parallelism with the lowest, the median and the highest throughput of the trials.
    pub measured: Vec<(u32, [f64; 3])>,
    /// The fitted law as points of a curve.
    pub law: Vec<(f64, f64)>,
    /// Where one more stops to help.
    pub knee: Option<u32>,
}

/// Values over time, in seconds of a process's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The values.
    pub plot: Plot,
    /// When the process was first seen.
    pub from_s: f64,
    /// When it was last seen.
    pub to_s: f64,
}

impl Timeline {
    /// The lowest mean and the largest value.
    pub(super) fn range(&self) -> (f64, f64) {
        let points = self.plot.points.iter();
        points.fold((f64::INFINITY, 0.0), |(low, high), point| {
            (low.min(point.mean), high.max(point.max))
        })
    }

    /// The range in words: `4 to 8 MiB`.
    pub(super) fn range_text(&self) -> String {
        let (low, high) = self.range();
        let (low, high) = (count_text(low), count_text(high));
        let range = match low == high {
            true => high,
            false => format!("{low} to {high}"),
        };
        format!("{range} {}", self.plot.unit).trim_end().to_owned()
    }
}
