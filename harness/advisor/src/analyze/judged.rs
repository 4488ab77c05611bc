//! From everything that was read to a verdict.

use documents::analysis::{Analysis, InputReport, Standing};
use documents::finding::Judgement;
use documents::profile::LockCheck;
use gotrace::GoVersion;
use gotrace::profile::{Profile, ProfileKind};
use record::threshold::Thresholds;

use super::difference::{difference_report, pictures};
use super::input::input_report;
use super::material::{Material, Part};
use super::options::AnalyzeOptions;
use super::verdict::verdict;
use super::{evidence, profiles};
use crate::error::AdvisorError;
use crate::evidence::{Drive, Profiles, RuleEvidence, Sample, Subject};
use crate::judge::judge;
use crate::profile::{LockEvidence, LockLimits, lock_check};
use crate::profiles::ProfileEvidence;

/// Version of the document.
const FORMAT_VERSION: u32 = 1;
/// Judgements of processes of one log: the last ones.
const MOST_JUDGED: usize = 4;

/// Says what the inputs show.
///
/// # Errors
/// [`AdvisorError::Profile`] if a difference is asked for and the inputs are not two profiles of one kind.
pub fn analyze(materials: &[Material], options: &AnalyzeOptions) -> Result<Analysis, AdvisorError> {
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
    let thresholds = Thresholds::default();
    let judgements = judgements(materials, &lock_evidence, &thresholds);
    let mut analysis = Analysis {
        format_version: FORMAT_VERSION,
        verdict: String::new(),
        severity: Standing::Calm,
        next_step: String::new(),
        tool: options.tool.clone(),
        inputs,
        judgements,
        locks,
        missing: options.missing.clone(),
        unread: options.unread.clone(),
        pictures: pictures(materials, options)?,
    };
    let (severity, verdict, next_step) = verdict(&analysis, &thresholds);
    (analysis.severity, analysis.verdict, analysis.next_step) = (severity, verdict, next_step);
    Ok(analysis)
}

/// The first profile of each kind that tells of locks.
fn lock_evidence<'a>(materials: &'a [Material], options: &AnalyzeOptions) -> LockEvidence<'a> {
    let profile = |kind| profiles::first(materials, kind);
    LockEvidence {
        cpu: profile(ProfileKind::Cpu),
        block: profile(ProfileKind::Block),
        mutex: profile(ProfileKind::Mutex),
        goroutine: middle(&profiles::all(materials, ProfileKind::Goroutine)),
        window: options.window,
        mutex_fraction: options.mutex_fraction,
    }
}

/// The middle one of several: under load, where a window was taken.
fn middle<'a>(all: &[&'a Profile]) -> Option<&'a Profile> {
    all.get(all.len() / 2).copied()
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

fn judgements(
    materials: &[Material],
    lock_evidence: &LockEvidence<'_>,
    thresholds: &Thresholds,
) -> Vec<Judgement> {
    let mut evidence: Vec<RuleEvidence> = Vec::new();
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
    add_profiles(materials, lock_evidence, &mut evidence);
    // A log does not name its Go; one binary's build information among the inputs does.
    if let Some(go) = the_only_build(materials) {
        for own in &mut evidence {
            own.subject.go.get_or_insert_with(|| go.clone());
        }
    }
    evidence
        .iter()
        .map(|evidence| judge(evidence, thresholds))
        .collect()
}

/// What profiles and memory statistics show, beside the only process among the inputs where there is one: its log and
/// its profiles are of one service, and decide between causes together. Otherwise as a subject of its own.
fn add_profiles(
    materials: &[Material],
    locks: &LockEvidence<'_>,
    evidence: &mut Vec<RuleEvidence>,
) {
    let name = "the profiles";
    let goroutines = profiles::all(materials, ProfileKind::Goroutine);
    let shown = Profiles::of(
        name,
        &ProfileEvidence {
            locks: *locks,
            goroutines: &goroutines,
            heap: profiles::first(materials, ProfileKind::Heap),
            limits: LockLimits::default(),
        },
    );
    let has_profiles = shown.cpu.is_some() || shown.locks.is_some() || shown.heap.is_some();
    let mut samples = evidence::of_memstats(materials);
    if has_profiles {
        samples.push(Sample {
            name: name.to_owned(),
            origin: name.to_owned(),
            drive: Drive::Live,
            profiles: Some(shown),
            ..Sample::default()
        });
    }
    if samples.is_empty() {
        return;
    }
    match evidence.as_mut_slice() {
        [only] => only.samples.extend(samples),
        _ => evidence.push(RuleEvidence {
            subject: Subject {
                name: if has_profiles {
                    name
                } else {
                    "memory statistics"
                }
                .to_owned(),
                ..Subject::default()
            },
            samples,
            ..RuleEvidence::default()
        }),
    }
}

fn the_only_build(materials: &[Material]) -> Option<GoVersion> {
    let mut builds = materials
        .iter()
        .filter_map(|material| match &material.part {
            Part::Build(builds, _) => Some(builds),
            _ => None,
        })
        .flatten();
    let only = builds.next()?;
    builds.next().is_none().then(|| only.go_version.clone())
}
