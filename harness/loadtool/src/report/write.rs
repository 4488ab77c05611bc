//! Writes a report in every form asked for.

use std::path::Path;

use super::document::Report;
use super::{json, prometheus, series, text};
use crate::caller::Caller;
use crate::failure::Failure;

/// Prints the result and writes the files that were asked for.
///
/// # Errors
/// When one of them cannot be written.
pub(crate) fn write(report: &Report<'_>, caller: &Caller) -> Result<(), Failure> {
    let outputs = &report.job.outputs;
    if let Some(path) = &outputs.csv {
        write_file(path, &series::csv(report.outcome))?;
    }
    if let Some(path) = &outputs.prometheus {
        write_file(path, &prometheus::text(report))?;
    }
    if let Some(path) = outputs.json.as_ref().filter(|_| !outputs.json_to_stdout()) {
        write_file(path, &json::text(report, caller.tool)?)?;
    }
    if outputs.json_to_stdout() {
        caller.print_json(&json::text(report, caller.tool)?)?;
    } else {
        caller.print(&text::text(report))?;
    }
    if !report.job.quiet {
        for warning in &report.warnings {
            caller.tell(format!("warning: {warning}"));
        }
    }
    for finding in report.findings.iter().filter(|finding| finding.failed) {
        caller.tell(format!(
            "failed: {} holds: {}",
            finding.expression, finding.measured
        ));
    }
    if !report.findings.is_empty() && !report.outcome.verdict.is_valid() {
        caller.tell(format!(
            "failed: the verdict is {}, so that the thresholds cannot be relied on",
            report.outcome.verdict.name()
        ));
    }
    if report.was_interrupted {
        caller.tell(format!(
            "interrupted: the figures are of {:.1} s",
            report.outcome.elapsed.as_secs_f64()
        ));
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    safefile::write_named(path, text.as_bytes())
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))
}
