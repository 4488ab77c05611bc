//! Puts a report together and writes it.

use loadgen::{EngineChoice, LoadOutcome, Protocol, SearchOutcome};

use super::{json, prometheus, series, text, warnings};
use crate::exit::Failure;
use crate::load::job::Job;
use crate::load::threshold::Finding;
use crate::output;
use crate::output::tell;

/// What all forms of the result say.
pub(in crate::load) struct Report<'a> {
    pub(in crate::load) job: &'a Job,
    /// The run, or the best one of a search.
    pub(in crate::load) outcome: &'a LoadOutcome,
    pub(in crate::load) search: Option<&'a SearchOutcome>,
    /// What the thresholds came to, in their order.
    pub(in crate::load) findings: Vec<Finding>,
    /// Doubts about the figures, each with the next step.
    pub(in crate::load) warnings: Vec<String>,
    pub(in crate::load) was_interrupted: bool,
}

impl<'a> Report<'a> {
    pub(in crate::load) fn new(
        job: &'a Job,
        outcome: &'a LoadOutcome,
        search: Option<&'a SearchOutcome>,
        was_interrupted: bool,
    ) -> Self {
        Self {
            job,
            outcome,
            search,
            findings: job
                .thresholds
                .iter()
                .map(|threshold| threshold.judge(outcome))
                .collect(),
            warnings: warnings::of(job, outcome, search),
            was_interrupted,
        }
    }

    /// Why the engine is the one that it is.
    pub(super) fn engine_reason(&self) -> &'static str {
        let used = self.outcome.generator.engine;
        match (self.job.spec.engine, self.job.spec.protocol) {
            (EngineChoice::Auto, Protocol::Http1) if used == EngineChoice::Hyper => {
                "auto: the named client of the field, and the rate leaves it CPU to spare"
            }
            (EngineChoice::Auto, Protocol::Http1) => {
                "auto: it costs the least per request of those that speak HTTP/1.1"
            }
            (EngineChoice::Auto, Protocol::Http2) => "auto: it is the one that speaks HTTP/2",
            _ => "as asked for",
        }
    }
}

/// Prints the result and writes the files that were asked for.
///
/// # Errors
/// When one of them cannot be written.
pub(in crate::load) fn write(report: &Report<'_>) -> Result<(), Failure> {
    let outputs = &report.job.outputs;
    if let Some(path) = &outputs.csv {
        output::write_file(path, &series::csv(report.outcome))?;
    }
    if let Some(path) = &outputs.prometheus {
        output::write_file(path, &prometheus::text(report))?;
    }
    if let Some(path) = outputs.json.as_ref().filter(|_| !outputs.json_to_stdout()) {
        output::write_file(path, &json::text(report)?)?;
    }
    if outputs.json_to_stdout() {
        output::print(&json::text(report)?)?;
    } else {
        output::print(&text::text(report))?;
    }
    if !report.job.quiet {
        report
            .warnings
            .iter()
            .for_each(|warning| tell!("warning: {warning}"));
    }
    for finding in report.findings.iter().filter(|finding| finding.failed) {
        tell!("failed: {} holds: {}", finding.expression, finding.measured);
    }
    if !report.findings.is_empty() && !report.outcome.verdict.is_valid() {
        tell!(
            "failed: the verdict is {}, so that the thresholds cannot be relied on",
            report.outcome.verdict.name()
        );
    }
    if report.was_interrupted {
        tell!(
            "interrupted: the figures are of {:.1} s",
            report.outcome.elapsed.as_secs_f64()
        );
    }
    Ok(())
}
