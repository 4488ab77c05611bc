//! The outcome of a self-test on a real run, for a terminal.

use super::layout::{Layout, TerminalOptions, visible};
use crate::proof::{Outcome, Proof};

/// The proof as text: the verdict first, then every check with what was promised and what was seen.
pub fn proof_text(proof: &Proof, options: TerminalOptions) -> String {
    let layout = Layout { options };
    let told = match proof.verdict {
        Outcome::Holds => "what is known of these cells is what the ranking says",
        Outcome::Inconclusive => "too little was measured to tell; run more blocks",
        Outcome::Fails => "the ranking contradicts what is known of these cells",
    };
    let headline = layout.wrapped("SELFTEST ", &format!("{}: {told}", proof.verdict.label()));
    let mut text = layout.paint(colour(proof.verdict), headline.trim_end());
    text.push('\n');
    for check in &proof.checks {
        let name = check.name.replace('_', " ");
        let title = format!("{} · {}: {}", check.target, name, check.about);
        text.push('\n');
        let outcome = format!("{:<13}", check.outcome.label());
        text.push_str(&layout.wrapped(&outcome, &visible(&title)));
        text.push_str(&layout.wrapped("  promised   ", &check.promised));
        text.push_str(&layout.wrapped("  observed   ", &check.observed));
    }
    text
}

fn colour(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "1;32",
        Outcome::Inconclusive => "1;33",
        Outcome::Fails => "1;31",
    }
}
