//! Does what the command line asks for.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use loadgen::{
    Hooks, HostCounters, LoadError, LoadOutcome, SearchOptions, SearchOutcome, Verdict,
    find_highest_rate, find_knee,
};

use topology::CpuSet;

use super::args::{LoadAction, LoadArgs};
use super::job::{Aim, Job};
use super::live::Live;
use super::report::{self, Report};
use super::{failure, selftest};
use crate::exit::{Ending, Failure};
use crate::output::tell;
use crate::signals;

/// Drives a URL, or does one of the verb's other things.
pub(crate) fn load(args: LoadArgs) -> Result<Ending, Failure> {
    match args.action {
        Some(LoadAction::Selftest(args)) => selftest::selftest(&args),
        Some(LoadAction::ReferenceServer(args)) => selftest::serve(&args),
        None => drive(&Job::resolve(args.drive)?),
    }
}

fn drive(job: &Job) -> Result<Ending, Failure> {
    refuse_unwritable(job)?;
    if !job.quiet {
        job.notes.iter().for_each(|note| tell!("note: {note}"));
    }
    let cancel = signals::cancel_flag();
    let measured = measure(job, cancel).map_err(failure::from_load)?;
    let was_interrupted = cancel.load(Ordering::SeqCst);
    let report = Report::new(job, measured.outcome(), measured.search(), was_interrupted);
    report::write(&report)?;
    Ok(ending(&report))
}

/// What a run or a search came to.
enum Measured {
    Run(Box<LoadOutcome>),
    Search(SearchOutcome),
}

impl Measured {
    /// The outcome that is reported: of a search, the run at the best rate.
    fn outcome(&self) -> &LoadOutcome {
        match self {
            Self::Run(outcome) => outcome,
            Self::Search(search) => {
                let best = search.probes.iter().rfind(|probe| {
                    probe.rate_per_s.is_some() && probe.rate_per_s == search.best_rate_per_s
                });
                let shown = best.or(search.probes.last());
                &shown.expect("a search begins with a probe").outcome
            }
        }
    }

    fn search(&self) -> Option<&SearchOutcome> {
        match self {
            Self::Run(_) => None,
            Self::Search(search) => Some(search),
        }
    }
}

fn measure(job: &Job, cancel: &AtomicBool) -> Result<Measured, LoadError> {
    let live = Live::new(job);
    let progress = |progress: &loadgen::Progress<'_>| live.show(progress);
    let pin = |thread: usize| {
        let cpu = job.cpus[thread % job.cpus.len()];
        topology::pin_current_thread(cpu)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let watched = watched_cpus(job);
    let host = || look_at_host(&watched);
    let hooks = Hooks {
        pin: (!job.cpus.is_empty()).then_some(&pin),
        progress: Some(&progress),
        host: Some(&host),
        cancel: Some(cancel),
        ..Hooks::default()
    };
    let options = |probes| SearchOptions {
        probe: job.spec.duration,
        max_probes: probes,
        ..SearchOptions::default()
    };
    match &job.aim {
        Aim::Measure => {
            loadgen::run(&job.spec, &hooks).map(|outcome| Measured::Run(Box::new(outcome)))
        }
        Aim::Knee { probes } => {
            find_knee(&job.spec, &options(*probes), &hooks).map(Measured::Search)
        }
        Aim::Objectives { objectives, probes } => {
            find_highest_rate(&job.spec, objectives, &options(*probes), &hooks)
                .map(Measured::Search)
        }
    }
}

/// The CPUs that the generator runs on.
fn watched_cpus(job: &Job) -> CpuSet {
    if job.cpus.is_empty() {
        topology::current_affinity().unwrap_or_default()
    } else {
        job.cpus.iter().copied().collect()
    }
}

fn look_at_host(cpus: &CpuSet) -> Option<HostCounters> {
    let root = Path::new("/");
    let ticks = topology::cpu_ticks(root, cpus)?;
    Some(HostCounters {
        total_ticks: ticks.total,
        steal_ticks: ticks.steal,
        cpu_pressure_us: topology::cpu_pressure_us(root),
    })
}

/// Finds out before the run, not after it, that a result cannot be written.
fn refuse_unwritable(job: &Job) -> Result<(), Failure> {
    let outputs = &job.outputs;
    let named: [(&str, Option<&Path>); 3] = [
        (
            "--json",
            outputs
                .json
                .as_deref()
                .filter(|_| !outputs.json_to_stdout()),
        ),
        ("--csv-out", outputs.csv.as_deref()),
        ("--prometheus", outputs.prometheus.as_deref()),
    ];
    for (option, path) in named {
        let Some(path) = path else { continue };
        let opened = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        opened.map_err(|error| {
            Failure::usage(format!(
                "{option} {}: {error}; name a file in a folder that exists",
                path.display()
            ))
        })?;
    }
    Ok(())
}

/// The exit code's meaning: see the verb's help.
fn ending(report: &Report<'_>) -> Ending {
    if report.was_interrupted {
        return Ending::Incomplete;
    }
    if let Some(search) = report.search {
        let found = search.best_rate_per_s.is_some();
        return match (found, search.is_generator_bound) {
            (_, true) => Ending::NotFit,
            (true, false) => of_thresholds(report),
            (false, false) => Ending::GateFailed,
        };
    }
    of_thresholds(report)
}

fn of_thresholds(report: &Report<'_>) -> Ending {
    if report.findings.is_empty() {
        return match report.outcome.ran_out() {
            Some(_) => Ending::NotFit,
            None => Ending::Pass,
        };
    }
    let failed = report.findings.iter().any(|finding| finding.failed);
    match (&report.outcome.verdict, failed) {
        (Verdict::Valid, false) => Ending::Pass,
        // Under overload the figures are the server's, and would only be worse in a longer run.
        (Verdict::Valid | Verdict::Overloaded { .. }, true) => Ending::GateFailed,
        // There is no figure that a threshold could be kept by.
        (Verdict::Failed { .. }, _) => Ending::GateFailed,
        _ => Ending::NotFit,
    }
}
