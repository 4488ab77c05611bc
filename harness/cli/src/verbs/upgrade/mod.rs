//! `gosweep upgrade`: before you upgrade Go.

mod matrix;
mod measure;
mod sources;

use std::path::{Path, PathBuf};
use std::time::Duration;

use advisor::upgrade::{Switched, UpgradeGiven};
use clap::{Args as ClapArgs, ValueEnum};
use documents::upgrade::{Upgrade, UpgradeVerdict};
use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;
use report::{Format, Junit, UpgradeBenchfmt};

use super::advise;
use super::run_folder::read;
use super::setup::argv;
use crate::exit::{Ending, Failure};
use crate::output::{self, tell};

/// Where the runs with switches back are, in the run's folder.
const ATTRIBUTION: &str = "attribution";

const AFTER_HELP: &str = "\
Two comparisons, in the same blocks, with the old version twice in each:
  toolchain only   the new Go under the module's own go line
  full upgrade     with the go line raised too, in a copy of go.mod; your files stay
Where a figure differs beyond its margin, the new version is run again with its known
switches back, one at a time (GODEBUG, GOEXPERIMENT, the go line), against itself in
fresh blocks, and the one that carries the difference is named, or that none does.

  gosweep upgrade --from 1.25.5 --to 1.27.3 httpjson ./shop
  gosweep upgrade --from 1.22 --to 1.25,1.26,1.27 --matrix shop.yaml
  gosweep upgrade --run results/versions-20260101-120000

A matrix gives load, warm-up, options and the control's other settings, and the targets
if none are named.

Exit codes: 0 safe or improved   1 regressed   2 usage or invalid input   3 inconclusive
4 no valid trials, or the host is not fit   5 interrupted   70 internal error";

/// `gosweep upgrade`.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct UpgradeArgs {
    /// The targets: folders under targets/, or paths of target files
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// The Go of now: a version, `path`, or an absolute GOROOT
    #[arg(long, value_name = "V", required_unless_present = "run")]
    pub(crate) from: Option<String>,
    /// The Go to upgrade to; several give one table
    #[arg(
        long,
        value_name = "V[,V…]",
        value_delimiter = ',',
        required_unless_present = "run"
    )]
    pub(crate) to: Vec<String>,
    /// A matrix for load, warm-up, options and the control's other settings
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    pub(crate) matrix: Option<PathBuf>,
    /// Make the page of a run that is there
    #[arg(long, value_name = "RUN_DIR", conflicts_with_all = ["targets", "out", "blocks", "budget"])]
    pub(crate) run: Option<PathBuf>,
    /// Blocks, of each run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(crate) blocks: Option<u32>,
    /// Time that everything may take, e.g. 2h
    #[arg(long, value_name = "D", value_parser = record::quantity::parse_positive_duration)]
    pub(crate) budget: Option<Duration>,
    /// Do not look for what carries a difference
    #[arg(long)]
    pub(crate) no_attribution: bool,
    /// The run's folder [default: results/upgrade-DATE-TIME]; one that is there is gone on with
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Print in this format instead of the table
    #[arg(long, value_enum)]
    pub(crate) format: Option<UpgradeFormat>,
    /// Print as JSON
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Where toolchains may come from, in order: cache,path,gotoolchain,godev, and pip, a third party's repackaging
    /// that is asked only when it is named
    #[arg(long, value_name = "LIST")]
    pub(crate) toolchain_sources: Option<String>,
    /// Fetch nothing, neither toolchains nor modules: only what is on this machine
    #[arg(long)]
    pub(crate) offline: bool,
}

/// The formats of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UpgradeFormat {
    /// Markdown, for a ticket or a pull request
    Md,
    /// One self-contained page
    Html,
    /// JSON
    Json,
    /// JUnit XML: a case per figure that decides
    Junit,
    /// Go's benchmark format, for benchstat -col goversion
    Benchfmt,
}

/// Measures an upgrade, or takes a run that is there, and prints its page.
pub(crate) fn upgrade(args: &UpgradeArgs) -> Result<Ending, Failure> {
    let folder = match &args.run {
        Some(folder) => folder.clone(),
        None => match measure::measure(args)? {
            Some(folder) => folder,
            None => return Ok(Ending::Incomplete),
        },
    };
    let page = page(&folder, args)?;
    if args.run.is_none() {
        keep(&folder, &page)?;
    }
    show(&page, args)?;
    Ok(ending(page.verdict))
}

fn ending(verdict: UpgradeVerdict) -> Ending {
    match verdict {
        UpgradeVerdict::Improved | UpgradeVerdict::Safe => Ending::Pass,
        UpgradeVerdict::Regressed => Ending::GateFailed,
        UpgradeVerdict::Inconclusive => Ending::Inconclusive,
        UpgradeVerdict::Invalid => Ending::NotFit,
    }
}

fn show(page: &Upgrade, args: &UpgradeArgs) -> Result<(), Failure> {
    let format = args.format.or(args.json.then_some(UpgradeFormat::Json));
    match format {
        None => output::print_page(|options| report::terminal(page, options)),
        Some(UpgradeFormat::Json) => output::print_json(page),
        Some(format) => output::print(&render(page, format)?),
    }
}

fn render(page: &Upgrade, format: UpgradeFormat) -> Result<String, Failure> {
    match format {
        UpgradeFormat::Md => report::markdown(page),
        UpgradeFormat::Html => report::html(page),
        UpgradeFormat::Json => report::json(page),
        UpgradeFormat::Junit => Junit.write(page),
        UpgradeFormat::Benchfmt => UpgradeBenchfmt.write(page),
    }
    .map_err(Failure::internal)
}

/// Writes the page alongside the run.
fn keep(folder: &Path, page: &Upgrade) -> Result<(), Failure> {
    let names = [
        (UpgradeFormat::Md, "upgrade.md"),
        (UpgradeFormat::Html, "upgrade.html"),
        (UpgradeFormat::Json, "upgrade.json"),
        (UpgradeFormat::Junit, "upgrade.junit.xml"),
        (UpgradeFormat::Benchfmt, "upgrade.bench.txt"),
    ];
    for (format, name) in names {
        output::write_file(&folder.join(name), &render(page, format)?)?;
    }
    tell!("pages: {}", folder.join("upgrade.{md,html,json}").display());
    Ok(())
}

/// A run with its trials.
type Stored = (Run, Vec<Trial>);

/// The page of a run, with the runs of switches in its folder.
fn page(folder: &Path, args: &UpgradeArgs) -> Result<Upgrade, Failure> {
    let page = with_given(folder, args, advisor::upgrade::upgrade)?;
    page.map_err(Failure::usage)?.ok_or_else(|| {
        let asked = args.from.is_some() || !args.to.is_empty();
        Failure::usage(format!(
            "{} has no two toolchains side by side that differ in nothing else{}",
            folder.display(),
            if asked {
                ": name --from and --to as its matrix does"
            } else {
                ""
            }
        ))
    })
}

/// Gathers what a page is made of.
fn with_given<T>(
    folder: &Path,
    args: &UpgradeArgs,
    make: impl FnOnce(&UpgradeGiven<'_>) -> T,
) -> Result<T, Failure> {
    let (run, trials) = read(folder)?;
    let dir = RunDir::open(folder)?;
    let runs = switched(folder)?;
    let mut named = Vec::new();
    for (run, trials) in &runs {
        let Some(control) = run.cells.iter().find(|cell| cell.control) else {
            continue;
        };
        let toolchain = control.axes.get("toolchain");
        named.push(Switched {
            target: &control.target,
            toolchain: toolchain.map_or("default", String::as_str),
            run,
            trials,
        });
    }
    let words: Vec<String> = match args.run {
        // The run's own command; asking for the page again measures nothing.
        Some(_) => run.argv.clone(),
        None => argv(),
    };
    let command: Vec<String> = words
        .iter()
        .map(|word| record::shell::quoted(word))
        .collect();
    Ok(make(&UpgradeGiven {
        run: &run,
        trials: &trials,
        from: args.from.as_deref(),
        to: &args.to,
        // What cannot be read is not shown: latencies need it, the verdict does not.
        raw: &|trial| advise::raw(&dir, &trial.raw).unwrap_or_default(),
        sources: &sources::of_run(&run),
        switched: &named,
        command: command.join(" "),
        tool: output::TOOL.to_owned(),
    }))
}

/// The runs with switches back; one that was interrupted before its first trial is none.
fn switched(folder: &Path) -> Result<Vec<Stored>, Failure> {
    let below = folder.join(ATTRIBUTION);
    let Ok(mut names) = safefile::Folder::open(&below).and_then(|own| own.names()) else {
        return Ok(Vec::new());
    };
    names.sort();
    let folders: Vec<PathBuf> = names.iter().map(|name| below.join(name)).collect();
    let there = folders.iter().filter(|folder| RunDir::open(folder).is_ok());
    there.map(|folder| read(folder)).collect()
}
