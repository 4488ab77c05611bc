//! A run as a whole: target by target, from the trials that count to the verdict.

use std::collections::BTreeMap;

use documents::effect::Scale;
use documents::ranking::{ObjectiveSummary, RANKING_FORMAT, Ranking, TargetRanking, VerdictKind};
use record::axis::Axis;
use record::decision::StopReason;
use record::matrix::Matrix;
use record::objective::Objective;
use record::run::Run;
use record::threshold::Thresholds;
use record::trial::{Stage, Trial};

use super::compare::{self, Compared, Comparison};
use super::confirmation::{self, Fresh};
use super::preference::Preference;
use super::{cells, constraint, order, provenance, same, trials as trial_figures, verdict};
use crate::error::JudgingError;
use crate::evidence::{
    TargetTrials, check_trials, end_of_search, matrix_of, targets, varying_axes,
};
use crate::exploration::{EXPLORED, explore_target};
use crate::losses;
use crate::options::RankOptions;

/// A ranking and what it was made of.
pub struct Ranked<'a> {
    /// The ranking, without warnings and advice.
    pub ranking: Ranking,
    /// What stands behind it, in the order of [`Ranking::targets`].
    pub targets: Vec<RankedTarget<'a>>,
    /// The thresholds of the run's matrix.
    pub thresholds: Thresholds,
}

/// What stands behind the ranking of one target.
pub struct RankedTarget<'a> {
    /// The trials that count.
    pub evidence: TargetTrials<'a>,
    /// Every objective that at least one cell has a value on.
    pub comparisons: Vec<Comparison>,
    /// The objectives that the ranking goes by.
    pub rank_by: Vec<Objective>,
    /// The limits that cells must keep, by objective.
    pub limits: BTreeMap<Objective, f64>,
    /// By cell, the first cell that ran with the same effective settings, if it is another.
    pub same_as: Vec<Option<usize>>,
    /// The axes on which the cells differ.
    pub varying: Vec<Axis>,
}

/// Ranks the cells of every target of a run. The order of `trials` does not matter, and trials of a run that is still
/// going on or was stopped will do.
///
/// # Errors
/// [`JudgingError`]: a record that contradicts itself, or options outside their meaning.
pub fn rank(run: &Run, trials: &[Trial], options: &RankOptions) -> Result<Ranking, JudgingError> {
    Ok(ranked(run, trials, options)?.ranking)
}

/// As [`rank`], with what the ranking was made of.
///
/// # Errors
/// As [`rank`].
pub fn ranked<'a>(
    run: &'a Run,
    trials: &'a [Trial],
    options: &RankOptions,
) -> Result<Ranked<'a>, JudgingError> {
    check_options(options)?;
    let options = &options.of_design(run.design.as_ref());
    let matrix = matrix_of(run)?;
    check_trials(run, trials)?;
    let mut ranking = Ranking {
        format: RANKING_FORMAT,
        verdict: String::new(),
        provenance: provenance::provenance(run, &matrix, options),
        targets: Vec::new(),
        warnings: Vec::new(),
        dropped: run.dropped.clone(),
        advice: None,
        trials: Vec::new(),
    };
    let mut behind = Vec::new();
    for target in targets(run) {
        let evidence = TargetTrials::of_target(run, target, trials)?;
        behind.push(rank_target(
            run,
            &matrix,
            evidence,
            trials,
            options,
            &mut ranking,
        )?);
    }
    ranking.verdict = overall_verdict(&ranking.targets);
    Ok(Ranked {
        ranking,
        targets: behind,
        thresholds: matrix.thresholds,
    })
}

fn rank_target<'a>(
    run: &Run,
    matrix: &Matrix,
    evidence: TargetTrials<'a>,
    trials: &[Trial],
    options: &RankOptions,
    ranking: &mut Ranking,
) -> Result<RankedTarget<'a>, JudgingError> {
    let preference = Preference::new(options, matrix);
    let rank_by = preference.rank_by;
    let criteria = preference.criteria();
    let limits = constraint::limits(options, &matrix.constraints);
    let varying = varying_axes(&evidence);
    let compared = compare_observed(run, &evidence, preference, options);
    let same_as = same::same_as(&evidence);
    let mut cells = cells::cells(&evidence, &compared, limits, &same_as, &varying, options);
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
    let fresh = Fresh::of_target(&question, &evidence, trials)?;
    let (verdict, confirmation) = verdict::verdict(&verdict::Judged {
        cells: &cells,
        fresh: fresh.as_ref(),
        position: &position,
        compared: &compared,
        criteria: &criteria,
        priorities: &losses::priorities(&criteria, rank_by),
        rank_by,
        blocks: evidence.complete.len(),
        trials: trials
            .iter()
            .filter(|trial| is_searched(&evidence, trial))
            .count(),
        options,
    });
    for cell in &mut cells {
        cell.recommended =
            verdict.kind == VerdictKind::Recommend && verdict.cell.as_ref() == Some(&cell.id);
    }
    ranking
        .trials
        .extend(trial_figures::figures(&evidence, fresh.as_ref(), &varying));
    ranking.targets.push(TargetRanking {
        target: evidence.target.to_owned(),
        verdict,
        blocks_planned: run.blocks,
        blocks_complete: u32::try_from(evidence.complete.len()).unwrap_or(u32::MAX),
        stopped: end_of_search(run)
            .filter(|stop| stop.reason != StopReason::Blocks)
            .map(|stop| stop.words.clone()),
        varying_axes: varying.iter().map(Axis::to_string).collect(),
        rank_by: rank_by.to_vec(),
        weights: preference.weights.clone(),
        exploration: options
            .explore
            .then(|| explore_target(run, &evidence, &EXPLORED, options)),
        score: compared.score.map(|score| score.summary),
        objectives: summaries(&compared.objectives, rank_by),
        cells,
        confirmation,
    });
    Ok(RankedTarget {
        comparisons: compared.objectives,
        rank_by: rank_by.to_vec(),
        limits: limits.clone(),
        same_as,
        varying,
        evidence,
    })
}

/// Whether a trial is one of the search on this target.
fn is_searched(evidence: &TargetTrials<'_>, trial: &Trial) -> bool {
    let mut cells = evidence.cells.iter();
    trial.stage == Stage::Search && cells.any(|own| own.cell.id == trial.cell)
}

/// Every objective that at least one cell has a value on, and the score where objectives are weighed.
fn compare_observed(
    run: &Run,
    evidence: &TargetTrials<'_>,
    preference: Preference<'_>,
    options: &RankOptions,
) -> Compared {
    let design = |decides: bool| compare::Design {
        blocks: evidence.complete.len(),
        cross_check: decides.then_some(run.seed),
        floor: None,
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
fn summaries(comparisons: &[Comparison], rank_by: &[Objective]) -> Vec<ObjectiveSummary> {
    let mut summaries: Vec<ObjectiveSummary> = comparisons
        .iter()
        .map(|comparison| comparison.summary.clone())
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

fn check_options(options: &RankOptions) -> Result<(), JudgingError> {
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
        Some((what, value, example)) => Err(JudgingError::Option {
            what,
            value,
            example,
        }),
        None => Ok(()),
    }
}
