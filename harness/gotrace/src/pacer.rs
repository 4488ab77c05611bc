//! The lines that `GODEBUG=gcpacertrace=1` prints about the collector's pacing.
//!
//! Main type: [`Pacer`]. Source of the grammar: runtime/mgcpacer.go and runtime/mgcsweep.go.
//! Floats were printed as `+1.532953e+000` up to Go 1.25 and as `1.4699208837139872` since 1.26;
//! the sweep line appears from 1.25 on.

use crate::scan::Cursor;

/// One pacer line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pacer {
    /// At the start of a cycle.
    Start {
        /// Scan work an allocating goroutine owes per byte.
        assist_ratio: f64,
        /// Scannable heap, MiB.
        scan_mib: u64,
        /// Live heap at the start, MiB.
        live_mib: u64,
        /// Heap goal, MiB.
        goal_mib: u64,
        /// Dedicated workers.
        dedicated_workers: i64,
        /// Share of a P for the fractional worker.
        fractional_workers: f64,
    },
    /// At the end of a cycle.
    End {
        /// Share of CPU used by the collector during the cycle, percent.
        cpu_percent: i64,
        /// Share aimed at, percent.
        cpu_goal_percent: i64,
        /// Heap, stack and global scan work done, bytes.
        work_bytes: [u64; 3],
        /// Scan work expected, bytes.
        expected_bytes: u64,
        /// Heap size that triggered the cycle, bytes.
        triggered_bytes: u64,
        /// Heap size at its end, bytes.
        live_bytes: u64,
        /// End minus goal, bytes: positive is an overshoot.
        over_goal_bytes: i64,
        /// Bytes allocated per byte marked, as estimated before this cycle.
        cons_mark: f64,
    },
    /// At the end of sweeping.
    SweepDone {
        /// Heap size, MiB.
        heap_mib: u64,
        /// Allocated while sweeping, MiB.
        allocated_mib: u64,
        /// Pages swept.
        pages: u64,
        /// Pages to sweep per byte allocated.
        pages_per_byte: f64,
    },
}

impl Pacer {
    /// Reads a line that begins with `pacer: `, and the bytes after it.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<(Self, &[u8])> {
        let mut cursor = Cursor::new(line);
        cursor.literal(b"pacer: ")?;
        let parsed = if cursor.optional(b"assist ratio=") {
            start(&mut cursor)?
        } else if cursor.optional(b"sweep done at heap size ") {
            sweep_done(&mut cursor)?
        } else {
            end(&mut cursor)?
        };
        Some((parsed, cursor.rest()))
    }
}

/// Whether a line begins as pacer lines do.
pub(crate) fn starts_here(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"pacer: ").is_some()
        && (cursor.optional(b"assist ratio=")
            || cursor.optional(b"sweep done ")
            || (cursor.signed().is_some() && cursor.optional(b"% CPU (")))
}

fn start(cursor: &mut Cursor<'_>) -> Option<Pacer> {
    let assist_ratio = cursor.float()?;
    cursor.literal(b" (scan ")?;
    let scan_mib = cursor.unsigned()?;
    cursor.literal(b" MB in ")?;
    let live_mib = cursor.unsigned()?;
    cursor.literal(b"->")?;
    let goal_mib = cursor.unsigned()?;
    cursor.literal(b" MB) workers=")?;
    let dedicated_workers = cursor.signed()?;
    cursor.literal(b"+")?;
    let fractional_workers = cursor.float()?;
    Some(Pacer::Start {
        assist_ratio,
        scan_mib,
        live_mib,
        goal_mib,
        dedicated_workers,
        fractional_workers,
    })
}

fn end(cursor: &mut Cursor<'_>) -> Option<Pacer> {
    let cpu_percent = cursor.signed()?;
    cursor.literal(b"% CPU (")?;
    let cpu_goal_percent = cursor.signed()?;
    cursor.literal(b" exp.) for ")?;
    let heap = cursor.unsigned()?;
    cursor.literal(b"+")?;
    let stacks = cursor.unsigned()?;
    cursor.literal(b"+")?;
    let globals = cursor.unsigned()?;
    cursor.literal(b" B work (")?;
    let expected_bytes = cursor.unsigned()?;
    cursor.literal(b" B exp.) in ")?;
    let triggered_bytes = cursor.unsigned()?;
    cursor.literal(b" B -> ")?;
    let live_bytes = cursor.unsigned()?;
    cursor.literal(" B (∆goal ".as_bytes())?;
    let over_goal_bytes = cursor.signed()?;
    cursor.literal(b", cons/mark ")?;
    let cons_mark = cursor.float()?;
    cursor.literal(b")")?;
    Some(Pacer::End {
        cpu_percent,
        cpu_goal_percent,
        work_bytes: [heap, stacks, globals],
        expected_bytes,
        triggered_bytes,
        live_bytes,
        over_goal_bytes,
        cons_mark,
    })
}

fn sweep_done(cursor: &mut Cursor<'_>) -> Option<Pacer> {
    let heap_mib = cursor.unsigned()?;
    cursor.literal(b"MB; allocated ")?;
    let allocated_mib = cursor.unsigned()?;
    cursor.literal(b"MB during sweep; swept ")?;
    let pages = cursor.unsigned()?;
    cursor.literal(b" pages at ")?;
    let pages_per_byte = cursor.float()?;
    cursor.literal(b" pages/byte")?;
    Some(Pacer::SweepDone {
        heap_mib,
        allocated_mib,
        pages,
        pages_per_byte,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Pacer {
        let (pacer, rest) = Pacer::parse(line.as_bytes()).expect(line);
        assert!(rest.is_empty());
        pacer
    }

    #[test]
    fn reads_the_older_float_syntax() {
        assert_eq!(
            parse(
                "pacer: assist ratio=+1.532953e+000 (scan 3 MB in 8->9 MB) workers=0++2.500000e-001"
            ),
            Pacer::Start {
                assist_ratio: 1.532_953,
                scan_mib: 3,
                live_mib: 8,
                goal_mib: 9,
                dedicated_workers: 0,
                fractional_workers: 0.25
            }
        );
    }

    #[test]
    fn reads_the_newer_float_syntax() {
        assert_eq!(
            parse(
                "pacer: 39% CPU (25 exp.) for 184864+23952+204042 B work (295410 B exp.) in 8764464 B -> 8805424 B (∆goal -160010, cons/mark 0.1951780416334125)"
            ),
            Pacer::End {
                cpu_percent: 39,
                cpu_goal_percent: 25,
                work_bytes: [184_864, 23_952, 204_042],
                expected_bytes: 295_410,
                triggered_bytes: 8_764_464,
                live_bytes: 8_805_424,
                over_goal_bytes: -160_010,
                cons_mark: 0.195_178_041_633_412_5,
            }
        );
        assert_eq!(
            parse(
                "pacer: sweep done at heap size 4MB; allocated 0MB during sweep; swept 583 pages at 0.00017547344722553305 pages/byte"
            ),
            Pacer::SweepDone {
                heap_mib: 4,
                allocated_mib: 0,
                pages: 583,
                pages_per_byte: 0.000_175_473_447_225_533_05
            }
        );
    }
}
