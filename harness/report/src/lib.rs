//! Reports of a ranking, and the text of a comparison. Each is made of its document alone, so a stored one gives the
//! same reports.
//!
//! The figures and their wording are prepared once (`view`, `page`); the formats differ in layout and escaping only.
//! The templates of Markdown and HTML live in `reports/templates`.

mod advice;
mod analysis;
mod analysis_page;
mod chart;
mod comparison;
mod diagnosis;
mod error;
mod exploration;
mod explored;
mod gate;
mod github;
mod html;
mod junit;
mod layout;
mod markdown;
mod page;
mod proof;
mod terminal;
mod view;

pub use advice::advice_text;
pub use analysis::analysis_text;
pub use analysis_page::analysis_html;
pub use comparison::comparison_text;
pub use diagnosis::{diagnosis_html, diagnosis_text};
pub use error::ReportError;
pub use exploration::exploration_text;
pub use gate::{gate_text, selftest_text};
pub use github::{annotations, summary};
pub use html::html;
pub use junit::junit;
pub use layout::TerminalOptions;
pub use markdown::markdown;
pub use proof::proof_text;
pub use terminal::terminal;

use documents::ranking::Ranking;

/// The ranking document: `rank --json` and `report --format json` print this.
///
/// # Errors
/// [`ReportError::Json`]; does not happen for a ranking that was made of a record.
pub fn json(ranking: &Ranking) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(ranking)?;
    text.push('\n');
    Ok(text)
}
