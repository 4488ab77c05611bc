//! An input while it arrives: told apart by its beginning, read as a stream where it is a log, kept where it is one
//! document.
//!
//! Main type: [`Arriving`]. Its memory is bounded by [`LARGEST_INPUT_BYTES`].

use documents::analysis::Unread;
use gotrace::encoding::{Encoding, Transcoder, without_mark};

use super::log::{Log, LogReader};
use super::material::{Hint, LARGEST_INPUT_BYTES, Material, Part};
use super::order;
use crate::error::AdvisorError;

/// How much of a stream is kept to tell again what it is, if it turns out to be no log.
const HEAD_BYTES: usize = 4 << 20;
/// From how many bytes on it can be told whether something is a stream of text.
const TELLING_BYTES: usize = 32;

/// What has arrived of an input, and what it seems to be.
pub struct Arriving {
    /// Its beginning, to tell again what it is.
    head: Vec<u8>,
    /// Bytes that are not kept in `head`.
    dropped: usize,
    /// NULs before everything else, of which one is kept: the hole of a log that was truncated under its writer.
    hole: bool,
    shape: Shape,
    log: LogReader,
    /// Turns UTF-16 into UTF-8; `None` until the encoding is told.
    transcoder: Option<Transcoder>,
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
    Uncertain,
}

impl Default for Arriving {
    fn default() -> Arriving {
        Arriving::new()
    }
}

impl Arriving {
    /// Nothing has arrived yet.
    #[must_use]
    pub fn new() -> Arriving {
        Arriving {
            head: Vec::new(),
            dropped: 0,
            hole: false,
            shape: Shape::Untold,
            log: LogReader::new(),
            transcoder: None,
        }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        // What comes first tells the encoding; a first read of fewer bytes than that is rare and counts as UTF-8.
        let begins = self.transcoder.is_none();
        let own = self
            .transcoder
            .get_or_insert_with(|| Transcoder::new(Encoding::of(bytes)));
        if own.changes() {
            let turned = own.turn(bytes);
            self.add(&turned);
        } else if begins {
            self.add(without_mark(bytes));
        } else {
            self.add(bytes);
        }
    }

    fn add(&mut self, bytes: &[u8]) {
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
            Shape::Stream | Shape::Uncertain => self.log.feed(bytes),
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
    #[must_use]
    pub fn now(&self) -> Option<String> {
        matches!(self.shape, Shape::Stream | Shape::Uncertain).then(|| self.log.now())
    }

    /// Whether it can be nothing that is read: too long for a document, and no log.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.dropped > 0
            && match self.shape {
                Shape::Stream => false,
                Shape::Uncertain => !self.log.has_runtime_lines(),
                Shape::Document | Shape::Untold => true,
            }
    }

    /// What it was, once its end is reached.
    ///
    /// # Errors
    /// Why it cannot be read, with what would do.
    pub fn finish(mut self, name: &str) -> Result<Material, Unread> {
        let reader = std::mem::take(&mut self.log);
        let log = |reader: LogReader| {
            let log = Some(reader.finish()).filter(|log| !log.is_empty());
            log.map(|log| Material {
                name: name.to_owned(),
                part: Part::Log(Box::new(self.in_order(log))),
            })
        };
        // What is a document as well as a log is a document: a profile may hold any bytes.
        let as_document = || document(name, &self.head, self.hole);
        let stream = |reader: LogReader| match log(reader) {
            // A dump of goroutines by itself is one, unless it came wrapped.
            Some(material) if is_dump(&material) => {
                let document = as_document().ok();
                Ok(document
                    .filter(|it| matches!(it.part, Part::Goroutines(_)))
                    .unwrap_or(material))
            }
            Some(material) => Ok(material),
            None => as_document(),
        };
        match self.shape {
            Shape::Stream => stream(reader),
            Shape::Uncertain if self.dropped == 0 => {
                as_document().or_else(|unread| log(reader).ok_or(unread))
            }
            Shape::Uncertain => stream(reader),
            Shape::Untold | Shape::Document => as_document(),
        }
    }

    /// A log whose newest lines come first, read again from its end, as far as all of it is available.
    fn in_order(&self, log: Log) -> Log {
        if self.dropped > 0 || !order::is_newest_first(&self.head) {
            return log;
        }
        let mut turned = Log::of(&order::turned(&self.head));
        turned.newest_first = true;
        turned
    }
}

fn is_dump(material: &Material) -> bool {
    matches!(&material.part, Part::Log(log) if log.is_only_a_dump())
}

fn document(name: &str, head: &[u8], hole: bool) -> Result<Material, Unread> {
    // A single NUL stands for the hole, so that an input of nothing else is not called empty.
    let bytes = if head.is_empty() && hole {
        &[0][..]
    } else {
        head
    };
    super::material::read(name, bytes, Hint::default()).map_err(|error| match error {
        AdvisorError::Input { name, reason } => Unread { name, reason },
        other => Unread {
            name: name.to_owned(),
            reason: format!("cannot be read: {other}"),
        },
    })
}

/// What begins like this.
fn shape(head: &[u8]) -> Shape {
    const DOCUMENTS: [&[u8]; 14] = [
        b"\x1f\x8b",
        b"go 1.",
        b"heap profile: ",
        b"goroutine profile: ",
        b"goroutineleak profile: ",
        b"threadcreate profile: ",
        b"--- ",
        b"{\"go_version\"",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"BZh",
        b"\x04\x22\x4d\x18",
        b"PK\x03\x04",
        b"\x1f\x9d",
    ];
    if DOCUMENTS.iter().any(|start| head.starts_with(start)) {
        Shape::Document
    } else if head[..head.len().min(4096)].contains(&0) {
        Shape::Uncertain
    } else {
        Shape::Stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK_BYTES: usize = 64 << 10;

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
                Shape::Uncertain,
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
