//! `gosweep rank`: which cells are best, and whether that is worth a change.

use std::path::Path;

use analysis::ranking::Ranking;
use analysis::report::{self, TerminalOptions};
use record::store::RunDir;

use crate::args::RankArgs;
use crate::exit::{Ending, Failure};
use crate::output;

/// Ranks a run.
pub(crate) fn rank(args: &RankArgs) -> Result<Ending, Failure> {
    show(&load(&args.run)?, args.json)?;
    Ok(Ending::Pass)
}

/// Reads a run and ranks it.
pub(super) fn load(folder: &Path) -> Result<Ranking, Failure> {
    let dir = RunDir::open(folder)?;
    let run = dir.read_run()?;
    let trials = dir.read_trials()?;
    let options = analysis::RankOptions {
        tool: output::TOOL.to_owned(),
        ..analysis::RankOptions::default()
    };
    analysis::rank(&run, &trials, &options).map_err(Failure::not_fit)
}

/// Prints a ranking.
pub(super) fn show(ranking: &Ranking, json: bool) -> Result<(), Failure> {
    if json {
        return output::print(&report::json(ranking).map_err(Failure::internal)?);
    }
    let options = TerminalOptions {
        colour: output::use_colour(),
        ..TerminalOptions::default()
    };
    output::print(&report::terminal(ranking, options))
}
