//! `gosweep rank`: which cells are best, and whether that is worth a change.

use std::path::Path;

use analysis::exploration::EXPLORED;
use analysis::proof::Outcome;
use analysis::ranking::Ranking;
use analysis::report::{self, TerminalOptions};
use record::objective::Objective;
use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;

use crate::args::RankArgs;
use crate::exit::{Ending, Failure};
use crate::output;

/// Ranks or explores a run.
pub(crate) fn rank(args: &RankArgs) -> Result<Ending, Failure> {
    if args.selftest {
        return selftest(args);
    }
    let by = args.by.as_ref().map(|by| by.objectives.clone());
    if args.explore {
        explore(args, &by.unwrap_or_else(|| EXPLORED.to_vec()))?;
    } else {
        let preferred = analysis::RankOptions {
            rank_by: by,
            weights: args
                .by
                .as_ref()
                .map_or_else(Default::default, |by| by.weights.clone()),
            constraints: args.limits.as_ref().map(|limits| limits.0.clone()),
            ..analysis::RankOptions::default()
        };
        show(&load_by(&args.run, preferred)?, args.json)?;
    }
    Ok(Ending::Pass)
}

/// Reads a run and ranks it as its matrix says.
pub(super) fn load(folder: &Path) -> Result<Ranking, Failure> {
    load_by(folder, analysis::RankOptions::default())
}

fn load_by(folder: &Path, preferred: analysis::RankOptions) -> Result<Ranking, Failure> {
    let (run, trials) = read(folder)?;
    analysis::rank(&run, &trials, &by_us(preferred)).map_err(Failure::usage)
}

/// The same options, signed by this gosweep.
pub(super) fn by_us(preferred: analysis::RankOptions) -> analysis::RankOptions {
    analysis::RankOptions {
        tool: output::TOOL.to_owned(),
        ..preferred
    }
}

/// Reads a run with its trials.
pub(super) fn read(folder: &Path) -> Result<(Run, Vec<Trial>), Failure> {
    let dir = RunDir::open(folder)?;
    Ok((dir.read_run()?, dir.read_trials()?))
}

fn explore(args: &RankArgs, objectives: &[Objective]) -> Result<(), Failure> {
    let (run, trials) = read(&args.run)?;
    let found =
        analysis::exploration::explore(&run, &trials, objectives).map_err(Failure::usage)?;
    if args.json {
        return output::print_json(&found);
    }
    output::print(&report::terminal(&found, terminal()))
}

/// Holds the ranking against what is known of the cells.
fn selftest(args: &RankArgs) -> Result<Ending, Failure> {
    let (run, trials) = read(&args.run)?;
    let options = analysis::RankOptions {
        tool: output::TOOL.to_owned(),
        ..analysis::RankOptions::default()
    };
    let proof = analysis::proof::prove(&run, &trials, &options).map_err(Failure::usage)?;
    if args.json {
        output::print_json(&proof)?;
    } else {
        output::print(&report::terminal(&proof, terminal()))?;
    }
    Ok(match proof.verdict {
        Outcome::Holds => Ending::Pass,
        Outcome::Inconclusive => Ending::Inconclusive,
        Outcome::Fails => Ending::GateFailed,
    })
}

/// How results are laid out on this terminal.
pub(super) fn terminal() -> TerminalOptions {
    TerminalOptions {
        colour: output::use_colour(),
        ..TerminalOptions::default()
    }
}

/// Prints a ranking.
pub(super) fn show(ranking: &Ranking, json: bool) -> Result<(), Failure> {
    if json {
        return output::print(&report::json(ranking).map_err(Failure::internal)?);
    }
    output::print(&report::terminal(ranking, terminal()))
}
