//! A self-test on a real run: the verdict first, then every check with what was promised and what was seen.

use documents::figures::counted;
use documents::proof::{Check, Outcome, Proof};

use crate::block::{Block, Lead, Page, Section, Title, Tone, Verdict};
use crate::format::Document;

impl Document for Proof {
    fn page(&self) -> Page {
        let verdict = Verdict {
            outcome: self.verdict.label(),
            tone: match self.verdict {
                Outcome::Holds => Tone::Good,
                Outcome::Inconclusive => Tone::Caution,
                Outcome::Fails => Tone::Bad,
            },
            action: told(self),
            leads: Vec::new(),
        };
        let checks = self.checks.iter().map(check);
        Page {
            title: "Self-test".to_owned(),
            blocks: std::iter::once(Block::Verdict(verdict))
                .chain(checks)
                .collect(),
        }
    }
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

fn check(check: &Check) -> Block {
    let name = check.name.replace('_', " ");
    let about = format!("{} · {name}: {}", check.target, check.about);
    let fails = match check.fails.as_str() {
        "" => "nothing: as few blocks could not fail",
        fails => fails,
    };
    let mut leads = vec![
        Lead::new("promised", &check.promised),
        Lead::new("observed", &check.observed),
        Lead::new("would fail", fails),
    ];
    leads.extend(
        check
            .needed
            .as_ref()
            .map(|needed| Lead::new("needs", needed)),
    );
    let title = Title::topic(check.outcome.label()).about(about);
    Section::block(title, vec![Block::Leads(leads)])
}
