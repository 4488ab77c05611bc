//! Reads and ranks the run of a folder.

use std::path::Path;

use documents::ranking::Ranking;
use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;

use crate::exit::Failure;
use crate::output;

/// Reads a run and ranks it as its matrix says.
pub(super) fn ranking(folder: &Path) -> Result<Ranking, Failure> {
    ranking_by(folder, judging::RankOptions::default())
}

/// Reads a run and ranks it by preferences of the user.
pub(super) fn ranking_by(
    folder: &Path,
    preferred: judging::RankOptions,
) -> Result<Ranking, Failure> {
    let (run, trials) = read(folder)?;
    advisor::rank(&run, &trials, &by_us(preferred)).map_err(Failure::usage)
}

/// The same options, signed by this gosweep.
pub(super) fn by_us(preferred: judging::RankOptions) -> judging::RankOptions {
    judging::RankOptions {
        tool: output::TOOL.to_owned(),
        ..preferred
    }
}

/// Reads a run with its trials.
pub(super) fn read(folder: &Path) -> Result<(Run, Vec<Trial>), Failure> {
    let dir = RunDir::open(folder)?;
    Ok((dir.read_run()?, dir.read_trials()?))
}
