//! What happens between fork and exec.
//!
//! Every child is forked twice. The process in the middle stays, as a keeper
//! (see [`keeper`](crate::keeper)): it is the subreaper of what we start, so
//! that no daemon leaves its tree. Its child becomes the program.
//!
//! All code here and in [`after_fork`](crate::after_fork) runs in a copy of a
//! process with many threads: system calls only, no allocation, no lock.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{
    Pid, Signal, getpid, getppid, set_child_subreaper, set_parent_process_death_signal, setpgid,
    setsid,
};

/// The keeper's ends of its two pipes, and what it clears away.
#[derive(Debug)]
pub(crate) struct KeeperEnds {
    /// Orders; its end says that we are gone.
    pub(crate) orders: OwnedFd,
    /// What it reports.
    pub(crate) reports: OwnedFd,
    /// Folders of the target's cgroup, to be removed when we are gone.
    pub(crate) folders: Vec<CString>,
}

/// Puts a keeper between us and the program that `command` starts. The program
/// leads a process group of its own, dies with its keeper, and inherits no open
/// file but its standard streams; before that it does what else is asked, which
/// must be system calls only, as is the keeper's own program, `keep`.
#[expect(unsafe_code, reason = "pre_exec has no safe form")]
pub(crate) fn under_a_keeper(
    command: &mut Command,
    ends: KeeperEnds,
    keep: fn(&KeeperEnds, Pid) -> !,
    then: impl Fn() -> io::Result<()> + Send + Sync + 'static,
) {
    let between = move || {
        // The keeper's own session: no signal of a terminal reaches it.
        setsid()?;
        set_child_subreaper(Some(getpid()))?;
        let keeper = getpid();
        match fork()? {
            Some(program) => keep(&ends, program),
            None => become_the_program(keeper, &then),
        }
    };
    // SAFETY: the closure only makes system calls that are async-signal-safe
    // and allocates nothing; so does what the two callers hand in.
    unsafe {
        command.pre_exec(between);
    }
}

/// A helper without children, which dies with the thread that starts it. For
/// whom a process between us and it would be in the way.
#[expect(unsafe_code, reason = "pre_exec has no safe form")]
pub fn die_with_us(command: &mut Command) {
    let parent = getpid();
    let before_exec = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the death signal was set.
        if getppid() != Some(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: the closure only makes system calls that are async-signal-safe
    // and allocates nothing.
    unsafe {
        command.pre_exec(before_exec);
    }
}

fn become_the_program(keeper: Pid, then: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
    setpgid(None, None)?;
    then()?;
    // By flag and not at once: std reports a failed exec through a pipe.
    close_from(3, true)?;
    // Last, since a change of user takes the death signal away.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The keeper may have died before the death signal was set.
    if getppid() != Some(keeper) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    Ok(())
}

/// The child's number in the parent, `None` in the child.
#[expect(unsafe_code, reason = "neither std nor rustix forks without exec")]
fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: called between fork and exec only, where one thread is left; both
    // sides go on with system calls alone.
    let pid = unsafe { libc::fork() };
    match pid {
        ..0 => Err(io::Error::last_os_error()),
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// Ends the process at once, without what std or libc would do at an exit.
#[expect(unsafe_code, reason = "std has no exit without exit handlers")]
pub(crate) fn exit_at_once() -> ! {
    // SAFETY: takes no pointer and does not return.
    unsafe { libc::_exit(0) }
}

/// Ignores what is sent to end a process by way of asking.
#[expect(unsafe_code, reason = "neither std nor rustix sets signal handlers")]
pub(crate) fn ignore_signals() {
    for signal in [libc::SIGPIPE, libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
        // SAFETY: async-signal-safe, and no handler of ours is left to run.
        unsafe {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
}

/// Closes all files but the standard streams and `kept`.
pub(crate) fn close_all_but(kept: [&OwnedFd; 2]) -> io::Result<()> {
    let mut numbers = kept.map(AsRawFd::as_raw_fd);
    numbers.sort_unstable();
    let mut from = 3;
    for number in numbers {
        if number > from {
            close_range(from, number - 1, false)?;
        }
        from = from.max(number + 1);
    }
    close_from(from, false)
}

fn close_from(first: RawFd, at_exec: bool) -> io::Result<()> {
    close_range(first, RawFd::MAX, at_exec)
}

/// close_range(2), or one by one where the kernel (before 5.11) has it not.
#[expect(unsafe_code, reason = "neither std nor rustix closes ranges")]
fn close_range(first: RawFd, last: RawFd, at_exec: bool) -> io::Result<()> {
    let flags = if at_exec {
        libc::CLOSE_RANGE_CLOEXEC
    } else {
        0
    };
    // SAFETY: no pointers; the files belong to this process, which uses them no
    // more: it is about to exec, or keeps only those outside the range.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    if done == 0 {
        return Ok(());
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let limit = limit.map_or(1 << 20, |limit| limit.min(1 << 20));
    let end = RawFd::try_from(limit).unwrap_or(1 << 20).min(last);
    for number in first..=end {
        // SAFETY: as above; a number without a file is an error without effect.
        unsafe {
            if at_exec {
                libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
            } else {
                libc::close(number);
            }
        }
    }
    Ok(())
}
