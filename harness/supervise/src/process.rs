//! A running target.

use std::time::{Duration, Instant};

use topology::{GroupCounts, TargetGroup};

use crate::exit::Exit;
use crate::keeper::Keeper;
use crate::output::StderrLog;
use crate::tree::descendants;

/// A target that was started: its program and all of its descendants. Dropping
/// it kills them all.
#[derive(Debug)]
pub struct Process {
    keeper: Keeper,
    started: Instant,
    stderr: StderrLog,
    exit: Option<Exit>,
    stopped: bool,
    cgroup: Option<TargetGroup>,
    /// What its cgroup had counted when it was removed.
    last_counts: Option<GroupCounts>,
}

impl Process {
    pub(crate) fn new(keeper: Keeper, stderr: StderrLog, cgroup: Option<TargetGroup>) -> Process {
        Process {
            keeper,
            started: Instant::now(),
            stderr,
            exit: None,
            stopped: false,
            cgroup,
            last_counts: None,
        }
    }

    /// The process id of the program that was started, also its group's.
    pub fn pid(&self) -> u32 {
        self.keeper.program()
    }

    /// What all processes of the target descend from, and who waited for those
    /// that are gone: for [`descendants`].
    pub fn root(&self) -> u32 {
        self.keeper.root()
    }

    /// The processes of the target, the program first as long as it is there.
    pub fn tree(&self) -> Vec<u32> {
        descendants(self.root())
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

    /// How it ended, if it has. A program that exits with code 0 and leaves
    /// others behind has made itself a daemon: the target has ended when they
    /// have. One that fails takes them with it.
    pub fn exited(&mut self) -> Option<Exit> {
        if self.exit.is_none() {
            self.exit = self.keeper.all_exited();
        }
        self.exit
    }

    /// Asks it to end (SIGTERM), then makes it (SIGKILL) after `patience`.
    /// Afterwards nothing of it runs and its output is read to its end.
    pub fn stop(&mut self, patience: Duration) -> Exit {
        if self.exited().is_none() {
            self.keeper.terminate();
            let until = Instant::now() + patience;
            while self.asked_to_end().is_none() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        self.kill()
    }

    /// How the program ended, or what it left behind as a daemon.
    fn asked_to_end(&mut self) -> Option<Exit> {
        let exit = self.keeper.program_exited()?;
        let daemon = !self.tree().is_empty() && exit.code == Some(0);
        if daemon { self.exited() } else { Some(exit) }
    }

    fn kill(&mut self) -> Exit {
        if !self.stopped {
            self.stopped = true;
            // What hangs in the kernel is the keeper's to wait for.
            let _ = self.keeper.kill();
            self.last_counts = self.group_counts();
            self.cgroup = None;
            self.stderr.finish();
        }
        self.exit = self.exit.or_else(|| self.keeper.program_exited());
        self.exit.unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
