//! Words and blocks that several documents share.

use documents::figures::{NOT_OBSERVED, value_text};
use documents::finding::Severity;
use documents::warning::{Warning, severity_word};
use record::objective::Objective;

use crate::block::{Block, Evidence, Finding, Section, Title, Tone};
use crate::text::Text;

/// Trials named with a warning before it says "and n more".
const TRIALS_NAMED: usize = 6;

/// The warnings, or nothing.
pub(super) fn warnings(warnings: &[Warning], name_targets: bool) -> Option<Block> {
    let findings: Vec<Finding> = warnings
        .iter()
        .map(|own| warning(own, name_targets))
        .collect();
    let title = Title::topic("Warnings").about(format!("({})", findings.len()));
    let section = || Section::linked("warnings", title, vec![Block::Findings(findings)]);
    (!warnings.is_empty()).then(section)
}

fn warning(warning: &Warning, name_target: bool) -> Finding {
    let message = warning.message.as_str();
    let text = match &warning.target {
        Some(target) if name_target => Text::strong(target).then(format!(": {message}")),
        _ => message.into(),
    };
    Finding {
        evidence: Evidence {
            summary: trials_named(&warning.trials),
            ..Evidence::default()
        },
        next: vec![warning.next_step.clone()],
        ..Finding::new(
            severity_word(warning.severity),
            tone(warning.severity),
            text,
        )
    }
}

/// `trials: a, b and 3 more`, or nothing.
fn trials_named(trials: &[String]) -> String {
    let named: Vec<&str> = trials
        .iter()
        .take(TRIALS_NAMED)
        .map(String::as_str)
        .collect();
    match (named.as_slice(), trials.len() - named.len()) {
        ([], _) => String::new(),
        (named, 0) => format!("trials: {}", named.join(", ")),
        (named, more) => format!("trials: {} and {more} more", named.join(", ")),
    }
}

/// A value of an objective with its unit, or that there is none.
pub(super) fn value_or_none(objective: Objective, value: Option<f64>) -> String {
    value.map_or_else(
        || NOT_OBSERVED.to_owned(),
        |value| value_text(objective, value),
    )
}

/// The tone of a severity.
pub(super) fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Bad,
        Severity::Warn => Tone::Caution,
        Severity::Info => Tone::Plain,
    }
}

/// An id for links: the number and not a name, which may hold anything.
pub(super) fn anchor(kind: &str, at: usize) -> String {
    format!("{kind}-{}", at + 1)
}
