//! `gosweep advise`: what limits the service, why, and what to set.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use advisor::{AdviseOptions, Given, Raw};
use clap::Args as ClapArgs;
use documents::advice::Advice;
use documents::ranking::Ranking;
use record::store::{RunDir, StoreError};
use safefile::Refused;

use super::diagnose;
use super::run_folder;
use crate::exit::{Ending, Failure};
use crate::output;
use crate::output::tell;

/// `gosweep advise`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Rules read what each trial left in the run's folder. Their limits are the `thresholds` of the
matrix; a rule fires only if it holds in three windows of a trial or in two trials. The
project's MYTHS.md corrects advice that is common and wrong.

Exit codes: 0 advised, 2 not a run, no such cell, or a record that contradicts itself")]
pub(crate) struct AdviseArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// The cell that the page is about, by its id or its label [default: the control]
    #[arg(long, value_name = "CELL")]
    pub(crate) cell: Option<String>,
    /// Print as JSON, every rule for every cell
    #[arg(long)]
    pub(crate) json: bool,
}

/// Advises on a run.
pub(crate) fn advise(args: &AdviseArgs) -> Result<Ending, Failure> {
    let options = AdviseOptions {
        cell: args.cell.clone(),
        ..AdviseOptions::default()
    };
    let advice = advice_of(&args.run, &options)?;
    if args.json {
        output::print_json(&advice)?;
    } else {
        output::print_page(|options| report::terminal(&advice, options))?;
    }
    Ok(Ending::Pass)
}

/// Ranks a run, with the advice on its controls.
pub(super) fn load(folder: &Path) -> Result<Ranking, Failure> {
    let mut ranking = run_folder::ranking(folder)?;
    ranking.advice = Some(advice(folder, &ranking, &AdviseOptions::default())?);
    Ok(ranking)
}

/// The advice on a run.
pub(super) fn advice_of(folder: &Path, options: &AdviseOptions) -> Result<Advice, Failure> {
    advice(folder, &run_folder::ranking(folder)?, options)
}

fn advice(folder: &Path, ranking: &Ranking, options: &AdviseOptions) -> Result<Advice, Failure> {
    let (run, trials) = run_folder::read(folder)?;
    let dir = RunDir::open(folder)?;
    let refused = RefCell::new(None);
    let given = Given {
        run: &run,
        trials: &trials,
        ranking,
        diagnoses: &diagnose::read(folder)?,
        raw: &|trial| {
            raw(&dir, &trial.raw).unwrap_or_else(|error| {
                refused.borrow_mut().get_or_insert(error);
                Raw::default()
            })
        },
    };
    let advice = advisor::advise(&given, options);
    match refused.take() {
        Some(error) => Err(error.into()),
        None => advice.map_err(Failure::usage),
    }
}

/// A log of an hour takes some tens of megabytes; what is larger is cut when it is written.
const LARGEST_LOG_BYTES: u64 = 256 << 20;

/// A service that floods its log is still to be advised, by whatever else it left.
fn is_too_large(error: &StoreError) -> bool {
    let StoreError::Io { source, .. } = error else {
        return false;
    };
    matches!(safefile::refusal(source), Some(Refused::Large { .. }))
}

/// What is left of a trial's raw evidence. A file that is gone only means fewer rules.
pub(super) fn raw(dir: &RunDir, raw: &str) -> Result<Raw, StoreError> {
    let file = |name: &str| {
        if raw.is_empty() {
            return Ok(None);
        }
        match dir.evidence(&format!("{raw}/{name}"), LARGEST_LOG_BYTES) {
            Err(error) if is_too_large(&error) => {
                tell!("passed over: {error}");
                Ok(None)
            }
            other => other,
        }
    };
    Ok(Raw {
        stderr: file("stderr.log")?,
        saturate: file("metrics-saturate.jsonl")?,
        constant: file("metrics-constant.jsonl")?,
    })
}
