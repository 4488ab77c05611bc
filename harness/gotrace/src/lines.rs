//! Splits a byte stream that arrives in chunks into lines, with bounded memory.
//!
//! Main type: [`LineSplitter`]. The lines do not depend on where the chunks were cut.
//!
//! A carriage return ends a line as a newline does, and a run of them before a newline is one end: Windows, old Macs and
//! progress bars write them.
//!
//! NULs at the start of a line are passed over: a log that is rotated by copying and truncating, while its writer goes
//! on at its old offset, begins with a hole that reads as NULs (logrotate(8), `copytruncate`).

use memchr::memchr2;

/// Longest line kept. A SCHED line of 1,024 Ps is about 16 KiB; what is longer than this bound
/// is application output, of which only the head is passed on.
pub(crate) const LONGEST_LINE_BYTES: usize = 64 << 10;

/// One line, without its newline or carriage returns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    /// False only for a last line that the stream ended in.
    pub(crate) terminated: bool,
    /// True if the line was longer than [`LONGEST_LINE_BYTES`] and is cut there.
    pub(crate) overlong: bool,
}

/// Joins chunks into lines.
#[derive(Debug, Default)]
pub(crate) struct LineSplitter {
    partial: Vec<u8>,
    overlong: bool,
    /// Carriage returns behind the one that ended a line, of which it is not known yet whether a newline follows.
    returns: usize,
    after_return: bool,
}

impl LineSplitter {
    /// Takes the next chunk and hands every line that it completes to `sink`.
    pub(crate) fn feed(&mut self, mut chunk: &[u8], sink: &mut impl FnMut(Line<'_>)) {
        loop {
            chunk = self.after_return(chunk, sink);
            let Some(at) = memchr2(b'\n', b'\r', chunk) else {
                break;
            };
            let (head, rest) = chunk.split_at(at);
            self.after_return = rest[0] == b'\r';
            chunk = &rest[1..];
            if self.partial.is_empty() && !self.overlong {
                sink(line(after_nuls(head), true, false));
            } else {
                self.keep(head);
                sink(line(&self.partial, true, self.overlong));
                self.partial.clear();
                self.overlong = false;
            }
        }
        self.keep(chunk);
    }

    /// What follows a carriage return: a newline, perhaps behind more of them, belongs to the same end of line; without
    /// one they are ends of empty lines.
    fn after_return<'a>(&mut self, chunk: &'a [u8], sink: &mut impl FnMut(Line<'_>)) -> &'a [u8] {
        if !self.after_return || chunk.is_empty() {
            return chunk;
        }
        let more = chunk.iter().take_while(|byte| **byte == b'\r').count();
        self.returns += more;
        let rest = &chunk[more..];
        let Some(next) = rest.first() else {
            return rest;
        };
        self.after_return = false;
        let returns = std::mem::take(&mut self.returns);
        if *next == b'\n' {
            return &rest[1..];
        }
        for _ in 0..returns {
            sink(line(b"", true, false));
        }
        rest
    }

    /// Hands over what remains after the last newline, if anything.
    pub(crate) fn finish(&mut self, sink: &mut impl FnMut(Line<'_>)) {
        if !self.partial.is_empty() {
            sink(line(&self.partial, false, self.overlong));
        }
        self.partial.clear();
        self.overlong = false;
        self.after_return = false;
        self.returns = 0;
    }

    fn keep(&mut self, bytes: &[u8]) {
        let bytes = if self.partial.is_empty() {
            after_nuls(bytes)
        } else {
            bytes
        };
        let room = LONGEST_LINE_BYTES - self.partial.len();
        self.overlong |= bytes.len() > room;
        self.partial
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// The bytes behind leading NULs; see the module's documentation.
#[must_use]
pub fn after_nuls(bytes: &[u8]) -> &[u8] {
    let first = bytes.iter().position(|byte| *byte != 0);
    &bytes[first.unwrap_or(bytes.len())..]
}

fn line(bytes: &[u8], terminated: bool, overlong: bool) -> Line<'_> {
    let cut = bytes.len() > LONGEST_LINE_BYTES;
    Line {
        bytes: &bytes[..bytes.len().min(LONGEST_LINE_BYTES)],
        terminated,
        overlong: overlong || cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Owned = (Vec<u8>, bool, bool);

    fn split(chunks: &[&[u8]]) -> Vec<Owned> {
        let mut found = Vec::new();
        let mut splitter = LineSplitter::default();
        let mut sink =
            |line: Line<'_>| found.push((line.bytes.to_vec(), line.terminated, line.overlong));
        for chunk in chunks {
            splitter.feed(chunk, &mut sink);
        }
        splitter.finish(&mut sink);
        found
    }

    #[test]
    fn carriage_returns_and_the_unterminated_end() {
        assert_eq!(
            split(&[b"a\r\n\nb\r\r\ngc "]),
            [
                (b"a".to_vec(), true, false),
                (b"".to_vec(), true, false),
                (b"b".to_vec(), true, false),
                (b"gc ".to_vec(), false, false)
            ]
        );
    }

    #[test]
    fn leading_nuls_are_no_part_of_a_line() {
        let mut hole = vec![0; LONGEST_LINE_BYTES + 100];
        hole.extend_from_slice(b"gc 1\n\0\0gc 2\na\0b\n\0");
        let whole = split(&[&hole]);
        let lines: Vec<&[u8]> = whole.iter().map(|(bytes, ..)| bytes.as_slice()).collect();
        assert_eq!(lines, [&b"gc 1"[..], b"gc 2", b"a\0b"]);
        assert!(whole.iter().all(|(_, _, overlong)| !overlong));
        assert_eq!(split(&[&hole[..77], &hole[77..]]), whole);
    }

    #[test]
    fn an_overlong_line_is_cut_alike_however_it_arrives() {
        let mut bytes = vec![b'x'; LONGEST_LINE_BYTES + 10];
        bytes.extend_from_slice(b"\nnext\n");
        let whole = split(&[&bytes]);
        assert_eq!(whole[0].0.len(), LONGEST_LINE_BYTES);
        assert!(whole[0].2);
        assert_eq!(whole[1], (b"next".to_vec(), true, false));
        for cut in [
            1,
            LONGEST_LINE_BYTES,
            LONGEST_LINE_BYTES + 5,
            LONGEST_LINE_BYTES + 11,
        ] {
            assert_eq!(split(&[&bytes[..cut], &bytes[cut..]]), whole);
        }
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0), any::<u8>()], 0..200), cut in 0_usize..200) {
            let cut = cut.min(bytes.len());
            prop_assert_eq!(split(&[&bytes]), split(&[&bytes[..cut], &bytes[cut..]]));
        }
    }
}
