//! The report as one HTML page that needs nothing else: style and charts are inside, nothing is fetched, no script.

use askama::Template;
use documents::ranking::Ranking;

use crate::error::ReportError;
use crate::page::Page;

/// The report as a self-contained HTML page.
///
/// # Errors
/// [`ReportError::Report`]; does not happen for a ranking that [`judging::rank()`] made.
pub fn html(ranking: &Ranking) -> Result<String, ReportError> {
    let report = Report {
        page: Page::new(ranking)?,
    };
    report.render().map_err(|error| ReportError::Report {
        format: "HTML",
        reason: error.to_string(),
    })
}

#[derive(Template)]
#[template(path = "ranking.html")]
struct Report<'a> {
    page: Page<'a>,
}
