//! The diagnosis trial: a fresh process under load while its profiles, its scheduler's details and an execution trace
//! are taken.
//!
//! It explains a cell and measures nothing: what is taken here slows the target down, so no figure of it is ranked.

use std::fs;
use std::path::Path;
use std::time::Duration;

use record::diagnosis::{DIAGNOSIS_FORMAT, Diagnosis, Missing, ProfileFile};
use record::matrix::ConstantLoad;
use record::quantity::Rate;
use record::trial::{Failure, FailureCause};

use super::launch::Target;
use super::launch_error::LaunchError;
use super::observation::left_off;
use super::request::{TrialRequest, now};
use super::stop::{PATIENCE, Stop};
use super::window::{Window, Windows};
use crate::events::{Event, Listener};
use crate::observe::{Pprof, Probe, ProbeError};
use crate::own_side::OwnSide;
use crate::plan::option_values;

/// Length of the execution trace. A busy service writes some 10 MiB a second.
const TRACE: Duration = Duration::from_secs(1);

/// Load beyond the profiled window and the trace, for what is taken in between.
const MARGIN: Duration = Duration::from_secs(3);

/// Profiles that count since the process started: taken at both ends.
const SINCE_START: [&str; 4] = ["mutex", "block", "heap", "allocs"];

/// Profiles of a moment. The second is an experiment of Go 1.26 and there for all from 1.27 on.
const OF_A_MOMENT: [&str; 2] = ["goroutine", "goroutineleak"];

/// Diagnoses one cell; `None` when asked to stop. What goes wrong with the target is part of the diagnosis. `chosen`
/// says why this cell.
pub fn run_diagnosis(
    request: &TrialRequest<'_>,
    duration: Duration,
    chosen: &[String],
    listener: &Listener<'_>,
) -> Option<Diagnosis> {
    let mut diagnosis = Diagnosis {
        format: DIAGNOSIS_FORMAT,
        cell: request.cell.id.clone(),
        target: request.cell.planned.spec.target.clone(),
        chosen: chosen.to_vec(),
        started: now(),
        failure: None,
        load: None,
        profiled_seconds: duration.as_secs_f64().ceil(),
        profiles: Vec::new(),
        missing: Vec::new(),
        readback: None,
    };
    listener(Event::PhaseStarted("start"));
    let mut target = match Target::launch(request) {
        Ok(target) => target,
        Err(LaunchError::Cancelled) => return None,
        Err(LaunchError::OwnSide(own_side)) => {
            diagnosis.failure = Some(not_started(&own_side));
            return Some(diagnosis);
        }
        Err(LaunchError::Failed(failure, _)) => {
            diagnosis.failure = Some(*failure);
            return Some(diagnosis);
        }
    };
    let ended = look_closely(request, duration, &mut target, &mut diagnosis, listener);
    diagnosis.readback = Some(target.readback());
    match ended {
        Ok(()) => {
            target.stop(PATIENCE);
        }
        Err(Stop::Cancelled) => {
            target.stop(PATIENCE);
            return None;
        }
        Err(Stop::OwnSide(own_side)) => {
            target.stop(PATIENCE);
            diagnosis.failure = Some(not_started(&own_side));
        }
        Err(Stop::Failed(failure)) => {
            diagnosis.failure = Some(target.end_of(failure, PATIENCE));
        }
    }
    Some(diagnosis)
}

/// A diagnosis is asked for again by its own command: it may be kept with what our side lacked.
fn not_started(own_side: &OwnSide) -> Failure {
    Failure {
        cause: FailureCause::NotStarted,
        message: own_side.to_string(),
        exit_code: None,
        signal: None,
        panic: None,
        stderr_tail: Vec::new(),
    }
}

fn look_closely(
    request: &TrialRequest<'_>,
    duration: Duration,
    target: &mut Target,
    diagnosis: &mut Diagnosis,
    listener: &Listener<'_>,
) -> Result<(), Stop> {
    let windows = Windows::new(request);
    listener(Event::PhaseStarted("warm-up"));
    windows.warm_up(target)?;
    listener(Event::PhaseStarted("diagnosis"));
    let collector = Collector::new(request, target, duration);
    let window = window(request, duration + TRACE + MARGIN);
    let (phase, taken) = windows.measure_beside(target, window, || collector.collect())?;
    diagnosis.load = Some(phase);
    if let Some(taken) = taken {
        diagnosis.profiles = taken.profiles;
        diagnosis.missing = taken.missing;
    }
    Ok(())
}

/// The run's own constant rate, so that the profiles are of what was measured; a closed loop where the matrix has none.
fn window(request: &TrialRequest<'_>, duration: Duration) -> Window {
    match (request.plan.matrix.load.constant, request.rate_per_s) {
        (Some(constant), Some(rate_per_s)) => {
            let constant = ConstantLoad {
                rate: Rate::PerSecond(rate_per_s),
                duration,
                ..constant
            };
            Window::constant(constant, rate_per_s).named("diagnosis")
        }
        _ => Window::saturate(duration).named("diagnosis"),
    }
}

/// Takes everything while the load runs, on a thread of its own.
struct Collector<'a> {
    pprof: Pprof,
    probe: Probe,
    admin: Option<String>,
    folder: &'a Path,
    duration: Duration,
    /// Contention profiles that nobody switched on.
    off: Vec<(&'static str, &'static str)>,
}

/// What was taken.
#[derive(Debug, Default)]
struct Taken {
    profiles: Vec<ProfileFile>,
    missing: Vec<Missing>,
}

impl<'a> Collector<'a> {
    fn new(request: &TrialRequest<'a>, target: &Target, duration: Duration) -> Collector<'a> {
        let spec = request.plan.target(&request.cell.planned);
        // Without an admin listener the service's own address may serve them.
        let base = match &target.bindings.admin {
            Some(admin) => format!("http://{admin}/debug/pprof"),
            None => format!(
                "{}://{}/debug/pprof",
                super::bindings::scheme(spec.protocol),
                target.bindings.address
            ),
        };
        let mut options = option_values(request.plan, &request.cell.planned);
        request.observation.set_options(&mut options);
        Collector {
            pprof: Pprof::new(&base, duration, spec.insecure).with_token(
                target
                    .bindings
                    .admin
                    .as_ref()
                    .and(target.probe.token().cloned()),
            ),
            probe: target.probe.clone(),
            admin: target.bindings.admin.clone(),
            folder: request.evidence,
            duration,
            off: left_off(&options),
        }
    }

    fn collect(&self) -> Taken {
        let mut taken = Taken::default();
        if let Err(error) = fs::create_dir_all(self.folder.join("profiles")) {
            taken.lacks("profiles", &error);
            return taken;
        }
        self.metrics("before", &mut taken);
        let before = SINCE_START.map(|kind| self.save(kind, &format!("{kind}-before"), None));
        self.profile("cpu", "profile", Some(self.duration), &mut taken);
        for (kind, before) in SINCE_START.into_iter().zip(before) {
            self.difference(kind, before, &mut taken);
        }
        self.metrics("after", &mut taken);
        for kind in OF_A_MOMENT {
            self.profile(kind, kind, None, &mut taken);
        }
        // Last, since a trace slows the target more than anything else here.
        match self.pprof.take("trace", Some(TRACE)) {
            Ok(bytes) => {
                if let Err(error) = fs::write(self.folder.join("trace.out"), bytes) {
                    taken.lacks("trace", &error);
                }
            }
            Err(error) => taken.lacks("trace", &error),
        }
        for (kind, option) in &self.off {
            taken.lacks(
                kind,
                &format!(
                    "the target has no option `{option}` to switch it on with; what it holds is from what the service switched on by itself"
                ),
            );
        }
        taken
    }

    /// Takes `name` and keeps it as `profiles/<file>.pb.gz`.
    fn save(&self, name: &str, file: &str, window: Option<Duration>) -> Result<String, String> {
        let taken: Result<Vec<u8>, ProbeError> = self.pprof.take(name, window);
        let bytes = taken.map_err(|error| error.to_string())?;
        let file = format!("profiles/{file}.pb.gz");
        fs::write(self.folder.join(&file), bytes).map_err(|error| error.to_string())?;
        Ok(file)
    }

    fn profile(&self, kind: &str, name: &str, window: Option<Duration>, taken: &mut Taken) {
        match self.save(name, kind, window) {
            Ok(file) => taken.keep(kind, file, None),
            // Only some Go versions have it: its absence is no lack.
            Err(_) if kind == "goroutineleak" => {}
            Err(reason) => taken.lacks(kind, &reason),
        }
    }

    fn difference(&self, kind: &str, before: Result<String, String>, taken: &mut Taken) {
        match (before, self.save(kind, kind, None)) {
            (Ok(before), Ok(file)) => taken.keep(kind, file, Some(before)),
            (Err(reason), _) | (_, Err(reason)) => taken.lacks(kind, &reason),
        }
    }

    fn metrics(&self, when: &str, taken: &mut Taken) {
        let Some(admin) = &self.admin else {
            return;
        };
        let kept = self
            .probe
            .metrics(admin)
            .map_err(|error| error.to_string())
            .and_then(|(_, text)| {
                let file = self.folder.join(format!("metrics-{when}.json"));
                fs::write(file, text).map_err(|error| error.to_string())
            });
        if let Err(reason) = kept {
            taken.lacks("metrics", &reason);
        }
    }
}

impl Taken {
    fn keep(&mut self, kind: &str, file: String, before: Option<String>) {
        self.profiles.push(ProfileFile {
            kind: kind.into(),
            file,
            before,
        });
    }

    fn lacks(&mut self, kind: &str, reason: &impl ToString) {
        self.missing.push(Missing {
            kind: kind.into(),
            reason: reason.to_string(),
        });
    }
}
