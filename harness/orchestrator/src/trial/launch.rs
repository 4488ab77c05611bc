//! Starts the target of a trial and waits until it is ready.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use record::axis::{Applied, Axis};
use record::target_file::{Protocol, placeholders};
use record::trial::{CgroupUse, Failure, FailureCause, ProcessLife, Readback};
use topology::{ChildPinning, CpuSet, TargetGroup};

use super::address::{NotItsOwn, listened_on_by};
use super::last_words::{crash_line, last_words};
use super::limits::{out_of_memory, shown_quota, use_of_life};
use super::observation::Observation;
use super::request::TrialRequest;
use crate::observe::{Info, Probe, ProcessSample, Token};
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
    /// Its service address, `host:port`.
    pub(super) address: String,
    /// Its admin address, if it has one.
    pub(super) admin: Option<String>,
    /// The client for both.
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
}

/// Why there is no target.
#[derive(Debug)]
pub(super) enum LaunchError {
    /// We were asked to stop.
    Cancelled,
    /// We could not give what starting it takes.
    OwnSide(OwnSide),
    /// The target did not come up; with what its cgroup counted.
    Failed(Box<Failure>, Option<CgroupUse>),
}

impl Target {
    /// Starts the target on free ports, pinned, with the cell's environment.
    pub(super) fn launch(request: &TrialRequest<'_>) -> Result<Target, LaunchError> {
        let mut attempt = 1;
        loop {
            let mut target = start(request)?;
            match target.wait_until_ready(request) {
                Ok(()) => return Ok(target),
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
            let answers = self.is_ready(spec);
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
                None if waited_too_long => return Err(NotReady::Late),
                _ => {}
            }
            std::thread::sleep(ASK_EVERY);
        }
    }

    /// That its addresses are its own: the service's must be listened on by the
    /// target alone, and the admin's by nobody else.
    ///
    /// # Errors
    /// Who listens instead.
    pub(super) fn listening(&self) -> Result<(), NotItsOwn> {
        listened_on_by(&self.process.tree(), &self.address, self.admin.as_deref())
    }

    fn is_ready(&self, spec: &record::target_file::Target) -> bool {
        let base = format!("{}://{}", scheme(spec.protocol), self.address);
        let on_admin = self.admin.as_ref().filter(|_| spec.ready.on_admin);
        // Our client speaks HTTP/1.1: an h2c-only service counts as ready once it accepts connections, unless it has an
        // admin listener.
        if spec.protocol == Protocol::H2c && !spec.ready.on_admin {
            return std::net::TcpStream::connect(&self.address).is_ok();
        }
        match &spec.ready.path {
            Some(path) => {
                let answer = match on_admin {
                    Some(admin) => self.probe.admin_status(admin, path),
                    None => self.probe.status(&format!("{base}{path}")),
                };
                matches!(answer, Ok(200))
            }
            None => {
                let request = &spec.requests[0];
                let wanted = request.expect.status.unwrap_or(200);
                let answer = match on_admin {
                    Some(admin) => self.probe.admin_status(admin, &request.path),
                    None => self.probe.status(&format!("{base}{}", request.path)),
                };
                // Only a GET can be asked without side effects.
                answer.is_ok_and(|status| status == wanted || request.method != "GET")
            }
        }
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
        let info = self
            .admin
            .as_ref()
            .and_then(|admin| self.probe.info(admin).ok());
        let metrics = self
            .admin
            .as_ref()
            .and_then(|admin| self.probe.metrics(admin).ok());
        let metric = |name: &str| {
            metrics
                .as_ref()
                .and_then(|(snapshot, _)| snapshot.uint64(name))
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
            go_version: info.map(|info: Info| info.go_version),
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
        caveats.flatten().collect()
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
    let no_port = |error| LaunchError::OwnSide(OwnSide(format!("no free port: {error}")));
    let address = free_address().map_err(no_port)?;
    let wants_admin = spec.probe
        || spec
            .command
            .iter()
            .any(|argument| argument.contains("{admin}"));
    let admin = match wants_admin {
        true => Some(free_address().map_err(no_port)?),
        false => None,
    };
    let token = match wants_admin {
        true => Some(Token::fresh().map_err(|error| failed(format!("no random bytes: {error}")))?),
        false => None,
    };
    let pinning = ChildPinning::prepare(&placement.target, placement.memory_node)
        .map_err(|error| failed(error.to_string()))?;
    let limits = limits_of(&request.cell.planned.spec.settings);
    let launch = Launch {
        program: request.cell.program.clone(),
        args: arguments(request, &address, admin.as_deref()),
        env: environment(request, token.as_ref()),
        pinning: Some(pinning),
        limits,
        observer_cpus: observer_cpus(request),
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
        address,
        admin,
        probe: Probe::new(Duration::from_secs(5), spec.insecure, token),
        generator_cpus: None,
        observation: request.observation,
        stderr_file: request.evidence.join("stderr.log"),
        cap_bytes: limits.memory_bytes,
        ready_ms: 0.0,
        last_sample: None,
        unlistened_since: None,
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

/// A loopback address that nobody listens on now.
fn free_address() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.to_string())
}

pub(super) fn scheme(protocol: Protocol) -> &'static str {
    if protocol.tls() { "https" } else { "http" }
}

fn arguments(request: &TrialRequest<'_>, address: &str, admin: Option<&str>) -> Vec<String> {
    let mut options = option_values(request.plan, &request.cell.planned);
    request.observation.set_options(&mut options);
    let spec = request.plan.target(&request.cell.planned);
    let value = |name: &str| match name {
        "addr" => address.to_owned(),
        "admin" => admin.unwrap_or_default().to_owned(),
        option => options.get(option).cloned().unwrap_or_default(),
    };
    let fill = |argument: &String| {
        placeholders(argument).fold(argument.clone(), |filled, name| {
            filled.replace(&format!("{{{name}}}"), &value(name))
        })
    };
    spec.command.iter().map(fill).collect()
}

/// The whole environment of the target: nothing of ours is inherited but the way to its programs and home.
fn environment(request: &TrialRequest<'_>, token: Option<&Token>) -> Vec<(String, OsString)> {
    let spec = request.plan.target(&request.cell.planned);
    let settings = &request.cell.planned.spec.settings;
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
        set(name, value);
    }
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
    Late,
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
            NotReady::Late | NotReady::Cancelled => {
                let within = record::quantity::format_duration(within);
                let message =
                    format!("not ready within {within} (see `ready:` of its target file)");
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

    #[test]
    fn two_free_addresses_differ() {
        let first = TcpListener::bind(free_address().unwrap()).unwrap();
        assert_ne!(
            free_address().unwrap(),
            first.local_addr().unwrap().to_string()
        );
    }
}
