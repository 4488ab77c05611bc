//! From everything that was read to a verdict.

use std::time::Duration;

use gotrace::GoVersion;
use gotrace::profile::{Profile, ProfileKind};
use record::threshold::Thresholds;

use super::document::{Analysis, InputReport, Picture, Severity};
use super::evidence;
use super::log::Log;
use super::material::{Material, Part, TraceView};
use super::verdict::verdict;
use super::{crash, profiles, snapshot};
use crate::advice::{self, Drive, Evidence, Judgement, Profiles, Sample, Subject};
use crate::error::AnalysisError;
use crate::figures::{count_text, counted};
use crate::profile::{LockCheck, LockEvidence, LockLimits, lock_check};

/// Version of the document.
const FORMAT_VERSION: u32 = 1;
/// Judgements of processes of one log: the last ones.
const MOST_JUDGED: usize = 4;

/// What the caller knows beside the inputs.
#[derive(Debug, Clone, Default)]
pub struct AnalyzeOptions {
    /// Who makes the document.
    pub tool: String,
    /// Whether to draw pictures for a page.
    pub pictures: bool,
    /// Hold the first two profiles of one kind against each other, and nothing else.
    pub difference: bool,
    /// What could not be had, with how to get it.
    pub missing: Vec<String>,
    /// `runtime.SetMutexProfileFraction`, where it is known.
    pub mutex_fraction: Option<u32>,
    /// What profiles cover that do not say so themselves.
    pub window: Option<Duration>,
}

/// Says what inputs amount to.
///
/// # Errors
/// [`AnalysisError::Profile`] if a difference is asked for and the inputs are not two profiles of one kind.
pub fn analyze(
    materials: &[Material],
    options: &AnalyzeOptions,
) -> Result<Analysis, AnalysisError> {
    let mut inputs: Vec<InputReport> = materials.iter().map(input_report).collect();
    if options.difference {
        inputs.push(difference_report(materials)?);
    }
    let lock_evidence = lock_evidence(materials, options);
    let locks = if options.difference {
        None
    } else {
        locks(&lock_evidence)
    };
    let judgements = judgements(materials, &lock_evidence);
    let mut analysis = Analysis {
        format_version: FORMAT_VERSION,
        verdict: String::new(),
        severity: Severity::Calm,
        next_step: String::new(),
        tool: options.tool.clone(),
        inputs,
        judgements,
        locks,
        missing: options.missing.clone(),
        pictures: pictures(materials, options)?,
    };
    let (severity, verdict, next_step) = verdict(&analysis);
    (analysis.severity, analysis.verdict, analysis.next_step) = (severity, verdict, next_step);
    Ok(analysis)
}

fn input_report(material: &Material) -> InputReport {
    let mut report = InputReport {
        name: material.name.clone(),
        kind: String::new(),
        go: None,
        facts: Vec::new(),
        notes: Vec::new(),
        processes: Vec::new(),
        crashes: Vec::new(),
        profiles: Vec::new(),
    };
    match &material.part {
        Part::Log(log) => log_report(log, &mut report),
        Part::Profile(profile, kind) => {
            let title = profiles::word(*kind);
            title.clone_into(&mut report.kind);
            report.go = profiles::go_of(profile);
            report
                .profiles
                .push(profiles::report(profile, *kind, title));
        }
        Part::Metrics(it) => {
            "snapshot of runtime/metrics".clone_into(&mut report.kind);
            report.go = it.last().map(|last| last.go_version.to_string());
            report.facts = it.last().map(snapshot::metrics).unwrap_or_default();
            if it.len() > 1 {
                report.notes.push(format!(
                    "{}; the figures are of the last one, the findings of what changed between them",
                    counted(it.len(), "snapshot")
                ));
            }
        }
        Part::MemStats(it) => {
            "memory statistics (heap?debug=1)".clone_into(&mut report.kind);
            report.facts = snapshot::memstats(it);
        }
        Part::Goroutines(goroutines) => {
            "goroutine dump".clone_into(&mut report.kind);
            report.crashes.push(crash::dump(goroutines));
        }
        Part::Build(builds) => {
            "build information (go version -m)".clone_into(&mut report.kind);
            report.go = builds.first().map(|build| build.go_version.to_string());
            report.facts = snapshot::build(builds);
        }
        Part::Trace {
            header,
            views,
            problem,
            ..
        } => {
            report.kind = format!("execution trace, format 1.{}", header.format_minor);
            report.go = writers(header.written_by());
            report.notes.extend(problem.clone());
            for TraceView { kind, profile } in views {
                let title = trace_title(kind);
                report
                    .profiles
                    .push(profiles::report(profile, ProfileKind::TraceDelay, &title));
            }
        }
    }
    report
}

fn writers(minors: &[u32]) -> Option<String> {
    let names: Vec<String> = minors.iter().map(|minor| format!("1.{minor}")).collect();
    (!names.is_empty()).then(|| format!("Go {} (by the trace's format)", names.join(" or ")))
}

fn trace_title(kind: &str) -> String {
    let what = match kind {
        "net" => "waiting for the network",
        "sync" => "waiting for locks, channels and the like",
        "syscall" => "in system calls",
        _ => "runnable, waiting to run",
    };
    format!("trace, {kind}: {what}")
}

fn log_report(log: &Log, report: &mut InputReport) {
    let seen = &log.seen;
    let kinds = [
        (seen.gc, "gctrace"),
        (seen.sched, "schedtrace"),
        (seen.blocks, "scheddetail"),
        (seen.scavenge, "scavtrace"),
        (seen.pacer, "gcpacertrace"),
        (log.crashes.len() as u64, "a crash"),
    ];
    let there: Vec<&str> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, name)| *name)
        .collect();
    report.kind = if there.is_empty() {
        "text without a line of the Go runtime".to_owned()
    } else {
        format!("log of a Go program: {}", crate::figures::listed(&there))
    };
    report.go = log.go.text();
    let first = log.processes_let_go + 1;
    report.processes = (first..)
        .zip(&log.processes)
        .map(|(number, process)| process.report(number))
        .collect();
    report.crashes = log.crashes.iter().map(crash::report).collect();
    report.facts = log.scavenged.map(snapshot::scavenged).unwrap_or_default();
    report.notes = log_notes(log);
}

fn log_notes(log: &Log) -> Vec<String> {
    let counts = &log.counts;
    let lines = |count: u64| {
        let noun = if count == 1 { "line" } else { "lines" };
        format!("{} {noun}", count_text(count as f64))
    };
    let mut notes = vec![format!(
        "{}, {} of them of the runtime",
        lines(counts.lines),
        count_text((counts.parsed + counts.crash) as f64)
    )];
    let mut add = |count: u64, text: &str| {
        if count > 0 {
            notes.push(format!("{} {text}", lines(count)));
        }
    };
    add(
        counts.torn,
        "of the runtime could not be read: other output was written into them, or they were cut",
    );
    add(
        counts.wrapped,
        "came wrapped by a container runtime or log collector",
    );
    add(counts.overlong, "were cut because of their length");
    add(
        log.seen.periodic,
        "announce a collection after two minutes without one",
    );
    if log.processes.len() > 1 {
        notes.push(format!(
            "{} processes wrote it one after the other: sequence numbers or clocks begin again",
            log.processes.len()
        ));
    }
    if log.processes_let_go > 0 {
        notes.push(format!(
            "{} earlier processes are not shown",
            count_text(log.processes_let_go as f64)
        ));
    }
    notes
}

/// What changed between two profiles, as a table.
fn difference_report(materials: &[Material]) -> Result<InputReport, AnalysisError> {
    let (kind, (before, earlier), (after, later)) = pair(materials)?;
    let change = gotrace::profile::diff(earlier, later)
        .map_err(|error| AnalysisError::Profile(error.to_string()))?;
    Ok(InputReport {
        name: format!("{before} → {after}"),
        kind: format!("difference of two of one kind: {}", profiles::word(kind)),
        go: None,
        facts: Vec::new(),
        notes: vec![
            "values as taken, not divided by the windows; what is negative became less".to_owned(),
        ],
        processes: Vec::new(),
        crashes: Vec::new(),
        profiles: vec![profiles::change_report(&change, kind)],
    })
}

/// The first profile of each kind that tells of locks.
fn lock_evidence<'a>(materials: &'a [Material], options: &AnalyzeOptions) -> LockEvidence<'a> {
    let profile = |kind| profiles::first(materials, kind);
    LockEvidence {
        cpu: profile(ProfileKind::Cpu),
        block: profile(ProfileKind::Block),
        mutex: profile(ProfileKind::Mutex),
        goroutine: profile(ProfileKind::Goroutine),
        window: options.window,
        mutex_fraction: options.mutex_fraction,
    }
}

/// The lock check, where at least one profile of locks was given.
fn locks(evidence: &LockEvidence<'_>) -> Option<LockCheck> {
    let of_locks = evidence.block.is_some() || evidence.mutex.is_some();
    if !of_locks && evidence.goroutine.is_none() {
        return None;
    }
    let check = lock_check(evidence, &LockLimits::default());
    // A goroutine profile by itself is looked at for other reasons, too.
    (of_locks || !check.suspects.is_empty()).then_some(check)
}

fn judgements(materials: &[Material], lock_evidence: &LockEvidence<'_>) -> Vec<Judgement> {
    let mut evidence: Vec<Evidence> = Vec::new();
    for material in materials {
        if let Part::Log(log) = &material.part {
            let first = log.processes_let_go + 1;
            let several = log.processes.len() > 1;
            let numbered = (first..).zip(&log.processes);
            let skipped = log.processes.len().saturating_sub(MOST_JUDGED);
            evidence.extend(numbered.skip(skipped).map(|(number, process)| {
                let name = if several {
                    format!("{}, process {number}", material.name)
                } else {
                    material.name.clone()
                };
                evidence::of_process(process, name)
            }));
        }
    }
    evidence.extend(evidence::of_metrics(materials));
    let profiles = Profiles::of("the profiles", lock_evidence);
    if profiles.cpu.is_some() || profiles.locks.is_some() {
        evidence.push(Evidence {
            subject: Subject {
                name: profiles.name.clone(),
                ..Subject::default()
            },
            samples: vec![Sample {
                name: profiles.name.clone(),
                origin: profiles.name.clone(),
                drive: Drive::Live,
                profiles: Some(profiles),
                ..Sample::default()
            }],
            ..Evidence::default()
        });
    }
    // A log does not name its Go; one binary's build information among the inputs does.
    if let Some(go) = the_only_build(materials) {
        for own in &mut evidence {
            own.subject.go.get_or_insert_with(|| go.clone());
        }
    }
    let thresholds = Thresholds::default();
    evidence
        .iter()
        .map(|evidence| advice::judge(evidence, &thresholds))
        .collect()
}

fn the_only_build(materials: &[Material]) -> Option<GoVersion> {
    let mut builds = materials
        .iter()
        .filter_map(|material| match &material.part {
            Part::Build(builds) => Some(builds),
            _ => None,
        })
        .flatten();
    let only = builds.next()?;
    builds.next().is_none().then(|| only.go_version.clone())
}

fn pictures(
    materials: &[Material],
    options: &AnalyzeOptions,
) -> Result<Vec<Picture>, AnalysisError> {
    if options.difference {
        let (kind, before, after) = pair(materials)?;
        let title = format!("{}: {} → {}", profiles::word(kind), before.0, after.0);
        let picture = profiles::difference_picture(kind, before.1, after.1, title)?;
        return Ok(vec![picture]);
    }
    if !options.pictures {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for material in materials {
        match &material.part {
            Part::Profile(profile, kind) => {
                let title = format!("{}: {}", profiles::word(*kind), material.name);
                let id = format!("flame-{}", found.len());
                found.extend(profiles::picture(profile, *kind, id, title));
            }
            Part::Trace { views, .. } => {
                for TraceView { kind, profile } in views {
                    let title = format!("{}: {}", trace_title(kind), material.name);
                    let id = format!("flame-{}", found.len());
                    found.extend(profiles::picture(
                        profile,
                        ProfileKind::TraceDelay,
                        id,
                        title,
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

type Named<'a> = (&'a str, &'a Profile);

/// The two profiles of a difference.
fn pair(materials: &[Material]) -> Result<(ProfileKind, Named<'_>, Named<'_>), AnalysisError> {
    let profiles: Vec<_> = materials
        .iter()
        .filter_map(|material| match &material.part {
            Part::Profile(profile, kind) => {
                Some((*kind, (material.name.as_str(), profile.as_ref())))
            }
            _ => None,
        })
        .collect();
    match profiles.as_slice() {
        [(kind, before), (other, after)] if kind == other => Ok((*kind, *before, *after)),
        [(kind, _), (other, _)] => Err(AnalysisError::Profile(format!(
            "cannot compare a {} with a {}; give two of one kind",
            profiles::word(*kind),
            profiles::word(*other)
        ))),
        _ => Err(AnalysisError::Profile(format!(
            "a difference needs two profiles of one kind, the earlier first; {} given",
            counted(profiles.len(), "profile")
        ))),
    }
}
