//! Drains what a target writes: an unread pipe would freeze the target.
//!
//! Both streams go to files, secrets excepted and whole up to a bound; GC and scheduler traces on
//! stderr are also parsed as they come, each stamped with the time at which it
//! was read. The draining ends a bounded time after the target has: whoever
//! else holds the pipes cannot hold us.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{ChildStderr, ChildStdout};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gotrace::crash::Crash;
use gotrace::gctrace::GcCycle;
use gotrace::schedtrace::SchedSample;
use gotrace::stderr::{Event, Reader};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use topology::CpuSet;

use crate::bounded::{BoundedFile, Bounds, HEAD_BYTES, TAIL_BYTES};
use crate::redact::Redactor;

/// Traces of each kind are kept up to this many, far beyond any trial's
/// length, so that a target that floods stderr cannot fill our memory.
const MOST_TRACES: usize = 200_000;

/// The runtime writes a gctrace line in some 35 pieces: without a pause each
/// would wake us. The pipe holds 64 KiB, some 500 lines, in the meantime.
const PAUSE: Duration = Duration::from_millis(2);

/// A read of at least this size says that the target writes fast: no pause.
const FULL_ENOUGH: usize = 16 * 1024;

/// What is still in the pipes when the target has ended is read for so long: a
/// pipe holds 64 KiB, and only somebody else can go on filling it.
const AFTER_THE_END: Duration = Duration::from_secs(1);

/// What a target wrote to stderr so far.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// GC cycles and when they were read.
    pub gc: Vec<(Instant, GcCycle)>,
    /// Scheduler samples and when they were read.
    pub sched: Vec<(Instant, SchedSample)>,
    /// Runtime lines that could not be read.
    pub torn: u64,
    /// How the program died, if it told.
    pub crash: Option<Box<Crash>>,
}

/// What the finished logs of a target lack.
#[derive(Debug, Default)]
pub struct LogBounds {
    /// stdout.log.
    pub stdout: Bounds,
    /// stderr.log.
    pub stderr: Bounds,
}

/// The draining of one target's output.
#[derive(Debug)]
pub struct StderrLog {
    traces: Arc<Mutex<Traces>>,
    drain: Option<JoinHandle<LogBounds>>,
    the_end: OwnedFd,
    bounds: LogBounds,
}

/// Where a target's output comes from and goes to.
pub(crate) struct Streams {
    pub(crate) stdout: ChildStdout,
    pub(crate) stdout_log: File,
    pub(crate) stderr: ChildStderr,
    pub(crate) stderr_log: File,
}

impl StderrLog {
    /// Starts draining on a thread on `cpus`. `redactor` knows the secrets that neither log may hold.
    pub(crate) fn drain(
        streams: Streams,
        cpus: CpuSet,
        redactor: &Redactor,
    ) -> std::io::Result<StderrLog> {
        let redactors = [redactor.clone(), redactor.clone()];
        let traces = Arc::new(Mutex::new(Traces::default()));
        let into = Arc::clone(&traces);
        let the_end = eventfd(0, EventfdFlags::CLOEXEC)?;
        let seen = the_end.try_clone()?;
        let drain = std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                // Where the kernel refuses, the thread runs anywhere: that
                // costs accuracy, not correctness.
                let _ = topology::reset_current_thread(&cpus);
                drain_all(streams, redactors, &into, &seen)
            })?;
        Ok(StderrLog {
            traces,
            drain: Some(drain),
            the_end,
            bounds: LogBounds::default(),
        })
    }

    /// Looks at everything so far.
    pub fn look<T>(&self, look: impl FnOnce(&Traces) -> T) -> T {
        look(&lock(&self.traces))
    }

    /// What the logs lack, once the target has ended.
    pub fn bounds(&self) -> &LogBounds {
        &self.bounds
    }

    /// Reads what is left; the target must have ended.
    pub(crate) fn finish(&mut self) {
        let Some(drain) = self.drain.take() else {
            return;
        };
        // Into a fresh counter there is always room for one.
        let _ = rustix::io::write(&self.the_end, &1_u64.to_ne_bytes());
        self.bounds = drain.join().unwrap_or_default();
    }
}

impl Drop for StderrLog {
    fn drop(&mut self) {
        self.finish();
    }
}

fn drain_all(
    streams: Streams,
    redactors: [Redactor; 2],
    into: &Mutex<Traces>,
    the_end: &OwnedFd,
) -> LogBounds {
    let [mut stdout_redactor, mut stderr_redactor] = redactors;
    let bounded = |file| BoundedFile::new(file, HEAD_BYTES, TAIL_BYTES);
    let (mut stdout, mut stderr) = (Some(streams.stdout), Some(streams.stderr));
    let mut stdout_log = bounded(streams.stdout_log);
    let mut stderr_log = bounded(streams.stderr_log);
    let mut reader = Reader::new();
    let mut buffer = vec![0; 64 * 1024];
    let keep_and_parse = |reader: &mut Reader, log: &mut BoundedFile, bytes: &[u8]| {
        log.write(bytes);
        let mut traces = lock(into);
        let now = Instant::now();
        reader.feed(bytes, |event| traces.keep(now, event));
        traces.torn = reader.counts().torn;
    };
    let mut until = None;
    while stdout.is_some() || stderr.is_some() {
        let fds = [
            stdout.as_ref().map(AsFd::as_fd),
            stderr.as_ref().map(AsFd::as_fd),
            until.is_none().then(|| the_end.as_fd()),
        ];
        let wait = match until {
            None => None,
            Some(until) if Instant::now() > until => break,
            Some(_) => Some(Duration::ZERO),
        };
        let [from_stdout, from_stderr, ended] = readable(fds, wait);
        if ended {
            until = Some(Instant::now() + AFTER_THE_END);
        } else if until.is_some() && !from_stdout && !from_stderr {
            // Somebody else holds a pipe and has nothing to say.
            break;
        }
        let mut most = 0;
        if from_stdout {
            let bytes = take(&mut stdout, &mut buffer);
            most = most.max(bytes.len());
            stdout_redactor.feed(bytes, |bytes| stdout_log.write(bytes));
        }
        if from_stderr {
            let bytes = take(&mut stderr, &mut buffer);
            most = most.max(bytes.len());
            stderr_redactor.feed(bytes, |bytes| {
                keep_and_parse(&mut reader, &mut stderr_log, bytes)
            });
        }
        if most < FULL_ENOUGH && until.is_none() {
            std::thread::sleep(PAUSE);
        }
    }
    stdout_redactor.finish(|bytes| stdout_log.write(bytes));
    stderr_redactor.finish(|bytes| keep_and_parse(&mut reader, &mut stderr_log, bytes));
    let mut traces = lock(into);
    let now = Instant::now();
    reader.finish(|event| traces.keep(now, event));
    traces.torn = reader.counts().torn;
    drop(traces);
    LogBounds {
        stdout: stdout_log.finish(),
        stderr: stderr_log.finish(),
    }
}

/// The next bytes; the pipe is given up at its end.
fn take<'a>(pipe: &mut Option<impl Read>, buffer: &'a mut [u8]) -> &'a [u8] {
    let count = match pipe {
        Some(open) => open.read(buffer),
        None => Ok(0),
    };
    match count {
        Ok(count @ 1..) => &buffer[..count],
        // An error ends the draining like the end of the pipe does: the
        // process is gone or going.
        _ => {
            *pipe = None;
            &[]
        }
    }
}

/// Waits until one of these can be read from, or has no other end any more.
pub(crate) fn readable<const N: usize>(
    fds: [Option<BorrowedFd<'_>>; N],
    wait: Option<Duration>,
) -> [bool; N] {
    let there = || {
        fds.iter()
            .enumerate()
            .filter_map(|(at, fd)| Some((at, (*fd)?)))
    };
    let mut polled: Vec<PollFd<'_>> = there()
        .map(|(_, fd)| PollFd::from_borrowed_fd(fd, PollFlags::IN))
        .collect();
    let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
    let mut found = [false; N];
    if poll(&mut polled, wait.as_ref()).is_ok() {
        for ((at, _), fd) in there().zip(&polled) {
            found[at] = !fd.revents().is_empty();
        }
    }
    found
}

fn lock(traces: &Mutex<Traces>) -> MutexGuard<'_, Traces> {
    traces
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Traces {
    fn keep(&mut self, now: Instant, event: Event<'_>) {
        match event {
            Event::Gc(cycle) if self.gc.len() < MOST_TRACES => self.gc.push((now, cycle)),
            Event::Sched(sample) if self.sched.len() < MOST_TRACES => {
                self.sched.push((now, sample))
            }
            Event::Crash(crash) => self.crash = Some(crash),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn secrets_are_in_neither_log_however_they_arrive() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["stdout.log", "stderr.log"].map(|name| folder.path().join(name));
        let script = "for fd in 1 2; do printf 'a sec' >&$fd; sleep 0.1; printf 'ret here, secre' >&$fd; done";
        let mut child = Command::new("/bin/sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let streams = Streams {
            stdout: child.stdout.take().unwrap(),
            stdout_log: File::create(&paths[0]).unwrap(),
            stderr: child.stderr.take().unwrap(),
            stderr_log: File::create(&paths[1]).unwrap(),
        };
        let redactor = Redactor::new(&["secret".to_owned()]);
        let mut log = StderrLog::drain(streams, CpuSet::new(), &redactor).unwrap();
        child.wait().unwrap();
        log.finish();
        for path in paths {
            let text = std::fs::read_to_string(path).unwrap();
            assert_eq!(text, "a REDACTED here, secre");
        }
    }
}
