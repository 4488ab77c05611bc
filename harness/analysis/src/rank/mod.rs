//! From a run and its trials to a ranking.
//!
//! [`rank`] reads as the method: choose the trials that count ([`evidence`]), compare every cell with the control on
//! every objective ([`compare`], [`groups`]), check the limits ([`constraint`]), order the cells ([`order`]), form the
//! verdict ([`verdict`]), and gather the doubts ([`crate::warnings`]).
//!
//! Deliberately absent: statistics (crate `stats`), text layout ([`crate::report`]), comparison of two sides
//! ([`crate::comparison`]).

mod cells;
mod claim;
mod compare;
mod confirmation;
mod constraint;
mod cross_check;
mod evidence;
mod groups;
mod margin;
mod model;
mod order;
mod pair;
mod preference;
mod provenance;
mod same;
mod trials;
mod verdict;

use std::collections::BTreeMap;

use record::axis::Axis;
use record::decision::StopReason;
use record::matrix::Matrix;
use record::objective::Objective;
use record::run::Run;
use record::trial::{Stage, Trial};

pub(crate) use cells::{label, settings, state_of, varying_axes};
use compare::Compared;
pub(crate) use compare::Comparison;
pub(crate) use evidence::{CellEvidence, Evidence, Values};
pub(crate) use margin::{Margins, built_in_margin, default_margin};
pub(crate) use model::observations;
pub(crate) use pair::{Column, Pair, shown};
pub(crate) use preference::Criterion;
use preference::Preference;
pub(crate) use record::shell::quoted as shell_quoted;
pub(crate) use verdict::limit_text;

use confirmation::Fresh;

use crate::error::AnalysisError;
use crate::exploration::{EXPLORED, explore_target};
use crate::ranking::{ObjectiveSummary, RANKING_FORMAT, Ranking, Scale, TargetRanking};
use crate::warnings::{self, warnings_of_run, warnings_of_target};

/// How to rank. The default is what METHODOLOGY describes.
#[derive(Debug, Clone, PartialEq)]
pub struct RankOptions {
    /// Level of the intervals.
    pub level: f64,
    /// Chance of a false claim within one objective, over all cells.
    pub alpha: f64,
    /// Power at which the minimum detectable effect is stated.
    pub power: f64,
    /// Confidence from which on a limit counts as kept.
    pub feasible: f64,
    /// Objectives to rank by instead of the matrix's, the most important first.
    pub rank_by: Option<Vec<Objective>>,
    /// Weights of these, where they are to make one score; empty where they are taken in order.
    pub weights: BTreeMap<Objective, f64>,
    /// Limits instead of the matrix's.
    pub constraints: Option<BTreeMap<Objective, f64>>,
    /// Margins instead of the built-in ones: relative, for the error rate absolute.
    pub margins: BTreeMap<Objective, f64>,
    /// Whether to explore too: the front, what each axis does, the knee. It decides nothing, and costs the most.
    pub explore: bool,
    /// Version and revision of the gosweep that ranks.
    pub tool: String,
}

impl Default for RankOptions {
    fn default() -> Self {
        RankOptions {
            level: 0.95,
            alpha: 0.05,
            power: 0.8,
            feasible: 0.9,
            rank_by: None,
            weights: BTreeMap::new(),
            constraints: None,
            margins: BTreeMap::new(),
            explore: true,
            tool: concat!("gosweep ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Ranks the cells of every target of a run. The order of `trials` does not matter, and trials of a run that is still
/// going on or was stopped will do.
///
/// # Errors
/// [`AnalysisError`]: a record that contradicts itself, or options outside their meaning.
pub fn rank(run: &Run, trials: &[Trial], options: &RankOptions) -> Result<Ranking, AnalysisError> {
    check_options(options)?;
    let matrix = matrix_of(run)?;
    check_cells(run, trials)?;
    let mut ranking = Ranking {
        format: RANKING_FORMAT,
        verdict: String::new(),
        provenance: provenance::provenance(run, &matrix, options),
        targets: Vec::new(),
        warnings: warnings_of_run(run),
        dropped: run.dropped.clone(),
        advice: None,
        trials: Vec::new(),
    };
    for target in targets(run) {
        let evidence = Evidence::of_target(run, target, trials)?;
        rank_target(run, &matrix, &evidence, trials, options, &mut ranking)?;
    }
    ranking.verdict = overall_verdict(&ranking.targets);
    warnings::sort(&mut ranking.warnings);
    Ok(ranking)
}

fn rank_target(
    run: &Run,
    matrix: &Matrix,
    evidence: &Evidence<'_>,
    trials: &[Trial],
    options: &RankOptions,
    ranking: &mut Ranking,
) -> Result<(), AnalysisError> {
    let preference = Preference::new(options, matrix);
    let rank_by = preference.rank_by;
    let criteria = preference.criteria();
    let limits = constraint::limits(options, &matrix.constraints);
    let varying = cells::varying_axes(evidence);
    let compared = compare_observed(run, evidence, preference, options);
    let same_as = same::same_as(evidence);
    let mut cells = cells::cells(evidence, &compared, limits, &same_as, &varying, options);
    let position = cells
        .iter()
        .enumerate()
        .map(|(position, cell)| (cell.id.clone(), position))
        .collect();
    order::sort_and_number(&mut cells, &criteria);
    let question = confirmation::Question {
        run,
        preference,
        limits,
        varying: &varying,
        options,
    };
    let fresh = Fresh::of_target(&question, evidence, trials)?;
    let (verdict, confirmation) = verdict::verdict(&verdict::Judged {
        cells: &cells,
        fresh: fresh.as_ref(),
        position: &position,
        compared: &compared,
        criteria: &criteria,
        rank_by,
        blocks: evidence.complete.len(),
        trials: trials
            .iter()
            .filter(|trial| is_searched(evidence, trial))
            .count(),
        options,
    });
    for cell in &mut cells {
        cell.recommended = verdict.cell.as_ref() == Some(&cell.id);
    }
    ranking
        .warnings
        .extend(warnings_of_target(&warnings::Context {
            run,
            evidence,
            comparisons: &compared.objectives,
            rank_by,
            limits,
            same_as: &same_as,
            varying: &varying,
            thresholds: &matrix.thresholds,
        }));
    ranking
        .trials
        .extend(trials::figures(evidence, fresh.as_ref(), &varying));
    ranking.targets.push(TargetRanking {
        target: evidence.target.to_owned(),
        verdict,
        blocks_planned: run.blocks,
        blocks_complete: u32::try_from(evidence.complete.len()).unwrap_or(u32::MAX),
        stopped: warnings::end_of_search(run)
            .filter(|stop| stop.reason != StopReason::Blocks)
            .map(|stop| stop.words.clone()),
        varying_axes: varying.iter().map(Axis::to_string).collect(),
        rank_by: rank_by.to_vec(),
        weights: preference.weights.clone(),
        exploration: options
            .explore
            .then(|| explore_target(run, evidence, &EXPLORED, options)),
        score: compared.score.map(|score| score.summary),
        objectives: summaries(compared.objectives, rank_by),
        cells,
        confirmation,
    });
    Ok(())
}

/// Whether a trial is one of the search on this target.
fn is_searched(evidence: &Evidence<'_>, trial: &Trial) -> bool {
    let mut cells = evidence.cells.iter();
    trial.stage == Stage::Search && cells.any(|own| own.cell.id == trial.cell)
}

/// Every objective that at least one cell has a value on, and the score where objectives are weighed.
fn compare_observed(
    run: &Run,
    evidence: &Evidence<'_>,
    preference: Preference<'_>,
    options: &RankOptions,
) -> Compared {
    let detectable = compare::detectable_deviations(evidence.complete.len(), options);
    let design = |decides: bool| compare::Design {
        detectable,
        cross_check: decides.then_some(run.seed),
        margins: None,
    };
    let objectives = Objective::ALL
        .into_iter()
        .map(|objective| (objective, evidence.values(objective)))
        .filter(|(_, values)| values.cells.iter().any(|cell| !cell.is_empty()))
        .map(|(objective, values)| {
            let decides = preference.rank_by.contains(&objective);
            compare::compare(objective, &values, design(decides), options)
        })
        .collect();
    let scores = preference.scores(evidence);
    let margin = preference.score_margin(options);
    Compared {
        objectives,
        score: scores.map(|values| compare::compare_scores(&values, margin, design(true), options)),
    }
}

/// What holds per objective; a ranked one that nobody has a value on is named too.
fn summaries(comparisons: Vec<Comparison>, rank_by: &[Objective]) -> Vec<ObjectiveSummary> {
    let mut summaries: Vec<ObjectiveSummary> = comparisons
        .into_iter()
        .map(|comparison| comparison.summary)
        .collect();
    for &objective in rank_by {
        if summaries
            .iter()
            .all(|summary| summary.objective != objective)
        {
            summaries.push(ObjectiveSummary {
                objective,
                unit: objective.unit().to_owned(),
                direction: objective.direction().into(),
                default_margin: objective.default_margin(),
                margin: objective.default_margin(),
                aa: None,
                minimum_detectable: None,
                test: None,
                scale: Scale::Ratio,
                missing: Some("no trial observed it".to_owned()),
            });
        }
    }
    summaries.sort_by_key(|summary| summary.objective);
    summaries
}

/// The matrix that a run was made of.
pub(crate) fn matrix_of(run: &Run) -> Result<Matrix, AnalysisError> {
    Matrix::parse(&run.matrix.path, &run.matrix.text).map_err(|findings| AnalysisError::Matrix {
        run: run.id.clone(),
        reason: findings.to_string(),
    })
}

/// The targets in the order of the run's cells.
pub(crate) fn targets(run: &Run) -> Vec<&str> {
    let mut targets: Vec<&str> = Vec::new();
    for cell in &run.cells {
        if !targets.contains(&cell.target.as_str()) {
            targets.push(&cell.target);
        }
    }
    targets
}

fn overall_verdict(targets: &[TargetRanking]) -> String {
    match targets {
        [only] => only.verdict.headline.clone(),
        _ => {
            let lines: Vec<String> = targets
                .iter()
                .map(|target| format!("{}: {}", target.target, target.verdict.headline))
                .collect();
            lines.join(" | ")
        }
    }
}

fn check_options(options: &RankOptions) -> Result<(), AnalysisError> {
    let checked = [
        ("the interval level", options.level, "0.95"),
        ("alpha", options.alpha, "0.05"),
        ("the power", options.power, "0.8"),
        ("the confidence for constraints", options.feasible, "0.9"),
    ];
    match checked
        .into_iter()
        .find(|(_, value, _)| !(*value > 0.0 && *value < 1.0))
    {
        Some((what, value, example)) => Err(AnalysisError::Option {
            what,
            value,
            example,
        }),
        None => Ok(()),
    }
}

pub(crate) fn check_cells(run: &Run, trials: &[Trial]) -> Result<(), AnalysisError> {
    let known: std::collections::BTreeSet<_> = run.cells.iter().map(|cell| &cell.id).collect();
    match trials.iter().find(|trial| !known.contains(&trial.cell)) {
        Some(trial) => Err(AnalysisError::UnknownCell {
            trial: trial.id.clone(),
            cell: trial.cell.to_string(),
        }),
        None => Ok(()),
    }
}
