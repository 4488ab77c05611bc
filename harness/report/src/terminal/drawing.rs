//! Charts out of characters: a timeline in one line, and points on a grid. The others need more than characters; what
//! they show stands in tables as well.

use documents::figures::value_text;

use super::layout::Layout;
use crate::chart::{Chart, Drawing, Points, Timeline};

/// Columns of a timeline.
const TIMELINE_COLUMNS: usize = 60;
/// Rows of a grid of points.
const GRID_ROWS: usize = 14;
/// What stands left of the grid: the values of the vertical axis.
const GRID_MARGIN: usize = 14;

pub(super) fn drawn(layout: &Layout, chart: &Chart) -> String {
    match &chart.drawing {
        Drawing::Timeline(timeline) => timeline_line(timeline),
        Drawing::Points(points) => grid(points, layout.options.width),
        Drawing::Intervals(_) | Drawing::Scaling(_) | Drawing::Flame(_) => String::new(),
    }
}

/// The name, blocks of eight heights, and the range.
fn timeline_line(timeline: &Timeline) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let plot = &timeline.plot;
    let mut columns: Vec<Option<f64>> = vec![None; TIMELINE_COLUMNS];
    let length = (timeline.to_s - timeline.from_s).max(f64::MIN_POSITIVE);
    let column = |at_s: f64| {
        let share = (at_s - timeline.from_s) / length;
        place(share, (0.0, 1.0), TIMELINE_COLUMNS, f64::floor).min(TIMELINE_COLUMNS - 1)
    };
    for point in &plot.points {
        // A point fills what it stands for, and always its own column.
        let half_s = plot.width_s / 2.0 * 0.999;
        for own in &mut columns[column(point.at_s - half_s)..=column(point.at_s + half_s)] {
            *own = Some(own.map_or(point.max, |value: f64| value.max(point.max)));
        }
    }
    let (_, high) = timeline.range();
    let chart: String = columns
        .iter()
        .map(|value| match value {
            None => ' ',
            // From zero up, so that a small change of a large value looks small.
            Some(value) if high > 0.0 => {
                HEIGHTS[place(*value, (0.0, high), HEIGHTS.len() - 1, f64::round)]
            }
            Some(_) => HEIGHTS[0],
        })
        .collect();
    format!("  {:<17} {chart} {}\n", plot.name, timeline.range_text())
}

/// Points by their tags, `*` for several in one place.
fn grid(of: &Points, width: usize) -> String {
    let columns = width.saturating_sub(GRID_MARGIN + 3).max(20);
    let x_range = extent(of.points.iter().map(|point| point.x));
    let y_range = extent(of.points.iter().map(|point| point.y));
    let mut grid = vec![vec![' '; columns]; GRID_ROWS];
    for point in &of.points {
        let column = place(point.x, x_range, columns - 1, f64::round);
        let row = GRID_ROWS - 1 - place(point.y, y_range, GRID_ROWS - 1, f64::round);
        let spot = &mut grid[row][column];
        *spot = match (*spot, point.tag.chars().next()) {
            (' ', Some(tag)) => tag,
            _ => '*',
        };
    }
    let mut text = format!("{:>GRID_MARGIN$}\n", of.y.heading());
    for (at, row) in grid.iter().enumerate() {
        let side = match at {
            0 => value_text(of.y, y_range.1),
            last if last == GRID_ROWS - 1 => value_text(of.y, y_range.0),
            _ => String::new(),
        };
        let line: String = row.iter().collect();
        text.push_str(format!("{side:>GRID_MARGIN$} │{line}").trim_end());
        text.push('\n');
    }
    let rule = "─".repeat(columns);
    let (from, to) = (value_text(of.x, x_range.0), value_text(of.x, x_range.1));
    let gap = columns.saturating_sub(from.chars().count() + to.chars().count());
    let name = format!("{:^gap$}", of.x.heading());
    format!(
        "{text}{:>GRID_MARGIN$} └{rule}\n{:>GRID_MARGIN$}  {from}{name}{to}\n",
        "", ""
    )
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// Which place from 0 to `last` a value has between two bounds; the middle where these are one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a small count, clamped"
)]
fn place(value: f64, (low, high): (f64, f64), last: usize, rounded: fn(f64) -> f64) -> usize {
    let share = match high > low {
        true => ((value - low) / (high - low)).clamp(0.0, 1.0),
        false => 0.5,
    };
    rounded(share * last as f64) as usize
}
