//! The document, put together.

use std::collections::BTreeMap;

use documents::figures::host_text;
use documents::upgrade::{
    ComparisonKind, Origin, OtherComparison, TargetUpgrade, UPGRADE_FORMAT, Upgrade, UpgradeVerdict,
};
use judging::evidence::targets;
use judging::upgrade::{Candidate, Judged, UpgradeTrials, compare, verdict};
use record::run::{Cell, Run};
use record::trial::Trial;

use super::defaults::{Sides, go_line, version_of};
use super::scan::{ModuleSources, scan};
use super::switches::{Switched, attributed};
use super::{facts, latencies, samples};
use crate::error::AdvisorError;
use crate::of_run::Raw;
use crate::warnings;

/// What a page on an upgrade is made of.
pub struct UpgradeGiven<'a> {
    /// The run in which the versions stand side by side.
    pub run: &'a Run,
    /// Its trials.
    pub trials: &'a [Trial],
    /// The old toolchain as the matrix names it; the control's where nobody says.
    pub from: Option<&'a str>,
    /// The new ones; every other where nobody says.
    pub to: &'a [String],
    /// Reads the raw evidence of a trial; what is gone is `None`.
    pub raw: &'a dyn Fn(&Trial) -> Raw,
    /// What was read of the targets' modules, by target.
    pub sources: &'a BTreeMap<String, ModuleSources>,
    /// The runs with switches back.
    pub switched: &'a [Switched<'a>],
    /// The command that measures again.
    pub command: String,
    /// Version and revision of the gosweep that judges.
    pub tool: String,
}

/// One target under one new version, with the comparison that decides.
pub(super) struct Compared<'a> {
    pub(super) target: String,
    pub(super) toolchain: String,
    pub(super) sides: Sides,
    pub(super) trials: std::rc::Rc<UpgradeTrials<'a>>,
    pub(super) cell: usize,
    pub(super) new: Cell,
    pub(super) judged: Vec<Judged>,
    /// The comparison that does not decide.
    pub(super) other: Option<Vec<Judged>>,
}

/// Every target and version of a run.
pub(super) fn compared<'a>(given: &UpgradeGiven<'a>) -> Result<Vec<Compared<'a>>, AdvisorError> {
    let mut all = Vec::new();
    for target in targets(given.run) {
        let found =
            UpgradeTrials::of_target(given.run, target, given.trials, given.from, given.to)?;
        let Some(trials) = found.map(std::rc::Rc::new) else {
            continue;
        };
        let mut names: Vec<&str> = Vec::new();
        for candidate in &trials.candidates {
            if !names.contains(&candidate.toolchain.as_str()) {
                names.push(&candidate.toolchain);
            }
        }
        for name in names {
            all.extend(one(given, target, &trials, name));
        }
    }
    Ok(all)
}

fn one<'a>(
    given: &UpgradeGiven<'a>,
    target: &str,
    trials: &std::rc::Rc<UpgradeTrials<'a>>,
    toolchain: &str,
) -> Option<Compared<'a>> {
    let of = |full: bool| {
        let mut all = trials.candidates.iter();
        all.find(|own| own.toolchain == toolchain && own.full == full)
    };
    let decides: &Candidate = of(true).or_else(|| of(false))?;
    let other = of(false).filter(|_| decides.full);
    let old = trials.cell(trials.old);
    let old_name = old.axes.get("toolchain").map_or("default", String::as_str);
    let module = given
        .sources
        .get(target)
        .and_then(|own| own.go_mod.as_ref());
    Some(Compared {
        target: target.to_owned(),
        toolchain: toolchain.to_owned(),
        sides: Sides {
            from: version_of(given.run, old_name)?,
            to: version_of(given.run, toolchain)?,
            module_line: module.and_then(|(_, text)| go_line(text)),
            full: decides.full,
        },
        cell: decides.cell,
        new: trials.cell(decides.cell).clone(),
        judged: compare(trials, decides.cell),
        other: other.map(|own| compare(trials, own.cell)),
        trials: trials.clone(),
    })
}

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
