//! An analysis as one HTML page that needs nothing else.

use askama::Template;
use documents::analysis::{Analysis, ProcessReport};
use documents::figures::significant;

use crate::chart::{Chart, timelines};
use crate::error::ReportError;

/// The page of `gosweep analyze --html`.
///
/// # Errors
/// [`ReportError::Report`]; does not happen for an analysis that [`advisor::analyze::analyze`] made.
pub fn analysis_html(analysis: &Analysis) -> Result<String, ReportError> {
    let mut processes = Vec::new();
    for (at, input) in analysis.inputs.iter().enumerate() {
        let mut own = Vec::new();
        for process in &input.processes {
            own.push(ProcessView {
                heading: format!(
                    "Process {}: {} s to {} s",
                    process.number,
                    significant(process.from_s),
                    significant(process.to_s)
                ),
                charts: timelines(&format!("input-{at}-{}", process.number), &process.plots)?,
                process,
            });
        }
        processes.push(own);
    }
    let page = Page {
        analysis,
        processes,
    };
    page.render().map_err(|error| ReportError::Report {
        format: "HTML",
        reason: error.to_string(),
    })
}

#[derive(Template)]
#[template(path = "analysis.html")]
struct Page<'a> {
    analysis: &'a Analysis,
    /// The processes of each input.
    processes: Vec<Vec<ProcessView<'a>>>,
}

struct ProcessView<'a> {
    heading: String,
    charts: Vec<Chart>,
    process: &'a ProcessReport,
}

impl Page<'_> {
    fn severity(&self) -> &'static str {
        use documents::analysis::Standing;
        use documents::finding::Severity;
        match self.analysis.severity {
            Standing::Found(Severity::Critical) => "infeasible",
            Standing::Found(Severity::Warn) => "inconclusive",
            Standing::Found(Severity::Info) | Standing::Calm | Standing::NotJudged => "",
        }
    }
}
