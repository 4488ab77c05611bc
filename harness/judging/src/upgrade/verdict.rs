//! What follows from the figures.

use documents::figures::{counted, ratio_text, significant};
use documents::upgrade::{ObjectiveVerdict, UpgradeObjective, UpgradeVerdict};

use super::figures::Judged;

/// A verdict, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The verdict.
    pub verdict: UpgradeVerdict,
    /// Why, in a sentence.
    pub reason: String,
    /// What would decide, or what to do next; may be empty.
    pub next: String,
}

/// The verdict over all figures that decide: worse in one is worse.
pub fn verdict(judged: &[Judged]) -> Finding {
    let deciding = || {
        judged
            .iter()
            .map(|own| &own.shown)
            .filter(|own| own.decides)
    };
    let those = |verdict| deciding().filter(move |own| own.verdict == Some(verdict));
    let texts = |verdict| those(verdict).map(change).collect::<Vec<_>>().join("; ");
    let finding = |verdict, reason: String, next: String| Finding {
        verdict,
        reason,
        next,
    };
    if deciding().all(|own| own.verdict.is_none()) {
        let reason = "no valid trials of both toolchains in the same blocks".to_owned();
        return finding(UpgradeVerdict::Invalid, reason, String::new());
    }
    if those(ObjectiveVerdict::Regressed).next().is_some() {
        let next =
            "see what carries it, below; stay on the old version, or set the switch".to_owned();
        return finding(
            UpgradeVerdict::Regressed,
            texts(ObjectiveVerdict::Regressed),
            next,
        );
    }
    if those(ObjectiveVerdict::Inconclusive).next().is_some() {
        let open: Vec<&UpgradeObjective> = those(ObjectiveVerdict::Inconclusive).collect();
        let reason = format!("cannot tell: {}", texts(ObjectiveVerdict::Inconclusive));
        return finding(UpgradeVerdict::Inconclusive, reason, what_decides(&open));
    }
    if those(ObjectiveVerdict::Improved).next().is_some() {
        let reason = format!("{}; worse in nothing", texts(ObjectiveVerdict::Improved));
        return finding(UpgradeVerdict::Improved, reason, String::new());
    }
    let judged = deciding().filter(|own| own.verdict.is_some()).count();
    let reason = format!(
        "no worse than the margin in all of {}",
        counted(judged, "figure")
    );
    finding(UpgradeVerdict::Safe, reason, String::new())
}

fn change(own: &UpgradeObjective) -> String {
    let margin = significant(own.margin * 100.0);
    match own.ratio {
        Some(ratio) => format!(
            "{} {} (margin {margin}%)",
            own.heading,
            ratio_text(ratio, own.interval)
        ),
        None => format!("{} (margin {margin}%)", own.heading),
    }
}

fn what_decides(open: &[&UpgradeObjective]) -> String {
    let blocks = open
        .iter()
        .map(|own| own.more_blocks)
        .collect::<Option<Vec<_>>>();
    if let Some(most) = blocks.and_then(|blocks| blocks.into_iter().max()) {
        return format!(
            "{} would decide with 80% chance",
            counted(most, "more block")
        );
    }
    let names: Vec<&str> = open
        .iter()
        .filter(|own| own.more_blocks.is_none())
        .map(|own| own.heading.as_str())
        .collect();
    format!(
        "more blocks alone will not decide {}: quiet the host (gosweep host), or lengthen the windows",
        names.join(", ")
    )
}
