//! A running target.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use topology::{GroupCounts, TargetGroup};

use crate::guard::Guard;
use crate::redact::Redactor;
use crate::stderr::StderrLog;

/// How a target ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exit {
    /// The exit code, if it exited.
    pub code: Option<i32>,
    /// The signal, if one ended it.
    pub signal: Option<i32>,
}

/// A target that was started. Dropping it kills its whole group.
#[derive(Debug)]
pub struct Process {
    child: Child,
    started: Instant,
    guard: Option<Guard>,
    stderr: StderrLog,
    exit: Option<Exit>,
    cgroup: Option<TargetGroup>,
    /// Its standard output, as long as secrets have not been taken out of it.
    stdout: Option<(PathBuf, Redactor)>,
    /// What its cgroup had counted when it was removed.
    last_counts: Option<GroupCounts>,
}

impl Process {
    pub(crate) fn new(
        child: Child,
        guard: Guard,
        stderr: StderrLog,
        cgroup: Option<TargetGroup>,
        stdout: (PathBuf, Redactor),
    ) -> Process {
        Process {
            child,
            started: Instant::now(),
            guard: Some(guard),
            stderr,
            exit: None,
            cgroup,
            stdout: Some(stdout),
            last_counts: None,
        }
    }

    /// The process id, also the group's.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Its stderr.
    pub fn stderr(&self) -> &StderrLog {
        &self.stderr
    }

    /// Its cgroup, while it runs in one.
    pub fn cgroup(&self) -> Option<&TargetGroup> {
        self.cgroup.as_ref()
    }

    /// What its cgroup has counted, to the end once it has ended.
    pub fn group_counts(&self) -> Option<GroupCounts> {
        let now = self.cgroup.as_ref().map(TargetGroup::counts);
        now.or(self.last_counts)
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> Option<Exit> {
        if self.exit.is_none()
            && let Some(pid) = self.id()
        {
            // The exit is seen but not reaped: until `kill` the number stays ours, so that the group signal can hit
            // nobody else.
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            if let Ok(Some(status)) = waitid(WaitId::Pid(pid), look) {
                self.exit = Some(Exit {
                    code: status.exit_status(),
                    signal: status.terminating_signal(),
                });
            }
        }
        self.exit
    }

    /// Asks it to end (SIGTERM), then makes it (SIGKILL) after `patience`. Afterwards nothing of its group runs and
    /// stderr is read to its end.
    pub fn stop(&mut self, patience: Duration) -> Exit {
        if self.exited().is_none() {
            self.signal(Signal::TERM);
            let until = Instant::now() + patience;
            while self.exited().is_none() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        self.kill()
    }

    fn kill(&mut self) -> Exit {
        // Also after a clean exit: the group may hold children of the target.
        self.signal(Signal::KILL);
        if let Ok(status) = self.child.wait() {
            self.exit.get_or_insert_with(|| Exit::from(status));
        }
        self.leave_cgroup();
        if let Some(guard) = self.guard.take() {
            guard.dismiss();
        }
        self.stderr.finish();
        if let Some((path, redactor)) = self.stdout.take()
            && redactor.rewrite(&path).is_err()
        {
            // Better no log than one with a secret in it.
            let _ = fs::remove_file(path);
        }
        self.exit.unwrap_or_default()
    }

    /// A child of the target may have left the process group; out of the cgroup it cannot get.
    fn leave_cgroup(&mut self) {
        let Some(group) = self.cgroup.take() else {
            return;
        };
        self.last_counts = Some(group.counts());
        let left = group.processes().into_iter().filter_map(process_id);
        for pid in left {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.id() {
            // An error says that nobody is left in the group.
            let _ = kill_process_group(group, signal);
        }
    }

    fn id(&self) -> Option<Pid> {
        process_id(self.child.id())
    }
}

fn process_id(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Exit {
        use std::os::unix::process::ExitStatusExt;
        Exit {
            code: status.code(),
            signal: status.signal(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.guard.is_some() {
            self.kill();
        }
    }
}
