//! `gosweep rank`: which cells are best, and whether that is worth a change.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use documents::proof::Outcome;
use documents::ranking::{Ranking, TargetRanking, VerdictKind};
use judging::exploration::EXPLORED;
use record::objective::Objective;

use super::preference::{self, Limits, Preference};
use super::run_folder::{ranking_by, read};
use crate::exit::{Ending, Failure};
use crate::output;

/// `gosweep rank`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Exit codes: 0 ranked, 3 with --decided where the verdict is open, 2 invalid input or a record that contradicts itself, 70 internal error
With --selftest: 0 holds, 1 fails, 2 no cell whose truth is known, 3 not enough data
to tell")]
pub(crate) struct RankArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// Rank by these objectives instead of the matrix's: the most important first (p99,qps), or one score (qps=2,p99=1)
    #[arg(long, value_name = "LIST", value_parser = preference::preference)]
    pub(crate) by: Option<Preference>,
    /// Limits instead of the matrix's, e.g. p99<=5ms,rss<=512MiB
    #[arg(long = "where", value_name = "LIMITS", value_parser = preference::limits)]
    pub(crate) limits: Option<Limits>,
    /// Show instead the Pareto front, what each axis does, and the knee over GOMAXPROCS [default objectives:
    /// qps,p99,gc_per_kreq,rss]
    #[arg(long)]
    pub(crate) explore: bool,
    /// Check instead what the run says of cells whose truth is known, as in matrices/proof
    #[arg(long, conflicts_with_all = ["explore", "by", "limits"])]
    pub(crate) selftest: bool,
    /// End with exit code 3 where a verdict is open: inconclusive, or a gain shown with a loss open
    #[arg(long, conflicts_with_all = ["explore", "selftest"])]
    pub(crate) decided: bool,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a ranking ends a call that asked for a decision.
pub(super) fn ending(ranking: &Ranking, decided: bool) -> Ending {
    let is_open = |target: &TargetRanking| {
        matches!(
            target.verdict.kind,
            VerdictKind::LossOpen | VerdictKind::Inconclusive
        )
    };
    match decided && ranking.targets.iter().any(is_open) {
        true => Ending::Inconclusive,
        false => Ending::Pass,
    }
}

/// Ranks or explores a run.
pub(crate) fn rank(args: &RankArgs) -> Result<Ending, Failure> {
    if args.selftest {
        return selftest(args);
    }
    let by = args.by.as_ref().map(|by| by.objectives.clone());
    if args.explore {
        explore(args, &by.unwrap_or_else(|| EXPLORED.to_vec()))?;
    } else {
        let preferred = judging::RankOptions {
            rank_by: by,
            weights: args
                .by
                .as_ref()
                .map_or_else(Default::default, |by| by.weights.clone()),
            constraints: args.limits.as_ref().map(|limits| limits.0.clone()),
            ..judging::RankOptions::default()
        };
        let ranking = ranking_by(&args.run, preferred)?;
        show(&ranking, args.json)?;
        return Ok(ending(&ranking, args.decided));
    }
    Ok(Ending::Pass)
}

fn explore(args: &RankArgs, objectives: &[Objective]) -> Result<(), Failure> {
    let (run, trials) = read(&args.run)?;
    let found = judging::exploration::explore(&run, &trials, objectives).map_err(Failure::usage)?;
    if args.json {
        return output::print_json(&found);
    }
    output::print_page(|options| report::terminal(&found, options))
}

/// Holds the ranking against what is known of the cells.
fn selftest(args: &RankArgs) -> Result<Ending, Failure> {
    let (run, trials) = read(&args.run)?;
    let options = judging::RankOptions {
        tool: output::TOOL.to_owned(),
        ..judging::RankOptions::default()
    };
    let proof = judging::proof::prove(&run, &trials, &options).map_err(Failure::usage)?;
    if args.json {
        output::print_json(&proof)?;
    } else {
        output::print_page(|options| report::terminal(&proof, options))?;
    }
    Ok(match proof.verdict {
        Outcome::Holds => Ending::Pass,
        Outcome::Inconclusive => Ending::Inconclusive,
        Outcome::Fails => Ending::GateFailed,
    })
}

/// Prints a ranking.
pub(super) fn show(ranking: &Ranking, json: bool) -> Result<(), Failure> {
    if json {
        return output::print_document(&report::json(ranking).map_err(Failure::internal)?);
    }
    output::print_page(|options| report::terminal(ranking, options))
}
