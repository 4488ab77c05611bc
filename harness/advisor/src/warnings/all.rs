//! All warnings of a run, and the functions that put them into what judging makes.

use documents::ranking::Ranking;
use documents::warning::{self, Warning};
use judging::comparison::Measured;
use judging::rank::{Ranked, RankedTarget, ranked};
use judging::{JudgingError, RankOptions};
use record::run::Run;
use record::trial::Trial;

use super::context::Context;
use super::{course, design, host, load, outcomes, physics, settings};

/// Ranks a run as [`judging::rank()`] does, and adds the warnings.
///
/// # Errors
/// As [`judging::rank()`].
pub fn rank(run: &Run, trials: &[Trial], options: &RankOptions) -> Result<Ranking, JudgingError> {
    Ok(warned(run, ranked(run, trials, options)?).ranking)
}

/// Makes a run ready for comparing as [`Measured::new`] does, with the warnings that a comparison passes on.
///
/// # Errors
/// As [`judging::rank()`].
pub fn measured<'a>(run: &'a Run, trials: &'a [Trial]) -> Result<Measured<'a>, JudgingError> {
    let options = RankOptions {
        explore: false,
        ..RankOptions::default()
    };
    Ok(Measured::of(
        run,
        warned(run, ranked(run, trials, &options)?),
    ))
}

fn warned<'a>(run: &Run, mut ranked: Ranked<'a>) -> Ranked<'a> {
    let mut found = host::warnings_of_run(run);
    for target in &ranked.targets {
        found.extend(warnings_of_target(run, &ranked, target));
    }
    warning::sort(&mut found);
    ranked.ranking.warnings = found;
    ranked
}

fn warnings_of_target(run: &Run, ranked: &Ranked<'_>, target: &RankedTarget<'_>) -> Vec<Warning> {
    let context = &Context {
        run,
        evidence: &target.evidence,
        comparisons: &target.comparisons,
        rank_by: &target.rank_by,
        limits: &target.limits,
        same_as: &target.same_as,
        varying: &target.varying,
        thresholds: &ranked.thresholds,
    };
    let mut warnings = Vec::new();
    warnings.extend(outcomes::warnings(context));
    warnings.extend(course::warnings(context));
    warnings.extend(design::warnings(context));
    warnings.extend(load::warnings(context));
    warnings.extend(physics::warnings(context));
    warnings.extend(settings::warnings(context));
    warnings.extend(host::warnings(context));
    warnings
}
