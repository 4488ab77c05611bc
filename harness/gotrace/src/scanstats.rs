//! The `scan:` lines that `GODEBUG=gctrace=2` adds after each collection (Go 1.25 on), and the
//! queue line of `checkfinalizers=1`.
//!
//! Main type: [`ScanStats`]. Source of the grammar: `dumpScanStats` in
//! runtime/mgcmark_greenteagc.go (1.26 on, three kinds of objects and spans) and
//! runtime/mgcmark_nogreenteagc.go (1.25, and later builds without Green Tea: one number).

use crate::scan::Cursor;

/// One `scan:` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanStats {
    /// Which objects it counts.
    pub class: ScanClass,
    /// Objects scanned.
    pub objects: u64,
    /// How they were found: alone, sparsely within a span, densely within a span. `None` without
    /// the Green Tea collector.
    pub by_kind: Option<[u64; 3]>,
    /// Spans scanned sparsely and densely, with Green Tea only.
    pub spans: Option<[u64; 2]>,
}

/// Which objects a `scan:` line counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanClass {
    /// All of them.
    Total,
    /// One size class, by its object size in bytes.
    Bytes(u64),
    /// Objects too large for a size class.
    Large,
}

impl ScanStats {
    /// Reads a line that begins with `scan: `, and the bytes after it.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<(Self, &[u8])> {
        let mut cursor = Cursor::new(line);
        cursor.literal(b"scan: ")?;
        let class = if cursor.optional(b"total ") {
            ScanClass::Total
        } else {
            cursor.literal(b"class ")?;
            if cursor.optional(b"L ") {
                ScanClass::Large
            } else {
                let bytes = cursor.unsigned()?;
                cursor.literal(b"B ")?;
                ScanClass::Bytes(bytes)
            }
        };
        let first = cursor.unsigned()?;
        if cursor.optional(b" objs") && !cursor.rest().starts_with(b",") {
            let stats = Self {
                class,
                objects: first,
                by_kind: None,
                spans: None,
            };
            return Some((stats, cursor.rest()));
        }
        cursor.literal(b"+")?;
        let sparse = cursor.unsigned()?;
        cursor.literal(b"+")?;
        let dense = cursor.unsigned()?;
        cursor.literal(b"=")?;
        let objects = cursor.unsigned()?;
        cursor.literal(b" objs, ")?;
        let sparse_spans = cursor.unsigned()?;
        cursor.literal(b"+")?;
        let dense_spans = cursor.unsigned()?;
        cursor.literal(b"=")?;
        cursor.unsigned()?;
        cursor.literal(b" spans")?;
        Some((
            Self {
                class,
                objects,
                by_kind: Some([first, sparse, dense]),
                spans: Some([sparse_spans, dense_spans]),
            },
            cursor.rest(),
        ))
    }
}

/// Whether a line begins as `scan:` lines do.
pub(crate) fn starts_here(line: &[u8]) -> bool {
    line.starts_with(b"scan: total ") || line.starts_with(b"scan: class ")
}

/// `checkfinalizers: queue: 3 finalizers + 2 cleanups` (Go 1.25 on).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinalizerQueue {
    /// Finalizers waiting to run.
    pub finalizers: u64,
    /// Cleanups waiting to run.
    pub cleanups: u64,
}

impl FinalizerQueue {
    /// Reads a line that begins with `checkfinalizers: queue: `, and the bytes after it.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<(Self, &[u8])> {
        let mut cursor = Cursor::new(line);
        cursor.literal(b"checkfinalizers: queue: ")?;
        let finalizers = cursor.unsigned()?;
        cursor.literal(b" finalizers + ")?;
        let cleanups = cursor.unsigned()?;
        cursor.literal(b" cleanups")?;
        Some((
            Self {
                finalizers,
                cleanups,
            },
            cursor.rest(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_generations() {
        let parse = |line: &'static str| ScanStats::parse(line.as_bytes()).expect(line);
        assert_eq!(
            parse("scan: class 16B 3 objs").0,
            ScanStats {
                class: ScanClass::Bytes(16),
                objects: 3,
                by_kind: None,
                spans: None
            }
        );
        assert_eq!(
            parse("scan: total 17+3+15=35 objs, 1+2=3 spans").0,
            ScanStats {
                class: ScanClass::Total,
                objects: 35,
                by_kind: Some([17, 3, 15]),
                spans: Some([1, 2])
            }
        );
        assert_eq!(
            parse("scan: class L 1+0+0=1 objs, 0+0=0 spans").0.class,
            ScanClass::Large
        );
        assert!(ScanStats::parse(b"scan: class 16B 0+3+0=3 objs, 1+").is_none());
        assert!(ScanStats::parse(b"scan: class 16B 0+3").is_none());
        let (queue, _) =
            FinalizerQueue::parse(b"checkfinalizers: queue: 3 finalizers + 2 cleanups")
                .expect("queue line");
        assert_eq!(
            queue,
            FinalizerQueue {
                finalizers: 3,
                cleanups: 2
            }
        );
    }
}
