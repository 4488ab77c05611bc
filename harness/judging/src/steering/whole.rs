//! The two judgements that a run asks for as it goes.

use documents::ranking::VerdictKind;
use record::decision::{Finalist, Judgement};
use record::run::Run;
use record::trial::{Stage, Trial};

use super::{precision, race};
use crate::error::JudgingError;
use crate::evidence::{TargetTrials, check_trials, matrix_of, targets};
use crate::options::RankOptions;
use crate::rank;

/// Which cells cannot reach the top group any more, and whether every interval is as narrow as the matrix asks for.
///
/// # Errors
/// As [`crate::rank::rank`].
pub fn judge(
    run: &Run,
    trials: &[Trial],
    options: &RankOptions,
) -> Result<Judgement, JudgingError> {
    let Some(design) = &run.design else {
        return Ok(Judgement::default());
    };
    let matrix = matrix_of(run)?;
    check_trials(run, trials)?;
    let mut judgement = Judgement::default();
    let mut precise = Vec::new();
    for target in targets(run) {
        let evidence = TargetTrials::of_target(run, target, trials)?;
        if design.race {
            let race = race::Race::new(run, design, &matrix, &evidence, options);
            judgement.eliminated.extend(race.eliminations());
        }
        precise.push(precision::reached(run, design, &evidence, options));
    }
    judgement.precise = words_if_all(precise);
    Ok(judgement)
}

/// The cell that a run recommends, or would if no loss were open, for each target that has one.
///
/// # Errors
/// As [`crate::rank::rank`].
pub fn finalists(
    run: &Run,
    trials: &[Trial],
    options: &RankOptions,
) -> Result<Vec<Finalist>, JudgingError> {
    // An earlier confirmation must not choose who is confirmed.
    let searched: Vec<Trial> = trials
        .iter()
        .filter(|trial| trial.stage == Stage::Search)
        .cloned()
        .collect();
    let ranking = rank::rank(run, &searched, options)?;
    let gaining = ranking.targets.into_iter().filter(|target| {
        matches!(
            target.verdict.kind,
            VerdictKind::Recommend | VerdictKind::LossOpen
        )
    });
    Ok(gaining
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

fn words_if_all(precise: Vec<Option<String>>) -> Option<String> {
    let all: Option<Vec<String>> = precise.into_iter().collect();
    all.filter(|all| !all.is_empty()).map(|all| all.join("; "))
}
