//! Counts, decodes and checks one response body as it streams by.
//!
//! The main type is [`BodyCheck`]. Memory is bounded: of the body only its start is kept, for
//! whoever asks what a wrong answer said. Encodings other than gzip are deliberately absent:
//! their bytes count as they are.

use std::io::Write;

use flate2::write::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::mix::Expect;
use crate::errors::{ErrorClass, Failure};

/// So much of a body's start is kept.
const START_BYTES: usize = 256;

/// The check of one body.
#[derive(Default)]
pub(crate) struct BodyCheck {
    wire_bytes: u64,
    plain: PlainBytes,
    gunzip: Option<Box<Gunzip>>,
    corrupt: bool,
}

struct Gunzip {
    decoder: MultiGzDecoder<PlainBytes>,
}

/// Where decoded bytes end: counted, hashed and, but for the first, dropped.
#[derive(Default)]
struct PlainBytes {
    count: u64,
    start: Vec<u8>,
    hash: Option<Box<Sha256>>,
}

impl Write for PlainBytes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.count += bytes.len() as u64;
        let room = START_BYTES - self.start.len();
        if room > 0 {
            self.start
                .extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a body came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BodyCount {
    pub(crate) wire_bytes: u64,
    pub(crate) decoded_bytes: u64,
}

impl BodyCheck {
    /// Gets ready for a body that `expect` speaks of.
    #[inline]
    pub(crate) fn begin(&mut self, expect: &Expect) {
        let mut start = std::mem::take(&mut self.plain.start);
        start.clear();
        *self = Self::default();
        self.plain.start = start;
        if expect.sha256.is_some() {
            self.plain.hash = Some(Box::default());
        }
    }

    /// Tells that the body is gzip; call before its first byte.
    pub(crate) fn decode_gzip(&mut self) {
        let decoder = MultiGzDecoder::new(std::mem::take(&mut self.plain));
        self.gunzip = Some(Box::new(Gunzip { decoder }));
    }

    /// Takes the next bytes of the body.
    #[inline]
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.wire_bytes += bytes.len() as u64;
        match &mut self.gunzip {
            None => self.plain.write_all(bytes).expect("counting cannot fail"),
            Some(gunzip) => {
                self.corrupt = self.corrupt || gunzip.decoder.write_all(bytes).is_err();
            }
        }
    }

    /// Ends the body and compares it, and `status`, with what was expected.
    #[inline]
    pub(crate) fn finish(
        &mut self,
        status: u16,
        expect: &Expect,
    ) -> (BodyCount, Result<(), Failure>) {
        if let Some(gunzip) = self.gunzip.take() {
            // An empty body under a gzip header (HEAD, 304) is no corrupt stream.
            match gunzip.decoder.finish() {
                Ok(plain) => self.plain = plain,
                Err(_) => self.corrupt |= self.wire_bytes > 0,
            }
        }
        let count = BodyCount {
            wire_bytes: self.wire_bytes,
            decoded_bytes: self.plain.count,
        };
        (count, self.verdict(status, expect))
    }

    /// The start of the body, decoded.
    pub(crate) fn start(&self) -> &[u8] {
        &self.plain.start
    }

    #[inline]
    fn verdict(&mut self, status: u16, expect: &Expect) -> Result<(), Failure> {
        let wrong_body = |text: &'static str| Err(Failure::new(ErrorClass::WrongBody, text));
        if !expect.status.accepts(status) {
            return Err(Failure::new(
                ErrorClass::WrongStatus,
                "status is not the expected one",
            ));
        }
        if self.corrupt {
            return wrong_body("body is not the gzip stream it claims to be");
        }
        if expect
            .length
            .is_some_and(|length| length != self.plain.count)
        {
            return wrong_body("body length is not the expected one");
        }
        if let (Some(expected), Some(hash)) = (expect.sha256, self.plain.hash.take())
            && hash.finalize().as_slice() != expected
        {
            return wrong_body("body hash is not the expected one");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::StatusExpectation;

    fn check(body: &[u8], gzip: bool, expect: &Expect) -> (BodyCount, Option<ErrorClass>) {
        let mut check = BodyCheck::default();
        check.begin(expect);
        if gzip {
            check.decode_gzip();
        }
        for piece in body.chunks(3) {
            check.take(piece);
        }
        let (count, verdict) = check.finish(200, expect);
        (count, verdict.err().map(|failure| failure.class))
    }

    #[test]
    fn hash_length_and_status_are_checked() {
        let sha256: [u8; 32] = Sha256::digest(b"hello").into();
        let expect = Expect {
            sha256: Some(sha256),
            length: Some(5),
            ..Expect::default()
        };
        assert_eq!(check(b"hello", false, &expect).1, None);
        assert_eq!(
            check(b"hellO", false, &expect).1,
            Some(ErrorClass::WrongBody)
        );
        assert_eq!(
            check(b"hell", false, &expect).1,
            Some(ErrorClass::WrongBody)
        );
        let teapot = Expect {
            status: StatusExpectation::OneOf(vec![418]),
            ..Expect::default()
        };
        assert_eq!(check(b"", false, &teapot).1, Some(ErrorClass::WrongStatus));
    }

    #[test]
    fn gzip_counts_both_sizes_and_is_checked_after_decoding() {
        let plain = vec![b'a'; 10_000];
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&plain).unwrap();
        let body = encoder.finish().unwrap();
        let expect = Expect {
            length: Some(10_000),
            ..Expect::default()
        };
        let (count, error) = check(&body, true, &expect);
        assert_eq!(
            (count.wire_bytes, count.decoded_bytes),
            (body.len() as u64, 10_000)
        );
        assert_eq!(error, None);
        assert_eq!(
            check(&body[..body.len() - 6], true, &expect).1,
            Some(ErrorClass::WrongBody)
        );
        assert_eq!(
            check(b"not gzip at all", true, &expect).1,
            Some(ErrorClass::WrongBody)
        );
    }
}
