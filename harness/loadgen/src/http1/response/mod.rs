//! The response reader: head by httparse, body by its framing (RFC 9112 §6.3).

use std::mem::MaybeUninit;

use super::chunked::ChunkDecoder;
use super::event::{BodyEvent, Fault, Step};

/// Header fields of a response that are read without memory of their own.
const USUAL_HEADERS: usize = 100;
/// Most header fields that a response may have, the same for every engine.
pub(crate) const MAX_FIELDS: usize = 4_096;
/// Most bytes that a response's head may have.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Most interim (1xx) responses before the final one.
const MAX_INTERIM: u8 = 16;

/// Reads one response after another from bytes in any pieces.
#[derive(Debug, Clone)]
pub struct ResponseReader {
    framing: Framing,
    status: u16,
    keep_alive: bool,
    answers_head: bool,
    interim: u8,
    /// Head bytes already seen without an end, so that a slow head is not parsed at every byte.
    scanned: usize,
}

#[derive(Debug, Clone)]
enum Framing {
    Head,
    Sized(u64),
    Chunked(ChunkDecoder),
    UntilClose,
    Done,
}

impl Default for ResponseReader {
    fn default() -> Self {
        Self {
            framing: Framing::Head,
            status: 0,
            keep_alive: true,
            answers_head: false,
            interim: 0,
            scanned: 0,
        }
    }
}

/// What the head says about what follows.
struct Head {
    length: usize,
    status: u16,
    keep_alive: bool,
    gzip: bool,
    framing: Framing,
}

impl ResponseReader {
    /// Gets ready for the next response; `answers_head` when it answers a HEAD request.
    #[inline]
    pub fn begin(&mut self, answers_head: bool) {
        *self = Self {
            answers_head,
            ..Self::default()
        };
    }

    /// The status, once the head is read.
    #[inline]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the connection may be used again after this response.
    #[inline]
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Reads from `input`, which starts where the last call's consumed bytes ended. Gives how
    /// many bytes were consumed: none while the head is incomplete, since it is parsed in one
    /// piece.
    ///
    /// # Errors
    /// A [`Fault`] when the bytes are not a response; the reader must not be used on.
    pub fn advance(
        &mut self,
        input: &[u8],
        mut sink: impl FnMut(BodyEvent<'_>),
    ) -> Result<(usize, Step), Fault> {
        let mut consumed = 0;
        while matches!(self.framing, Framing::Head) {
            let rest = &input[consumed..];
            let Some(head) = self.read_head(rest)? else {
                return Ok((consumed, Step::NeedMore));
            };
            consumed += head.length;
            self.enter_body(head, &mut sink)?;
        }
        let (taken, step) = self.read_body(&input[consumed..], &mut sink)?;
        Ok((consumed + taken, step))
    }

    /// Tells that the peer closed its side: complete for a body that ends with the connection.
    /// Otherwise the response is not, and the fault says how far it came.
    ///
    /// # Errors
    /// A [`Fault`] naming the part that was cut off.
    pub fn end_of_input(&mut self) -> Result<(), Fault> {
        match self.framing {
            Framing::UntilClose | Framing::Done => {
                self.framing = Framing::Done;
                self.keep_alive = false;
                Ok(())
            }
            Framing::Head => Err(Fault(
                "connection closed before the response head was complete",
            )),
            Framing::Sized(_) | Framing::Chunked(_) => Err(Fault(
                "connection closed before the response body was complete",
            )),
        }
    }

    #[inline]
    fn read_head(&mut self, input: &[u8]) -> Result<Option<Head>, Fault> {
        // A head can only have become complete if a new line came.
        if self.scanned > 0 && !input[self.scanned.min(input.len())..].contains(&b'\n') {
            self.scanned = input.len();
            return self.refuse_long_head(input.len()).map(|()| None);
        }
        let mut headers = [const { MaybeUninit::uninit() }; USUAL_HEADERS];
        match self.parse_head(input, &mut headers) {
            Err(httparse::Error::TooManyHeaders) => self.read_long_head(input),
            parsed => parsed.map_err(fault_of_httparse)?,
        }
    }

    /// A head with more fields than usual, which is read in memory made for it.
    #[cold]
    fn read_long_head(&mut self, input: &[u8]) -> Result<Option<Head>, Fault> {
        let most = input.len().min(MAX_HEAD_BYTES);
        let lines = input[..most].iter().filter(|byte| **byte == b'\n').count();
        let mut headers = vec![MaybeUninit::uninit(); lines.min(MAX_FIELDS)];
        self.parse_head(input, &mut headers)
            .map_err(fault_of_httparse)?
    }

    #[inline]
    fn parse_head<'a>(
        &mut self,
        input: &'a [u8],
        headers: &mut [MaybeUninit<httparse::Header<'a>>],
    ) -> Result<Result<Option<Head>, Fault>, httparse::Error> {
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            input,
            headers,
        )?;
        Ok(match parsed {
            httparse::Status::Partial => {
                self.scanned = input.len();
                self.refuse_long_head(input.len()).map(|()| None)
            }
            httparse::Status::Complete(length) => self
                .refuse_long_head(length)
                .and_then(|()| read_fields(&response, length, self.answers_head).map(Some)),
        })
    }

    fn refuse_long_head(&self, length: usize) -> Result<(), Fault> {
        if length > MAX_HEAD_BYTES {
            return Err(Fault("response head is too long"));
        }
        Ok(())
    }

    fn enter_body(
        &mut self,
        head: Head,
        sink: &mut impl FnMut(BodyEvent<'_>),
    ) -> Result<(), Fault> {
        self.scanned = 0;
        if head.status < 200 {
            if head.status == 101 {
                return Err(Fault("response switches protocols"));
            }
            self.interim += 1;
            if self.interim > MAX_INTERIM {
                return Err(Fault("too many interim responses"));
            }
            return Ok(());
        }
        self.status = head.status;
        self.keep_alive = head.keep_alive && !matches!(head.framing, Framing::UntilClose);
        self.framing = head.framing;
        if head.gzip {
            sink(BodyEvent::Gzip);
        }
        Ok(())
    }

    #[inline]
    fn read_body(
        &mut self,
        input: &[u8],
        sink: &mut impl FnMut(BodyEvent<'_>),
    ) -> Result<(usize, Step), Fault> {
        match &mut self.framing {
            Framing::Sized(left) => {
                let length = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(input.len());
                if length > 0 {
                    sink(BodyEvent::Data(&input[..length]));
                }
                *left -= length as u64;
                if *left > 0 {
                    return Ok((length, Step::NeedMore));
                }
                self.framing = Framing::Done;
                Ok((length, Step::Done))
            }
            Framing::Chunked(decoder) => {
                let (consumed, done) = decoder.decode(input, sink)?;
                if !done {
                    return Ok((consumed, Step::NeedMore));
                }
                self.framing = Framing::Done;
                Ok((consumed, Step::Done))
            }
            Framing::UntilClose => {
                if !input.is_empty() {
                    sink(BodyEvent::Data(input));
                }
                Ok((input.len(), Step::NeedMore))
            }
            Framing::Done => Ok((0, Step::Done)),
            Framing::Head => unreachable!("the head is read before the body"),
        }
    }
}

fn fault_of_httparse(error: httparse::Error) -> Fault {
    Fault(match error {
        httparse::Error::HeaderName => "response has an illegal header name",
        httparse::Error::HeaderValue => "response has an illegal header value",
        httparse::Error::NewLine => "response has an illegal line ending",
        httparse::Error::Status => "response has an illegal status line",
        httparse::Error::Version => "response is not HTTP/1",
        httparse::Error::TooManyHeaders => "response has too many headers",
        httparse::Error::Token => "response has an illegal byte",
    })
}

/// Decides the framing from the header fields.
#[inline]
fn read_fields(
    response: &httparse::Response<'_, '_>,
    length: usize,
    answers_head: bool,
) -> Result<Head, Fault> {
    let status = response.code.expect("a complete head has a status");
    let mut keep_alive = response.version == Some(1);
    let (mut content_length, mut chunked, mut coded, mut gzip) = (None, false, false, false);
    for header in response.headers.iter() {
        // The length of the name decides first: most headers are passed over by one compare.
        match header.name.len() {
            10 if header.name.eq_ignore_ascii_case("connection") => {
                if has_token(header.value, b"close") {
                    keep_alive = false;
                } else if has_token(header.value, b"keep-alive") {
                    keep_alive = true;
                }
            }
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                let value = parse_length(header.value)?;
                if content_length.is_some_and(|before| before != value) {
                    return Err(Fault("response has two different content lengths"));
                }
                content_length = Some(value);
            }
            16 if header.name.eq_ignore_ascii_case("content-encoding") => {
                gzip = header.value.trim_ascii().eq_ignore_ascii_case(b"gzip")
                    || header.value.trim_ascii().eq_ignore_ascii_case(b"x-gzip");
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                coded = true;
                let last = header
                    .value
                    .rsplit(|byte| *byte == b',')
                    .next()
                    .unwrap_or_default();
                chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
            }
            _ => {}
        }
    }
    // RFC 9112 §6.3, in its order.
    let framing = if answers_head || status < 200 || status == 204 || status == 304 {
        Framing::Sized(0)
    } else if chunked {
        Framing::Chunked(ChunkDecoder::new())
    } else if coded {
        Framing::UntilClose
    } else {
        content_length.map_or(Framing::UntilClose, Framing::Sized)
    };
    // Both framings at once is how responses are smuggled: not a connection to use again.
    let keep_alive = keep_alive && !(coded && content_length.is_some());
    Ok(Head {
        length,
        status,
        keep_alive,
        gzip,
        framing,
    })
}

fn has_token(value: &[u8], token: &[u8]) -> bool {
    value
        .split(|byte| *byte == b',')
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(token))
}

fn parse_length(value: &[u8]) -> Result<u64, Fault> {
    let digits = value.trim_ascii();
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault("content length is not a number"));
    }
    Ok(digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests;
