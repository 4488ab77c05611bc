//! `gosweep compare`: is one side worse than the other?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use documents::comparison::{Comparison, Judgement};
use judging::comparison::{CompareOptions, Measured, Selector, between_runs, within_run};
use record::objective::Objective;
use record::quantity::parse_share;

use super::run_folder::read;
use crate::exit::{Ending, Failure};
use crate::output;

const AFTER_HELP: &str = "\
Sides, baseline first:
  With --run both sides are cells of that run, named by
    control                    the control
    1                          the rank that `gosweep rank` gives it
    1f2e3d                     the first digits of its id
    gogc=400,gomaxprocs=2      its settings (`target=NAME` among them for a target)
  Settings that match several cells compare all of them: each with the cell of the
  other side that differs only on the axes named, all pairs together.
  Without --run both sides are the folders of two runs; cells with the same settings
  are compared. That is weaker, since host conditions change between runs: a nightly check
  should put its baseline into the same matrix and compare within one run.

  gosweep compare --run results/r control gogc=400
  gosweep compare --run results/r toolchain=1.25.5 toolchain=1.27.3
  gosweep compare results/before results/after

Verdicts, per objective and overall:
  REGRESSED     the whole interval lies beyond the margin on the bad side, and holds
                after correction over all that decides
  NO WORSE      it lies entirely on the good side of it
  IMPROVED      it excludes no change, and the estimate reaches the margin there
  INCONCLUSIVE  neither; the report says how many more blocks would decide. So is a
                gain at the price of what the run ranks lower, and two runs without
                a --history that shows what days differ by
The verdict is decided by what the run ranks by, CPU per request, GC CPU, QPS, P99, GC
per 1,000 requests, RSS and error rate, and by the objectives that --margin names.
Default margins: qps 3%, p50/p99/p999 10%, error_rate 0.1% (points),
all others 5%.

Exit codes: 0 no worse or improved   1 regressed   2 usage or invalid input
3 inconclusive   4 no valid trials to judge by   70 internal error";

/// `gosweep compare`.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CompareArgs {
    /// What to compare against: a cell (with --run), or the folder of a run
    #[arg(value_name = "BASELINE")]
    pub(crate) baseline: String,
    /// What to compare: a cell (with --run), or the folder of a run
    #[arg(value_name = "CANDIDATE")]
    pub(crate) candidate: String,
    /// The folder of the run that holds both sides
    #[arg(long, value_name = "RUN_DIR", conflicts_with = "cross_host")]
    pub(crate) run: Option<PathBuf>,
    /// This target only
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Margins, e.g. qps=3%,p99=10%
    #[arg(long, value_name = "LIST", value_parser = margins)]
    pub(crate) margin: Option<Margins>,
    /// Objectives that decide instead of the usual ones, e.g. qps,p99
    #[arg(long, value_name = "LIST", value_parser = objectives)]
    pub(crate) by: Option<Objectives>,
    /// The folder of an earlier run of the baseline's configuration, one a day; from three on (repeat the option) they
    /// show what days differ by, without which two runs are INCONCLUSIVE
    #[arg(long, value_name = "RUN_DIR", conflicts_with = "run")]
    pub(crate) history: Vec<PathBuf>,
    /// Compare runs of different hosts all the same
    #[arg(long)]
    pub(crate) cross_host: bool,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Margins by objective, as `--margin` takes them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Margins(BTreeMap<Objective, f64>);

/// Objectives, as `--by` takes them, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Objectives(pub(crate) Vec<Objective>);

fn margins(text: &str) -> Result<Margins, String> {
    let mut margins = BTreeMap::new();
    for part in text.split(',') {
        let (name, share) = part.split_once('=').ok_or_else(|| {
            format!("`{part}` is no margin: write OBJECTIVE=SHARE, e.g. `qps=3%`")
        })?;
        let objective: Objective = name.trim().parse()?;
        let share = parse_share(share.trim())?;
        if share >= 1.0 {
            return Err("a margin lies below 100%".to_owned());
        }
        if margins.insert(objective, share).is_some() {
            return Err(format!("`{objective}` is given twice"));
        }
    }
    Ok(Margins(margins))
}

/// A list of objectives without repeats.
pub(crate) fn objectives(text: &str) -> Result<Objectives, String> {
    let mut objectives = Vec::new();
    for name in text.split(',') {
        let objective: Objective = name.trim().parse()?;
        if objectives.contains(&objective) {
            return Err(format!("`{objective}` is given twice"));
        }
        objectives.push(objective);
    }
    Ok(Objectives(objectives))
}

/// Compares two sides.
pub(crate) fn compare(args: &CompareArgs) -> Result<Ending, Failure> {
    let comparison = compared(args)?;
    if args.json {
        output::print_json(&comparison)?;
    } else {
        output::print_page(|options| report::terminal(&comparison, options))?;
    }
    Ok(ending(comparison.verdict))
}

fn compared(args: &CompareArgs) -> Result<Comparison, Failure> {
    let mut options = options(args);
    let found = match &args.run {
        Some(folder) => {
            let sides = (selector(&args.baseline)?, selector(&args.candidate)?);
            let (run, trials) = read(folder)?;
            advisor::measured(&run, &trials)
                .and_then(|run| within_run(&run, &sides.0, &sides.1, &options))
        }
        None => {
            let folders = [Path::new(&args.baseline), Path::new(&args.candidate)];
            if let Some(missing) = folders.iter().find(|folder| !folder.is_dir()) {
                return Err(Failure::usage(format!(
                    "{} is no folder of a run; for cells of one run add --run RUN_DIR",
                    missing.display()
                )));
            }
            let (baseline, candidate) = (read(folders[0])?, read(folders[1])?);
            options.folders = Some([args.baseline.clone(), args.candidate.clone()]);
            let earlier = args.history.iter().map(|folder| read(folder));
            let earlier = earlier.collect::<Result<Vec<_>, _>>()?;
            advisor::measured(&baseline.0, &baseline.1).and_then(|baseline| {
                let candidate = advisor::measured(&candidate.0, &candidate.1)?;
                let earlier = earlier
                    .iter()
                    .map(|(run, trials)| Measured::new(run, trials));
                let earlier = earlier.collect::<Result<Vec<_>, _>>()?;
                between_runs(&baseline, &candidate, &earlier, &options)
            })
        }
    };
    found.map_err(Failure::usage)
}

fn options(args: &CompareArgs) -> CompareOptions {
    let by = args.by.as_ref();
    CompareOptions {
        margins: args.margin.clone().map(|own| own.0).unwrap_or_default(),
        decided_by: by.map(|own| own.0.iter().copied().collect::<BTreeSet<_>>()),
        target: args.target.clone(),
        cross_host: args.cross_host,
        tool: output::TOOL.to_owned(),
        ..CompareOptions::default()
    }
}

/// Reads a side.
pub(super) fn selector(text: &str) -> Result<Selector, Failure> {
    text.parse()
        .map_err(|fix| Failure::usage(format!("`{text}` names no cells: {fix}")))
}

/// How a judgement ends the call.
pub(super) fn ending(judgement: Judgement) -> Ending {
    match judgement {
        Judgement::Improved | Judgement::NoWorse => Ending::Pass,
        Judgement::Regressed => Ending::GateFailed,
        Judgement::Inconclusive => Ending::Inconclusive,
        Judgement::Invalid => Ending::NotFit,
    }
}
