//! Files and standard input. Logs are read as streams, so that their length does not matter; what is one document is
//! read whole, up to a bound.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use analysis::analyze::{Hint, LARGEST_INPUT_BYTES, LogReader, Material, Part};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::trace;
use crate::exit::Failure;
use crate::output::tell_text;

/// How much of a stream is kept to tell again what it is, if it turns out to be no log.
const HEAD_BYTES: usize = 4 << 20;
/// Bytes of one read.
const CHUNK_BYTES: usize = 64 << 10;
/// From how many bytes on it can be told whether something is a stream of text.
const TELLING_BYTES: usize = 32;
/// How often someone who watches is told where the log stands, and a wait looks whether it was cancelled.
const UPDATE: Duration = Duration::from_millis(500);

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Material, Failure> {
    let material = if path.as_os_str() == "-" {
        let stdin = io::stdin().lock();
        from_stream(stdin, "standard input", Some(crate::signals::cancel_flag()))?
    } else {
        let shown = path.display().to_string();
        let fail = |error: io::Error| Failure::usage(format!("cannot read {shown}: {error}"));
        let file = File::open(path).map_err(fail)?;
        if file.metadata().map_err(fail)?.is_dir() {
            return Err(Failure::usage(format!(
                "{shown} is a folder; give the files in it, or `gosweep report` for a run's folder"
            )));
        }
        from_stream(file, &shown, None)?
    };
    Ok(trace::viewed(material))
}

/// Reads to the end, or until `cancel` is set.
fn from_stream(
    mut input: impl Read + AsFd,
    name: &str,
    cancel: Option<&AtomicBool>,
) -> Result<Material, Failure> {
    let fail = |error: io::Error| Failure::usage(format!("cannot read {name}: {error}"));
    let watched = cancel.is_some() && io::stderr().is_terminal();
    let mut head = Vec::new();
    let mut log: Option<LogReader> = None;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut updated = Instant::now();
    loop {
        if let Some(cancel) = cancel
            && !wait(&input, cancel).map_err(fail)?
        {
            break;
        }
        let count = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(fail(error)),
        };
        let bytes = &chunk[..count];
        let room = match log {
            Some(_) => HEAD_BYTES.saturating_sub(head.len()),
            None => LARGEST_INPUT_BYTES + 1 - head.len(),
        };
        head.extend_from_slice(&bytes[..count.min(room)]);
        match &mut log {
            Some(log) => log.feed(bytes),
            None if head.len() > LARGEST_INPUT_BYTES => {
                return Err(Failure::usage(format!(
                    "{name} is larger than {} MiB and no log; give a shorter window",
                    LARGEST_INPUT_BYTES >> 20
                )));
            }
            None if head.len() >= TELLING_BYTES && is_stream(&head) => {
                let mut reader = LogReader::new();
                reader.feed(&head);
                log = Some(reader);
            }
            None => {}
        }
        if let Some(log) = log.as_ref().filter(|_| watched)
            && updated.elapsed() >= UPDATE
        {
            tell_text(&format!("\r\x1b[2K{}", log.now()));
            updated = Instant::now();
        }
    }
    if watched {
        tell_text("\r\x1b[2K");
    }
    if let Some(log) = log.map(LogReader::finish).filter(|log| !log.is_empty()) {
        return Ok(Material {
            name: name.to_owned(),
            part: Part::Log(Box::new(log)),
        });
    }
    analysis::analyze::read(name, &head, Hint::default()).map_err(Failure::usage)
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

/// Whether this is the beginning of text that comes line by line, and not of one document.
fn is_stream(head: &[u8]) -> bool {
    const DOCUMENTS: [&[u8]; 7] = [
        b"\x1f\x8b",
        b"go 1.",
        b"heap profile: ",
        b"goroutine profile: ",
        b"goroutineleak profile: ",
        b"--- ",
        b"{\"go_version\"",
    ];
    let begins = DOCUMENTS.iter().any(|start| head.starts_with(start));
    !begins && !head[..head.len().min(4096)].contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_whole() {
        for (head, stream) in [
            (&b"gc 1 @0.1s 0%: 0.1+0.2+0.3 ms clock"[..], true),
            (b"2026-11-21T09:35:34Z stderr F gc 1 @0.1s", true),
            (b"\x1f\x8b\x08\0\0\0\0\0\0\xff................", false),
            (b"go 1.26 trace\0\0\0.................", false),
            (b"{\"go_version\":\"go1.27.3\",\"taken_unix_ns\":1", false),
            (b"{\"log\":\"gc 1 @0.1s\\n\",\"stream\":\"stderr\"", true),
            (b"text with a \0 in it, and some more of it", false),
        ] {
            assert_eq!(
                is_stream(head),
                stream,
                "{:?}",
                String::from_utf8_lossy(head)
            );
        }
    }
}
