//! Drives a URL, reports, and says how it ended.

use std::path::Path;
use std::sync::atomic::Ordering;

use loadgen::{
    Hooks, HostCounters, LoadError, LoadOutcome, LoadVerdict, SearchOptions, SearchOutcome,
    find_highest_rate, find_knee,
};

use topology::CpuSet;

use crate::caller::Caller;
use crate::failure::{self, Failure};
use crate::job::{Aim, Job};
use crate::live::Live;
use crate::options::DriveOptions;
use crate::report::{self, Report};

/// How a run, a search or a self-test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing failed.
    Pass,
    /// A threshold holds, no rate meets the objectives, or a bar of the self-test is missed.
    Failed,
    /// Thresholds were asked for, and the figures cannot be relied on.
    NotFit,
    /// Interrupted; what was measured is reported.
    Interrupted,
}

/// Drives a URL with load and reports in every form asked for.
///
/// # Errors
/// [`Failure::Usage`] when the options cannot be used, a file cannot be read or written or there is no connection at
/// the start; [`Failure::Interrupted`] when it was cancelled before anything was measured.
pub fn drive(options: DriveOptions, caller: &Caller) -> Result<Ending, Failure> {
    let job = &Job::resolve(options, caller.requests_of)?;
    refuse_unwritable(job)?;
    if !job.quiet {
        for note in &job.notes {
            caller.tell(format!("note: {}", record::secret::text(note)));
        }
    }
    let measured = measure(job, caller).map_err(failure::from_load)?;
    let was_interrupted = caller.cancel.load(Ordering::SeqCst);
    let report = Report::new(job, measured.outcome(), measured.search(), was_interrupted);
    report::write(&report, caller)?;
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

fn measure(job: &Job, caller: &Caller) -> Result<Measured, LoadError> {
    let live = Live::new(job, caller.tell_over);
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
        cancel: Some(caller.cancel),
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
        return Ending::Interrupted;
    }
    if let Some(search) = report.search {
        let found = search.best_rate_per_s.is_some();
        return match (found, search.is_generator_bound) {
            (_, true) => Ending::NotFit,
            (true, false) => of_thresholds(report),
            (false, false) => Ending::Failed,
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
        (LoadVerdict::Valid, false) => Ending::Pass,
        // Under overload the figures are the server's, and would only be worse in a longer run.
        (LoadVerdict::Valid | LoadVerdict::Overloaded { .. }, true) => Ending::Failed,
        // There is no figure that a threshold could be kept by.
        (LoadVerdict::Failed { .. }, _) => Ending::Failed,
        _ => Ending::NotFit,
    }
}
