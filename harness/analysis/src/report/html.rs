//! The report as one HTML page that needs nothing else: style and charts are inside, nothing is fetched, no script.

use askama::Template;

use super::page::Page;
use crate::error::AnalysisError;
use crate::ranking::Ranking;

/// The report as a self-contained HTML page.
///
/// # Errors
/// [`AnalysisError::Report`]; does not happen for a ranking that [`crate::rank()`] made.
pub fn html(ranking: &Ranking) -> Result<String, AnalysisError> {
    let report = Report {
        page: Page::new(ranking)?,
    };
    report.render().map_err(|error| AnalysisError::Report {
        format: "HTML",
        reason: error.to_string(),
    })
}

#[derive(Template)]
#[template(path = "ranking.html")]
struct Report<'a> {
    page: Page<'a>,
}
