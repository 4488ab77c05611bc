//! The measured windows: load, with a look at process, runtime and host right before and right after.

use std::fs;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use gotrace::metrics::Snapshot;
use loadgen::{Arrival, Hooks, LoadOutcome, LoadSpec};
use record::axis::{Axis, AxisValue, Settings};
use record::matrix::ConstantLoad;
use record::trial::Phase;
use topology::{CpuSet, GroupCounter, GroupCounts, TargetGroup};

use super::address::{NotItsOwn, still_listened_on};
use super::launch::Target;
use super::limits::use_between;
use super::load::{load_spec, phase};
use super::observed::{gctrace_window, runtime_window, schedtrace_window};
use super::outside;
use super::request::TrialRequest;
use super::stop::Stop;
use crate::observe::{HostSample, PageSource, Probe, ProcessSample, RuntimePage};
use crate::own_side::OwnSide;

/// Warm-up goes on at most this much longer for the GC cycles it waits for.
const MOST_EXTRA_WARMUP: Duration = Duration::from_secs(10);

/// One step of warm-up beyond its floor.
const WARMUP_STEP: Duration = Duration::from_millis(250);

/// One measured window.
#[derive(Debug, Clone)]
pub(super) struct Window {
    name: &'static str,
    arrival: Arrival,
    duration: Duration,
}

impl Window {
    /// The closed-loop window.
    pub(super) fn saturate(duration: Duration) -> Window {
        Window {
            name: "saturate",
            arrival: Arrival::Closed,
            duration,
        }
    }

    /// The open-loop window at a rate per second.
    pub(super) fn constant(load: ConstantLoad, rate_per_s: f64) -> Window {
        let arrival = match load.poisson {
            true => Arrival::Poisson { rate_per_s },
            false => Arrival::Constant { rate_per_s },
        };
        Window {
            name: "constant",
            arrival,
            duration: load.duration,
        }
    }

    /// The same under another name.
    pub(super) fn named(self, name: &'static str) -> Window {
        Window { name, ..self }
    }
}

/// Runs the windows of one trial.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    request: &'a TrialRequest<'a>,
    /// CPUs of target and generator: the part of the host that is watched.
    watched: CpuSet,
    threads: usize,
}

/// One look at everything.
#[derive(Debug)]
struct Look {
    at: Instant,
    process: Option<ProcessSample>,
    host: HostSample,
    group: Option<GroupCounts>,
    runtime: Option<(Snapshot, Vec<u8>)>,
    /// The service's own page, where there is no probe.
    page: Option<Result<RuntimePage, String>>,
    /// The same moment by the wall clock, nanoseconds since the Unix epoch.
    taken_unix_ns: i64,
}

impl<'a> Windows<'a> {
    pub(super) fn new(request: &'a TrialRequest<'a>) -> Windows<'a> {
        let placement = &request.cell.planned.placement;
        let load = &request.plan.matrix.load;
        Windows {
            request,
            watched: placement.target.union(&placement.generator),
            threads: load
                .threads
                .unwrap_or_else(|| placement.generator.len())
                .min(load.connections),
        }
    }

    /// Loads the target for the floor in time, then until the collector has run often enough. Returns a caveat where it
    /// never did.
    pub(super) fn warm_up(&self, target: &mut Target) -> Result<Option<String>, Stop> {
        let warmup = self.request.warmup;
        let mut step = warmup.duration;
        let limit = warmup.duration + MOST_EXTRA_WARMUP;
        let mut spent = Duration::ZERO;
        let collector_off = collector_is_off(&self.request.cell.planned.spec.settings);
        loop {
            if !step.is_zero() {
                let window = Window {
                    name: "warm-up",
                    arrival: Arrival::Closed,
                    duration: step,
                };
                self.load(target, &window, &|| {})?;
                spent += step;
            }
            let cycles = target
                .process
                .stderr()
                .look(|traces| traces.gc.last().map_or(0, |(_, cycle)| cycle.seq));
            if collector_off || cycles >= u64::from(warmup.gc_cycles) {
                return Ok(None);
            }
            if spent >= limit {
                return Ok(Some(format!(
                    "warm-up: only {cycles} of {} GC cycles came in {:.0} s of load; the heap may not have reached its steady size",
                    warmup.gc_cycles,
                    spent.as_secs_f64()
                )));
            }
            step = WARMUP_STEP;
        }
    }

    /// Measures one window.
    pub(super) fn measure(&self, target: &mut Target, window: Window) -> Result<Phase, Stop> {
        let before = Mutex::new(None);
        // Looked at when the connections are open and the clock is about to start: opening them is not part of the
        // window.
        let observer = Observer {
            root: target.process.root(),
            admin: target.bindings.admin.clone(),
            probe: target.probe.clone(),
            page: target.page.clone(),
            watched: self.watched.clone(),
            group: target.process.cgroup().map(TargetGroup::counter),
        };
        let look_before = || {
            let look = observer.look();
            *before.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        };
        let (spec, outcome) = self.load(target, &window, &look_before)?;
        let mut after = observer.look();
        target.sample();
        let mut phase = phase(&spec, &outcome, self.secrets());
        let before = before.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut before) = before {
            self.look_from_outside(target, [&mut before, &mut after]);
            self.add_observations(&mut phase, target, &before, &after);
            self.keep_snapshots(window.name, &before, &after);
        }
        Ok(phase)
    }

    /// Loads the target while `beside` runs on a thread of its own, from when the load's clock starts. `None` where the
    /// load never came so far.
    pub(super) fn measure_beside<T: Send>(
        &self,
        target: &mut Target,
        window: Window,
        beside: impl FnOnce() -> T + Send,
    ) -> Result<(Phase, Option<T>), Stop> {
        let (start, started) = mpsc::channel();
        std::thread::scope(|scope| {
            let beside = std::thread::Builder::new()
                .name("beside".to_owned())
                .spawn_scoped(scope, move || started.recv().ok().map(|()| beside()))
                .map_err(|error| Stop::OwnSide(OwnSide(format!("a thread: {error}"))))?;
            let start = Mutex::new(Some(start));
            let take = || start.lock().unwrap_or_else(PoisonError::into_inner).take();
            let loaded = self.load(target, &window, &|| {
                if let Some(start) = take() {
                    // The other end only goes when the thread does.
                    let _ = start.send(());
                }
            });
            // Without a word the thread ends by itself.
            drop(take());
            let beside = beside.join().ok().flatten();
            loaded.map(|(spec, outcome)| (phase(&spec, &outcome, self.secrets()), beside))
        })
    }

    /// Values that must not be stored.
    fn secrets(&self) -> &[String] {
        let planned = &self.request.cell.planned;
        &self.request.plan.target(planned).secrets
    }

    fn load(
        &self,
        target: &mut Target,
        window: &Window,
        before_clock: &(dyn Fn() + Sync),
    ) -> Result<(LoadSpec, LoadOutcome), Stop> {
        let request = self.request;
        let spec = request.plan.target(&request.cell.planned);
        let load = &request.plan.matrix.load;
        let mut spec = load_spec(spec, &target.bindings, load, self.threads, request.seed);
        spec.arrival = window.arrival.clone();
        spec.duration = window.duration;
        if window.name != "warm-up" {
            spec.hlog = Some(request.evidence.join(format!("{}.hlog", window.name)));
        }
        let generator: Vec<u32> = request.cell.planned.placement.generator.iter().collect();
        let pinned = Mutex::new(CpuSet::new());
        let pin = |thread: usize| {
            let cpu = generator[thread % generator.len()];
            let got = topology::pin_current_thread(cpu).map_err(|error| error.to_string())?;
            let mut pinned = pinned.lock().unwrap_or_else(PoisonError::into_inner);
            *pinned = pinned.union(&got);
            Ok(())
        };
        let unpinned = request.cell.planned.spec.settings.get(&Axis::Placement) == "none";
        let hooks = Hooks {
            pin: if unpinned { None } else { Some(&pin) },
            before_clock: Some(before_clock),
            cancel: Some(request.cancel),
            ..Hooks::default()
        };
        if target.process.exited().is_none() {
            still_listened_on(|| target.listening()).map_err(Stop::not_its_own)?;
        }
        let outcome = loadgen::run(&spec, &hooks);
        let pinned = pinned.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !pinned.is_empty() {
            target.generator_cpus = Some(pinned.to_string());
        }
        if request.cancel.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        // A target that died explains every error of the load: ask it first.
        if let Some(exit) = target.process.exited() {
            let how = match (exit.code, exit.signal) {
                (Some(code), _) => format!("exit code {code}"),
                (_, Some(signal)) => format!("signal {signal}"),
                _ => "unknown".to_owned(),
            };
            return Err(Stop::crashed(format!(
                "ended in the {} window ({how})",
                window.name
            )));
        }
        match target.listening() {
            // Between two workers there may be nobody, which the load has seen.
            Ok(()) | Err(NotItsOwn::Nobody(_)) => {}
            Err(error) => return Err(Stop::not_its_own(error)),
        }
        match outcome {
            Ok(outcome) => match lacked(&outcome) {
                Some(lacked) => Err(Stop::OwnSide(OwnSide(format!(
                    "the {} window: {lacked}",
                    window.name
                )))),
                None => Ok((spec, outcome)),
            },
            Err(error) if error.is_own_side() => Err(Stop::OwnSide(OwnSide(format!(
                "the {} window could not run: {error}",
                window.name
            )))),
            Err(error) => Err(Stop::crashed(format!(
                "the {} window could not run: {error}",
                window.name
            ))),
        }
    }

    /// Stands in for the probe where there is none: what the runtime's own lines and the service's page tell at both
    /// ends of a window.
    fn look_from_outside(&self, target: &mut Target, looks: [&mut Look; 2]) {
        for look in looks.into_iter().filter(|look| look.runtime.is_none()) {
            let log = target.process.stderr();
            let counted = log.look(|traces| outside::cycles_until(traces, look.at));
            let version = self.request.cell.go_version.as_ref();
            let page = match &look.page {
                Some(Err(why)) => {
                    target.page_error.get_or_insert_with(|| why.clone());
                    None
                }
                Some(Ok(page)) => Some(page),
                None => None,
            };
            look.runtime = outside::snapshot(page, counted, version, look.taken_unix_ns);
        }
    }

    fn add_observations(&self, phase: &mut Phase, target: &Target, before: &Look, after: &Look) {
        phase.host = Some(after.host.since(&before.host));
        if let (Some(before), Some(after)) = (&before.group, &after.group) {
            phase.cgroup = Some(use_between(before, after));
        }
        if let (Some(before), Some(after)) = (&before.process, &after.process) {
            phase.process = Some(after.since(before));
        }
        if let (Some((before, _)), Some((after, _))) = (&before.runtime, &after.runtime) {
            phase.runtime = runtime_window(before, after);
            phase.allocated = match phase.runtime {
                Some(_) => None,
                None => outside::allocated(before, after),
            };
        }
        target.process.stderr().look(|traces| {
            phase.gctrace = gctrace_window(traces, before.at, after.at);
            phase.schedtrace = schedtrace_window(traces, before.at, after.at);
        });
    }

    /// Both snapshots as the probe gave them, so that a better reader can be run again.
    fn keep_snapshots(&self, window: &str, before: &Look, after: &Look) {
        let mut lines = Vec::new();
        for (_, text) in [&before.runtime, &after.runtime].into_iter().flatten() {
            lines.extend_from_slice(text.trim_ascii());
            lines.push(b'\n');
        }
        if !lines.is_empty() {
            let file = self
                .request
                .evidence
                .join(format!("metrics-{window}.jsonl"));
            // Evidence that cannot be kept does not change what was measured.
            let _ = fs::write(file, lines);
        }
    }
}

/// Whether no collection can come of itself: a warm-up must not wait for one.
fn collector_is_off(settings: &Settings) -> bool {
    settings.value(&Axis::Gogc) == Some(AxisValue::CollectorOff)
}

/// What our own side ran out of in a load, in words.
fn lacked(outcome: &LoadOutcome) -> Option<String> {
    let ran_out = outcome
        .ran_out()
        .map(|class| format!("{class} on the generator's side"));
    let lost = outcome.hlog_lost.as_ref();
    ran_out.or_else(|| lost.map(|why| format!("its interval log cannot be kept: {why}")))
}

/// Looks from outside the target's borrow, since the load has that.
struct Observer {
    root: u32,
    admin: Option<String>,
    probe: Probe,
    page: Option<PageSource>,
    watched: CpuSet,
    group: Option<GroupCounter>,
}

impl Observer {
    fn look(&self) -> Look {
        // The host last before and first after would be ideal; the probe costs a millisecond, which is below the
        // resolution of /proc/stat.
        let runtime = self
            .admin
            .as_ref()
            .and_then(|admin| self.probe.metrics(admin).ok());
        let page = self.page.as_ref().filter(|_| runtime.is_none());
        let page = page.map(|page| page.read(&self.probe).map_err(|error| error.to_string()));
        Look {
            runtime,
            page,
            process: ProcessSample::of_tree(self.root),
            host: HostSample::take(&self.watched),
            group: self.group.as_ref().map(GroupCounter::counts),
            at: Instant::now(),
            taken_unix_ns: jiff::Timestamp::now()
                .as_nanosecond()
                .try_into()
                .unwrap_or(i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_negative_gogc_is_off_as_in_go() {
        for (value, off) in [
            ("off", true),
            ("-1", true),
            ("-400", true),
            ("0", false),
            ("100", false),
            ("default", false),
        ] {
            let mut settings = Settings::default();
            settings.insert(Axis::Gogc, value);
            assert_eq!(collector_is_off(&settings), off, "{value}");
        }
        assert!(!collector_is_off(&Settings::default()));
    }
}
