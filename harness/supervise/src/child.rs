//! Runs a child process to its end, within a time limit.
//!
//! The child has a keeper. Whatever ends the call (the child's exit, the limit,
//! a cancel, a panic), everything that it started is killed with it, so that no
//! compiler or pip helper stays behind; and so it is when we are killed, so that
//! no download goes on writing. Output is always drained and kept up to a limit,
//! on the caller's thread: nothing here needs another. Deliberately absent: a
//! shell.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::exit::Exit;
use crate::keeper::Keeper;
use crate::output::readable;

/// More output than this is drained and dropped, with a note in its place.
const KEEP_BYTES: usize = 8 << 20;
/// Between questions whether the caller wants it to stop.
const POLL: Duration = Duration::from_millis(50);
const TICK: Duration = Duration::from_millis(200);
/// How long what is left in the pipes is read for when all have ended.
const AFTER_THE_END: Duration = Duration::from_secs(1);

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
    pub status: Exit,
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
        self.status.code == Some(0)
    }
}

/// Whether the caller wants a call to stop; asked several times a second.
pub type Cancelled<'a> = &'a dyn Fn() -> bool;

/// Runs `command` with no stdin and calls `tick` five times a second.
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
    let started = Instant::now();
    let mut keeper = Keeper::start(command, Vec::new(), || Ok(())).map_err(|source| {
        let command = line.clone();
        ChildError::Start { command, source }
    })?;
    let mut stdout = Kept::of(keeper.streams().stdout.take());
    let mut stderr = Kept::of(keeper.streams().stderr.take());

    let mut next_tick = started + TICK;
    let end = loop {
        let (out, err) = (stdout.pipe(), stderr.pipe());
        let [out, err, _] = readable([out, err, Some(keeper.news())], Some(POLL));
        stdout.take_if(out);
        stderr.take_if(err);
        if keeper.program_exited().is_some() || keeper.all_exited().is_some() {
            break End::ItsOwn;
        }
        if cancelled() {
            break End::Cancelled;
        }
        if started.elapsed() > limit {
            break End::TimedOut;
        }
        if Instant::now() >= next_tick {
            tick();
            next_tick = Instant::now() + TICK;
        }
    };

    let killed = keeper.kill();
    let elapsed = started.elapsed();
    // Only somebody who was handed a pipe could still write to it.
    let until = Instant::now() + AFTER_THE_END;
    loop {
        let [out, err] = readable([stdout.pipe(), stderr.pipe()], Some(Duration::ZERO));
        if !(out || err) || Instant::now() > until {
            break;
        }
        stdout.take_if(out);
        stderr.take_if(err);
    }
    let (stdout, stderr) = (stdout.text(), stderr.text());
    let command = line;
    match end {
        End::Cancelled => Err(ChildError::Cancelled { command }),
        End::TimedOut => Err(ChildError::TimedOut {
            command,
            limit,
            last_words: last_lines(&stderr),
        }),
        End::ItsOwn => match killed {
            Err(source) => Err(ChildError::Wait { command, source }),
            Ok(()) => Ok(Finished {
                status: keeper.all_exited().unwrap_or_default(),
                stdout,
                stderr,
                elapsed,
            }),
        },
    }
}

/// What ended a call.
enum End {
    ItsOwn,
    Cancelled,
    TimedOut,
}

/// One stream of a child, as far as it is kept.
struct Kept<P> {
    pipe: Option<P>,
    bytes: Vec<u8>,
    dropped: usize,
}

impl<P: Read + AsFd> Kept<P> {
    fn of(pipe: Option<P>) -> Kept<P> {
        Kept {
            pipe,
            bytes: Vec::new(),
            dropped: 0,
        }
    }

    fn pipe(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    fn take_if(&mut self, readable: bool) {
        let Some(pipe) = self.pipe.as_mut().filter(|_| readable) else {
            return;
        };
        let mut buffer = [0; 64 * 1024];
        // An unreadable pipe ends the text; the exit status tells the rest.
        let count = pipe.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            self.pipe = None;
        }
        let room = (KEEP_BYTES - self.bytes.len()).min(count);
        self.bytes.extend_from_slice(&buffer[..room]);
        self.dropped += count - room;
    }

    fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if self.dropped > 0 {
            text.push_str(&format!("\n[{} more bytes dropped]\n", self.dropped));
        }
        text
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

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
        assert_eq!(done.status.code, Some(3));
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
        // The last of them has left its parent, its group and its session.
        let script = format!(
            "sleep 300 & setsid sh -c 'echo $$ > \"{file}.daemon\"; exec sleep 300' & \
             until [ -s '{file}.daemon' ]; do sleep 0.01; done; \
             echo $$ $! $(cat '{file}.daemon') > '{file}.new'; mv '{file}.new' '{file}'; wait"
        );
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
