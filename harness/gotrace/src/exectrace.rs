//! The header of an execution trace (`runtime/trace`, `/debug/pprof/trace`).
//!
//! Main type: [`TraceHeader`]. The first 16 bytes are `go 1.N trace` padded with NUL. N is the
//! version of the format, not of Go: Go 1.24 writes 1.23 and Go 1.27 writes 1.26
//! (internal/trace/version).
//!
//! [`TraceHeader::is_cut_off`] walks over what the header is followed by, to tell a trace that was cut in its middle:
//! `go tool trace` names other reasons for it, or none.
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

    /// Whether a trace, its header included, ends in its middle. A cut that falls between two batches of a format before
    /// 1.26 cannot be told: nothing marks the end there.
    ///
    /// Sources: `readBatch` in internal/trace/batch.go (Go 1.22 on), `readTrace` in internal/trace/parser.go (1.21).
    #[must_use]
    pub fn is_cut_off(&self, bytes: &[u8]) -> bool {
        let mut rest = Rest(bytes.get(HEADER_BYTES..).unwrap_or_default());
        // A header alone: the runtime writes at least one batch when a trace is stopped.
        let mut last = if rest.0.is_empty() {
            Step::Cut
        } else {
            Step::Whole
        };
        while last != Step::Cut && !rest.0.is_empty() {
            last = match self.wire {
                Wire::First => rest.event(),
                Wire::Second => rest.batch(),
            };
            if last == Step::Unknown {
                return false;
            }
        }
        last == Step::Cut || (self.format_minor >= 26 && last != Step::EndOfGeneration)
    }

    /// Whether what follows the header is nothing that the format knows, so that no tool can read it.
    #[must_use]
    pub fn is_garbage(&self, bytes: &[u8]) -> bool {
        let mut rest = Rest(bytes.get(HEADER_BYTES..).unwrap_or_default());
        let known = self.format_minor <= 26;
        let first = match self.wire {
            Wire::First => rest.event(),
            Wire::Second => rest.batch(),
        };
        known && first == Step::Unknown
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

/// What one step over a trace met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Whole,
    /// The mark that ends a generation, and with the last one the trace, from format 1.26 on.
    EndOfGeneration,
    Cut,
    /// Nothing that the format knows.
    Unknown,
}

/// What is left of a trace.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// Passes over a batch of events: `[type, experiment?, generation, M, time, length, data]`.
    fn batch(&mut self) -> Step {
        // EvEventBatch, EvExperimentalBatch and EvEndOfGeneration of internal/trace/tracev2/events.go.
        let numbers = match self.byte() {
            Some(1) => 3,
            Some(49) => match self.byte() {
                Some(_) => 3,
                None => return Step::Cut,
            },
            Some(52) => return Step::EndOfGeneration,
            _ => return Step::Unknown,
        };
        self.numbers(numbers)
            .and_then(|()| self.counted())
            .map_or(Step::Cut, |()| Step::Whole)
    }

    /// Passes over an event of the format up to Go 1.21: type and number of arguments in a byte, then the arguments.
    fn event(&mut self) -> Step {
        // EvString and EvUserLog of internal/trace/parser.go.
        const STRING: u8 = 37;
        const USER_LOG: u8 = 48;
        let Some(first) = self.byte() else {
            return Step::Cut;
        };
        let (kind, arguments) = (first & 0x3f, usize::from(first >> 6) + 1);
        if kind == 0 {
            return Step::Unknown;
        }
        let passed = if kind == STRING {
            self.number().and_then(|_| self.counted())
        } else if arguments < 4 {
            self.numbers(arguments)
        } else {
            self.counted()
        };
        let passed = match kind {
            USER_LOG => passed.and_then(|()| self.counted()),
            _ => passed,
        };
        passed.map_or(Step::Cut, |()| Step::Whole)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A base-128 number, the low seven bits first.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        Some(value)
    }

    fn numbers(&mut self, count: usize) -> Option<()> {
        (0..count).try_for_each(|_| self.number().map(drop))
    }

    /// A number of bytes, and those bytes.
    fn counted(&mut self) -> Option<()> {
        let count = usize::try_from(self.number()?).ok()?;
        self.0 = self.0.get(count..)?;
        Some(())
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
