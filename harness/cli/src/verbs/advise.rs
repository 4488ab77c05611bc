//! `gosweep advise`: what limits the service, why, and what to set.

use std::fs;
use std::path::Path;

use analysis::advice::{Advice, AdviseOptions, Given, Raw};
use analysis::ranking::Ranking;
use analysis::report;

use super::{diagnose, rank};
use crate::args::AdviseArgs;
use crate::exit::{Ending, Failure};
use crate::output;

/// Advises on a run.
pub(crate) fn advise(args: &AdviseArgs) -> Result<Ending, Failure> {
    let options = AdviseOptions {
        cell: args.cell.clone(),
        ..AdviseOptions::default()
    };
    let ranking = rank::load(&args.run)?;
    let advice = advice(&args.run, &ranking, &options)?;
    if args.json {
        output::print_json(&advice)?;
    } else {
        output::print(&report::terminal(&advice, rank::terminal()))?;
    }
    Ok(Ending::Pass)
}

/// Ranks a run, with the advice on its controls.
pub(super) fn load(folder: &Path) -> Result<Ranking, Failure> {
    let mut ranking = rank::load(folder)?;
    ranking.advice = Some(advice(folder, &ranking, &AdviseOptions::default())?);
    Ok(ranking)
}

fn advice(folder: &Path, ranking: &Ranking, options: &AdviseOptions) -> Result<Advice, Failure> {
    let (run, trials) = rank::read(folder)?;
    let given = Given {
        run: &run,
        trials: &trials,
        ranking,
        diagnoses: &diagnose::read(folder)?,
        raw: &|trial| raw(&folder.join(&trial.raw)),
    };
    let advice = analysis::advice::advise(&given, options);
    advice.map_err(Failure::usage)
}

/// What is left of a trial's raw evidence. A file that is gone only means fewer rules.
fn raw(folder: &Path) -> Raw {
    let file = |name: &str| fs::read(folder.join(name)).ok();
    Raw {
        stderr: file("stderr.log"),
        saturate: file("metrics-saturate.jsonl"),
        constant: file("metrics-constant.jsonl"),
    }
}
