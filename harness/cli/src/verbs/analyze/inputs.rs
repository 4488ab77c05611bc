//! Files and standard input. Logs are read as streams, so that their length does not matter; what is one document is
//! read whole, up to a bound.

use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use advisor::analyze::{Arriving, LARGEST_INPUT_BYTES, Material};
use documents::analysis::Unread;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::trace;
use crate::output::tell_over;

/// Bytes of one read.
const CHUNK_BYTES: usize = 64 << 10;
/// How often someone who watches is told where the log stands, and a wait looks whether it was cancelled.
const UPDATE: Duration = Duration::from_millis(500);

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// Why it cannot be read, with what would do.
pub(super) fn read(path: &Path) -> Result<Material, Unread> {
    let material = if path.as_os_str() == "-" {
        let stdin = io::stdin().lock();
        from_stream(stdin, "standard input", Some(crate::signals::cancel_flag()))?
    } else {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Unread {
                name,
                reason: "is a folder; give the files in it, or `gosweep report` for a run's folder"
                    .to_owned(),
            });
        }
        let file = safefile::open_named(path).map_err(|error| unreadable(&name, &error))?;
        from_stream(file, &name, None)?
    };
    trace::viewed(material)
}

fn unreadable(name: &str, error: &io::Error) -> Unread {
    Unread {
        name: name.to_owned(),
        reason: format!("cannot be read: {error}"),
    }
}

/// Reads to the end, or until `cancel` is set.
fn from_stream(
    mut input: impl Read + AsFd,
    name: &str,
    cancel: Option<&AtomicBool>,
) -> Result<Material, Unread> {
    let fail = |error: io::Error| unreadable(name, &error);
    let watched = cancel.is_some() && io::stderr().is_terminal();
    let mut arriving = Arriving::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut updated = Instant::now();
    loop {
        if let Some(cancel) = cancel
            && !wait(&input, cancel).map_err(fail)?
        {
            break;
        }
        match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => arriving.take(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(fail(error)),
        }
        if arriving.is_too_large() {
            return Err(Unread {
                name: name.to_owned(),
                reason: format!(
                    "is larger than {} MiB and no log; give a shorter window",
                    LARGEST_INPUT_BYTES >> 20
                ),
            });
        }
        if watched
            && updated.elapsed() >= UPDATE
            && let Some(now) = arriving.now()
        {
            tell_over(&now.to_string());
            updated = Instant::now();
        }
    }
    if watched {
        tell_over("");
    }
    arriving.finish(name)
}

/// Waits until there is something to read; false if cancelled.
fn wait(input: &impl AsFd, cancel: &AtomicBool) -> io::Result<bool> {
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: i64::try_from(UPDATE.as_nanos()).expect("half a second"),
    };
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let mut wanted = [PollFd::new(input, PollFlags::IN)];
        match poll(&mut wanted, Some(&limit)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}
