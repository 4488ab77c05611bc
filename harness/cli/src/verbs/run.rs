//! `gosweep run`: measure, rank, report.

use std::path::{Path, PathBuf};

use orchestrator::plan::Plan;
use orchestrator::run::{Ending as RunEnding, RunRequest, Steering};
use record::decision::{Finalist, Judgement};
use record::run::Run;
use record::store::RunDir;
use record::trial::Trial;
use toolchain::{SourceOrder, Store, Toolbox};
use topology::Topology;

use super::{advise, diagnose, plan, rank, report};
use crate::args::{ReportFormat, RunArgs};
use crate::exit::{Ending, Failure};
use crate::output::tell;
use crate::progress::Progress;
use crate::{output, signals};

/// Runs a matrix to its end, or as far as it gets.
pub(crate) fn run(args: &RunArgs) -> Result<Ending, Failure> {
    if args.shard.is_some() {
        return Err(Failure::usage(
            "--shard is reserved; this version runs a matrix on one host",
        ));
    }
    let (plan, topology, folder) = what_and_where(args)?;
    let mut toolbox = toolbox(args.toolchain_sources.as_deref(), Some(&plan))?;
    (toolbox.offline, toolbox.locked) = (args.offline, args.locked);
    let request = RunRequest {
        plan: &plan,
        topology: &topology,
        folder: folder.clone(),
        blocks: args.blocks,
        budget: args.budget,
        steering: &RankedSteering,
        toolbox: &toolbox,
        argv: std::env::args().collect(),
        tool: output::TOOL.to_owned(),
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
    conclude(&folder, args.json)?;
    match diagnosed {
        Some(RunEnding::Interrupted) => Ok(diagnose::interrupted(&folder)),
        Some(RunEnding::Complete) => diagnose::conclude(&folder),
        None => Ok(Ending::Pass),
    }
}

/// Racing, stopping and choosing finalists by the code that ranks the run in
/// the end, with the same options.
#[derive(Debug)]
pub(super) struct RankedSteering;

impl Steering for RankedSteering {
    fn after_block(&self, run: &Run, trials: &[Trial]) -> Result<Judgement, String> {
        analysis::steering::judge(run, trials, &rank::by_us(analysis::RankOptions::default()))
            .map_err(|error| error.to_string())
    }

    fn finalists(&self, run: &Run, trials: &[Trial]) -> Result<Vec<Finalist>, String> {
        analysis::steering::finalists(run, trials, &rank::by_us(analysis::RankOptions::default()))
            .map_err(|error| error.to_string())
    }
}

/// The plan and the run's folder. A folder given in the matrix's place goes on
/// with the matrix that it holds, whatever became of the file.
fn what_and_where(args: &RunArgs) -> Result<(Plan, Topology, PathBuf), Failure> {
    if !args.matrix.is_dir() {
        let (plan, topology) = plan::make(&args.matrix)?;
        let folder = args.out.clone().unwrap_or_else(|| default_folder(&plan));
        return Ok((plan, topology, folder));
    }
    if args.out.as_ref().is_some_and(|out| *out != args.matrix) {
        return Err(Failure::usage(
            "a run goes on in its own folder: leave out --out",
        ));
    }
    let (plan, topology) = plan_of(&args.matrix)?;
    Ok((plan, topology, args.matrix.clone()))
}

/// The plan of a run that is there.
pub(super) fn plan_of(folder: &Path) -> Result<(Plan, Topology), Failure> {
    let run = RunDir::open(folder)?.read_run()?;
    plan::make_from_text(Path::new(&run.matrix.path), &run.matrix.text)
}

/// The arguments that go on with a run. Before its first trial the folder holds
/// no run yet and the matrix must be named again.
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

/// Where toolchains come from: the command line, then the matrix, then the
/// default order.
pub(super) fn toolbox(sources: Option<&str>, plan: Option<&Plan>) -> Result<Toolbox, Failure> {
    let root = Store::usual_root(|name| std::env::var_os(name)).ok_or_else(|| {
        Failure::usage("no cache folder: set GOSWEEP_CACHE to an absolute path, or HOME")
    })?;
    let mut toolbox = Toolbox::new(Store::at(root));
    let named = plan
        .map(|plan| &plan.matrix.toolchain_sources)
        .filter(|sources| !sources.is_empty());
    let in_matrix = named.map(|sources| {
        let names: Vec<&str> = sources.iter().map(|source| source.value.as_str()).collect();
        names.join(",")
    });
    if let Some(order) = sources.map(str::to_owned).or(in_matrix) {
        toolbox.order = order.parse::<SourceOrder>().map_err(Failure::usage)?;
    }
    Ok(toolbox)
}

/// Ranks the run and writes its reports beside it.
fn conclude(folder: &Path, json: bool) -> Result<(), Failure> {
    let ranked = advise::load(folder)?;
    let names = [
        (ReportFormat::Md, "report.md"),
        (ReportFormat::Json, "report.json"),
        (ReportFormat::Html, "report.html"),
    ];
    for (format, name) in names {
        output::write_file(&folder.join(name), &report::render(&ranked, format)?)?;
    }
    rank::show(&ranked, json)?;
    let written = folder.join("report.{md,json,html}");
    tell!("\nreports: {}", written.display());
    Ok(())
}
