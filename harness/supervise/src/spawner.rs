//! The one long-lived thread that creates every target.
//!
//! A fork copies the affinity and the memory policy of the thread that forks: on
//! a thread of its own they are always the same.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::set_no_new_privs;
use topology::{ChildGroup, ChildPinning, CpuSet, GroupError, GroupParent, Limits, TargetGroup};

use crate::keeper::Keeper;
use crate::output::{StderrLog, Streams};
use crate::process::Process;
use crate::redact::Redactor;
use crate::user::User;

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
    /// What a cgroup of its own holds it to, from before exec until it
    /// has ended.
    pub limits: Limits,
    /// CPUs for the thread that reads its stderr, so that it does not run on
    /// the target's.
    pub observer_cpus: CpuSet,
    /// Its working folder; `None`: `logs`, or for another user [`WORK`] in it.
    pub workdir: Option<PathBuf>,
    /// An existing folder for `stdout.log` and `stderr.log`.
    pub logs: PathBuf,
    /// Values that are taken out of both logs. Those of less than 6 bytes are not: they are too common.
    pub secrets: Vec<String>,
}

/// The working folder of a target that runs as another user.
pub const WORK: &str = "work";

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
        /// What the system said; errors of pinning and of joining the
        /// cgroup are among them.
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

/// Handle to the spawner thread. Dropping it ends the thread, and with it
/// whatever it started that still runs.
#[derive(Debug)]
pub struct Spawner {
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<thread::JoinHandle<()>>,
    user: Option<User>,
}

impl Spawner {
    /// Starts the thread. `groups` is where cgroups are made, for runs
    /// that have targets with limits; `user` is whom targets run as, ourselves
    /// where there is none.
    ///
    /// # Errors
    /// The system's, when no thread can be obtained.
    pub fn start(groups: Option<GroupParent>, user: Option<User>) -> std::io::Result<Spawner> {
        let as_user = user.clone();
        let (orders, incoming) = mpsc::channel::<Order>();
        let thread = thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || {
                for (launch, answer) in incoming {
                    let _ = answer.send(start(&launch, groups.as_ref(), as_user.as_ref()));
                }
            })?;
        Ok(Spawner {
            orders: Some(orders),
            thread: Some(thread),
            user,
        })
    }

    /// Whom targets run as, where it is not ourselves.
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
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

fn start(
    launch: &Launch,
    groups: Option<&GroupParent>,
    user: Option<&User>,
) -> Result<Process, SpawnError> {
    let stdout_log = log_file(launch, "stdout.log")?;
    let stderr_log = log_file(launch, "stderr.log")?;
    let start_error = |source| SpawnError::Start {
        program: launch.program.clone(),
        source,
    };
    // Opened by us: another user may not get to it through our folders.
    let program = File::open(&launch.program).map_err(start_error)?;
    let path = match user {
        None => launch.program.clone(),
        Some(_) => PathBuf::from(format!("/proc/self/fd/{}", program.as_raw_fd())),
    };
    let folder = match (&launch.workdir, user) {
        (Some(folder), _) => folder.clone(),
        (None, None) => launch.logs.clone(),
        (None, Some(user)) => work_folder(launch, user)?,
    };
    let mut command = Command::new(path);
    command
        .arg0(&launch.program)
        .args(&launch.args)
        .env_clear()
        .envs(launch.env.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let group = cgroup(&launch.limits, groups)?;
    let way_in = group.as_ref().map(TargetGroup::child);
    let way_in = way_in.transpose().map_err(start_error)?;
    let folders = group.as_ref().map(TargetGroup::folders).unwrap_or_default();
    let before_exec = before_exec(launch.pinning.clone(), way_in, user.cloned());
    let mut keeper = Keeper::start(command, folders, before_exec).map_err(start_error)?;
    drop(program);
    let streams = keeper.streams();
    let (stdout, stderr) = (streams.stdout.take(), streams.stderr.take());
    let streams = Streams {
        stdout: stdout.expect("stdout was asked to be a pipe"),
        stdout_log,
        stderr: stderr.expect("stderr was asked to be a pipe"),
        stderr_log,
    };
    // The program runs already: on an error it goes with its keeper.
    let log = StderrLog::drain(
        streams,
        launch.observer_cpus.clone(),
        &Redactor::new(&launch.secrets),
    )
    .map_err(start_error)?;
    Ok(Process::new(keeper, log, group))
}

fn log_file(launch: &Launch, name: &str) -> Result<File, SpawnError> {
    let path = launch.logs.join(name);
    File::create(&path).map_err(|source| SpawnError::Log { path, source })
}

fn work_folder(launch: &Launch, user: &User) -> Result<PathBuf, SpawnError> {
    let path = launch.logs.join(WORK);
    let made = fs::create_dir(&path)
        .or_else(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        })
        .and_then(|()| std::os::unix::fs::lchown(&path, Some(user.uid), Some(user.gid)));
    match made {
        Ok(()) => Ok(path),
        Err(source) => Err(SpawnError::Log { path, source }),
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
fn before_exec(
    pinning: Option<ChildPinning>,
    group: Option<ChildGroup>,
    user: Option<User>,
) -> impl Fn() -> std::io::Result<()> + Send + Sync + 'static {
    // The CPU mask was prepared before the fork.
    move || {
        let no_core = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        setrlimit(Resource::Core, no_core)?;
        if let Some(group) = &group {
            group.join()?;
        }
        if let Some(pinning) = &pinning {
            pinning.apply()?;
        }
        if let Some(user) = &user {
            user.become_it()?;
        }
        set_no_new_privs(true)?;
        Ok(())
    }
}
