//! A log file that cannot grow without limit: its head and its tail are kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};

/// Kept from the beginning: a trial's gctrace lines are some MiB.
pub(crate) const HEAD_BYTES: u64 = 60 << 20;
/// Kept from the end, in memory until then.
pub(crate) const TAIL_BYTES: usize = 4 << 20;

/// A file that takes any number of bytes and keeps the first and the last.
#[derive(Debug)]
pub(crate) struct BoundedFile {
    file: File,
    head_left: u64,
    tail_bytes: usize,
    tail: VecDeque<u8>,
    dropped: u64,
    /// The first error; nothing is written after it.
    error: Option<io::Error>,
}

impl BoundedFile {
    pub(crate) fn new(file: File, head_bytes: u64, tail_bytes: usize) -> BoundedFile {
        BoundedFile {
            file,
            head_left: head_bytes,
            tail_bytes,
            tail: VecDeque::new(),
            dropped: 0,
            error: None,
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.head_left).unwrap_or(usize::MAX);
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head_left -= head.len() as u64;
        self.put(head);
        let keep = rest.len().saturating_sub(self.tail_bytes);
        let (skipped, rest) = rest.split_at(keep);
        self.dropped += skipped.len() as u64;
        let over = (self.tail.len() + rest.len()).saturating_sub(self.tail_bytes);
        self.dropped += over as u64;
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    /// Writes the tail, after a line that says what is missing before it.
    pub(crate) fn finish(mut self) -> Bounds {
        if self.dropped > 0 {
            let line = format!("\n[gosweep: {} bytes left out]\n", self.dropped);
            self.put(line.as_bytes());
        }
        let (first, second) = self.tail.as_slices();
        let (first, second) = (first.to_vec(), second.to_vec());
        self.put(&first);
        self.put(&second);
        if self.error.is_none() {
            self.error = self.file.sync_data().err();
        }
        Bounds {
            dropped: self.dropped,
            error: self.error,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.error.is_none() && !bytes.is_empty() {
            self.error = self.file.write_all(bytes).err();
        }
    }
}

/// What a finished log lacks.
#[derive(Debug, Default)]
pub struct Bounds {
    /// Bytes between head and tail that were not kept.
    pub dropped: u64,
    /// Why it ends before its end, if it does.
    pub error: Option<io::Error>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pieces: &[&[u8]]) -> (String, Bounds) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = BoundedFile::new(File::create(&path).unwrap(), 4, 3);
        for piece in pieces {
            log.write(piece);
        }
        let bounds = log.finish();
        (std::fs::read_to_string(path).unwrap(), bounds)
    }

    #[test]
    fn what_fits_is_kept_as_it_came() {
        let (text, bounds) = kept(&[b"ab", b"cdefg"]);
        assert_eq!((text.as_str(), bounds.dropped), ("abcdefg", 0));
        assert!(bounds.error.is_none());
    }

    #[test]
    fn the_middle_is_left_out_and_counted() {
        for pieces in [
            &[&b"abcdefghij"[..]][..],
            &[b"ab", b"cdef", b"g", b"hij"],
            &[b"abcd", b"e", b"fghij"],
        ] {
            let (text, bounds) = kept(pieces);
            assert_eq!(text, "abcd\n[gosweep: 3 bytes left out]\nhij");
            assert_eq!(bounds.dropped, 3);
        }
    }

    #[test]
    fn an_error_of_the_file_is_told() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut log = BoundedFile::new(full, 4, 3);
        log.write(b"ab");
        let error = log.finish().error.unwrap();
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
    }
}
