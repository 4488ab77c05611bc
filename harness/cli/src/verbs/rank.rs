//! `gosweep rank`: which cells are best, and whether that is worth a change.

use std::path::Path;

use analysis::ranking::Ranking;
use analysis::report::{self, TerminalOptions};
use record::objective::Objective;
use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;

use crate::args::RankArgs;
use crate::exit::{Ending, Failure};
use crate::output;

/// What is explored unless the user says otherwise: the four that METHODOLOGY trades against each other.
const EXPLORED: [Objective; 4] = [
    Objective::Qps,
    Objective::P99,
    Objective::GcPerKreq,
    Objective::Rss,
];

/// Ranks or explores a run.
pub(crate) fn rank(args: &RankArgs) -> Result<Ending, Failure> {
    let by = args.by.as_ref().map(|by| by.0.clone());
    if args.explore {
        explore(args, &by.unwrap_or_else(|| EXPLORED.to_vec()))?;
    } else {
        show(&load_by(&args.run, by)?, args.json)?;
    }
    Ok(Ending::Pass)
}

/// Reads a run and ranks it as its matrix says.
pub(super) fn load(folder: &Path) -> Result<Ranking, Failure> {
    load_by(folder, None)
}

fn load_by(folder: &Path, rank_by: Option<Vec<Objective>>) -> Result<Ranking, Failure> {
    let (run, trials) = read(folder)?;
    let options = analysis::RankOptions {
        tool: output::TOOL.to_owned(),
        rank_by,
        ..analysis::RankOptions::default()
    };
    analysis::rank(&run, &trials, &options).map_err(Failure::not_fit)
}

/// Reads a run with its trials.
pub(super) fn read(folder: &Path) -> Result<(Run, Vec<Trial>), Failure> {
    let dir = RunDir::open(folder)?;
    Ok((dir.read_run()?, dir.read_trials()?))
}

fn explore(args: &RankArgs, objectives: &[Objective]) -> Result<(), Failure> {
    let (run, trials) = read(&args.run)?;
    let found =
        analysis::exploration::explore(&run, &trials, objectives).map_err(Failure::not_fit)?;
    if args.json {
        return output::print_json(&found);
    }
    output::print(&report::exploration_text(&found, terminal()))
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
