//! The outcome of a self-test on a real run, for a terminal.

use documents::figures::counted;
use documents::proof::{Check, Outcome, Proof};

use crate::layout::{Layout, TerminalOptions, visible};

/// The proof as text: the verdict first, then every check with what was promised and what was seen.
pub fn proof_text(proof: &Proof, options: TerminalOptions) -> String {
    let layout = Layout { options };
    let verdict = format!("{}: {}", proof.verdict.label(), told(proof));
    let headline = layout.wrapped("SELFTEST ", &verdict);
    let mut text = layout.paint(colour(proof.verdict), headline.trim_end());
    text.push('\n');
    for check in &proof.checks {
        text.push('\n');
        text.push_str(&check_text(&layout, check));
    }
    text
}

fn told(proof: &Proof) -> String {
    let all = counted(proof.checks.len(), "check");
    let with = |outcome| {
        let checks = proof.checks.iter();
        checks.filter(|check| check.outcome == outcome).count()
    };
    let (held, open) = (with(Outcome::Holds), with(Outcome::Inconclusive));
    match proof.verdict {
        Outcome::Holds => format!("what is known of these cells is what was measured, by {all}"),
        Outcome::Inconclusive => format!(
            "{held} of {all} held and none failed; {open} undecided for want of measurements, with what would do"
        ),
        Outcome::Fails => format!(
            "{} of {all} contradict what is known of these cells",
            with(Outcome::Fails)
        ),
    }
}

fn check_text(layout: &Layout, check: &Check) -> String {
    let name = check.name.replace('_', " ");
    let title = format!("{} · {}: {}", check.target, name, check.about);
    let outcome = format!("{:<13}", check.outcome.label());
    let mut text = layout.wrapped(&outcome, &visible(&title));
    text.push_str(&layout.wrapped("  promised   ", &check.promised));
    text.push_str(&layout.wrapped("  observed   ", &check.observed));
    let fails = match check.fails.as_str() {
        "" => "nothing: as few blocks could not fail",
        fails => fails,
    };
    text.push_str(&layout.wrapped("  would fail ", fails));
    if let Some(needed) = &check.needed {
        text.push_str(&layout.wrapped("  needs      ", needed));
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
