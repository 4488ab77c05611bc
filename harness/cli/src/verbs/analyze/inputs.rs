//! Files and standard input. Logs are read as streams, so that their length does not matter; what is one document is
//! read whole, up to a bound.

use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use advisor::AdvisorError;
use advisor::analyze::{Hint, LARGEST_INPUT_BYTES, LogReader, Material, Part};
use documents::analysis::Unread;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::trace;
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

/// What has arrived of an input, and what it seems to be.
struct Arriving {
    /// Its beginning, to tell again what it is.
    head: Vec<u8>,
    /// Bytes that are not kept in `head`.
    dropped: usize,
    /// NULs before everything else, of which one is kept: the hole of a log that was truncated under its writer.
    hole: bool,
    shape: Shape,
    log: LogReader,
}

/// What an input seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Too short to tell.
    Untold,
    /// Text line by line.
    Stream,
    /// One document; it is read whole.
    Document,
    /// Either: NULs are in it, which an application may have written into its log. It is kept as a document and read as
    /// a log.
    Doubtful,
}

impl Arriving {
    fn new() -> Arriving {
        Arriving {
            head: Vec::new(),
            dropped: 0,
            hole: false,
            shape: Shape::Untold,
            log: LogReader::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let bytes = if self.head.is_empty() {
            let behind = gotrace::after_nuls(bytes);
            self.hole |= behind.len() < bytes.len();
            behind
        } else {
            bytes
        };
        let most = match self.shape {
            Shape::Stream => HEAD_BYTES,
            _ => LARGEST_INPUT_BYTES,
        };
        let kept = bytes.len().min(most.saturating_sub(self.head.len()));
        self.head.extend_from_slice(&bytes[..kept]);
        self.dropped += bytes.len() - kept;
        match self.shape {
            Shape::Stream | Shape::Doubtful => self.log.feed(bytes),
            Shape::Document => {}
            Shape::Untold if self.head.len() >= TELLING_BYTES => {
                self.shape = shape(&self.head);
                if self.shape != Shape::Document {
                    self.log.feed(&self.head);
                }
            }
            Shape::Untold => {}
        }
    }

    /// Where a log stands, for someone who watches.
    fn now(&self) -> Option<String> {
        matches!(self.shape, Shape::Stream | Shape::Doubtful).then(|| self.log.now())
    }

    /// Whether it can be nothing that is read: too long for a document, and no log.
    fn is_too_large(&self) -> bool {
        self.dropped > 0
            && match self.shape {
                Shape::Stream => false,
                Shape::Doubtful => !self.log.has_runtime_lines(),
                Shape::Document | Shape::Untold => true,
            }
    }

    fn finish(self, name: &str) -> Result<Material, Unread> {
        let log = |reader: LogReader| {
            let log = Some(reader.finish()).filter(|log| !log.is_empty());
            log.map(|log| Material {
                name: name.to_owned(),
                part: Part::Log(Box::new(log)),
            })
        };
        // What is a document as well as a log is a document: a profile may hold any bytes.
        let as_document = || document(name, &self.head, self.hole);
        match self.shape {
            Shape::Stream => log(self.log).map_or_else(as_document, Ok),
            Shape::Doubtful if self.dropped == 0 => {
                as_document().or_else(|unread| log(self.log).ok_or(unread))
            }
            Shape::Doubtful => log(self.log).map_or_else(as_document, Ok),
            Shape::Untold | Shape::Document => as_document(),
        }
    }
}

fn document(name: &str, head: &[u8], hole: bool) -> Result<Material, Unread> {
    // A single NUL stands for the hole, so that an input of nothing else is not called empty.
    let bytes = if head.is_empty() && hole {
        &[0][..]
    } else {
        head
    };
    advisor::analyze::read(name, bytes, Hint::default()).map_err(|error| match error {
        AdvisorError::Input { name, reason } => Unread { name, reason },
        other => Unread {
            name: name.to_owned(),
            reason: format!("cannot be read: {other}"),
        },
    })
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
            tell_text(&format!("\r\x1b[2K{now}"));
            updated = Instant::now();
        }
    }
    if watched {
        tell_text("\r\x1b[2K");
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

/// What begins like this.
fn shape(head: &[u8]) -> Shape {
    const DOCUMENTS: [&[u8]; 7] = [
        b"\x1f\x8b",
        b"go 1.",
        b"heap profile: ",
        b"goroutine profile: ",
        b"goroutineleak profile: ",
        b"--- ",
        b"{\"go_version\"",
    ];
    if DOCUMENTS.iter().any(|start| head.starts_with(start)) {
        Shape::Document
    } else if head[..head.len().min(4096)].contains(&0) {
        Shape::Doubtful
    } else {
        Shape::Stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"gc 1 @0.053s 49%: 3156+0.46+0.031 ms clock, 6313+0/0.34/0+0.063 ms cpu, 0->0->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)\n";

    #[test]
    fn documents_are_read_whole() {
        for (head, expected) in [
            (&b"gc 1 @0.1s 0%: 0.1+0.2+0.3 ms clock"[..], Shape::Stream),
            (b"2026-11-21T09:35:34Z stderr F gc 1 @0.1s", Shape::Stream),
            (
                b"\x1f\x8b\x08\0\0\0\0\0\0\xff................",
                Shape::Document,
            ),
            (b"go 1.26 trace\0\0\0.................", Shape::Document),
            (
                b"{\"go_version\":\"go1.27.3\",\"taken_unix_ns\":1",
                Shape::Document,
            ),
            (
                b"{\"log\":\"gc 1 @0.1s\\n\",\"stream\":\"stderr\"",
                Shape::Stream,
            ),
            (
                b"text with a \0 in it, and some more of it",
                Shape::Doubtful,
            ),
        ] {
            assert_eq!(shape(head), expected, "{:?}", String::from_utf8_lossy(head));
        }
    }

    fn arrived(chunks: &[&[u8]]) -> Result<Material, Unread> {
        let mut arriving = Arriving::new();
        for chunk in chunks {
            arriving.take(chunk);
            assert!(!arriving.is_too_large());
        }
        arriving.finish("input")
    }

    fn is_log(material: &Result<Material, Unread>) -> bool {
        matches!(material, Ok(Material { part: Part::Log(log), .. }) if !log.is_empty())
    }

    #[test]
    fn nuls_do_not_hide_a_log() {
        let hole = vec![0; CHUNK_BYTES];
        assert!(is_log(&arrived(&[&hole, &hole, b"\0\0", LINE])));
        assert!(is_log(&arrived(&[
            b"a\0b and more than thirty-two bytes of it\n",
            LINE
        ])));
        assert!(is_log(&arrived(&[b"a\0b", LINE, &hole, LINE])));
        let only = arrived(&[&hole]).unwrap_err();
        assert!(
            only.reason.starts_with("holds nothing but NUL bytes"),
            "{only}"
        );
        let nothing = arrived(&[]).unwrap_err();
        assert!(nothing.reason.starts_with("is empty"), "{nothing}");
    }

    #[test]
    fn a_log_with_nuls_may_be_longer_than_a_document() {
        let mut arriving = Arriving::new();
        arriving.take(b"a\0b and more than thirty-two bytes of it\n");
        arriving.take(LINE);
        let filler = [b'x'; CHUNK_BYTES];
        for _ in 0..=LARGEST_INPUT_BYTES / CHUNK_BYTES {
            arriving.take(&filler);
            assert!(!arriving.is_too_large());
        }
        assert!(arriving.head.len() <= LARGEST_INPUT_BYTES);
        assert!(is_log(&arriving.finish("input")));

        let mut garbage = Arriving::new();
        garbage.take(b"a\0b and more than thirty-two bytes of it\n");
        let chunks = 0..=LARGEST_INPUT_BYTES / CHUNK_BYTES;
        let refused = chunks.filter(|_| {
            garbage.take(&filler);
            garbage.is_too_large()
        });
        assert!(refused.count() > 0);
    }
}
