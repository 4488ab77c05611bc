//! The one long-lived thread that creates every target.
//!
//! `PR_SET_PDEATHSIG` follows the thread that forked, not the process: a target forked from a short-lived thread would
//! be killed when that thread ends. See prctl(2).

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Resource, Rlimit, setrlimit};
use topology::{ChildGroup, ChildPinning, CpuSet, GroupError, GroupParent, Limits, TargetGroup};

use crate::fork::die_with_us;
use crate::guard::Guard;
use crate::process::Process;
use crate::redact::Redactor;
use crate::stderr::StderrLog;

/// How to start a target.
#[derive(Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment; nothing is inherited.
    pub env: Vec<(String, OsString)>,
    /// CPUs and memory node that it gets before exec.
    pub pinning: Option<ChildPinning>,
    /// What a cgroup of its own holds it to, from before exec until it has ended.
    pub limits: Limits,
    /// CPUs for the thread that reads its stderr, so that it does not run on the target's.
    pub observer_cpus: CpuSet,
    /// An existing folder for `stdout.log` and `stderr.log`.
    pub logs: PathBuf,
    /// Values that are taken out of both logs. Those of less than 6 bytes are not: they are too common.
    pub secrets: Vec<String>,
}

/// Why a target was not started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// A log file could not be made.
    #[error("cannot create {}: {source}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said; errors of pinning and of joining the cgroup are among them.
        source: std::io::Error,
    },
    /// Its cgroup could not be made.
    #[error(transparent)]
    Cgroup(#[from] GroupError),
    /// A target with limits, and nowhere to make its cgroup.
    #[error("the spawner was started without a place for cgroups")]
    NoCgroups,
    /// The spawner thread is gone.
    #[error("the spawner thread has ended")]
    Gone,
}

impl SpawnError {
    /// What the system said, where it was the system.
    pub fn source_of_system(&self) -> Option<&std::io::Error> {
        match self {
            Self::Log { source, .. } | Self::Start { source, .. } => Some(source),
            _ => None,
        }
    }
}

type Order = (Launch, mpsc::Sender<Result<Process, SpawnError>>);

/// Handle to the spawner thread. Dropping it ends the thread, and with it whatever it started that still runs.
#[derive(Debug)]
pub struct Spawner {
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Spawner {
    /// Starts the thread. `groups` is where cgroups are made, for runs that have targets with limits.
    ///
    /// # Errors
    /// The system's, when no thread can be obtained.
    pub fn start(groups: Option<GroupParent>) -> std::io::Result<Spawner> {
        let (orders, incoming) = mpsc::channel::<Order>();
        let thread = thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || {
                for (launch, answer) in incoming {
                    let _ = answer.send(start(&launch, groups.as_ref()));
                }
            })?;
        Ok(Spawner {
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Starts a target.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn spawn(&self, launch: Launch) -> Result<Process, SpawnError> {
        let (answer, result) = mpsc::channel();
        let orders = self.orders.as_ref().ok_or(SpawnError::Gone)?;
        orders
            .send((launch, answer))
            .map_err(|_| SpawnError::Gone)?;
        result.recv().map_err(|_| SpawnError::Gone)?
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn start(launch: &Launch, groups: Option<&GroupParent>) -> Result<Process, SpawnError> {
    let stdout = launch.logs.join("stdout.log");
    let log_error = |path: &PathBuf| {
        let path = path.clone();
        move |source| SpawnError::Log { path, source }
    };
    let stdout_file = File::create(&stdout).map_err(log_error(&stdout))?;
    let start_error = |source| SpawnError::Start {
        program: launch.program.clone(),
        source,
    };
    let mut command = Command::new(&launch.program);
    command
        .args(&launch.args)
        .env_clear()
        .envs(launch.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&launch.logs)
        .stdin(Stdio::null())
        .stdout(stdout_file)
        .stderr(Stdio::piped());
    let group = cgroup(&launch.limits, groups)?;
    let way_in = group.as_ref().map(TargetGroup::child);
    let way_in = way_in.transpose().map_err(start_error)?;
    prepare_child(&mut command, launch.pinning.clone(), way_in);
    // The guard first: there must be no moment at which we could die and leave a child of the target behind.
    let folders = group.as_ref().map(TargetGroup::folders);
    let mut guard = Guard::start(&folders.unwrap_or_default()).map_err(start_error)?;
    let mut child = command.spawn().map_err(start_error)?;
    let stderr = launch.logs.join("stderr.log");
    let pipe = child.stderr.take().expect("stderr was asked to be a pipe");
    let redactor = Redactor::new(&launch.secrets);
    let watched = guard.watch(child.id()).and_then(|()| {
        StderrLog::drain(
            pipe,
            &stderr,
            launch.observer_cpus.clone(),
            redactor.clone(),
        )
    });
    match watched {
        Ok(log) => Ok(Process::new(child, guard, log, group, (stdout, redactor))),
        Err(source) => {
            // The child runs already: an error must not leave it behind.
            let _ = child.kill();
            let _ = child.wait();
            Err(start_error(source))
        }
    }
}

fn cgroup(
    limits: &Limits,
    groups: Option<&GroupParent>,
) -> Result<Option<TargetGroup>, SpawnError> {
    if limits.controllers().is_empty() {
        return Ok(None);
    }
    let groups = groups.ok_or(SpawnError::NoCgroups)?;
    Ok(Some(groups.make_group(limits)?))
}

/// What the child does between fork and exec.
fn prepare_child(command: &mut Command, pinning: Option<ChildPinning>, group: Option<ChildGroup>) {
    // The CPU mask was prepared before the fork.
    die_with_us(command, move || {
        let no_core = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        setrlimit(Resource::Core, no_core)?;
        if let Some(group) = &group {
            group.join()?;
        }
        match &pinning {
            Some(pinning) => pinning.apply(),
            None => Ok(()),
        }
    });
}
