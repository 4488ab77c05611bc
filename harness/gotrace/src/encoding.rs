//! Turns text of other encodings into UTF-8 while it arrives: UTF-16 as PowerShell's `>` writes it, and byte order marks.
//!
//! Main type: [`Transcoder`].

/// How a text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or any bytes that keep ASCII as it is.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

impl Encoding {
    /// Tells the encoding by the first bytes: by a byte order mark, or because every second byte is NUL.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        /// Characters that have to agree.
        const ENOUGH: usize = 8;
        match head {
            [0xff, 0xfe, ..] => return Self::Utf16Le,
            [0xfe, 0xff, ..] => return Self::Utf16Be,
            _ => {}
        }
        let pairs = head.chunks_exact(2).take(64);
        let (count, low_first, high_first) = pairs.fold((0, 0, 0), |(count, low, high), pair| {
            let text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
            (
                count + 1,
                low + usize::from(text(pair[0]) && pair[1] == 0),
                high + usize::from(pair[0] == 0 && text(pair[1])),
            )
        });
        // A few characters of other scripts may be among them.
        let nearly_all = |own: usize| own >= ENOUGH && own * 5 >= count * 4;
        if nearly_all(low_first) && high_first == 0 {
            Self::Utf16Le
        } else if nearly_all(high_first) && low_first == 0 {
            Self::Utf16Be
        } else {
            Self::Utf8
        }
    }
}

/// Turns a stream of one encoding into UTF-8.
#[derive(Debug, Clone)]
pub struct Transcoder {
    encoding: Encoding,
    begun: bool,
    odd: Option<u8>,
    surrogate: Option<u16>,
}

impl Transcoder {
    /// For a stream of this encoding, from its start.
    #[must_use]
    pub const fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            begun: false,
            odd: None,
            surrogate: None,
        }
    }

    /// Whether bytes have to be turned at all.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.encoding != Encoding::Utf8
    }

    /// The next bytes as UTF-8; what is cut at their end comes with the next ones.
    #[must_use]
    pub fn turn(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let Some(first) = self.odd.take() else {
                self.odd = Some(byte);
                continue;
            };
            let unit = match self.encoding {
                Encoding::Utf16Be => u16::from_be_bytes([first, byte]),
                _ => u16::from_le_bytes([first, byte]),
            };
            self.unit(unit, &mut text);
        }
        text
    }

    fn unit(&mut self, unit: u16, text: &mut Vec<u8>) {
        let mark = !std::mem::replace(&mut self.begun, true) && unit == 0xfeff;
        if mark {
            return;
        }
        let units = match self.surrogate.take() {
            Some(high) => vec![high, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.surrogate = Some(unit);
                return;
            }
            None => vec![unit],
        };
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// A whole text as UTF-8, without its byte order mark.
#[must_use]
pub fn utf8(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    match Encoding::of(bytes) {
        Encoding::Utf8 => std::borrow::Cow::Borrowed(without_mark(bytes)),
        encoding => Transcoder::new(encoding).turn(bytes).into(),
    }
}

/// Bytes behind a byte order mark of UTF-8.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_utf_16_read_alike() {
        let text = "gc 1 @0.1s 1%: grüße 😀\r\n";
        for (mark, big) in [(true, false), (false, false), (true, true), (false, true)] {
            let units = mark
                .then_some(0xfeff)
                .into_iter()
                .chain(text.encode_utf16());
            let bytes: Vec<u8> = units
                .flat_map(|unit: u16| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect();
            assert_eq!(utf8(&bytes), text.as_bytes(), "{mark} {big}");
            // Cut anywhere.
            let mut turned = Vec::new();
            let mut transcoder = Transcoder::new(Encoding::of(&bytes));
            for chunk in bytes.chunks(3) {
                turned.extend(transcoder.turn(chunk));
            }
            assert_eq!(turned, text.as_bytes());
        }
        assert_eq!(utf8(b"\xef\xbb\xbfplain"), &b"plain"[..]);
        assert_eq!(Encoding::of(b"go 1.26 trace\0\0\0"), Encoding::Utf8);
    }
}
