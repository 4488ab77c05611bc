//! From everything that was read to a verdict.

use documents::analysis::{Analysis, InputReport, Standing};
use documents::finding::Judgement;
use documents::profile::LockCheck;
use gotrace::GoVersion;
use gotrace::profile::ProfileKind;
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
    let profiles = Profiles::of("the profiles", lock_evidence);
    if profiles.cpu.is_some() || profiles.locks.is_some() {
        evidence.push(RuleEvidence {
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
            ..RuleEvidence::default()
        });
    }
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
