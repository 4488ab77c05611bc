//! The line that `GODEBUG=gctrace=1` prints at the end of every collection.
//!
//! Main type: [`GcCycle`]. Source of the grammar: the end of `gcMarkTermination` in
//! runtime/mgc.go, the same in Go 1.21 to 1.27 but for the note of a goroutine leak check
//! (1.26 on); before 1.18 the two fields for stacks and globals were absent.
//!
//! Traps that the fields carry: numbers are truncated to two significant digits; the percentage
//! is cumulative since program start; `MB` is MiB rounded down; the first and last CPU figures
//! are the wall time multiplied by GOMAXPROCS, not measurements; the periodic collection
//! (every two minutes) is not marked as forced.
//!
//! Deliberately absent: streams, torn lines and log prefixes ([`crate::stderr`]), and windows
//! ([`crate::summary`]).

use std::fmt;

use crate::scan::Cursor;

/// One garbage collection.
#[derive(Debug, Clone, PartialEq)]
pub struct GcCycle {
    /// `memstats.numgc`: counts up by one per collection. Count collections by the difference of
    /// two of these, since lines can be lost.
    pub seq: u64,
    /// Start of the cycle, seconds since runtime initialisation (resolution 1 ms).
    pub at_s: f64,
    /// Share of CPU time used by the collector since program start, percent, truncated.
    pub cpu_percent_total: u32,
    /// Wall-clock time of the phases.
    pub clock: ClockMs,
    /// CPU time of the phases.
    pub cpu: CpuMs,
    /// Heap when the cycle started, MiB.
    pub heap_start_mib: u64,
    /// Heap when marking ended, MiB.
    pub heap_end_mib: u64,
    /// Heap that was marked as live, MiB.
    pub heap_live_mib: u64,
    /// Heap goal of this cycle, MiB; 13 digits with `GOGC=off`.
    pub goal_mib: u64,
    /// Scannable stacks, MiB; `None` before Go 1.18.
    pub stacks_mib: Option<u64>,
    /// Scannable globals, MiB; `None` before Go 1.18.
    pub globals_mib: Option<u64>,
    /// GOMAXPROCS during the cycle.
    pub procs: u32,
    /// Asked for by `runtime.GC`, `debug.FreeOSMemory` or a leak check.
    pub forced: bool,
    /// The cycle also looked for leaked goroutines (Go 1.26 on).
    pub leak_check: bool,
}

/// Wall-clock milliseconds of the three phases.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ClockMs {
    /// Stopped: sweep termination, including the time it took to stop every P.
    pub sweep_term: f64,
    /// Concurrent mark.
    pub mark: f64,
    /// Stopped: mark termination.
    pub mark_term: f64,
}

impl ClockMs {
    /// Time with the world stopped.
    #[must_use]
    pub fn stopped(&self) -> f64 {
        self.sweep_term + self.mark_term
    }
}

/// CPU milliseconds of the phases.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CpuMs {
    /// GOMAXPROCS times the wall time of sweep termination.
    pub sweep_term: f64,
    /// Marking done by allocating goroutines.
    pub assist: f64,
    /// Dedicated and fractional background workers.
    pub background: f64,
    /// Workers on Ps that had nothing else to do.
    pub idle: f64,
    /// GOMAXPROCS times the wall time of mark termination.
    pub mark_term: f64,
}

impl CpuMs {
    /// Marking that takes CPU time from the program: assists and background workers. Idle workers take what nobody else
    /// wants, and the two stops are no CPU time but their length times GOMAXPROCS ([`ClockMs::stopped`] tells of them).
    #[must_use]
    pub fn marking(&self) -> f64 {
        self.assist + self.background
    }
}

/// What could be told of a line that starts as a gctrace line and does not go on as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The sequence number, if it was complete.
    pub seq: Option<u64>,
}

impl GcCycle {
    /// Reads a line that begins with `gc `. Returns the cycle and the bytes after it, which are
    /// empty unless other output was spliced in behind.
    ///
    /// # Errors
    /// [`Broken`] if the line does not follow the grammar to its end.
    pub fn parse(line: &[u8]) -> Result<(Self, &[u8]), Broken> {
        let mut seq = None;
        parse(line, &mut seq).ok_or(Broken { seq })
    }

    /// Start of the cycle plus its wall time: when the line was printed, in seconds.
    #[must_use]
    pub fn ended_s(&self) -> f64 {
        self.at_s + (self.clock.stopped() + self.clock.mark) / 1e3
    }
}

/// Whether a line begins as gctrace lines do: `gc `, a number, ` @`.
pub(crate) fn starts_here(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"gc ").is_some()
        && cursor.unsigned().is_some()
        && cursor.literal(b" @").is_some()
}

fn parse<'a>(line: &'a [u8], seq_seen: &mut Option<u64>) -> Option<(GcCycle, &'a [u8])> {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"gc ")?;
    let seq = cursor.unsigned()?;
    cursor.literal(b" @")?;
    *seq_seen = Some(seq);
    let at_ms = cursor.thousandths()?;
    cursor.literal(b"s ")?;
    let cpu_percent_total = cursor.unsigned_32()?;
    cursor.literal(b"%")?;
    let leak_check = cursor.optional(b" (checking for goroutine leaks)");
    cursor.literal(b": ")?;

    let clock = ClockMs {
        sweep_term: milliseconds(&mut cursor, b"+")?,
        mark: milliseconds(&mut cursor, b"+")?,
        mark_term: milliseconds(&mut cursor, b" ms clock, ")?,
    };
    let cpu = CpuMs {
        sweep_term: milliseconds(&mut cursor, b"+")?,
        assist: milliseconds(&mut cursor, b"/")?,
        background: milliseconds(&mut cursor, b"/")?,
        idle: milliseconds(&mut cursor, b"+")?,
        mark_term: milliseconds(&mut cursor, b" ms cpu, ")?,
    };

    let heap_start_mib = number(&mut cursor, b"->")?;
    let heap_end_mib = number(&mut cursor, b"->")?;
    let heap_live_mib = number(&mut cursor, b" MB, ")?;
    let goal_mib = number(&mut cursor, b" MB goal, ")?;
    let last = cursor.unsigned()?;
    let (stacks_mib, globals_mib, procs) = if cursor.optional(b" MB stacks, ") {
        let globals = number(&mut cursor, b" MB globals, ")?;
        (Some(last), Some(globals), cursor.unsigned_32()?)
    } else {
        (None, None, u32::try_from(last).ok()?)
    };
    cursor.literal(b" P")?;
    let forced = cursor.optional(b" (forced)");
    Some((
        GcCycle {
            seq,
            at_s: at_ms as f64 / 1e3,
            cpu_percent_total,
            clock,
            cpu,
            heap_start_mib,
            heap_end_mib,
            heap_live_mib,
            goal_mib,
            stacks_mib,
            globals_mib,
            procs,
            forced,
            leak_check,
        },
        cursor.rest(),
    ))
}

#[inline]
fn milliseconds(cursor: &mut Cursor<'_>, then: &[u8]) -> Option<f64> {
    // Thousandths of a millisecond are exact in an f64, and so is their division by 1000 to the
    // nearest representable value: `0.039` reads as the literal 0.039.
    let microseconds = cursor.thousandths()?;
    cursor.literal(then)?;
    Some(microseconds as f64 / 1e3)
}

#[inline]
fn number(cursor: &mut Cursor<'_>, then: &[u8]) -> Option<u64> {
    let value = cursor.unsigned()?;
    cursor.literal(then)?;
    Some(value)
}

/// Prints the line as the runtime does, without the newline.
impl fmt::Display for GcCycle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "gc {} @{:.3}s {}%",
            self.seq, self.at_s, self.cpu_percent_total
        )?;
        if self.leak_check {
            formatter.write_str(" (checking for goroutine leaks)")?;
        }
        write!(
            formatter,
            ": {}+{}+{} ms clock, {}+{}/{}/{}+{} ms cpu, {}->{}->{} MB, {} MB goal, ",
            GoMilliseconds(self.clock.sweep_term),
            GoMilliseconds(self.clock.mark),
            GoMilliseconds(self.clock.mark_term),
            GoMilliseconds(self.cpu.sweep_term),
            GoMilliseconds(self.cpu.assist),
            GoMilliseconds(self.cpu.background),
            GoMilliseconds(self.cpu.idle),
            GoMilliseconds(self.cpu.mark_term),
            self.heap_start_mib,
            self.heap_end_mib,
            self.heap_live_mib,
            self.goal_mib,
        )?;
        if let (Some(stacks), Some(globals)) = (self.stacks_mib, self.globals_mib) {
            write!(formatter, "{stacks} MB stacks, {globals} MB globals, ")?;
        }
        write!(formatter, "{} P", self.procs)?;
        if self.forced {
            formatter.write_str(" (forced)")?;
        }
        Ok(())
    }
}

/// `fmtNSAsMS` of runtime/mgc.go: two significant digits below 10 ms, whole milliseconds above.
struct GoMilliseconds(f64);

impl fmt::Display for GoMilliseconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = (self.0 * 1e3).round() as u64;
        if value >= 10_000 {
            return write!(formatter, "{}", value / 1000);
        }
        if value == 0 {
            return formatter.write_str("0");
        }
        let mut decimals = 3_usize;
        while value >= 100 {
            value /= 10;
            decimals -= 1;
        }
        let scale = 10_u64.pow(u32::try_from(decimals).expect("at most 3"));
        if decimals == 0 {
            return write!(formatter, "{value}");
        }
        write!(formatter, "{}.{:0decimals$}", value / scale, value % scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_whole(line: &str) -> GcCycle {
        let (cycle, rest) =
            GcCycle::parse(line.as_bytes()).unwrap_or_else(|_| panic!("does not parse: {line}"));
        assert!(
            rest.is_empty(),
            "left over: {}",
            String::from_utf8_lossy(rest)
        );
        cycle
    }

    #[test]
    fn reads_every_field() {
        let cycle = parse_whole(
            "gc 23 @0.706s 1% (checking for goroutine leaks): 0.12+0.56+0.003 ms clock, 0.25+0.051/0.27/0+0.007 ms cpu, 11->12->8 MB, 17 MB goal, 21 MB stacks, 48 MB globals, 2 P (forced)",
        );
        assert_eq!(
            cycle,
            GcCycle {
                seq: 23,
                at_s: 0.706,
                cpu_percent_total: 1,
                clock: ClockMs {
                    sweep_term: 0.12,
                    mark: 0.56,
                    mark_term: 0.003
                },
                cpu: CpuMs {
                    sweep_term: 0.25,
                    assist: 0.051,
                    background: 0.27,
                    idle: 0.0,
                    mark_term: 0.007
                },
                heap_start_mib: 11,
                heap_end_mib: 12,
                heap_live_mib: 8,
                goal_mib: 17,
                stacks_mib: Some(21),
                globals_mib: Some(48),
                procs: 2,
                forced: true,
                leak_check: true,
            }
        );
        assert!((cycle.ended_s() - 0.706_683).abs() < 1e-9);
    }

    #[test]
    fn prints_what_it_read() {
        for line in [
            "gc 40 @0.936s 2%: 0.10+0.95+0.21 ms clock, 0.20+0.11/0.24/0+0.42 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P",
            "gc 1 @0.053s 49%: 3156+0.46+0.031 ms clock, 6313+0/0.34/0+0.063 ms cpu, 0->0->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)",
            "gc 2 @0.005s 7%: 0.036+0.10+0.001 ms clock, 0.073+0/0.040/0.050+0.003 ms cpu, 0->0->0 MB, 8532210231537 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)",
            "gc 12 @1042.250s 11%: 0.010+2.1+9.9 ms clock, 0.080+10/12/0+79 ms cpu, 4->4->0 MB, 5 MB goal, 8 P",
        ] {
            assert_eq!(parse_whole(line).to_string(), line);
        }
    }

    #[test]
    fn old_lines_have_no_stacks_and_globals() {
        let cycle = parse_whole(
            "gc 5 @0.2s 3%: 0.010+2.1+0.050 ms clock, 0.080+1.0/2.0/0+0.40 ms cpu, 4->4->0 MB, 5 MB goal, 8 P",
        );
        assert_eq!(
            (cycle.stacks_mib, cycle.globals_mib, cycle.procs),
            (None, None, 8)
        );
    }

    #[test]
    fn a_broken_line_still_tells_its_number() {
        assert_eq!(
            GcCycle::parse(b"gc 77 @0.1202026/11/21 APP"),
            Err(Broken { seq: Some(77) })
        );
        assert_eq!(GcCycle::parse(b"gc "), Err(Broken { seq: None }));
        assert_eq!(GcCycle::parse(b"gc 3"), Err(Broken { seq: None }));
    }

    #[test]
    fn every_cut_is_broken_not_misread() {
        let line = b"gc 40 @0.936s 2%: 0.10+0.95+0.21 ms clock, 0.20+0.11/0.24/0+0.42 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P";
        for end in 0..line.len() {
            assert!(
                GcCycle::parse(&line[..end]).is_err(),
                "{}",
                String::from_utf8_lossy(&line[..end])
            );
        }
    }
}
