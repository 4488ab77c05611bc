//! `gosweep diagnose`: look closely at cells of a run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use advisor::diagnosis::{Kept, Wanted, choose, diagnoses, files};
use clap::Args as ClapArgs;
use documents::diagnosis::Diagnoses;
use judging::comparison::Selector;
use orchestrator::plan::Plan;
use orchestrator::run::{Choice, Ending as RunEnding, RunRequest};
use record::diagnosis::Diagnosis;
use record::matrix::Diagnose;
use record::quantity::parse_positive_duration;
use record::store::RunDir;

use super::run_folder::{check_trusted, ranking, read as read_run, write as write_into};
use super::setup::{RankedSteering, argv, plan_of, target_user, toolbox};
use crate::exit::{Ending, Failure};
use crate::output::tell;
use crate::progress::Progress;
use crate::{output, signals};

const AFTER_HELP: &str = "\
Each cell gets one more trial, under the load of the run, with CPU, mutex, block,
goroutine, heap and allocation profiles, scheduler details and a second of execution
trace. It is never ranked, since profiling costs time. Everything is kept in
RUN_DIR/diagnosis; the page is RUN_DIR/diagnosis.html. A cell that was diagnosed
before is diagnosed again.

  gosweep diagnose results/r
  gosweep diagnose results/r --cell control --cell gogc=400 --for 10s

`diagnose: [control, winner]` in a matrix does the same at the end of `gosweep run`.

Exit codes: 0 diagnosed, 2 invalid input, 4 the target failed or another gosweep
is measuring, 5 interrupted, 70 internal error";

/// The page, within the run's folder.
const PAGE: &str = "diagnosis.html";

/// `gosweep diagnose`.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DiagnoseArgs {
    /// The run's folder
    #[arg(value_name = "RUN_DIR")]
    pub(crate) run: PathBuf,
    /// A cell: `control`, `winner`, a rank, the first digits of an id, or settings such as gogc=400 [default: what the
    /// matrix asks for, else control and winner]
    #[arg(long, value_name = "CELL", value_parser = wanted)]
    pub(crate) cell: Vec<Wanted>,
    /// Wait for another gosweep that measures on this host, for as long as it takes or at most TIME
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1000h",
        value_parser = record::quantity::parse_positive_duration)]
    pub(crate) wait: Option<Duration>,
    /// The profiled window, 1s to 5m [default: the matrix's, else 5s]
    #[arg(long = "for", value_name = "TIME", value_parser = window)]
    pub(crate) duration: Option<Duration>,
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
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn wanted(text: &str) -> Result<Wanted, String> {
    if text.trim() == "winner" {
        return Ok(Wanted::Winner);
    }
    text.parse::<Selector>()
        .map(Wanted::Named)
        .map_err(|fix| format!("{fix}; or write `winner`"))
}

fn window(text: &str) -> Result<Duration, String> {
    let duration = parse_positive_duration(text)?;
    Diagnose::fits(duration).map(|()| duration)
}

/// Diagnoses cells of a run that is there.
pub(crate) fn diagnose(args: &DiagnoseArgs) -> Result<Ending, Failure> {
    check_trusted(&args.run, args.trust)?;
    let (plan, topology) = plan_of(&args.run)?;
    let mut toolbox = toolbox(None, Some(&plan))?;
    (toolbox.offline, toolbox.locked) = (args.offline, args.locked);
    let request = RunRequest {
        plan: &plan,
        topology: &topology,
        folder: args.run.clone(),
        blocks: None,
        budget: None,
        wait: args.wait.unwrap_or_default(),
        steering: &RankedSteering,
        toolbox: &toolbox,
        argv: argv(),
        tool: output::TOOL.to_owned(),
        user: target_user(args.user.as_deref())?,
        cancel: signals::cancel_flag(),
    };
    let by_matrix = asked_for(&plan);
    let wanted = match args.cell.is_empty() {
        true => by_matrix.cells.iter().map(Wanted::from).collect(),
        false => args.cell.clone(),
    };
    let duration = args.duration.unwrap_or(by_matrix.duration);
    match take(&request, &wanted, duration)? {
        RunEnding::Interrupted => Ok(interrupted(&args.run)),
        RunEnding::Complete => conclude(&args.run, args.json),
    }
}

/// What the matrix asks for, or what it would by default.
fn asked_for(plan: &Plan) -> Diagnose {
    plan.matrix.diagnose.clone().unwrap_or_default()
}

/// Takes the diagnoses that a matrix asks for.
pub(super) fn take_as_asked(
    request: &RunRequest<'_>,
    asked: &Diagnose,
) -> Result<RunEnding, Failure> {
    let wanted: Vec<Wanted> = asked.cells.iter().map(Wanted::from).collect();
    take(request, &wanted, asked.duration)
}

fn take(
    request: &RunRequest<'_>,
    wanted: &[Wanted],
    duration: Duration,
) -> Result<RunEnding, Failure> {
    let ranking = ranking(&request.folder)?;
    let (record, _) = read_run(&request.folder)?;
    let chosen = choose(&record, Some(&ranking), wanted).map_err(Failure::usage)?;
    let choices: Vec<Choice> = chosen
        .into_iter()
        .map(|(cell, chosen)| Choice { cell, chosen })
        .collect();
    let progress = Progress::new();
    let ending = orchestrator::run::diagnose(request, &choices, duration, &|event| {
        progress.show(event);
    });
    progress.clear();
    Ok(ending?)
}

/// Says how to go on.
pub(super) fn interrupted(folder: &Path) -> Ending {
    tell!(
        "interrupted; the cells diagnosed so far are kept, go on with: gosweep diagnose {}",
        folder.display()
    );
    Ending::Incomplete
}

/// At the end of a run, whose ranking is the only document on standard output where that is JSON.
pub(super) fn conclude_beside(folder: &Path, json: bool) -> Result<Ending, Failure> {
    concluded(folder, |shown| match json {
        true => Ok(()),
        false => output::print_page(|options| report::terminal(shown, options)),
    })
}

fn conclude(folder: &Path, json: bool) -> Result<Ending, Failure> {
    concluded(folder, |shown| match json {
        true => output::print_json(shown),
        false => output::print_page(|options| report::terminal(shown, options)),
    })
}

/// Shows the diagnoses and writes their page.
fn concluded(
    folder: &Path,
    show: impl FnOnce(&Diagnoses) -> Result<(), Failure>,
) -> Result<Ending, Failure> {
    let kept = read(folder)?;
    let run = RunDir::open(folder)?.read_run()?;
    let shown = diagnoses(&run, &kept).map_err(Failure::usage)?;
    let page = folder.join(PAGE);
    let html = report::html(&shown).map_err(Failure::internal)?;
    write_into(folder, PAGE, &html)?;
    show(&shown)?;
    tell!("flame graphs and tables: {}", page.display());
    let failed = shown.cells.iter().any(|cell| cell.failure.is_some());
    Ok(if failed { Ending::NotFit } else { Ending::Pass })
}

/// The diagnoses of a run.
pub(super) fn read(folder: &Path) -> Result<Vec<Kept>, Failure> {
    let dir = RunDir::open(folder)?;
    let found = dir.read_diagnoses()?.into_iter();
    found
        .map(|(place, diagnosis)| kept(&dir, &place, diagnosis))
        .collect()
}

/// Of a profile, a trace or a log.
const LARGEST_FILE_BYTES: u64 = 256 << 20;

/// A diagnosis with the files that are still there.
fn kept(dir: &RunDir, place: &Path, diagnosis: Diagnosis) -> Result<Kept, Failure> {
    let mut kept = Kept {
        files: Default::default(),
        diagnosis,
    };
    for name in files(&kept.diagnosis) {
        if let Some(bytes) = dir.diagnosis_file(place, &name, LARGEST_FILE_BYTES)? {
            kept.files.insert(name, bytes);
        }
    }
    Ok(kept)
}
