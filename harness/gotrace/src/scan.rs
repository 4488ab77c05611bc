//! A byte cursor for the fixed grammars of runtime lines.
//!
//! Main type: [`Cursor`]. Every step returns `None` at the first byte that does not fit, so a
//! grammar reads as a chain of `?`. Nothing allocates; numbers that overflow do not fit.

/// A position in one line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Steps over exactly this text.
    #[inline]
    pub(crate) fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Steps over this text if it is there.
    #[inline]
    pub(crate) fn optional(&mut self, text: &[u8]) -> bool {
        self.literal(text).is_some()
    }

    #[inline]
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        let mut length = 0;
        while let Some(digit) = self.rest.get(length).map(|byte| byte.wrapping_sub(b'0'))
            && digit < 10
        {
            // 18 digits cannot overflow, so the checked steps are for the rest only.
            value = if length < 18 {
                value * 10 + u64::from(digit)
            } else {
                value.checked_mul(10)?.checked_add(u64::from(digit))?
            };
            length += 1;
        }
        if length == 0 {
            return None;
        }
        self.rest = &self.rest[length..];
        Some(value)
    }

    #[inline]
    pub(crate) fn unsigned_32(&mut self) -> Option<u32> {
        u32::try_from(self.unsigned()?).ok()
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let negative = self.optional(b"-");
        let magnitude = i64::try_from(self.unsigned()?).ok()?;
        Some(if negative { -magnitude } else { magnitude })
    }

    /// `true`, `false`, or the 0 and 1 of Go before 1.18.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        if self.optional(b"true") || self.optional(b"1") {
            Some(true)
        } else if self.optional(b"false") || self.optional(b"0") {
            Some(false)
        } else {
            None
        }
    }

    /// A decimal with at most three digits after the point, in thousandths.
    #[inline]
    pub(crate) fn thousandths(&mut self) -> Option<u64> {
        let whole = self.unsigned()?.checked_mul(1000)?;
        if self.rest.first() != Some(&b'.') {
            return Some(whole);
        }
        let mut fraction = 0_u64;
        let mut scale = 1000_u64;
        let mut length = 1;
        while let Some(digit) = self.rest.get(length).map(|byte| byte.wrapping_sub(b'0'))
            && digit < 10
            && scale > 1
        {
            scale /= 10;
            fraction += u64::from(digit) * scale;
            length += 1;
        }
        if length == 1 {
            return None;
        }
        self.rest = &self.rest[length..];
        whole.checked_add(fraction)
    }

    /// A float as `print` writes it: `+1.532953e+000` up to Go 1.25, `1.4699208837139872`,
    /// `1.5e-05`, `NaN`, `+Inf` and `-Inf` from 1.26 on.
    pub(crate) fn float(&mut self) -> Option<f64> {
        for (text, value) in [
            (&b"NaN"[..], f64::NAN),
            (b"+Inf", f64::INFINITY),
            (b"-Inf", f64::NEG_INFINITY),
        ] {
            if self.optional(text) {
                return Some(value);
            }
        }
        let mut length = usize::from(matches!(self.rest.first(), Some(b'+' | b'-')));
        let digits = |from: usize| {
            self.rest[from.min(self.rest.len())..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        length += digits(length);
        if self.rest.get(length) == Some(&b'.') {
            length += 1 + digits(length + 1);
        }
        if matches!(self.rest.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.rest.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        let (number, rest) = self.rest.split_at_checked(length)?;
        let value = std::str::from_utf8(number).ok()?.parse().ok()?;
        self.rest = rest;
        Some(value)
    }

    /// Takes the bytes before the next occurrence of `stop`, which is stepped over.
    pub(crate) fn until(&mut self, stop: &[u8]) -> Option<&'a [u8]> {
        let at = find(self.rest, stop)?;
        let taken = &self.rest[..at];
        self.rest = &self.rest[at + stop.len()..];
        Some(taken)
    }

    /// Takes the bytes before the last occurrence of `stop`, which is stepped over.
    pub(crate) fn until_last(&mut self, stop: &[u8]) -> Option<&'a [u8]> {
        let at = self
            .rest
            .windows(stop.len())
            .rposition(|window| window == stop)?;
        let taken = &self.rest[..at];
        self.rest = &self.rest[at + stop.len()..];
        Some(taken)
    }
}

/// First position of `needle` in `haystack`.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (&first, _) = needle.split_first()?;
    let mut from = 0;
    while let Some(step) = find_byte(&haystack[from..], first) {
        let at = from + step;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    find(haystack, needle).is_some()
}

/// First position of a byte.
#[inline]
pub(crate) fn find_byte(haystack: &[u8], byte: u8) -> Option<usize> {
    memchr::memchr(byte, haystack)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_stop_where_they_end() {
        let mut cursor = Cursor::new(b"12x");
        assert_eq!(cursor.unsigned(), Some(12));
        assert_eq!(cursor.rest(), b"x");
        assert_eq!(
            Cursor::new(b"18446744073709551615").unsigned(),
            Some(u64::MAX)
        );
        assert_eq!(Cursor::new(b"18446744073709551616").unsigned(), None);
        assert_eq!(Cursor::new(b"x").unsigned(), None);
        assert_eq!(Cursor::new(b"0.039").thousandths(), Some(39));
        assert_eq!(Cursor::new(b"3156").thousandths(), Some(3_156_000));
        assert_eq!(Cursor::new(b"0.95+").thousandths(), Some(950));
        assert_eq!(Cursor::new(b"1.").thousandths(), None);
        let mut long = Cursor::new(b"0.12345");
        assert_eq!((long.thousandths(), long.rest()), (Some(123), &b"45"[..]));
    }

    #[test]
    fn floats_of_both_syntaxes() {
        assert_eq!(Cursor::new(b"+1.532953e+000 ").float(), Some(1.532_953));
        assert_eq!(Cursor::new(b"+2.500000e-001").float(), Some(0.25));
        assert_eq!(
            Cursor::new(b"1.5618015276501342e-05 x").float(),
            Some(1.561_801_527_650_134_2e-5)
        );
        assert_eq!(Cursor::new(b"0)").float(), Some(0.0));
        assert_eq!(Cursor::new(b"+Inf").float(), Some(f64::INFINITY));
        assert!(Cursor::new(b"NaN").float().is_some_and(f64::is_nan));
        assert_eq!(Cursor::new(b"").float(), None);
        assert_eq!(Cursor::new(b"e5").float(), None);
    }

    proptest! {
        #[test]
        fn find_byte_agrees_with_the_plain_search(bytes in proptest::collection::vec(0_u8..4, 0..64), byte in 0_u8..4) {
            prop_assert_eq!(find_byte(&bytes, byte), bytes.iter().position(|b| *b == byte));
        }

        #[test]
        fn find_agrees_with_the_plain_search(bytes in proptest::collection::vec(0_u8..3, 0..48), needle in proptest::collection::vec(0_u8..3, 1..4)) {
            prop_assert_eq!(find(&bytes, &needle), bytes.windows(needle.len()).position(|w| w == needle));
        }
    }
}
