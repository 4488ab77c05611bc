//! Flame graphs as one SVG element with style and script inside and nothing fetched, the root on top. Without the
//! script it is still a flame graph with tooltips.

use askama::Template;
use documents::figures::shortened;
use documents::profile::{FlameCall, FlameColour, FlameGraph};

use super::written;
use crate::error::ReportError;

/// Width of the picture in its own units; it scales to the page.
const WIDTH: f64 = 1200.0;
/// Height of a level.
const LEVEL_HEIGHT: f64 = 18.0;
/// Width of a character of the labels, of the monospaced font at 11 units.
const CHARACTER_WIDTH: f64 = 6.7;
/// Space above the first level, for title, note and controls.
const HEAD: f64 = 84.0;
/// Space below the last level, for what is pointed at.
const FOOT: f64 = 26.0;
/// Positions are stored as parts per million of the whole, for zooming.
const PARTS: f64 = 1e6;
/// Longest name drawn or shown; compilers make longer ones of generics.
const LONGEST_NAME: usize = 400;

/// A flame graph as an SVG element that can stand in a file of its own.
///
/// # Errors
/// [`ReportError::Report`]; does not happen.
pub fn flame_svg(graph: &FlameGraph) -> Result<String, ReportError> {
    written("flame graph", &Picture::of(graph))
}

pub(super) fn svg(graph: &FlameGraph) -> askama::Result<String> {
    Picture::of(graph).render()
}

#[derive(Template)]
#[template(path = "flame.svg")]
struct Picture<'a> {
    graph: &'a FlameGraph,
    height: f64,
}

impl Picture<'_> {
    fn of(graph: &FlameGraph) -> Picture<'_> {
        let levels = graph.calls.iter().map(|call| call.level + 1).max();
        Picture {
            graph,
            height: HEAD + levels.unwrap_or(0) as f64 * LEVEL_HEIGHT + FOOT,
        }
    }

    fn top(&self, call: &FlameCall) -> f64 {
        HEAD + call.level as f64 * LEVEL_HEIGHT
    }

    fn across(&self, share: &f64) -> f64 {
        share * WIDTH
    }

    /// A share in parts per million.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of 0 to 1 times a million"
    )]
    fn parts(&self, share: &f64) -> u32 {
        (share.clamp(0.0, 1.0) * PARTS).round() as u32
    }

    fn label(&self, call: &FlameCall) -> String {
        label(&drawable(&call.name), call.width * WIDTH)
    }
}

/// The classes of `flame.css`.
fn class(colour: &FlameColour) -> String {
    match colour {
        FlameColour::Root => "root".to_owned(),
        FlameColour::Same => "same".to_owned(),
        FlameColour::Runtime(shade) => format!("r{shade}"),
        FlameColour::Standard(shade) => format!("s{shade}"),
        FlameColour::Other(shade) => format!("o{shade}"),
        FlameColour::More(step) => format!("m{step}"),
        FlameColour::Less(step) => format!("l{step}"),
    }
}

/// A name without what XML has no place for, and not longer than anyone reads.
fn drawable(name: &str) -> String {
    let plain = |c: char| {
        let forbidden = c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
        if forbidden { '\u{fffd}' } else { c }
    };
    let mut text: String = name.chars().take(LONGEST_NAME).map(plain).collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        text.push('…');
    }
    text
}

/// As much of a name as fits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small non-negative number of characters"
)]
fn label(name: &str, width: f64) -> String {
    let room = ((width - 6.0) / CHARACTER_WIDTH).max(0.0) as usize;
    if room < 3 {
        return String::new();
    }
    shortened(name, room)
}
