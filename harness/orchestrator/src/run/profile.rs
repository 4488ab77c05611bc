//! The CPU profile of a control, which `pgo: control` builds other cells with.
//!
//! It is taken before these are built, by a diagnosis of the control under a closed loop, since no rate is known yet.
//! It is kept in the run's folder, so that a run goes on with the programs that it began with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use record::diagnosis::EvidenceKind;
use record::store::{PROFILE, RunDir};

use super::artifacts::{Programs, ready_cell};
use super::error::RunError;
use super::pgo::{is_wanted, name, place};
use super::request::RunRequest;
use crate::events::{Event, Listener};
use crate::trial::{Observation, TrialRequest, run_diagnosis};
use supervise::Spawner;

/// The profiled window where the matrix does not set one with `diagnose`: a thousand samples of a busy CPU.
const DURATION: Duration = Duration::from_secs(10);

/// Takes the profiles that are wanted and not there yet; false when asked to
/// stop.
pub(super) fn of_controls(
    request: &RunRequest<'_>,
    dir: &RunDir,
    spawner: &Spawner,
    programs: &Programs,
    listener: &Listener<'_>,
) -> Result<bool, RunError> {
    let cells = request.plan.cells.iter();
    let targets = cells
        .filter(|cell| is_wanted(cell))
        .map(|cell| cell.spec.target.as_str());
    let missing: BTreeSet<&str> = targets
        .filter(|target| !place(dir.path(), target).is_file())
        .collect();
    for (number, target) in missing.iter().enumerate() {
        let taking = Taking {
            request,
            dir,
            spawner,
            programs,
            listener,
            target,
        };
        if !taking.take(number + 1, missing.len())? {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Taking<'a> {
    request: &'a RunRequest<'a>,
    dir: &'a RunDir,
    spawner: &'a Spawner,
    programs: &'a Programs,
    listener: &'a Listener<'a>,
    target: &'a str,
}

impl Taking<'_> {
    fn take(&self, number: usize, of: usize) -> Result<bool, RunError> {
        let plan = self.request.plan;
        let mut cells = plan.cells.iter();
        let control = cells.find(|cell| cell.control && cell.spec.target == self.target);
        let control = control.ok_or_else(|| self.none("it has no control"))?;
        let program = self.programs.of(plan, control);
        let program = program.ok_or_else(|| self.none("its control cannot be built"))?;
        let cell = ready_cell(plan, control, program);
        (self.listener)(Event::DiagnosisStarted {
            number,
            of,
            target: self.target.to_owned(),
            settings: control.spec.settings.to_string(),
        });
        let system = |action| move |source| RunError::System { action, source };
        let gathered = tempfile::Builder::new()
            .prefix(PROFILE)
            .tempdir_in(self.dir.raw())
            .map_err(system("create a folder for the profile"))?;
        let trial = TrialRequest {
            plan,
            cell: &cell,
            spawner: self.spawner,
            topology: self.request.topology,
            rate_per_s: None,
            observation: Observation::Diagnosis,
            warmup: plan.matrix.warmup,
            seed: plan.matrix.seed_in_force(),
            evidence: gathered.path(),
            clock_probes: &[],
            cancel: self.request.cancel,
        };
        let duration = plan.matrix.diagnose.as_ref().map(|own| own.duration);
        let why = ["pgo".to_owned()];
        let duration = duration.unwrap_or(DURATION);
        let Some(found) = run_diagnosis(&trial, duration, &why, self.listener) else {
            return Ok(false);
        };
        if let Some(failure) = &found.failure {
            return Err(RunError::control(self.target, failure));
        }
        let Some(profile) = found
            .profiles
            .iter()
            .find(|own| own.kind == EvidenceKind::Cpu)
        else {
            let missing = found
                .missing
                .iter()
                .find(|own| own.kind == EvidenceKind::Cpu);
            let reason = missing.map_or("it was not served", |own| own.reason.as_str());
            return Err(self.none(reason));
        };
        self.keep(gathered.path(), &profile.file)?;
        Ok(true)
    }

    /// Renamed into place, so that it is there whole or not at all.
    fn keep(&self, gathered: &Path, file: &str) -> Result<(), RunError> {
        fs::File::open(gathered.join(file))
            .and_then(|file| file.sync_all())
            .map_err(|source| RunError::System {
                action: "keep the profile of the control",
                source,
            })?;
        let kept = name(self.target);
        let folder = kept.rsplit_once('/').map_or("pgo", |(folder, _)| folder);
        self.dir.make_folder(folder)?;
        // By its name in the run's folder: its path may be absolute where that of the folder is not.
        let gathered = gathered.file_name().unwrap_or_default().to_string_lossy();
        let from = format!("raw/{gathered}/{file}");
        Ok(self.dir.put_in_place(&from, &kept)?)
    }

    fn none(&self, reason: &str) -> RunError {
        RunError::Profile {
            target: self.target.to_owned(),
            reason: reason.to_owned(),
        }
    }
}
