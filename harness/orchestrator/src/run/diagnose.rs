//! Diagnosis trials of a run that has its measured ones.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use record::cell::CellId;
use record::diagnosis::{Diagnosis, EvidenceKind, Missing, ProfileFile};
use record::store::RunDir;
use toolchain::files::{sweep, temporary_in};
use toolchain::{DELAYS, Watch, delay_profile};

use super::error::RunError;
use super::lock::{FolderLock, HostLock};
use super::prepare;
use super::prepare::Prepared;
use super::request::{Ending, RunRequest};
use super::start::{check_room, start_spawner};
use crate::events::{Event, Listener};
use crate::plan::{ReadyCell, toolchain_spec};
use crate::trial::{Observation, TrialRequest, run_diagnosis};
use supervise::Spawner;

/// How the folder of a diagnosis under way begins; readers pass it over.
const UNFINISHED: &str = "unfinished-";

/// A cell to look at closely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The cell.
    pub cell: CellId,
    /// Why it: `control`, `winner`, or as it was asked for.
    pub chosen: Vec<String>,
}

/// Runs one diagnosis trial for each chosen cell of the run in `request.folder`, profiled for `duration`. Earlier
/// diagnoses of the same cells are replaced.
///
/// # Errors
/// As [`super::run`]; a target that fails is a diagnosis too, not an error.
pub fn diagnose(
    request: &RunRequest<'_>,
    cells: &[Choice],
    duration: Duration,
    listener: &Listener<'_>,
) -> Result<Ending, RunError> {
    let host = HostLock::take_within(request.wait, request.cancel, listener)?;
    let Some(_host) = host else {
        return Ok(Ending::Interrupted);
    };
    let dir = RunDir::open(&request.folder)?;
    let _folder = FolderLock::take(&dir)?;
    check_room(request)?;
    dir.make_folder("diagnosis")?;
    sweep(&dir.diagnoses(), UNFINISHED, Duration::ZERO)?;
    let spawner = start_spawner(request)?;
    let Some(prepared) = prepare::prepare(request, &dir, &spawner, listener)? else {
        return Ok(Ending::Interrupted);
    };
    let diagnoses = Diagnoses {
        request,
        dir: &dir,
        spawner: &spawner,
        prepared: &prepared,
        duration,
        listener,
    };
    for (number, choice) in cells.iter().enumerate() {
        if request.cancel.load(Ordering::Relaxed) || !diagnoses.run(choice, number, cells.len())? {
            return Ok(Ending::Interrupted);
        }
    }
    Ok(Ending::Complete)
}

struct Diagnoses<'a> {
    request: &'a RunRequest<'a>,
    dir: &'a RunDir,
    spawner: &'a Spawner,
    prepared: &'a Prepared,
    duration: Duration,
    listener: &'a Listener<'a>,
}

impl Diagnoses<'_> {
    /// Runs one; false when asked to stop.
    fn run(&self, choice: &Choice, number: usize, of: usize) -> Result<bool, RunError> {
        let cell = self.cell(choice)?;
        (self.listener)(Event::DiagnosisStarted {
            number: number + 1,
            of,
            target: cell.planned.spec.target.clone(),
            settings: cell.planned.spec.settings.to_string(),
        });
        // Renamed into place when it is whole; what is left behind otherwise goes with this value, or is swept by the
        // next call.
        let gathered = temporary_in(&self.dir.diagnoses(), UNFINISHED)?;
        let matrix = &self.request.plan.matrix;
        let trial = TrialRequest {
            plan: self.request.plan,
            cell,
            spawner: self.spawner,
            topology: self.request.topology,
            rate_per_s: self.prepared.rate(&cell.planned.spec.target),
            observation: Observation::Diagnosis,
            warmup: matrix.warmup,
            seed: self.prepared.run.seed,
            evidence: gathered.path(),
            clock_probes: &[],
            cancel: self.request.cancel,
        };
        let found = run_diagnosis(&trial, self.duration, &choice.chosen, self.listener);
        let Some(mut diagnosis) = found else {
            return Ok(false);
        };
        self.read_trace(cell, gathered.path(), &mut diagnosis);
        self.dir.keep_diagnosis(&gathered.keep(), &diagnosis)?;
        (self.listener)(Event::DiagnosisFinished(Box::new(diagnosis)));
        Ok(true)
    }

    /// Has the cell's own toolchain turn the execution trace into profiles.
    fn read_trace(&self, cell: &ReadyCell, folder: &Path, diagnosis: &mut Diagnosis) {
        let trace = folder.join("trace.out");
        if !trace.is_file() {
            return;
        }
        (self.listener)(Event::PhaseStarted("reading the trace"));
        let Some(goroot) = self.goroot(cell) else {
            diagnosis.missing.push(Missing {
                kind: EvidenceKind::Trace,
                reason: "it is kept as trace.out, but the run has no Go toolchain to read it with"
                    .to_owned(),
            });
            return;
        };
        let progress = |_| {};
        let cancelled = || self.request.cancel.load(Ordering::Relaxed);
        let watch = Watch::new(&progress).cancelled_by(&cancelled);
        for delay in DELAYS {
            let kind = format!("trace-{delay}");
            let file = format!("profiles/{kind}.pb.gz");
            let into = folder.join(&file);
            let store = &self.request.toolbox.store;
            match delay_profile(&goroot, store, &trace, delay, &into, watch) {
                Ok(()) => diagnosis.profiles.push(ProfileFile {
                    kind: kind.into(),
                    file,
                    before: None,
                }),
                Err(error) => {
                    let reason = error.to_string();
                    diagnosis.missing.push(Missing {
                        kind: kind.into(),
                        reason,
                    });
                    return;
                }
            }
        }
    }

    /// Where the Go that built the cell is; any of the run's for a ready-made binary.
    fn goroot(&self, cell: &ReadyCell) -> Option<PathBuf> {
        let goroots = &self.prepared.goroots;
        let own = goroots.get(toolchain_spec(&cell.planned.spec));
        own.or(goroots.values().next()).cloned()
    }

    fn cell(&self, choice: &Choice) -> Result<&ReadyCell, RunError> {
        let mut cells = self.prepared.cells.iter();
        cells
            .find(|cell| cell.id == choice.cell)
            .ok_or_else(|| RunError::Nothing(format!("the run has no cell {}", choice.cell)))
    }
}
