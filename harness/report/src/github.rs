//! The gate for GitHub Actions: annotations at the rules that are not kept. The step's summary is its Markdown.

use documents::gate::{Check, GateOutcome, GateReport, TargetGate};

use crate::error::ReportError;
use crate::format::Format;
use crate::junit::said;

/// Workflow commands, one a line: `::error` for a broken rule, `::warning` for one that cannot be told, at their line
/// of the rules file.
#[derive(Debug, Clone, Copy)]
pub struct Annotations;

impl Format<GateReport> for Annotations {
    fn write(&self, report: &GateReport) -> Result<String, ReportError> {
        let annotations = report
            .checks()
            .filter_map(|(target, check)| annotation(report, target, check))
            .map(|line| line + "\n");
        Ok(annotations.collect())
    }
}

fn annotation(report: &GateReport, target: &TargetGate, check: &Check) -> Option<String> {
    let command = match check.outcome {
        GateOutcome::Passed => return None,
        GateOutcome::Failed | GateOutcome::Invalid => "error",
        GateOutcome::Inconclusive => "warning",
    };
    let place = check.line.map_or_else(String::new, |line| {
        format!("file={},line={line},", property(&report.rules))
    });
    let title = format!(
        "{} {}: {}",
        check.outcome.label(),
        target.target,
        check.rule
    );
    let cell = match check.cell.as_str() {
        "" => String::new(),
        cell => format!(" at {cell}"),
    };
    let message = format!(
        "{} against {}{cell}: {}",
        target.candidate,
        target.baseline,
        said(check)
    );
    Some(format!(
        "::{command} {place}title={}::{}",
        property(&title),
        data(&message)
    ))
}

/// The message of a workflow command, escaped as GitHub's toolkit does (`packages/core/src/command.ts`, escapeData).
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command (escapeProperty of the same file).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn a_message_cannot_become_a_command() {
        assert_eq!(data("3 %\n::error::x"), "3 %25%0A::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
