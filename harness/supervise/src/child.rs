//! Runs a child process to its end, within a time limit.
//!
//! The child leads its own process group. Whatever ends the call (the child's exit, the limit, a cancel, a panic) the
//! whole group is killed, so that no compiler or pip helper stays behind; and when we are killed, the death signal ends
//! the child and a guard its group, so that no download goes on writing. Output is always drained and kept up to a
//! limit. Deliberately absent: a shell.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::fork::die_with_us;
use crate::guard::Guard;

/// More output than this is drained and dropped, with a note in its place.
const KEEP_BYTES: usize = 8 << 20;
const POLL: Duration = Duration::from_millis(10);
const TICK: Duration = Duration::from_millis(200);

/// Why a child did not come to its own end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// It could not be started.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The command line.
        command: String,
        /// The system's answer.
        source: io::Error,
    },
    /// It took too long and was killed with its whole process group.
    #[error("`{command}` was killed after {limit:?}; its last words: {last_words}")]
    TimedOut {
        /// The command line.
        command: String,
        /// The limit.
        limit: Duration,
        /// The end of its stderr.
        last_words: String,
    },
    /// The caller stopped the call.
    #[error("`{command}` was stopped on request")]
    Cancelled {
        /// The command line.
        command: String,
    },
    /// Waiting for it failed.
    #[error("cannot wait for `{command}`: {source}")]
    Wait {
        /// The command line.
        command: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// A child that came to its own end, well or not.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed, up to 8 MiB.
    pub stdout: String,
    /// What it complained of, up to 8 MiB.
    pub stderr: String,
    /// From its start to its end.
    pub elapsed: Duration,
}

impl Finished {
    /// It ended with code 0.
    pub fn success(&self) -> bool {
        self.status.success()
    }
}

/// Whether the caller wants a call to stop; asked several times a second.
pub type Cancelled<'a> = &'a dyn Fn() -> bool;

/// Runs `command` with no stdin and calls `tick` five times a second. Must be called on a thread that lives as long as
/// the call, as every caller's does: the death signal follows the thread that forked.
///
/// # Errors
/// See [`ChildError`]; an exit code other than 0 is none.
pub fn run(
    mut command: Command,
    limit: Duration,
    cancelled: Cancelled<'_>,
    tick: &dyn Fn(),
) -> Result<Finished, ChildError> {
    command.stdout(Stdio::piped());
    run_to_end(command, limit, cancelled, tick)
}

/// The same with what it prints, which may be no text, in a file.
///
/// # Errors
/// See [`ChildError`].
pub fn run_into(
    mut command: Command,
    stdout: File,
    limit: Duration,
    cancelled: Cancelled<'_>,
) -> Result<Finished, ChildError> {
    command.stdout(stdout);
    run_to_end(command, limit, cancelled, &|| {})
}

fn run_to_end(
    mut command: Command,
    limit: Duration,
    cancelled: Cancelled<'_>,
    tick: &dyn Fn(),
) -> Result<Finished, ChildError> {
    let line = command_line(&command);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    die_with_us(&mut command, || Ok(()));
    let started = Instant::now();
    let mut group = Group::start(&mut command).map_err(|source| ChildError::Start {
        command: line.clone(),
        source,
    })?;
    let stdout = drain(group.child.stdout.take());
    let stderr = drain(group.child.stderr.take());

    let mut next_tick = started + TICK;
    let end = loop {
        if group
            .leader_has_exited()
            .map_err(|source| ChildError::Wait {
                command: line.clone(),
                source,
            })?
        {
            break None;
        }
        if cancelled() {
            break Some(ChildError::Cancelled {
                command: line.clone(),
            });
        }
        if started.elapsed() > limit {
            let last_words = String::new();
            break Some(ChildError::TimedOut {
                command: line.clone(),
                limit,
                last_words,
            });
        }
        if Instant::now() >= next_tick {
            tick();
            next_tick = Instant::now() + TICK;
        }
        thread::sleep(POLL);
    };

    // The group dies before its leader is reaped: until then its number cannot belong to anyone else. Its death also
    // closes the pipes.
    let status = group.kill_and_reap().map_err(|source| ChildError::Wait {
        command: line,
        source,
    })?;
    let elapsed = started.elapsed();
    let stdout = stdout.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    match end {
        None => Ok(Finished {
            status,
            stdout,
            stderr,
            elapsed,
        }),
        Some(ChildError::TimedOut { command, limit, .. }) => Err(ChildError::TimedOut {
            command,
            limit,
            last_words: last_lines(&stderr),
        }),
        Some(other) => Err(other),
    }
}

/// A program that we have just unpacked is "busy" as long as a child that some other thread forked at that moment still
/// holds our open file: until its exec, a matter of milliseconds (<https://github.com/golang/go/issues/22315>).
fn spawn(command: &mut Command) -> io::Result<Child> {
    for _ in 0..100 {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => thread::sleep(POLL),
            other => return other,
        }
    }
    command.spawn()
}

/// The command line as a person would type it, for messages and records.
pub fn command_line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(quoted)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word of a command line, quoted where a shell would need it.
pub fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(3);
    if lines.is_empty() {
        "none".to_owned()
    } else {
        lines[from..].join(" / ")
    }
}

/// A child that leads a process group; killed with it when dropped, or when we are gone.
struct Group {
    child: Child,
    pid: Pid,
    /// Let go of once the group is dead.
    guard: Option<Guard>,
    reaped: bool,
}

impl Group {
    /// The guard first: there must be no moment at which we could die and leave a grandchild behind.
    fn start(command: &mut Command) -> io::Result<Self> {
        let mut guard = Guard::start(&[])?;
        let child = spawn(command)?;
        let watched = guard.watch(child.id());
        let group = Self {
            pid: Pid::from_child(&child),
            child,
            guard: Some(guard),
            reaped: false,
        };
        // Unwatched it must not run on: dropping the group kills it.
        watched.map(|()| group)
    }

    /// Looks without reaping, so that the pid stays ours.
    fn leader_has_exited(&self) -> io::Result<bool> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.pid), look)?.is_some())
    }

    fn kill_and_reap(&mut self) -> io::Result<ExitStatus> {
        // Fails only when nobody of the group is left to be killed.
        let _ = kill_process_group(self.pid, Signal::KILL);
        if let Some(guard) = self.guard.take() {
            guard.dismiss();
        }
        let status = self.child.wait();
        self.reaped = status.is_ok();
        status
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.kill_and_reap();
        }
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let mut dropped = 0;
        if let Some(mut pipe) = pipe {
            // An unreadable pipe ends the text; the exit status tells the rest.
            let _ = pipe.by_ref().take(KEEP_BYTES as u64).read_to_end(&mut kept);
            dropped = io::copy(&mut pipe, &mut io::sink()).unwrap_or(0);
        }
        let mut text = String::from_utf8_lossy(&kept).into_owned();
        if dropped > 0 {
            text.push_str(&format!("\n[{dropped} more bytes dropped]\n"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_and_status_come_back() {
        let done = run(
            sh("echo out; echo err >&2; exit 3"),
            Duration::from_secs(30),
            &|| false,
            &|| {},
        )
        .unwrap();
        assert_eq!(
            (done.stdout.as_str(), done.stderr.as_str()),
            ("out\n", "err\n")
        );
        assert_eq!(done.status.code(), Some(3));
    }

    #[test]
    fn the_limit_kills_the_whole_group() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("grandchild");
        let script = format!(
            "echo last words >&2; sleep 300 & echo $! > '{}'; wait",
            file.display()
        );
        let error = run(sh(&script), Duration::from_millis(600), &|| false, &|| {}).unwrap_err();
        assert!(
            error.to_string().contains("last words: last words"),
            "{error}"
        );
        let pid: i32 = std::fs::read_to_string(&file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert!(is_dead(pid), "grandchild {pid} lives on");
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_open_does_not_hold_us() {
        let done = run(
            sh("sleep 300 & echo started"),
            Duration::from_secs(100),
            &|| false,
            &|| {},
        )
        .unwrap();
        assert_eq!(done.stdout, "started\n");
    }

    #[test]
    fn a_cancel_stops_it() {
        let cancelled = &|| true;
        let error = run(sh("sleep 300"), Duration::from_secs(100), cancelled, &|| {}).unwrap_err();
        assert!(matches!(error, ChildError::Cancelled { .. }));
    }

    /// Runs in a process of its own, which the test below kills.
    #[test]
    #[ignore = "a helper of killed_with_us_whatever_kills_us"]
    fn helper_that_is_killed() {
        let Ok(file) = std::env::var("GOSWEEP_TEST_PIDS") else {
            return;
        };
        // The shell stands for pip or go, its child for what they start.
        let script =
            format!("sleep 300 & echo $$ $! > '{file}.new'; mv '{file}.new' '{file}'; wait");
        let _ = run(sh(&script), Duration::from_secs(300), &|| false, &|| {});
    }

    #[test]
    fn killed_with_us_whatever_kills_us() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pids");
        let mut us = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "child::tests::helper_that_is_killed",
            ])
            .env("GOSWEEP_TEST_PIDS", &file)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let pids = (0..2000).find_map(|_| {
            thread::sleep(Duration::from_millis(10));
            std::fs::read_to_string(&file).ok()
        });
        us.kill().unwrap();
        us.wait().unwrap();
        let pids = pids.expect("the helper started its child");
        for pid in pids.split_whitespace() {
            assert!(is_dead(pid.parse().unwrap()), "{pid} lives on");
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(
            Command::new("/nowhere/go"),
            Duration::from_secs(1),
            &|| false,
            &|| {},
        )
        .unwrap_err();
        assert!(error.to_string().starts_with("cannot start `/nowhere/go`"));
    }

    #[test]
    fn words_are_quoted_for_reading() {
        let mut command = Command::new("go");
        command.args(["build", "-ldflags=-s -w", "it's"]);
        assert_eq!(
            command_line(&command),
            r"go build '-ldflags=-s -w' 'it'\''s'"
        );
    }

    /// Dead or a zombie that waits for init.
    fn is_dead(pid: i32) -> bool {
        for _ in 0..200 {
            match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
                Err(_) => return true,
                Ok(stat) if stat.contains(") Z ") => return true,
                Ok(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
        false
    }
}
