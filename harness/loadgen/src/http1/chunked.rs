//! The chunked transfer coding (RFC 9112 §7.1), byte by byte, with bounded lines.

use super::event::{BodyEvent, Fault};

/// More digits than any real chunk has; keeps the size from overflowing.
const MAX_SIZE_DIGITS: u8 = 15;
/// Bytes of chunk extensions and trailers that one response may have.
const MAX_LINE_BYTES: u32 = 16 * 1024;

/// Where the decoder stands within the coding.
#[derive(Debug, Clone)]
pub(super) struct ChunkDecoder {
    state: State,
    /// Bytes of extensions and trailers so far.
    line_bytes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size { value: u64, digits: u8 },
    Extension { value: u64 },
    SizeLineFeed { value: u64 },
    Data { left: u64 },
    DataReturn,
    DataLineFeed,
    TrailerStart,
    TrailerLine,
    LastLineFeed,
    Done,
}

impl ChunkDecoder {
    pub(super) fn new() -> Self {
        Self {
            state: State::Size {
                value: 0,
                digits: 0,
            },
            line_bytes: 0,
        }
    }

    /// Decodes from `input`; gives how much was consumed and whether the body ended.
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        sink: &mut impl FnMut(BodyEvent<'_>),
    ) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        while at < input.len() && self.state != State::Done {
            if let State::Data { left } = self.state {
                let length = usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(input.len() - at);
                sink(BodyEvent::Data(&input[at..at + length]));
                at += length;
                let left = left - length as u64;
                self.state = if left == 0 {
                    State::DataReturn
                } else {
                    State::Data { left }
                };
            } else {
                self.state = self.step(input[at])?;
                at += 1;
            }
        }
        Ok((at, self.state == State::Done))
    }

    fn step(&mut self, byte: u8) -> Result<State, Fault> {
        Ok(match (self.state, byte) {
            (State::Size { value, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                if digits == MAX_SIZE_DIGITS {
                    return Err(Fault("chunk size has too many digits"));
                }
                let digit = (byte as char)
                    .to_digit(16)
                    .expect("matched as a hexadecimal digit");
                State::Size {
                    value: value * 16 + u64::from(digit),
                    digits: digits + 1,
                }
            }
            (State::Size { digits: 0, .. }, _) => return Err(Fault("chunk size is missing")),
            (State::Size { value, .. } | State::Extension { value }, b'\r') => {
                State::SizeLineFeed { value }
            }
            (State::Size { value, .. }, b';' | b' ' | b'\t') => State::Extension { value },
            (State::Size { .. }, _) => return Err(Fault("chunk size is not hexadecimal")),
            (State::Extension { .. }, b'\n') => {
                return Err(Fault("chunk extension holds a bare line feed"));
            }
            (State::Extension { value }, _) => {
                self.count_line_byte()?;
                State::Extension { value }
            }
            (State::SizeLineFeed { value: 0 }, b'\n') => State::TrailerStart,
            (State::SizeLineFeed { value }, b'\n') => State::Data { left: value },
            (State::DataReturn, b'\r') => State::DataLineFeed,
            (State::DataLineFeed, b'\n') => State::Size {
                value: 0,
                digits: 0,
            },
            (State::DataReturn | State::DataLineFeed, _) => {
                return Err(Fault("chunk is longer than its size says"));
            }
            (State::TrailerStart, b'\r') => State::LastLineFeed,
            (State::TrailerStart, b'\n') => return Err(Fault("trailer holds a bare line feed")),
            (State::TrailerLine, b'\n') => State::TrailerStart,
            (State::TrailerStart | State::TrailerLine, _) => {
                self.count_line_byte()?;
                State::TrailerLine
            }
            (State::LastLineFeed, b'\n') => State::Done,
            (State::SizeLineFeed { .. } | State::LastLineFeed, _) => {
                return Err(Fault(
                    "line does not end with carriage return and line feed",
                ));
            }
            (State::Data { .. } | State::Done, _) => {
                unreachable!("data and the end are handled by the caller")
            }
        })
    }

    fn count_line_byte(&mut self) -> Result<(), Fault> {
        self.line_bytes += 1;
        if self.line_bytes > MAX_LINE_BYTES {
            return Err(Fault("chunk extensions and trailers are too long"));
        }
        Ok(())
    }
}
