//! Reports of a ranking. Each is made of the [`Ranking`] alone, so a stored ranking document gives the same reports.
//!
//! The figures and their wording are prepared once (`view`, `page`); the formats differ in layout and escaping only.
//! The templates of Markdown and HTML live in `reports/templates`.

mod chart;
mod html;
mod markdown;
mod page;
mod terminal;
mod view;

pub use html::html;
pub use markdown::markdown;
pub use terminal::{TerminalOptions, terminal};

use crate::error::RankError;
use crate::ranking::Ranking;

/// The ranking document: `rank --json` and `report --format json` print this.
///
/// # Errors
/// [`RankError::Json`]; does not happen for a ranking that [`crate::rank()`] made.
pub fn json(ranking: &Ranking) -> Result<String, RankError> {
    let mut text = serde_json::to_string_pretty(ranking)?;
    text.push('\n');
    Ok(text)
}
