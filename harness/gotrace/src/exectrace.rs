//! The header of an execution trace (`runtime/trace`, `/debug/pprof/trace`).
//!
//! Main type: [`TraceHeader`]. The first 16 bytes are `go 1.N trace` padded with NUL. N is the
//! version of the format, not of Go: Go 1.24 writes 1.23 and Go 1.27 writes 1.26
//! (internal/trace/version).
//!
//! Deliberately absent: the events. `go tool trace -pprof=sched|sync|net|syscall` of a toolchain
//! that reads the format turns them into a profile ([`crate::profile`]).

use crate::Error;

/// Length of a header.
pub const HEADER_BYTES: usize = 16;

/// What the header tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceHeader {
    /// Minor version of the format.
    pub format_minor: u32,
    /// Generation of the encoding.
    pub wire: Wire,
}

/// Generation of the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Up to Go 1.21: one stream.
    First,
    /// From Go 1.22 on: partitioned into generations.
    Second,
}

impl TraceHeader {
    /// Reads the header at the start of a trace.
    ///
    /// # Errors
    /// [`Error::TraceHeader`] if there are fewer than 16 bytes or they are no header.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let fail = |why: &str| Error::TraceHeader {
            why: why.to_owned(),
        };
        let header = bytes
            .get(..HEADER_BYTES)
            .ok_or_else(|| fail("fewer than 16 bytes"))?;
        let end = header
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(HEADER_BYTES);
        let (text, padding) = header.split_at(end);
        let minor = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.strip_prefix("go 1.")?.strip_suffix(" trace"))
            .filter(|digits| !digits.starts_with('+'))
            .and_then(|digits| digits.parse().ok())
            .filter(|_| padding.iter().all(|byte| *byte == 0))
            .ok_or_else(|| fail("the first 16 bytes are not \"go 1.N trace\" and NULs"))?;
        Ok(Self {
            format_minor: minor,
            wire: if minor >= 22 {
                Wire::Second
            } else {
                Wire::First
            },
        })
    }

    /// Lowest Go minor version whose `go tool trace` reads this format: a tool reads its own
    /// format and all older ones (go1.27.3 read all of 1.21 to 1.27; go1.24.11 refused 1.26).
    #[must_use]
    pub const fn readable_since_minor(&self) -> u32 {
        self.format_minor
    }

    /// Which Go minor versions up to 1.27 write this format.
    #[must_use]
    pub const fn written_by(&self) -> &'static [u32] {
        match self.format_minor {
            21 => &[21],
            22 => &[22],
            23 => &[23, 24],
            25 => &[25],
            26 => &[26, 27],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_and_refuses_others() {
        let header = TraceHeader::parse(b"go 1.26 trace\0\0\0rest").expect("header");
        assert_eq!((header.format_minor, header.wire), (26, Wire::Second));
        assert_eq!(header.written_by(), [26, 27]);
        assert_eq!(
            TraceHeader::parse(b"go 1.5 trace\0\0\0\0")
                .map(|it| it.wire)
                .ok(),
            Some(Wire::First)
        );
        for bad in [
            &b""[..],
            b"go 1.26 trace\0\0",
            b"go 1.26 trace\0\0x",
            b"go 1.x trace\0\0\0\0",
            b"go 1.+6 trace\0\0\0",
            b"gc 1 @0.1s 0%: 0",
        ] {
            assert!(TraceHeader::parse(bad).is_err());
        }
    }
}
