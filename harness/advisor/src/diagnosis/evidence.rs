//! The files of a diagnosis, read.

use std::collections::BTreeMap;

use gotrace::profile::{Profile, diff};
use gotrace::scheddetail::SchedDetail;
use gotrace::stderr::{self, Event};
use record::diagnosis::{Diagnosis, Missing};

/// The log of a diagnosis, within its folder.
const LOG: &str = "stderr.log";

/// A diagnosis with the bytes of its files, by their names within its folder.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The diagnosis.
    pub diagnosis: Diagnosis,
    /// The files that could be read; [`files`] says which are wanted.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The files that a diagnosis is shown from.
pub fn files(diagnosis: &Diagnosis) -> Vec<String> {
    let profiles = diagnosis.profiles.iter();
    let mut names: Vec<String> = profiles
        .flat_map(|profile| [Some(profile.file.clone()), profile.before.clone()])
        .flatten()
        .collect();
    names.push(LOG.to_owned());
    names
}

/// What the files say.
#[derive(Debug)]
pub(crate) struct DiagnosisEvidence {
    /// Profiles by kind, in the order in which they were taken. What counts since the process started has its begin
    /// taken off.
    pub(crate) profiles: Vec<(String, Profile)>,
    /// What is not there or cannot be read.
    pub(crate) missing: Vec<Missing>,
    /// Scheduler blocks, in order.
    pub(crate) blocks: Vec<SchedDetail>,
}

pub(crate) fn read(kept: &Kept) -> DiagnosisEvidence {
    let mut evidence = DiagnosisEvidence {
        profiles: Vec::new(),
        missing: kept.diagnosis.missing.clone(),
        blocks: Vec::new(),
    };
    for file in &kept.diagnosis.profiles {
        match profile(kept, &file.file, file.before.as_deref()) {
            Ok(profile) => evidence.profiles.push((file.kind.to_string(), profile)),
            Err(reason) => evidence.missing.push(Missing {
                kind: file.kind.clone(),
                reason,
            }),
        }
    }
    if let Some(log) = kept.files.get(LOG) {
        stderr::read(log, |event| {
            if let Event::SchedDetail(block) = event {
                evidence.blocks.push(*block);
            }
        });
    }
    evidence
}

fn profile(kept: &Kept, file: &str, before: Option<&str>) -> Result<Profile, String> {
    let parsed = |name: &str| {
        let bytes = kept.files.get(name);
        let bytes = bytes.ok_or_else(|| format!("{name} is not there any more"))?;
        Profile::parse(bytes).map_err(|error| format!("{name} is not readable: {error}"))
    };
    let after = parsed(file)?;
    let Some(before) = before else {
        return Ok(without_ours(&after));
    };
    let window = diff(&parsed(before)?, &after).map_err(|error| error.to_string())?;
    let mut window = without_ours(&window);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most five minutes, in nanoseconds"
    )]
    let window_ns = (kept.diagnosis.profiled_seconds * 1e9) as i64;
    // Both ends cover the time since the start; their difference the window.
    window.duration_ns = window_ns;
    Ok(window)
}

/// Without what the profiling itself did.
fn without_ours(profile: &Profile) -> Profile {
    profile.without(|frame| {
        let packages = ["net/http/pprof.", "runtime/pprof."];
        packages
            .iter()
            .any(|package| frame.function.starts_with(package))
    })
}
