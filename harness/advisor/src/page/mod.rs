//! The page of advice: for one cell and for the whole run, as a good colleague would write it.
//!
//! Main function: [`advise`], from a run's evidence and ranking to an [`Advice`]; [`report`] prints it.
//!
//! Deliberately absent: any new figure. Effects and intervals are the ranking's, numbers of findings the rules'.

mod limits;
mod recommend;

use std::collections::BTreeMap;

use documents::advice::{
    ADVICE_FORMAT, Advice, CellAdvice, CellName, CodeChange, InvalidatedBy, TargetAdvice,
};
use documents::figures::{host_text, value_text};
use documents::finding::{Family, Finding, Judgement, TryKind};
use documents::ranking::{CellRanking, Ranking, TargetRanking};
use judging::JudgingError;
use judging::evidence::matrix_of;
use judging::exploration::explore;
use record::cell::CellId;
use record::objective::Objective;
use record::run::Run;
use record::threshold::Thresholds;
use record::trial::Trial;

use crate::catalogue::rules;
use crate::diagnosis::Kept;
use crate::error::AdvisorError;
use crate::evidence::RuleEvidence;
use crate::judge::judge;
use crate::of_run::{Raw, Source, TargetEvidence, of_run};
use crate::signal::Signal;

/// Findings that lead the page.
const TOP: usize = 3;
/// Code changes that the page lists.
const MOST_CODE: usize = 5;

/// How to advise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdviseOptions {
    /// The cell that the page is about, by id or by label; the control if absent.
    pub cell: Option<String>,
    /// Thresholds besides those of the matrix.
    pub thresholds: Option<Thresholds>,
}

/// What advice is made of.
pub struct Given<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its trials.
    pub trials: &'a [Trial],
    /// Its ranking.
    pub ranking: &'a Ranking,
    /// Its diagnoses, with the files that are still there.
    pub diagnoses: &'a [Kept],
    /// Reads the raw evidence of a trial; what is gone is `None`.
    pub raw: &'a dyn Fn(&Trial) -> Raw,
}

/// Advises on a run.
///
/// # Errors
/// [`AdvisorError`]: a record that contradicts itself, or a cell that the run does not have.
pub fn advise(given: &Given<'_>, options: &AdviseOptions) -> Result<Advice, AdvisorError> {
    let Given {
        run,
        trials,
        ranking,
        ..
    } = *given;
    let matrix = matrix_of(run)?;
    let objectives = [
        Objective::Qps,
        Objective::P99,
        Objective::GcPerKreq,
        Objective::Rss,
    ];
    let exploration = explore(run, trials, &objectives)?;
    let source = Source {
        run,
        trials,
        ranking,
        exploration: &exploration,
        diagnoses: given.diagnoses,
        raw: given.raw,
    };
    let thresholds = options.thresholds.as_ref().unwrap_or(&matrix.thresholds);
    let evidence = of_run(&source, &matrix)?;
    check_cell(ranking, options)?;
    let targets = ranking.targets.iter().filter_map(|target| {
        let own = evidence.iter().find(|own| own.target == target.target)?;
        let named = |cell: &CellRanking| {
            let wanted = options.cell.as_deref();
            wanted.is_none_or(|wanted| cell.id == wanted || cell.label == wanted)
        };
        let is_asked_for = target.cells.iter().any(named);
        is_asked_for.then(|| of_target(ranking, target, own, thresholds, options))
    });
    Ok(Advice {
        format: ADVICE_FORMAT,
        run: run.id.clone(),
        matrix: ranking.provenance.matrix.clone(),
        conditions: conditions(ranking),
        targets: targets.collect(),
    })
}

fn check_cell(ranking: &Ranking, options: &AdviseOptions) -> Result<(), AdvisorError> {
    let Some(wanted) = &options.cell else {
        return Ok(());
    };
    let cells = ranking.targets.iter().flat_map(|target| &target.cells);
    if cells
        .clone()
        .any(|cell| cell.id == *wanted || cell.label == *wanted)
    {
        return Ok(());
    }
    let known: Vec<&str> = cells.map(|cell| cell.label.as_str()).take(8).collect();
    Err(JudgingError::Side {
        side: wanted.clone(),
        reason: format!(
            "names no cell of this run; its cells are e.g. `{}`",
            known.join("`, `")
        ),
    }
    .into())
}

fn of_target(
    ranking: &Ranking,
    target: &TargetRanking,
    evidence: &TargetEvidence,
    thresholds: &Thresholds,
    options: &AdviseOptions,
) -> TargetAdvice {
    let mut whole = judge(&evidence.whole, thresholds);
    whole.not_judged.retain(|own| of_the_whole(&own.rule));
    let judged: Vec<(&CellId, &RuleEvidence, Judgement)> = evidence
        .cells
        .iter()
        .map(|(id, own)| {
            let mut judgement = judge(own, thresholds);
            judgement.not_judged.retain(|own| !of_the_whole(&own.rule));
            (id, own, judgement)
        })
        .collect();
    let by_id: BTreeMap<String, (&RuleEvidence, &Judgement)> = judged
        .iter()
        .map(|(id, own, judgement)| (id.to_string(), (*own, judgement)))
        .collect();
    let about = target
        .cells
        .iter()
        .find(|cell| match &options.cell {
            Some(wanted) => cell.id == *wanted || cell.label == *wanted,
            None => cell.control,
        })
        .or(target.cells.first());
    let about_name = about.map(recommend::name).unwrap_or(CellName {
        id: String::new(),
        label: String::new(),
        control: false,
    });
    let of_about = by_id.get(&about_name.id);
    let limits = of_about
        .map(|(own, judgement)| limits::limits(own, judgement))
        .unwrap_or_default();
    let own_findings = of_about.map(|(_, judgement)| judgement.findings.as_slice());
    let findings: Vec<&Finding> = own_findings
        .unwrap_or_default()
        .iter()
        .chain(&whole.findings)
        .collect();
    let advice = recommend::Judged {
        thresholds,
        ranking,
        target,
        whole: &whole,
        cells: by_id.iter().map(|(id, own)| (id.as_str(), *own)).collect(),
    };
    let (shown, undecided) = recommend::no_difference(target)
        .into_iter()
        .partition(|own| own.shown);
    TargetAdvice {
        target: target.target.clone(),
        about: about_name,
        limits,
        invalidated_by: about
            .zip(of_about)
            .map(|(cell, (own, _))| invalidated_by(cell, own))
            .unwrap_or_default(),
        top: top(&findings),
        setting: recommend::setting(&advice),
        no_difference: shown,
        undecided,
        code: code(&findings),
        cells: cells(target, &by_id),
        whole: whole.clone(),
    }
}

/// Why a cell has no valid trial, by rule.
fn invalidated_by(cell: &CellRanking, evidence: &RuleEvidence) -> Vec<InvalidatedBy> {
    if evidence.trials > 0 {
        return Vec::new();
    }
    let mut found: BTreeMap<Option<&str>, (usize, &str)> = BTreeMap::new();
    let invalid = cell.invalid.iter().flat_map(|trial| &trial.reasons);
    let rules = invalid.filter_map(|reason| {
        let (rule, message) = reason.split_once(": ")?;
        Some((Some(rule), message))
    });
    let failed = cell.failures.iter();
    let failed = failed.map(|own| (None, own.failure.message.as_str()));
    for (rule, message) in rules.chain(failed) {
        let own = found.entry(rule).or_insert((0, message));
        *own = (own.0 + 1, message);
    }
    let of = |(rule, (trials, example)): (Option<&str>, (usize, &str))| InvalidatedBy {
        rule: rule.map(str::to_owned),
        trials,
        example: example.to_owned(),
    };
    let mut all: Vec<InvalidatedBy> = found.into_iter().map(of).collect();
    all.sort_by_key(|own| std::cmp::Reverse(own.trials));
    all
}

/// Whether a rule is judged over all cells of a target only.
fn of_the_whole(rule: &str) -> bool {
    let needs = rules().find(|own| own.id == rule).map(|own| own.needs);
    let whole = [Signal::Control, Signal::Interactions];
    needs.is_some_and(|needs| needs.iter().any(|signal| whole.contains(signal)))
}

/// What leads the page: the most severe, without caveats about the figures themselves unless they are critical.
fn top(findings: &[&Finding]) -> Vec<Finding> {
    let is_caveat = |finding: &Finding| {
        finding.family == Family::Validity
            && finding.severity < documents::finding::Severity::Critical
    };
    let mut top: Vec<&Finding> = findings
        .iter()
        .copied()
        .filter(|own| !is_caveat(own))
        .collect();
    top.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    top.into_iter().take(TOP).cloned().collect()
}

fn code(findings: &[&Finding]) -> Vec<CodeChange> {
    let worth = findings
        .iter()
        .filter(|finding| recommend::matters(finding));
    let changes = worth.flat_map(|finding| {
        let tries = finding.tries.iter().filter(|own| own.kind == TryKind::Code);
        tries.map(|own| CodeChange {
            rule: finding.rule.clone(),
            what: own.what.clone(),
        })
    });
    changes.take(MOST_CODE).collect()
}

fn cells(
    target: &TargetRanking,
    judged: &BTreeMap<String, (&RuleEvidence, &Judgement)>,
) -> Vec<CellAdvice> {
    let of_cell = |cell: &CellRanking| {
        let (evidence, judgement) = judged.get(&cell.id)?;
        Some(CellAdvice {
            cell: recommend::name(cell),
            samples: evidence.samples.len(),
            judgement: (*judgement).clone(),
        })
    };
    target.cells.iter().filter_map(of_cell).collect()
}

/// What all figures hold for.
fn conditions(ranking: &Ranking) -> Vec<String> {
    let provenance = &ranking.provenance;
    let go: Vec<&str> = provenance
        .toolchains
        .iter()
        .map(|own| own.version.as_str())
        .collect();
    let mut lines = vec![format!("host: {}", host_text(&provenance.host))];
    if !go.is_empty() {
        lines.push(format!("Go: {}", go.join(", ")));
    }
    for (target, calibration) in &provenance.calibration {
        let rate = value_text(Objective::Qps, calibration.rate_per_s);
        lines.push(format!("constant rate of {target}: {rate}"));
    }
    lines
}
