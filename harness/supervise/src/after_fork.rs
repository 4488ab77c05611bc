//! The keeper's own program, in the process between us and what we started.
//!
//! It waits for the program and all of its descendants, which come to it when
//! their parents end, and tells us how the program ended. On our order, and when
//! we are gone, it kills them all. System calls only: see [`fork`](crate::fork).

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, RawDir, openat, rmdir};
use rustix::io::{Errno, read, write};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group,
    pidfd_open, wait,
};

use crate::fork::{KeeperEnds, close_all_but, exit_at_once, ignore_signals};
use crate::report::Report;

/// Ask the program to end (SIGTERM).
pub(crate) const TERMINATE: u8 = b't';
/// Kill everything, then end.
pub(crate) const KILL: u8 = b'k';

/// Between looks at orphans that ended, where nothing else happens.
const TICK: Timespec = milliseconds(1000);
/// The same where the kernel has no pidfd to wait on (before 5.3).
const SHORT_TICK: Timespec = milliseconds(20);
/// Between rounds of killing.
const ROUND: Timespec = milliseconds(2);
/// How long the end of the program is held for the end of ourselves.
const LINGER: Timespec = milliseconds(500);
/// A cgroup can be removed once the kernel has let go of its last
/// process: tried so often, a round apart.
const MOST_TRIES: u32 = 2500;

const fn milliseconds(count: i64) -> Timespec {
    Timespec {
        tv_sec: count / 1000,
        tv_nsec: count % 1000 * 1_000_000,
    }
}

/// Runs the keeper; does not return.
pub(crate) fn keep(ends: &KeeperEnds, program: Pid) -> ! {
    // Nothing below is worth giving up the watch for.
    let _ = rustix::thread::set_name(c"gosweep-keeper");
    // Above all the one that comes of a report when we are gone.
    ignore_signals();
    // First the report: std waits until its pipe is closed here as well, and
    // then it is read.
    report(&ends.reports, Report::Started(program.as_raw_pid()));
    let _ = close_all_but([&ends.orders, &ends.reports]);
    let mut watch = Watch {
        program,
        ended: false,
        alone: false,
    };
    let mut why = watch.watch(ends);
    watch.kill_all(ends);
    // A program whose pipes broke when we died may have ended before we looked.
    if why == Over::Ended && !ends.folders.is_empty() {
        why = order(ends, &LINGER).unwrap_or(why);
    }
    if why == Over::WeAreGone {
        for folder in &ends.folders {
            remove(folder);
        }
    }
    exit_at_once();
}

fn report(reports: &OwnedFd, report: Report) {
    // Nobody listens when we are gone.
    let _ = write(reports, &report.bytes());
}

fn remove(folder: &CStr) {
    for _ in 0..MOST_TRIES {
        match rmdir(folder) {
            Ok(()) | Err(Errno::NOENT) => return,
            Err(_) => pause(&ROUND),
        }
    }
}

fn pause(time: &Timespec) {
    let _ = poll(&mut [], Some(time));
}

/// Why a watch is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// Nobody is left, or the program failed.
    Ended,
    /// The order came to kill what is left.
    Told,
    /// Nobody is there any more to give an order.
    WeAreGone,
}

/// Waits for an order that ends the watch.
fn order(ends: &KeeperEnds, wait: &Timespec) -> Option<Over> {
    let mut orders = [PollFd::new(&ends.orders, PollFlags::IN)];
    let _ = poll(&mut orders, Some(wait));
    if orders[0].revents().is_empty() {
        return None;
    }
    take_order(ends, || {})
}

fn take_order(ends: &KeeperEnds, terminate: impl Fn()) -> Option<Over> {
    let mut order = [0];
    match read(&ends.orders, &mut order) {
        Ok(0) => Some(Over::WeAreGone),
        Ok(_) if order[0] == TERMINATE => {
            terminate();
            None
        }
        Ok(_) => Some(Over::Told),
        Err(Errno::INTR | Errno::AGAIN) => None,
        Err(_) => Some(Over::WeAreGone),
    }
}

/// What the keeper knows of the processes below it.
struct Watch {
    program: Pid,
    /// The program was waited for: its number may be another's.
    ended: bool,
    /// Nothing is left below.
    alone: bool,
}

impl Watch {
    /// Watches until there is nobody left, or what is left is to be killed.
    fn watch(&mut self, ends: &KeeperEnds) -> Over {
        let pidfd = pidfd_open(self.program, PidfdFlags::empty()).ok();
        loop {
            if self.reap(ends) {
                return Over::Ended;
            }
            let orders = PollFd::new(&ends.orders, PollFlags::IN);
            let readable = match &pidfd {
                Some(pidfd) if !self.ended => {
                    let mut both = [orders, PollFd::new(pidfd, PollFlags::IN)];
                    let _ = poll(&mut both, Some(&TICK));
                    !both[0].revents().is_empty()
                }
                _ => {
                    let mut one = [orders];
                    let tick = if pidfd.is_some() { &TICK } else { &SHORT_TICK };
                    // Daemons end silently: looked after more often.
                    let tick = if self.ended { &SHORT_TICK } else { tick };
                    let _ = poll(&mut one, Some(tick));
                    !one[0].revents().is_empty()
                }
            };
            if !readable {
                continue;
            }
            if let Some(over) = take_order(ends, || self.signal(Signal::TERM)) {
                return over;
            }
        }
    }

    /// Waits for who has ended. True when the watch is over: nobody is left, or
    /// the program failed, and what it started has no business any more.
    fn reap(&mut self, ends: &KeeperEnds) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.program && !self.ended => {
                    self.ended = true;
                    let ended = how(status);
                    report(&ends.reports, ended);
                    if ended != Report::Exited(0) {
                        return true;
                    }
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return false,
                Err(_) => {
                    self.alone = true;
                    return true;
                }
            }
        }
    }

    /// To the program's group; to what it left behind once it has ended.
    fn signal(&self, signal: Signal) {
        if self.ended {
            for_each_child(|child| {
                let _ = kill_process(child, signal);
            });
        } else {
            let _ = kill_process_group(self.program, signal);
        }
    }

    /// Kills what is below, round by round: whose parent dies comes to us.
    fn kill_all(&mut self, ends: &KeeperEnds) {
        while !self.alone {
            if !self.ended {
                let _ = kill_process_group(self.program, Signal::KILL);
            }
            for_each_child(|child| {
                let _ = kill_process(child, Signal::KILL);
            });
            while !self.alone && self.reap(ends) {}
            if !self.alone {
                pause(&ROUND);
            }
        }
    }
}

fn how(status: WaitStatus) -> Report {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Report::Exited(code),
        (_, Some(signal)) => Report::Killed(signal),
        _ => Report::Exited(-1),
    }
}

/// Calls `act` with every child of this process, by /proc.
fn for_each_child(act: impl Fn(Pid)) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(proc) = openat(CWD, c"/proc", flags, Mode::empty()) else {
        return;
    };
    let own = getpid();
    let mut buffer = [MaybeUninit::<u8>::uninit(); 8192];
    let mut entries = RawDir::new(&proc, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name();
        let Some(pid) = number(name.to_bytes()).and_then(Pid::from_raw) else {
            continue;
        };
        if parent_of(&proc, name) == Some(own) {
            act(pid);
        }
    }
}

/// The parent by /proc/PID/stat, `None` for who is gone.
fn parent_of(proc: &OwnedFd, pid: &CStr) -> Option<Pid> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let folder = openat(proc, pid, flags | OFlags::DIRECTORY, Mode::empty()).ok()?;
    let stat = openat(&folder, c"stat", flags, Mode::empty()).ok()?;
    let mut buffer = [0_u8; 512];
    let count = read(&stat, &mut buffer).ok()?;
    let text = buffer.get(..count)?;
    // The name in parentheses may hold anything: proc_pid_stat(5).
    let end_of_name = text.iter().rposition(|&byte| byte == b')')?;
    let mut fields = text
        .get(end_of_name + 1..)?
        .split(|&byte| byte == b' ')
        .filter(|field| !field.is_empty());
    let _state = fields.next()?;
    Pid::from_raw(number(fields.next()?)?)
}

/// Decimal digits as a number.
fn number(digits: &[u8]) -> Option<i32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_i32, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(i32::from(digit))
    })
}
