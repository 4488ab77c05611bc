//! Our side of a keeper: the process between us and a program that we started.
//!
//! The keeper is the subreaper of the program (see prctl(2)): a daemon that
//! leaves its parent, its process group and its session is still below the
//! keeper, which kills everything below it on our order, or when the pipe
//! between us closes because we are gone, `kill -9` included.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::after_fork::{KILL, TERMINATE, keep};
use crate::exit::Exit;
use crate::fork::{KeeperEnds, under_a_keeper};
use crate::report::{LENGTH, Report};

/// How long killed processes may take to go: one that hangs in the kernel must
/// not hold us. Its keeper goes on waiting for it.
const MOST_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);
/// How often a program that is "busy" is tried again, [`BUSY_PAUSE`] apart.
const BUSY_TRIES: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// A program under its keeper. Dropping it kills the program and all of its
/// descendants.
#[derive(Debug)]
pub(crate) struct Keeper {
    /// The keeper's process, with the program's standard streams.
    child: Child,
    orders: Option<OwnedFd>,
    reports: OwnedFd,
    program: u32,
    exit: Option<Exit>,
    /// The keeper has ended: nothing is left below it.
    over: bool,
}

impl Keeper {
    /// Starts `command` under a keeper. `before_exec` may make system calls only;
    /// `cgroup` are the folders of the program's cgroup.
    ///
    /// # Errors
    /// Those of pipes, fork and exec, and of `before_exec`.
    pub(crate) fn start(
        mut command: Command,
        cgroup: Vec<PathBuf>,
        before_exec: impl Fn() -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Keeper> {
        let (their_orders, orders) = pipe_with(PipeFlags::CLOEXEC)?;
        let (reports, their_reports) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&reports, true)?;
        let folders = cgroup
            .into_iter()
            .map(|folder| CString::new(folder.into_os_string().into_vec()))
            .collect::<Result<Vec<_>, _>>()?;
        let ends = KeeperEnds {
            orders: their_orders,
            reports: their_reports,
            folders,
        };
        under_a_keeper(&mut command, ends, keep, before_exec);
        let child = spawn(&mut command, &reports)?;
        // With it go our copies of the keeper's ends.
        drop(command);
        let mut keeper = Keeper {
            child,
            orders: Some(orders),
            reports,
            program: 0,
            exit: None,
            over: false,
        };
        // It reported before it closed the pipe that `spawn` waited for.
        match keeper.next() {
            Ok(Some(Report::Started(pid))) => {
                keeper.program = u32::try_from(pid).unwrap_or_default();
                Ok(keeper)
            }
            _ => Err(io::Error::other("its keeper does not answer")),
        }
    }

    /// The program's process id.
    pub(crate) fn program(&self) -> u32 {
        self.program
    }

    /// The keeper's process id: the root of everything that was started.
    pub(crate) fn root(&self) -> u32 {
        self.child.id()
    }

    /// Where the program's output can be taken from.
    pub(crate) fn streams(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Readable when there is news.
    pub(crate) fn news(&self) -> BorrowedFd<'_> {
        self.reports.as_fd()
    }

    /// How the program ended, if it has. What it started may run on.
    pub(crate) fn program_exited(&mut self) -> Option<Exit> {
        self.look();
        self.exit
    }

    /// How the program ended, if it has, and nothing of it runs on. One that
    /// failed has ended whatever it started.
    pub(crate) fn all_exited(&mut self) -> Option<Exit> {
        self.look();
        let failed = |exit: &Exit| exit.code != Some(0);
        match self.exit {
            Some(exit) if self.over || failed(&exit) => Some(exit),
            // The keeper itself was killed, and the program with it.
            None if self.over => Some(Exit::default()),
            _ => None,
        }
    }

    /// Asks the program to end, or what it left behind.
    pub(crate) fn terminate(&self) {
        self.order(TERMINATE);
    }

    /// Kills everything and waits until it is gone.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when something does not go.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.order(KILL);
        let until = Instant::now() + MOST_PATIENCE;
        loop {
            if self.child.try_wait()?.is_some() {
                self.look();
                return Ok(());
            }
            if Instant::now() > until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(POLL);
        }
    }

    fn order(&self, order: u8) {
        if let Some(orders) = &self.orders {
            // Fails when the keeper has ended, with everything below it.
            let _ = rustix::io::write(orders, &[order]);
        }
    }

    fn look(&mut self) {
        while !self.over {
            match self.next() {
                Ok(Some(Report::Exited(code))) => {
                    self.exit = Some(Exit {
                        code: Some(code),
                        signal: None,
                    });
                }
                Ok(Some(Report::Killed(signal))) => {
                    self.exit = Some(Exit {
                        code: None,
                        signal: Some(signal),
                    });
                }
                Ok(Some(Report::Started(_))) => {}
                Ok(None) => self.over = true,
                Err(_) => return,
            }
        }
    }

    /// The next report; `None` at the end, an error where there is none yet.
    fn next(&self) -> io::Result<Option<Report>> {
        next_report(&self.reports)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.kill();
        drop(self.orders.take());
    }
}

fn next_report(reports: &OwnedFd) -> io::Result<Option<Report>> {
    let mut bytes = [0; LENGTH];
    loop {
        return match rustix::io::read(reports, &mut bytes) {
            Ok(LENGTH) => Ok(Report::read(bytes)),
            Ok(_) => Ok(None),
            Err(Errno::INTR) => continue,
            Err(error) => Err(error.into()),
        };
    }
}

/// A program that we have just unpacked is "busy" as long as a child that some
/// other thread forked at that moment still holds our open file: until its
/// exec, a matter of milliseconds (<https://github.com/golang/go/issues/22315>).
fn spawn(command: &mut Command, reports: &OwnedFd) -> io::Result<Child> {
    for _ in 0..BUSY_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                // What the keeper of this attempt said.
                while let Ok(Some(_)) = next_report(reports) {}
                thread::sleep(BUSY_PAUSE);
            }
            other => return other,
        }
    }
    command.spawn()
}
