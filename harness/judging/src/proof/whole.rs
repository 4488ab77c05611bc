//! Every check of a run.

use documents::proof::{Outcome, PROOF_FORMAT, Proof};
use documents::ranking::Ranking;
use record::run::Run;
use record::trial::Trial;

use super::known::{Known, PART};
use super::{alarms, gogc, injection};
use crate::error::JudgingError;
use crate::evidence::{TargetTrials, check_trials, matrix_of, targets};
use crate::options::RankOptions;
use crate::rank::rank;

/// Checks everything that is known of the cells of a run.
///
/// # Errors
/// [`JudgingError`]: a record that contradicts itself, options outside their meaning, or no cell of known truth.
pub fn prove(run: &Run, trials: &[Trial], options: &RankOptions) -> Result<Proof, JudgingError> {
    check_trials(run, trials)?;
    let options = &RankOptions {
        explore: false,
        ..options.clone()
    };
    let whole = rank(run, trials, options)?;
    let thresholds = matrix_of(run)?.thresholds;
    let mut checks = Vec::new();
    for (at, target) in targets(run).into_iter().enumerate() {
        let evidence = TargetTrials::of_target(run, target, trials)?;
        let parts = parts(run, trials, &evidence, options)?;
        let known = Known {
            evidence: &evidence,
            ranking: &whole.targets[at],
            parts: parts.iter().map(|part| &part.targets[at]).collect(),
            options,
            thresholds: &thresholds,
        };
        checks.extend(alarms::check(&known));
        checks.extend(injection::checks(&known));
        checks.extend(gogc::checks(&known));
    }
    if checks.is_empty() {
        return Err(JudgingError::NothingToCompare(format!(
            "run {} has no cell whose truth is known: matrices/proof has matrices that do",
            run.id
        )));
    }
    Ok(Proof {
        format: PROOF_FORMAT,
        run: run.id.clone(),
        verdict: checks
            .iter()
            .map(|check| check.outcome)
            .max()
            .unwrap_or(Outcome::Inconclusive),
        checks,
        tool: options.tool.clone(),
    })
}

/// Every six complete blocks ranked by themselves; blocks that are left over are in none.
fn parts(
    run: &Run,
    trials: &[Trial],
    evidence: &TargetTrials<'_>,
    options: &RankOptions,
) -> Result<Vec<Ranking>, JudgingError> {
    let blocks: Vec<u32> = evidence.complete.iter().copied().collect();
    blocks
        .chunks_exact(PART)
        .map(|part| {
            let own: Vec<Trial> = trials
                .iter()
                .filter(|trial| part.contains(&trial.block))
                .cloned()
                .collect();
            rank(run, &own, options)
        })
        .collect()
}
