//! The gate as JUnit XML, which CI systems show as tests: a suite per target, a case per check.
//!
//! A broken rule is a failure; what cannot be told is an error, because a gate that does not know must not pass.

use std::fmt::Write;

use documents::gate::{Check, GateOutcome, GateReport};

use crate::error::ReportError;
use crate::format::Format;

/// The report as a JUnit XML document.
#[derive(Debug, Clone, Copy)]
pub struct Junit;

impl Format<GateReport> for Junit {
    fn write(&self, report: &GateReport) -> Result<String, ReportError> {
        Ok(suites(report))
    }
}

fn suites(report: &GateReport) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failures, errors) = counts(report.checks().map(|(_, check)| check));
    put(
        &mut xml,
        format_args!(
            "<testsuites name=\"gosweep gate\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
        ),
    );
    for target in &report.targets {
        let (tests, failures, errors) = counts(target.checks.iter());
        put(
            &mut xml,
            format_args!(
                "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
                 timestamp=\"{}\">",
                escaped(&target.target),
                escaped(&report.run.started)
            ),
        );
        put(&mut xml, format_args!("    <properties>"));
        for (name, value) in [
            ("run", &report.run.run),
            ("baseline", &target.baseline),
            ("candidate", &target.candidate),
            ("host", &report.run.host_text),
            ("tool", &report.tool),
        ] {
            let value = escaped(value);
            put(
                &mut xml,
                format_args!("      <property name=\"{name}\" value=\"{value}\"/>"),
            );
        }
        put(&mut xml, format_args!("    </properties>"));
        for check in &target.checks {
            case(&mut xml, &target.target, check);
        }
        put(&mut xml, format_args!("  </testsuite>"));
    }
    put(&mut xml, format_args!("</testsuites>"));
    xml
}

fn case(xml: &mut String, target: &str, check: &Check) {
    let name = match check.cell.as_str() {
        "" => check.rule.clone(),
        cell => format!("{} ({cell})", check.rule),
    };
    let (name, target) = (escaped(&name), escaped(target));
    let said = escaped(&said(check));
    let label = check.outcome.label();
    put(
        xml,
        format_args!("    <testcase classname=\"gosweep.{target}\" name=\"{name}\">"),
    );
    let kind = match check.outcome {
        GateOutcome::Passed => None,
        GateOutcome::Failed => Some("failure"),
        GateOutcome::Inconclusive | GateOutcome::Invalid => Some("error"),
    };
    match kind {
        None => put(xml, format_args!("      <system-out>{said}</system-out>")),
        Some(kind) => put(
            xml,
            format_args!(
                "      <{kind} type=\"{label}\" message=\"{label}: {said}\">{said}</{kind}>"
            ),
        ),
    }
    put(xml, format_args!("    </testcase>"));
}

/// What was measured and why that does not decide, in one line.
pub(crate) fn said(check: &Check) -> String {
    let mut said = check.measured.clone();
    if let Some(reason) = &check.reason {
        said.push_str(&format!("; {reason}"));
    }
    if let Some(more) = check.more_blocks {
        said.push_str(&format!("; about {more} more blocks would decide"));
    }
    said
}

fn counts<'c>(checks: impl Iterator<Item = &'c Check>) -> (usize, usize, usize) {
    checks.fold((0, 0, 0), |(all, failed, open), check| {
        match check.outcome {
            GateOutcome::Passed => (all + 1, failed, open),
            GateOutcome::Failed => (all + 1, failed + 1, open),
            GateOutcome::Inconclusive | GateOutcome::Invalid => (all + 1, failed, open + 1),
        }
    })
}

fn put(xml: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(xml, "{line}").expect("a text takes all that is written");
}

/// Text for XML 1.0, inside and outside of attributes. Characters that XML 1.0 has no way to write (section 2.2 of the
/// recommendation: most controls, U+FFFE, U+FFFF) become U+FFFD.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // Attributes would turn these into spaces.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(
            escaped("a<b & \"c\">'d'"),
            "a&lt;b &amp; &quot;c&quot;&gt;&apos;d&apos;"
        );
        assert_eq!(
            escaped("line\nnext\u{1b}[31m\u{0}"),
            "line&#10;next\u{fffd}[31m\u{fffd}"
        );
        assert_eq!(escaped("−3 % ±"), "−3 % ±");
    }
}
