//! Drains a target's stderr: an unread pipe would freeze the target.
//!
//! Every byte goes to a file verbatim, secrets excepted; GC and scheduler traces are also parsed
//! as they come, each stamped with the time at which it was read.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gotrace::crash::Crash;
use gotrace::gctrace::GcCycle;
use gotrace::schedtrace::SchedSample;
use gotrace::stderr::{Event, Reader};
use topology::CpuSet;

use crate::redact::Redactor;

/// Traces of each kind are kept up to this many, far beyond any trial's
/// length, so that a target that floods stderr cannot fill our memory.
const MOST_TRACES: usize = 200_000;

/// The runtime writes a gctrace line in some 35 pieces: without a pause each would wake us. The pipe holds 64 KiB, some
/// 500 lines, in the meantime.
const PAUSE: Duration = Duration::from_millis(2);

/// A read of at least this size says that the target writes fast: no pause.
const FULL_ENOUGH: usize = 16 * 1024;

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

/// The draining of one target's stderr.
#[derive(Debug)]
pub struct StderrLog {
    traces: Arc<Mutex<Traces>>,
    drain: Option<JoinHandle<()>>,
}

impl StderrLog {
    /// Starts draining into `file`.
    pub(crate) fn drain(
        mut pipe: ChildStderr,
        file: &Path,
        cpus: CpuSet,
        mut redactor: Redactor,
    ) -> std::io::Result<StderrLog> {
        let mut file = File::create(file)?;
        let traces = Arc::new(Mutex::new(Traces::default()));
        let into = Arc::clone(&traces);
        let drain = std::thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || {
                // Where the kernel refuses, the thread runs anywhere: that costs accuracy, not correctness.
                let _ = topology::reset_current_thread(&cpus);
                let mut reader = Reader::new();
                let mut buffer = vec![0; 64 * 1024];
                // An error ends the draining like the end of the pipe does:
                // the process is gone or going.
                let mut take = |bytes: &[u8]| {
                    // A full disk must not stop the draining.
                    let _ = file.write_all(bytes);
                    let mut traces = lock(&into);
                    let now = Instant::now();
                    reader.feed(bytes, |event| traces.keep(now, event));
                    traces.torn = reader.counts().torn;
                };
                while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                    redactor.feed(&buffer[..count], &mut take);
                    if count < FULL_ENOUGH {
                        std::thread::sleep(PAUSE);
                    }
                }
                redactor.finish(&mut take);
                let mut traces = lock(&into);
                let now = Instant::now();
                reader.finish(|event| traces.keep(now, event));
                traces.torn = reader.counts().torn;
                drop(traces);
                let _ = file.sync_data();
            })?;
        Ok(StderrLog {
            traces,
            drain: Some(drain),
        })
    }

    /// Looks at everything so far.
    pub fn look<T>(&self, look: impl FnOnce(&Traces) -> T) -> T {
        look(&lock(&self.traces))
    }

    /// Waits for the end of the pipe; the process must have ended.
    pub(crate) fn finish(&mut self) {
        if let Some(drain) = self.drain.take() {
            let _ = drain.join();
        }
    }
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
