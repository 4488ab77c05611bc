//! The report as one HTML page that needs nothing else: style and charts are inside, nothing is fetched, no script.

use askama::Template;

use super::page::Page;
use crate::error::RankError;
use crate::ranking::Ranking;

/// The report as a self-contained HTML page.
///
/// # Errors
/// [`RankError::Report`]; does not happen for a ranking that [`crate::rank()`] made.
pub fn html(ranking: &Ranking) -> Result<String, RankError> {
    let report = Report {
        page: Page::new(ranking)?,
    };
    report.render().map_err(|error| RankError::Report {
        format: "HTML",
        reason: error.to_string(),
    })
}

#[derive(Template)]
#[template(path = "ranking.html")]
struct Report<'a> {
    page: Page<'a>,
}
