//! Starts the target of a trial and waits until it is ready.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gotrace::metrics::Value;
use record::axis::{Applied, Axis};
use record::target_file::{Listener, MetricsPage, StepTime};
use record::trial::{CgroupUse, Failure, FailureCause, ProcessLife, Readback};
use topology::{ChildPinning, CpuSet, TargetGroup};

use super::address::{NotItsOwn, listened_on_by};
use super::bindings::{Bindings, scheme};
use super::last_words::{crash_line, last_words};
use super::launch_error::LaunchError;
use super::limits::{out_of_memory, shown_quota, use_of_life};
use super::observation::Observation;
use super::readiness::Readiness;
use super::request::TrialRequest;
use super::surroundings::{Scratch, run_steps};
use crate::observe::{Info, PageSource, Probe, ProcessSample, Token, Trust};
use crate::own_side::OwnSide;
use crate::plan::{limits_of, option_values};
use supervise::{Exit, Launch, Process};

/// A port may be taken by somebody else between our choice and the target's bind; then another one is tried.
const PORT_ATTEMPTS: usize = 3;

/// How often readiness is asked for.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// A target that is up and ready.
#[derive(Debug)]
pub(super) struct Target {
    /// The process.
    pub(super) process: Process,
    /// Its addresses, folders and options.
    pub(super) bindings: Bindings,
    /// The client for its listeners.
    pub(super) probe: Probe,
    /// CPUs that the generator's threads have, read back from the kernel; `None` while they were not pinned.
    pub(super) generator_cpus: Option<String>,
    observation: Observation,
    stderr_file: PathBuf,
    /// The memory cap that was asked for.
    cap_bytes: Option<u64>,
    ready_ms: f64,
    last_sample: Option<ProcessSample>,
    /// When it first was not the listener on its own addresses.
    unlistened_since: Option<Instant>,
    readiness: Readiness,
    /// Where it tells of its runtime, if it has no probe.
    pub(super) page: Option<PageSource>,
    /// Why that could not be read, the first time that it could not.
    pub(super) page_error: Option<String>,
    /// The environment of its commands, without the cell's settings.
    plain_env: Vec<(String, OsString)>,
    /// Its folder `{tmp}`, which goes after the process.
    _scratch: Option<Scratch>,
}

impl Target {
    /// Starts the target on free ports, pinned, with the cell's environment.
    pub(super) fn launch(request: &TrialRequest<'_>) -> Result<Target, LaunchError> {
        let mut attempt = 1;
        loop {
            let mut target = start(request)?;
            match target.wait_until_ready(request) {
                Ok(()) => return target.loaded_with_data(request),
                Err(NotReady::Cancelled) => return Err(LaunchError::Cancelled),
                Err(NotReady::PortTaken) if attempt < PORT_ATTEMPTS => attempt += 1,
                Err(reason) => {
                    let failure = reason.failure(request);
                    let mut failure = target.end_of(failure, Duration::ZERO);
                    if wants_a_thread(&failure.message) {
                        let why = format!("the target {}", failure.message);
                        return Err(LaunchError::OwnSide(OwnSide(why)));
                    }
                    for caveat in target.log_caveats() {
                        failure.message = format!("{}; {caveat}", failure.message);
                    }
                    let group = target.cgroup_use();
                    return Err(LaunchError::Failed(Box::new(failure), group));
                }
            }
        }
    }

    /// The target after the commands that wait for it to be ready.
    fn loaded_with_data(self, request: &TrialRequest<'_>) -> Result<Target, LaunchError> {
        run_steps(request, &self.bindings, &self.plain_env, StepTime::Ready)?;
        Ok(self)
    }

    fn wait_until_ready(&mut self, request: &TrialRequest<'_>) -> Result<(), NotReady> {
        let spec = request.plan.target(&request.cell.planned);
        let started = self.process.started();
        loop {
            if request.cancel.load(Ordering::Relaxed) {
                return Err(NotReady::Cancelled);
            }
            if let Some(exit) = self.process.exited() {
                // The rest of stderr is still in the pipe.
                self.process.stop(Duration::ZERO);
                return Err(self.ended_early(exit));
            }
            let answers = self.readiness.ask(spec, &self.bindings, &mut self.probe);
            let waited_too_long = started.elapsed() > spec.ready.within;
            match answers.then(|| self.listening()) {
                Some(Ok(())) => {
                    self.ready_ms = started.elapsed().as_secs_f64() * 1e3;
                    return Ok(());
                }
                // Whoever answered: the target may be about to say that its
                // port is taken, or to listen.
                Some(Err(why)) if waited_too_long || why.has_lasted(&mut self.unlistened_since) => {
                    return Err(NotReady::NotTheListener(why.to_string()));
                }
                None if waited_too_long => {
                    let last = self.readiness.last().unwrap_or("it was not asked");
                    return Err(NotReady::Late(last.to_owned()));
                }
                _ => {}
            }
            std::thread::sleep(ASK_EVERY);
        }
    }

    /// That its addresses are its own: the service's must be listened on by the
    /// target alone, and the others by nobody else.
    ///
    /// # Errors
    /// Who listens instead.
    pub(super) fn listening(&self) -> Result<(), NotItsOwn> {
        let others = self.bindings.further.values();
        let others = self.bindings.admin.iter().chain(others);
        listened_on_by(
            &self.process.tree(),
            &self.bindings.address,
            others.map(String::as_str),
        )
    }

    fn ended_early(&self, exit: Exit) -> NotReady {
        let words = last_words(&self.stderr_file);
        let taken = words
            .iter()
            .any(|line| line.contains("address already in use"));
        if taken {
            NotReady::PortTaken
        } else {
            NotReady::Ended(exit)
        }
    }

    /// A look at the process; remembered for the report should it end.
    pub(super) fn sample(&mut self) -> Option<ProcessSample> {
        let sample = ProcessSample::of_tree(self.process.root())?;
        self.last_sample = Some(sample.clone());
        Some(sample)
    }

    /// The process over its life so far.
    pub(super) fn life(&mut self) -> Option<ProcessLife> {
        if self.process.exited().is_none() {
            self.sample();
        }
        let sample = self.last_sample.as_ref()?;
        Some(ProcessLife {
            user_seconds: sample.user_seconds(),
            system_seconds: sample.system_seconds(),
            peak_rss_bytes: sample.peak_rss_bytes,
            ready_ms: self.ready_ms,
        })
    }

    /// What the process and the kernel say of the settings.
    pub(super) fn readback(&mut self) -> Readback {
        let admin = self.bindings.admin.as_ref();
        let info = admin.and_then(|admin| self.probe.info(admin).ok());
        let metrics = admin.and_then(|admin| self.probe.metrics(admin).ok());
        let page = self.page.as_ref().filter(|_| metrics.is_none());
        let page = page.and_then(|page| page.read(&self.probe).ok());
        let metric = |name: &str| match (&metrics, &page) {
            (Some((snapshot, _)), _) => snapshot.uint64(name),
            (None, Some(page)) => match page.metrics.get(name)? {
                Value::Uint64(value) => Some(*value),
                _ => None,
            },
            (None, None) => None,
        };
        let traced = self.process.stderr().look(|traces| {
            traces
                .sched
                .last()
                .map(|(_, sample)| u64::from(sample.head.gomaxprocs))
        });
        let sample = self.sample().or_else(|| self.last_sample.clone());
        let limits = self.process.cgroup().map(TargetGroup::limits);
        Readback {
            gomaxprocs: metric("/sched/gomaxprocs:threads").or(traced),
            gogc: metric("/gc/gogc:percent"),
            gomemlimit_bytes: metric("/gc/gomemlimit:bytes"),
            godebug: info
                .as_ref()
                .map(|info| self.observation.without_ours(&info.godebug)),
            go_version: info
                .map(|info: Info| info.go_version)
                .or_else(|| Some(page.as_ref()?.go_version.as_ref()?.to_string())),
            program_sha256: None,
            target_cpus: sample.and_then(|sample| sample.cpus_allowed),
            generator_cpus: self.generator_cpus.clone(),
            cpu_quota: limits.and_then(|limits| shown_quota(&limits)),
            memory_cap_bytes: limits.and_then(|limits| limits.memory_bytes),
        }
    }

    /// What its cgroup has counted over its life so far.
    pub(super) fn cgroup_use(&self) -> Option<CgroupUse> {
        self.process.group_counts().as_ref().map(use_of_life)
    }

    /// What its logs lack, once it has ended.
    pub(super) fn log_caveats(&self) -> Vec<String> {
        let bounds = self.process.stderr().bounds();
        let logs = [
            ("stdout.log", &bounds.stdout),
            ("stderr.log", &bounds.stderr),
        ];
        let caveats = logs.into_iter().flat_map(|(name, bounds)| {
            let dropped = (bounds.dropped > 0).then(|| {
                format!(
                    "{name}: the target wrote too much, and {} bytes of the middle were left out",
                    bounds.dropped
                )
            });
            let error = bounds.error.as_ref();
            let error =
                error.map(|error| format!("{name} could not be written to its end: {error}"));
            [dropped, error]
        });
        let page = self.page_error.as_ref();
        let page = page.map(|why| format!("`metrics` of the target file: {why}"));
        caveats.flatten().chain(page).collect()
    }

    /// Ends the target.
    pub(super) fn stop(&mut self, patience: Duration) -> Exit {
        self.process.stop(patience)
    }

    /// Ends the target and completes a failure with how it went and its last words.
    pub(super) fn end_of(&mut self, mut failure: Failure, patience: Duration) -> Failure {
        let ended_itself = self.process.exited();
        self.process.stop(patience);
        if let Some(exit) = ended_itself {
            failure.exit_code = exit.code;
            failure.signal = exit.signal;
        }
        if let Some(words) = self
            .process
            .group_counts()
            .and_then(|counts| out_of_memory(&counts, self.cap_bytes))
        {
            failure.cause = FailureCause::OomKilled;
            failure.message = format!("{}: {words}", failure.message);
        }
        failure.stderr_tail = last_words(&self.stderr_file);
        failure.panic = self
            .process
            .stderr()
            .look(|traces| traces.crash.as_deref().map(crash_line));
        if let Some(panic) = &failure.panic {
            failure.message = format!("{}: {panic}", failure.message);
        }
        failure
    }
}

fn start(request: &TrialRequest<'_>) -> Result<Target, LaunchError> {
    let failed = |message: String| {
        let failure = Failure {
            cause: FailureCause::NotStarted,
            message,
            exit_code: None,
            signal: None,
            panic: None,
            stderr_tail: Vec::new(),
        };
        LaunchError::Failed(Box::new(failure), None)
    };
    let spec = request.plan.target(&request.cell.planned);
    let placement = &request.cell.planned.placement;
    let user = request.spawner.user();
    let scratch = match spec.wants_tmp() {
        true => Some(
            Scratch::make(request.evidence, user)
                .map_err(|error| failed(format!("no folder for {{tmp}}: {error}")))?,
        ),
        false => None,
    };
    let mut options = option_values(request.plan, &request.cell.planned);
    request.observation.set_options(&mut options);
    let bindings = Bindings::choose(spec, options, scratch.as_ref().map(Scratch::path))
        .map_err(|error| LaunchError::OwnSide(OwnSide(format!("no free port: {error}"))))?;
    if let Some(scratch) = &scratch {
        scratch
            .write(&spec.files, &bindings, user)
            .map_err(|error| failed(format!("cannot write its `files`: {error}")))?;
    }
    let token = match bindings.admin {
        Some(_) => {
            Some(Token::fresh().map_err(|error| failed(format!("no random bytes: {error}")))?)
        }
        None => None,
    };
    let plain_env = plain_environment(request, &bindings, token.as_ref());
    run_steps(request, &bindings, &plain_env, StepTime::Start)?;
    let pinning = ChildPinning::prepare(&placement.target, placement.memory_node)
        .map_err(|error| failed(error.to_string()))?;
    let limits = limits_of(&request.cell.planned.spec.settings);
    let launch = Launch {
        program: request.cell.program.clone(),
        args: spec.command.iter().map(|own| bindings.fill(own)).collect(),
        env: environment(request, plain_env.clone()),
        pinning: Some(pinning),
        limits,
        observer_cpus: observer_cpus(request),
        workdir: spec.workdir.as_deref().map(|dir| bindings.path(dir)),
        logs: request.evidence.to_owned(),
        secrets: spec.secrets.clone(),
    };
    let process =
        request
            .spawner
            .spawn(launch)
            .map_err(|error| match error.source_of_system() {
                Some(source) if safefile::is_shortage(source) => {
                    LaunchError::OwnSide(OwnSide(error.to_string()))
                }
                _ => failed(error.to_string()),
            })?;
    Ok(Target {
        process,
        readiness: Readiness::new(spec, &bindings, request.evidence),
        page_error: None,
        page: spec
            .metrics
            .as_ref()
            .and_then(|page| source(spec, page, &bindings)),
        bindings,
        probe: Probe::new(
            Duration::from_secs(5),
            &Trust::insecure(spec.insecure),
            token,
        ),
        generator_cpus: None,
        observation: request.observation,
        stderr_file: request.evidence.join("stderr.log"),
        cap_bytes: limits.memory_bytes,
        ready_ms: 0.0,
        last_sample: None,
        unlistened_since: None,
        plain_env,
        _scratch: scratch,
    })
}

/// Where a page of metrics is in this start.
fn source(
    spec: &record::target_file::Target,
    page: &MetricsPage,
    bindings: &Bindings,
) -> Option<PageSource> {
    let address = bindings.listener(&page.on)?;
    let scheme = match page.on {
        Listener::Service => scheme(spec.protocol),
        Listener::Admin | Listener::Named(_) => "http",
    };
    Some(PageSource {
        format: page.format,
        url: format!("{scheme}://{address}{}", page.path),
        headers: page.headers.clone(),
        is_admin: page.on == Listener::Admin,
    })
}

/// Where our own threads may run while the target is measured: on CPUs that neither target nor generator has, else on
/// the generator's, whose send lag is measured and shown.
fn observer_cpus(request: &TrialRequest<'_>) -> CpuSet {
    let placement = &request.cell.planned.placement;
    let taken = placement.target.union(&placement.generator);
    let free = request.topology.usable.difference(&taken);
    if free.is_empty() {
        placement.generator.clone()
    } else {
        free
    }
}

/// The environment of a target without the settings of its cell: nothing of ours is inherited but the way to its
/// programs and home.
fn plain_environment(
    request: &TrialRequest<'_>,
    bindings: &Bindings,
    token: Option<&Token>,
) -> Vec<(String, OsString)> {
    let spec = request.plan.target(&request.cell.planned);
    let mut env: Vec<(String, OsString)> = ["PATH", "HOME", "TZ", "LANG"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)))
        .collect();
    if let Some(home) = request.spawner.user().and_then(|user| user.home.as_ref()) {
        env.retain(|(name, _)| name != "HOME");
        env.push(("HOME".to_owned(), home.clone()));
    }
    if let Some(token) = token {
        env.push((Token::VARIABLE.to_owned(), token.value().into()));
    }
    let mut set = |name: &str, value: &str| env.push((name.to_owned(), value.into()));
    // A crash must be diagnosable: all goroutines. Core dumps are off.
    set("GOTRACEBACK", "all");
    for (name, value) in &spec.env {
        set(name, &bindings.fill(value));
    }
    env
}

/// The whole environment of the target.
fn environment(
    request: &TrialRequest<'_>,
    mut env: Vec<(String, OsString)>,
) -> Vec<(String, OsString)> {
    let settings = &request.cell.planned.spec.settings;
    let mut set = |name: &str, value: &str| env.push((name.to_owned(), value.into()));
    // GODEBUG is shared with what we observe by.
    let observation = request.observation.godebug();
    set(
        "GODEBUG",
        &match settings.set_value(&Axis::Godebug) {
            Some(pairs) => format!("{pairs},{observation}"),
            None => observation.to_owned(),
        },
    );
    for (axis, value) in settings.iter() {
        let Applied::Variable(name) = axis.applied() else {
            continue;
        };
        if *axis != Axis::Godebug && settings.set_value(axis).is_some() {
            set(name, value);
        }
    }
    env
}

/// Whether a target that did not come up was refused a thread. It has our limits, and has not served anything yet.
/// (`newosproc` in runtime/os_linux.go; `_cgo_sys_thread_start` in runtime/cgo/gcc_linux.c.)
fn wants_a_thread(message: &str) -> bool {
    ["fatal error: newosproc", "pthread_create failed"]
        .iter()
        .any(|words| message.contains(words))
}

enum NotReady {
    Cancelled,
    PortTaken,
    /// With what stood in the way last.
    Late(String),
    NotTheListener(String),
    Ended(Exit),
}

impl NotReady {
    fn failure(&self, request: &TrialRequest<'_>) -> Failure {
        let within = request.plan.target(&request.cell.planned).ready.within;
        let (cause, message, exit) = match self {
            NotReady::Ended(exit) => (
                FailureCause::Crashed,
                "ended before it was ready".to_owned(),
                *exit,
            ),
            NotReady::PortTaken => {
                let message = "its port was taken by another process, several times".to_owned();
                (FailureCause::NotStarted, message, Exit::default())
            }
            NotReady::NotTheListener(why) => (FailureCause::NotReady, why.clone(), Exit::default()),
            NotReady::Late(last) => {
                let within = record::quantity::format_duration(within);
                let message = format!(
                    "not ready within {within} (see `ready:` of its target file); at last: {last}"
                );
                (FailureCause::NotReady, message, Exit::default())
            }
            NotReady::Cancelled => {
                let message = "it was stopped before it was ready".to_owned();
                (FailureCause::NotReady, message, Exit::default())
            }
        };
        Failure {
            cause,
            message,
            exit_code: exit.code,
            signal: exit.signal,
            panic: None,
            stderr_tail: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_thread_is_no_fault_of_the_service() {
        for message in [
            "ended before it was ready: fatal error: newosproc",
            "ended before it was ready: runtime/cgo: pthread_create failed: Resource temporarily unavailable",
        ] {
            assert!(wants_a_thread(message), "{message}");
        }
        assert!(!wants_a_thread(
            "ended before it was ready: fatal error: all goroutines are asleep - deadlock!"
        ));
    }
}
