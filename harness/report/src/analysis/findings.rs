//! What the advisor's rules say of it.

use documents::figures::counted;
use documents::finding::{Finding, Judgement};

use crate::layout::Layout;

/// Samples named with a finding.
const MOST_SEEN: usize = 3;

pub(super) fn findings_text(layout: &Layout, judgements: &[Judgement]) -> String {
    let mut text = String::new();
    for judgement in judgements {
        let looked = judgement.findings.len() + judgement.quiet.len() + judgement.once.len();
        if judgement.findings.is_empty() && judgement.once.is_empty() {
            continue;
        }
        text.push('\n');
        text.push_str(&layout.wrapped(
            "FINDINGS ",
            &format!(
                "{}: {} of {} that could be judged fired",
                judgement.subject,
                judgement.findings.len(),
                counted(looked, "rule")
            ),
        ));
        for finding in &judgement.findings {
            text.push_str(&finding_text(layout, finding));
        }
        for once in &judgement.once {
            let shown = once.evidence.first();
            let shown = shown.map(|seen| format!(": {} ({})", seen.shows, seen.sample));
            text.push_str(&layout.wrapped(
                "  once     ",
                &format!(
                    "{} ({}) in too few samples to tell it from chance{}",
                    once.title,
                    once.rule,
                    shown.unwrap_or_default()
                ),
            ));
        }
    }
    text
}

fn finding_text(layout: &Layout, finding: &Finding) -> String {
    let mut text = layout.wrapped(
        &format!("  {:<9}", finding.severity.word()),
        &format!(
            "{} ({}): {}, in {} of {}",
            finding.title,
            finding.rule,
            finding.signal,
            finding.held.samples,
            counted(finding.held.of, "sample")
        ),
    );
    text.push_str(&layout.wrapped("           ", &finding.cause));
    for own in &finding.tries {
        text.push_str(&layout.wrapped("           → ", &own.what));
    }
    if !finding.does_not_apply.is_empty() {
        text.push_str(&layout.wrapped("           not if: ", &finding.does_not_apply));
    }
    for seen in finding.evidence.iter().take(MOST_SEEN) {
        text.push_str(
            &layout.wrapped("           · ", &format!("{}: {}", seen.sample, seen.shows)),
        );
    }
    text
}
