//! Words and blocks that several documents share.

use record::objective::Objective;
use record::run::Host;

use crate::figures::{NOT_OBSERVED, counted, value_text};
use crate::ranking::{Effect, Severity, Warning};
use crate::report::block::{Block, Evidence, Finding, Section, Text, Title, Tone};

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
    let (severity, tone) = match warning.severity {
        Severity::Serious => ("serious", Tone::Bad),
        Severity::Caution => ("caution", Tone::Caution),
        Severity::Note => ("note", Tone::Plain),
    };
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
        ..Finding::new(severity, tone, text)
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

/// An effect as a sign and in a word.
pub(super) fn mark(effect: Effect) -> (&'static str, &'static str) {
    match effect {
        Effect::Better => ("▲", "better"),
        Effect::Worse => ("▼", "worse"),
        Effect::WithinMargin => ("=", "within the margin"),
        Effect::Unclear => ("?", "cannot tell"),
        Effect::Control | Effect::NoData => ("", ""),
    }
}

/// A value of an objective with its unit, or that there is none.
pub(super) fn value_or_none(objective: Objective, value: Option<f64>) -> String {
    value.map_or_else(
        || NOT_OBSERVED.to_owned(),
        |value| value_text(objective, value),
    )
}

/// A host in one line: `cpu, 2 CPUs, ...`.
pub(crate) fn host_text(host: &Host) -> String {
    let mut parts = vec![
        host.cpu.clone(),
        counted(host.cpus, "CPU"),
        record::quantity::format_bytes(host.memory_bytes as f64),
        format!("kernel {}", host.kernel),
        host.os.clone(),
    ];
    parts.extend(host.virtualization.clone());
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// An id for links: the number and not a name, which may hold anything.
pub(super) fn anchor(kind: &str, at: usize) -> String {
    format!("{kind}-{}", at + 1)
}
