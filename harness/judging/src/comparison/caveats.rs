//! What a comparison's verdict is worth: the run's own caveats about the cells in question, and those of comparing.

use std::collections::BTreeSet;

use documents::figures::{counted, listed};
use documents::finding::Severity;
use documents::warning::Warning;
use record::run::Run;

use super::matched::{Matched, Measured};
use super::select::Selector;

/// Caveats of the ranking that are about rankings only, or said differently here.
const OF_RANKINGS: [&str; 2] = ["same_cells", "noisy_host"];

/// The run's own caveats, as far as they touch the cells that are compared.
pub(crate) fn caveats(measured: &Measured<'_>, matched: &[Matched<'_>]) -> Vec<Warning> {
    let mut cells: BTreeSet<String> = BTreeSet::new();
    let mut targets: BTreeSet<&str> = BTreeSet::new();
    for own in matched {
        targets.extend([own.baseline.target, own.candidate.target]);
        for &(b, c) in &own.pairs {
            cells.insert(own.baseline.cells[b].cell.id.to_string());
            cells.insert(own.candidate.cells[c].cell.id.to_string());
        }
    }
    let touches = |warning: &Warning| {
        let target = warning.target.as_deref();
        let own_target = target.is_none_or(|target| targets.contains(target));
        let own_cell =
            warning.cells.is_empty() || warning.cells.iter().any(|cell| cells.contains(cell));
        own_target && own_cell && !OF_RANKINGS.contains(&warning.code.as_str())
    };
    let mut caveats: Vec<Warning> = measured
        .ranking
        .warnings
        .iter()
        .filter(|warning| touches(warning))
        .cloned()
        .collect();
    caveats.extend(matched.iter().filter_map(other_rate));
    caveats.extend(matched.iter().filter_map(unmatched));
    caveats
}

/// A cell that was picked because it came out best looks better than it is.
pub(super) fn picked_by_rank(sides: [&Selector; 2]) -> Option<Warning> {
    let picked = sides.iter().any(|side| matches!(side, Selector::Rank(_)));
    picked.then(|| {
        caveat(
            Severity::Warn,
            "picked_by_rank",
            "a cell named by its rank was picked by the same trials that now judge it, which flatters it (winner's \
             curse)."
                .to_owned(),
            "Measure the pair again in a run of its own before acting on it.",
        )
    })
}

/// Everything that two runs may differ in besides what was meant.
pub(super) fn between_runs(
    baseline: &Measured<'_>,
    candidate: &Measured<'_>,
    matched: &[Matched<'_>],
) -> Vec<Warning> {
    let (b, c) = (baseline.run, candidate.run);
    let mut found = vec![caveat(
        Severity::Warn,
        "unpaired",
        "the two runs were measured one after the other, so all that changed on the host in between counts as a \
         difference of theirs."
            .to_owned(),
        "A nightly check should measure its baseline again, interleaved in one run, and compare within that run.",
    )];
    if b.host.fingerprint != c.host.fingerprint {
        found.push(caveat(
            Severity::Critical,
            "cross_host",
            format!(
                "the runs are of different hosts ({} against {}): the difference is the hosts' as much as the \
                 service's.",
                documents::figures::host_text(&b.host),
                documents::figures::host_text(&c.host)
            ),
            "Take it as a difference of hosts; for one of services measure both on one host.",
        ));
    }
    let differs: Vec<&str> = [
        ("versions of gosweep", b.tool != c.tool),
        ("Go toolchains", toolchains(b) != toolchains(c)),
        ("builds of the targets", artifacts(b) != artifacts(c)),
        ("matrix files", b.matrix.text != c.matrix.text),
    ]
    .into_iter()
    .filter_map(|(what, differs)| differs.then_some(what))
    .collect();
    if !differs.is_empty() {
        found.push(caveat(
            Severity::Info,
            "runs_differ",
            format!("the runs differ in their {}.", listed(&differs)),
            "Make sure that this is the difference you mean to judge.",
        ));
    }
    for own in matched {
        found.extend(other_rate(own));
        found.extend(unmatched(own));
    }
    for (name, measured) in [("baseline", baseline), ("candidate", candidate)] {
        found.extend(
            caveats_of_run(measured, matched)
                .into_iter()
                .map(|warning| Warning {
                    message: format!("{name}: {}", warning.message),
                    ..warning
                }),
        );
    }
    found
}

fn caveats_of_run(measured: &Measured<'_>, matched: &[Matched<'_>]) -> Vec<Warning> {
    // What was said about pairing holds for the two runs, not within one of them.
    let mut own = caveats(measured, matched);
    own.retain(|warning| !["other_rate", "unmatched"].contains(&warning.code.as_str()));
    own
}

fn toolchains(run: &Run) -> BTreeSet<&str> {
    run.toolchains
        .iter()
        .map(|own| own.version.as_str())
        .collect()
}

fn artifacts(run: &Run) -> BTreeSet<&str> {
    run.artifacts
        .iter()
        .map(|own| own.sha256.as_str())
        .collect()
}

/// Two runs, or two targets of one, each have a constant rate of their own.
fn other_rate(matched: &Matched<'_>) -> Option<Warning> {
    let [before, after] = matched.other_rates?;
    Some(Warning {
        target: Some(matched.target().to_owned()),
        ..caveat(
            Severity::Critical,
            "other_rate",
            format!(
                "the constant rates differ ({before:.0}/s and {after:.0}/s), so latencies, GC figures and CPU per request \
                 are of different loads and decide nothing."
            ),
            "Give the rate in requests per second (`rate: 5000/s`) instead of a share of the control's capacity.",
        )
    })
}

fn unmatched(matched: &Matched<'_>) -> Option<Warning> {
    const MOST_SHOWN: usize = 5;
    let count = matched.unmatched.len();
    (count > 0).then(|| {
        let mut names: Vec<String> = matched.unmatched.iter().take(MOST_SHOWN).cloned().collect();
        if count > MOST_SHOWN {
            names.push(format!("{} more", count - MOST_SHOWN));
        }
        Warning {
            target: Some(matched.target().to_owned()),
            ..caveat(
                Severity::Info,
                "unmatched",
                format!(
                    "{} without a counterpart on the other side: {}.",
                    counted(count, "cell"),
                    listed(&names)
                ),
                "These cells are not compared.",
            )
        }
    })
}

fn caveat(severity: Severity, code: &str, message: String, next_step: &str) -> Warning {
    Warning {
        code: code.to_owned(),
        severity,
        target: None,
        cells: Vec::new(),
        trials: Vec::new(),
        message,
        next_step: next_step.to_owned(),
    }
}

/// The headlines of several targets in one.
pub(crate) fn pooled_over_targets<'a>(
    headlines: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
) -> String {
    let several = headlines.len() > 1;
    let lines: Vec<String> = headlines
        .map(|(target, headline)| match several {
            true => format!("{target}: {headline}"),
            false => headline.to_owned(),
        })
        .collect();
    lines.join(" | ")
}
