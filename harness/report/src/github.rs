//! The gate for GitHub Actions: annotations at the rules that are not kept, and a summary of the step.

use documents::gate::{Check, GateOutcome, GateReport, TargetGate};

use crate::junit::said;
use crate::markdown::markdown_escaped;

/// Workflow commands, one a line: `::error` for a broken rule, `::warning` for one that cannot be told, at their line
/// of the rules file.
pub fn annotations(report: &GateReport) -> String {
    report
        .checks()
        .filter_map(|(target, check)| annotation(report, target, check))
        .map(|line| line + "\n")
        .collect()
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

/// The step's summary in Markdown, for the file that $GITHUB_STEP_SUMMARY names.
pub fn summary(report: &GateReport) -> String {
    let mut text = format!(
        "## gosweep gate: {}\n\n{}\n",
        report.outcome.label(),
        markdown_escaped(&report.headline)
    );
    for target in &report.targets {
        text.push_str(&format!(
            "\n### {}\n\n| | rule | measured | p (Holm) |\n|---|---|---|---|\n",
            markdown_escaped(&target.target)
        ));
        for check in &target.checks {
            let rule = match check.cell.as_str() {
                "" => check.rule.clone(),
                cell => format!("{} ({cell})", check.rule),
            };
            let p = check.p.map_or_else(String::new, documents::figures::p_text);
            text.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                check.outcome.label(),
                markdown_escaped(&rule),
                markdown_escaped(&said(check)),
                markdown_escaped(&p)
            ));
        }
    }
    if !report.warnings.is_empty() {
        text.push_str("\n### Warnings\n\n");
    }
    for warning in &report.warnings {
        text.push_str(&format!(
            "- {} {}\n",
            markdown_escaped(&warning.message),
            markdown_escaped(&warning.next_step)
        ));
    }
    let run = &report.run;
    text.push_str(&format!(
        "\nRun {} (seed {}, {}) on {}; judged by {}.\n",
        markdown_escaped(&run.run),
        run.seed,
        markdown_escaped(&run.tool),
        markdown_escaped(&run.host_text),
        markdown_escaped(&report.tool)
    ));
    text
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
