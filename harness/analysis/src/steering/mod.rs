//! What a run should do next, judged by the code that ranks it afterwards: which cells leave the race, whether the
//! search is precise enough, who is measured afresh.
//!
//! Pure functions of the record like everything here. The measuring half asks through a trait of its own, and the
//! command line puts the two together. Only the design that was stored with the run counts, and only its search blocks:
//! neither function looks at what a confirmation showed.

mod precision;
mod race;

use record::decision::{Finalist, Judgement};
use record::matrix::Matrix;
use record::objective::Objective;
use record::run::{Design, Run};
use record::trial::{Stage, Trial};

use crate::error::AnalysisError;
use crate::rank::{self, Evidence, RankOptions};
use crate::ranking::VerdictKind;

/// Which cells cannot reach the top group any more, and whether every interval is as narrow as the matrix asks for.
///
/// # Errors
/// As [`crate::rank()`].
pub fn judge(
    run: &Run,
    trials: &[Trial],
    options: &RankOptions,
) -> Result<Judgement, AnalysisError> {
    let Some(design) = &run.design else {
        return Ok(Judgement::default());
    };
    let matrix = rank::matrix_of(run)?;
    rank::check_cells(run, trials)?;
    let mut judgement = Judgement::default();
    let mut precise = Vec::new();
    for target in rank::targets(run) {
        let evidence = Evidence::of_target(run, target, trials)?;
        if design.race {
            let race = race::Race::new(run, design, &matrix, &evidence, options);
            judgement.eliminated.extend(race.eliminations());
        }
        precise.push(precision::reached(run, design, &evidence, options));
    }
    judgement.precise = words_if_all(precise);
    Ok(judgement)
}

/// The cell that a run recommends, for each target that has one.
///
/// # Errors
/// As [`crate::rank()`].
pub fn finalists(
    run: &Run,
    trials: &[Trial],
    options: &RankOptions,
) -> Result<Vec<Finalist>, AnalysisError> {
    // An earlier confirmation must not choose who is confirmed.
    let searched: Vec<Trial> = trials
        .iter()
        .filter(|trial| trial.stage == Stage::Search)
        .cloned()
        .collect();
    let ranking = rank::rank(run, &searched, options)?;
    let recommended = ranking
        .targets
        .into_iter()
        .filter(|target| target.verdict.kind == VerdictKind::Recommend);
    Ok(recommended
        .filter_map(|target| {
            let chosen = target.verdict.cell?;
            let cell = run.cells.iter().find(|cell| cell.id.as_str() == chosen)?;
            Some(Finalist {
                cell: cell.id.clone(),
                words: target.verdict.headline,
            })
        })
        .collect())
}

/// Whether a cell has left the race.
fn has_left(run: &Run, cell: &record::cell::CellId) -> bool {
    let decisions = run.decisions.iter();
    decisions
        .flat_map(|decision| &decision.eliminated)
        .any(|out| out.cell == *cell)
}

fn words_if_all(precise: Vec<Option<String>>) -> Option<String> {
    let all: Option<Vec<String>> = precise.into_iter().collect();
    all.filter(|all| !all.is_empty()).map(|all| all.join("; "))
}

/// The largest number of times that a race of this design can look.
fn planned_looks(run: &Run, design: &Design) -> usize {
    run.blocks.saturating_sub(design.min_blocks).max(1) as usize
}

/// The ranked objectives, as far as somebody observed them. Weights do not matter here: who is behind on every weighed
/// objective is behind on their score.
fn observed(matrix: &Matrix, evidence: &Evidence<'_>) -> Vec<(Objective, rank::Values)> {
    let values = matrix
        .rank_by
        .iter()
        .map(|&objective| (objective, evidence.values(objective)));
    values
        .filter(|(_, values)| values.cells.iter().any(|cell| !cell.is_empty()))
        .collect()
}
