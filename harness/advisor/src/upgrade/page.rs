//! The document, put together.

use documents::figures::host_text;
use documents::upgrade::{
    ComparisonKind, Origin, OtherComparison, TargetUpgrade, UPGRADE_FORMAT, Upgrade, UpgradeVerdict,
};
use judging::upgrade::{Judged, verdict};

use super::compared::{Compared, UpgradeGiven, compared};
use super::defaults::Sides;
use super::scan::scan;
use super::switches::attributed;
use super::{facts, latencies, samples};
use crate::error::AdvisorError;
use crate::warnings;

/// The page on an upgrade; `None` where the run has no two toolchains to compare.
///
/// # Errors
/// [`AdvisorError`]: a record that contradicts itself.
pub fn upgrade(given: &UpgradeGiven<'_>) -> Result<Option<Upgrade>, AdvisorError> {
    let compared = compared(given)?;
    let Some(first) = compared.first() else {
        return Ok(None);
    };
    let from = first.sides.from.number();
    let blocks = first.trials.evidence.complete.len();
    let mut to: Vec<String> = compared.iter().map(|own| own.sides.to.number()).collect();
    to.dedup();
    to.sort();
    to.dedup();
    let targets = compared
        .iter()
        .map(|own| target(given, own))
        .collect::<Result<Vec<_>, _>>()?;
    let verdict = targets.iter().map(|own| own.verdict).max();
    let warnings = warnings::measured(given.run, given.trials)?
        .ranking
        .warnings;
    Ok(Some(Upgrade {
        format: UPGRADE_FORMAT,
        verdict: verdict.unwrap_or(UpgradeVerdict::Invalid),
        from,
        to,
        targets,
        warnings,
        method: method(),
        samples: samples::samples(given, &compared),
        origin: Origin {
            run: given.run.id.clone(),
            started: given.run.started.clone(),
            blocks,
            command: given.command.clone(),
            host: host_text(&given.run.host),
            tool: given.tool.clone(),
        },
    }))
}

fn target(given: &UpgradeGiven<'_>, own: &Compared<'_>) -> Result<TargetUpgrade, AdvisorError> {
    let finding = verdict(&own.judged);
    let (attribution, switches_tried, attribution_text) = attributed(given, own)?;
    let shown = |judged: &[Judged]| {
        judged
            .iter()
            .map(|own| own.shown.clone())
            .collect::<Vec<_>>()
    };
    let other = own.other.as_ref().map(|judged| {
        let finding = verdict(judged);
        OtherComparison {
            verdict: finding.verdict,
            reason: finding.reason,
            objectives: shown(judged),
        }
    });
    let cells = [own.trials.old, own.cell].map(|cell| &own.trials.evidence.cells[cell]);
    let sources = given.sources.get(&own.target).cloned().unwrap_or_default();
    let mut recommended: Vec<String> = attribution
        .iter()
        .filter(|named| is_loss(&own.judged, &named.objective))
        .map(|named| line(&named.switch))
        .collect();
    recommended.dedup();
    Ok(TargetUpgrade {
        target: own.target.clone(),
        from: own.sides.from.to_string(),
        to: own.sides.to.to_string(),
        verdict: finding.verdict,
        reason: finding.reason,
        next: finding.next,
        comparison: match own.sides.full {
            true => ComparisonKind::FullUpgrade,
            false => ComparisonKind::ToolchainOnly,
        },
        objectives: shown(&own.judged),
        toolchain_only: other,
        attribution,
        attribution_text,
        switches_tried,
        defaults_changed: own.sides.defaults(),
        scan: scan(&sources, &own.sides),
        latencies: latencies::compare(cells, [&own.sides.from, &own.sides.to], given.raw),
        builds: facts::builds(given.run, cells[0].cell, cells[1].cell, &own.sides),
        recommended,
        undo: undo(&own.sides),
    })
}

/// Whether a figure got worse: what carries a gain is nothing to switch off.
fn is_loss(judged: &[Judged], name: &str) -> bool {
    let own = judged.iter().find(|own| own.shown.name == name);
    own.is_some_and(|own| {
        own.shown.verdict == Some(documents::upgrade::ObjectiveVerdict::Regressed)
    })
}

/// A switch as a line to paste.
fn line(switch: &str) -> String {
    match switch.split_once('=') {
        Some(("GODEBUG", _)) => format!("export {switch}"),
        Some(("GOEXPERIMENT", _)) => format!("{switch} go build …"),
        _ => format!("# keep {switch}"),
    }
}

fn undo(sides: &Sides) -> Vec<String> {
    let mut lines = vec![format!("# build with Go {}", sides.from.number())];
    if let (true, Some(own)) = (sides.full, &sides.module_line) {
        lines.push(format!("go mod edit -go={}.{}", own.major(), own.minor()));
    }
    lines
}

fn method() -> Vec<String> {
    [
        "Ratios are new to old: Hodges-Lehmann medians of the blockwise log ratios with signed-rank intervals of 95% \
         (Student's below 6 blocks). Old and new toolchain run in the same blocks, in random order, the old one twice.",
        "REGRESSED, IMPROVED and NO WORSE as in `compare`: the whole interval beyond the margin, and the change larger \
         than what the old toolchain shows against its own duplicate.",
        "A switch is named where the new version with it, against the new version in fresh blocks, loses at least half \
         of the difference; intervals are corrected for the number of switches and figures (Bonferroni).",
    ]
    .map(str::to_owned)
    .to_vec()
}
