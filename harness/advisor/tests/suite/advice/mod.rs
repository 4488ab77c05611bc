//! The advisor on captured evidence: what must fire fires, and healthy evidence stays quiet.

mod blocks;
mod captured;
mod changed;
mod fixtures;
mod page;
mod partial;
mod run;
mod shares;

use documents::finding::{Judgement, Severity};

/// The severity at which a rule fired.
fn severity(judgement: &Judgement, rule: &str) -> Option<Severity> {
    let finding = judgement.findings.iter().find(|own| own.rule == rule)?;
    Some(finding.severity)
}

/// Every rule with what became of it, for a person who reads a snapshot.
fn summary(judgement: &Judgement) -> String {
    let mut text = String::new();
    for own in &judgement.findings {
        let (word, held) = (own.severity.word(), &own.held);
        text.push_str(&format!(
            "{} {word}: {} [{} of {}]\n",
            own.rule, own.signal, held.samples, held.of
        ));
    }
    for own in &judgement.once {
        text.push_str(&format!("{} once: {}\n", own.rule, own.evidence[0].shows));
    }
    let missing = judgement.not_judged.iter().map(|own| own.rule.as_str());
    let missing: Vec<&str> = missing.collect();
    format!(
        "{text}quiet: {}\nnot judged: {}\n",
        judgement.quiet.join(" "),
        missing.join(" ")
    )
}
