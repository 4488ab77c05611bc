//! The line that `GODEBUG=inittrace=1` prints for every package with initialisation work.
//!
//! Main type: [`PackageInit`]. Source of the grammar: `doInit1` in runtime/proc.go.

use crate::scan::Cursor;

/// One package's initialisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PackageInit<'a> {
    /// Import path, as the bytes printed.
    pub package: &'a [u8],
    /// When it began, milliseconds since runtime initialisation.
    pub at_ms: f64,
    /// Wall-clock milliseconds it took.
    pub clock_ms: f64,
    /// Bytes allocated.
    pub bytes: u64,
    /// Allocations.
    pub allocations: u64,
}

impl<'a> PackageInit<'a> {
    /// Reads `init internal/bytealg @0.008 ms, 0 ms clock, 0 bytes, 0 allocs`, and the bytes
    /// after it.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut cursor = Cursor::new(line);
        cursor.literal(b"init ")?;
        let package = cursor.until(b" @")?;
        let at = cursor.thousandths()?;
        cursor.literal(b" ms, ")?;
        let clock = cursor.thousandths()?;
        cursor.literal(b" ms clock, ")?;
        let bytes = cursor.unsigned()?;
        cursor.literal(b" bytes, ")?;
        let allocations = cursor.unsigned()?;
        cursor.literal(b" allocs")?;
        let init = Self {
            package,
            at_ms: at as f64 / 1e3,
            clock_ms: clock as f64 / 1e3,
            bytes,
            allocations,
        };
        Some((init, cursor.rest()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line() {
        let (init, rest) =
            PackageInit::parse(b"init net/http @1.4 ms, 0.062 ms clock, 5312 bytes, 64 allocs")
                .expect("line");
        assert!(rest.is_empty());
        assert_eq!(
            init,
            PackageInit {
                package: b"net/http",
                at_ms: 1.4,
                clock_ms: 0.062,
                bytes: 5312,
                allocations: 64
            }
        );
        assert!(PackageInit::parse(b"init done @ noon").is_none());
    }
}
