//! Reads and ranks the run of a folder.

use std::path::Path;

use orchestrator::run::is_made_here;
use record::store::StoreError;
use topology::Topology;

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

/// Refuses a run of somebody else, or of another machine, unless it is trusted: what its record
/// describes is built and started, and files in its folder are replaced.
pub(super) fn check_trusted(folder: &Path, trust: bool) -> Result<(), Failure> {
    let dir = RunDir::open(folder)?;
    if trust {
        return Ok(());
    }
    dir.check_ours()?;
    let made_on = dir.read_run()?.host;
    match is_made_here(&made_on, &host()?) {
        true => Ok(()),
        false => Err(StoreError::Elsewhere {
            path: folder.to_owned(),
        }
        .into()),
    }
}

fn host() -> Result<Topology, Failure> {
    topology::read(Path::new("/")).map_err(Failure::not_fit)
}

/// Writes a report into a run's folder, by its name there.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let written = RunDir::open(folder)?
        .folder()?
        .replace(name, text.as_bytes(), 0o644);
    let shown = folder.join(name);
    written.map_err(|error| Failure::of_system(format!("cannot write {}", shown.display()), &error))
}

/// Refuses to write into the folder of a run of somebody else, or of another machine, unless it is trusted.
pub(super) fn check_destination(
    run: &Path,
    destination: &Path,
    trust: bool,
) -> Result<(), Failure> {
    // By its parent too: what is renamed to a link replaces the link.
    let mut places = [Some(destination), destination.parent()].into_iter();
    match places.any(|own| own.is_some_and(|own| is_inside(own, run))) {
        true => check_trusted(run, trust),
        false => Ok(()),
    }
}

/// Whether a path, or what of it is there already, is within a folder.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let here = |own: &Path| match own.as_os_str().is_empty() {
        true => Path::new(".").canonicalize().ok(),
        false => own.canonicalize().ok(),
    };
    let there = path.ancestors().find_map(here);
    matches!((there, folder.canonicalize()), (Some(there), Ok(folder)) if there.starts_with(&folder))
}
