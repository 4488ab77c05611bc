//! The line that `GODEBUG=schedtrace=N` prints every N milliseconds.
//!
//! Main types: [`SchedSample`] and its [`SchedHead`]. Source of the grammar: `schedtrace` in runtime/proc.go. Local
//! queues were printed as `[a b]` up to Go 1.24; since 1.25 they are `[ a b ]`, followed by
//! `schedticks=[ a b ]`. `needspinning` exists since 1.20, `spinningthreads` since 1.5.
//!
//! A line is one instant: use many. `N` has a floor of about 10 ms since `sysmon` prints.
//!
//! Deliberately absent: the blocks of `scheddetail=1` ([`crate::scheddetail`]).

use std::fmt;

use crate::scan::Cursor;

/// The scheduler at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedSample {
    /// What scheddetail prints as well.
    pub head: SchedHead,
    /// Length of each P's own queue, 0 to 256, without its next goroutine slot.
    pub local_queues: Vec<u32>,
    /// Scheduling rounds of each P, wrapping at 2^32; `None` before Go 1.25. The background
    /// sweeper inflates it, so it is no clean measure of the application's scheduling.
    pub schedticks: Option<Vec<u32>>,
}

/// The beginning that lines of schedtrace share with the blocks of scheddetail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SchedHead {
    /// Milliseconds since the first line.
    pub at_ms: u64,
    /// Number of Ps.
    pub gomaxprocs: u32,
    /// Ps on the idle list.
    pub idleprocs: u32,
    /// Live operating-system threads (Ms).
    pub threads: u32,
    /// Threads looking for work; `None` before Go 1.5.
    pub spinningthreads: Option<u32>,
    /// Whether a thread must start looking for work; `None` before Go 1.20.
    pub needspinning: Option<u32>,
    /// Parked threads.
    pub idlethreads: u32,
    /// Length of the global run queue.
    pub runqueue: u32,
}

impl SchedSample {
    /// Reads a line that begins with `SCHED `. Returns the sample and the bytes after it, which
    /// are empty unless other output was spliced in behind. `None` if it does not follow the
    /// grammar to its end.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<(Self, &[u8])> {
        let mut cursor = Cursor::new(line);
        let head = SchedHead::parse(&mut cursor)?;
        cursor.literal(b" ")?;
        let local_queues = list(&mut cursor, head.gomaxprocs)?;
        let schedticks = if cursor.optional(b" schedticks=") {
            Some(list(&mut cursor, head.gomaxprocs)?)
        } else {
            None
        };
        let sample = Self {
            head,
            local_queues,
            schedticks,
        };
        Some((sample, cursor.rest()))
    }

    /// Runnable goroutines in all queues, global and local.
    #[must_use]
    pub fn queued(&self) -> u64 {
        u64::from(self.head.runqueue)
            + self
                .local_queues
                .iter()
                .copied()
                .map(u64::from)
                .sum::<u64>()
    }
}

impl SchedHead {
    #[inline]
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.literal(b"SCHED ")?;
        let at_ms = cursor.unsigned()?;
        cursor.literal(b"ms: gomaxprocs=")?;
        let gomaxprocs = cursor.unsigned_32()?;
        cursor.literal(b" idleprocs=")?;
        let idleprocs = cursor.unsigned_32()?;
        cursor.literal(b" threads=")?;
        let threads = cursor.unsigned_32()?;
        let spinningthreads = optional_field(cursor, b" spinningthreads=")?;
        let needspinning = optional_field(cursor, b" needspinning=")?;
        cursor.literal(b" idlethreads=")?;
        let idlethreads = cursor.unsigned_32()?;
        cursor.literal(b" runqueue=")?;
        let runqueue = cursor.unsigned_32()?;
        Some(Self {
            at_ms,
            gomaxprocs,
            idleprocs,
            threads,
            spinningthreads,
            needspinning,
            idlethreads,
            runqueue,
        })
    }
}

/// `Some(None)` if the field is absent, `None` if it is there and malformed.
fn optional_field(cursor: &mut Cursor<'_>, name: &[u8]) -> Option<Option<u32>> {
    if cursor.optional(name) {
        cursor.unsigned_32().map(Some)
    } else {
        Some(None)
    }
}

/// `[1 2]`, `[ 1 2 ]` or `[]`.
#[inline]
fn list(cursor: &mut Cursor<'_>, expected: u32) -> Option<Vec<u32>> {
    cursor.literal(b"[")?;
    // The count announced by the line is only a hint, so a hostile one must not allocate much.
    let mut values = Vec::with_capacity(expected.min(1024) as usize);
    loop {
        cursor.optional(b" ");
        if cursor.optional(b"]") {
            return Some(values);
        }
        values.push(cursor.unsigned_32()?);
    }
}

/// Whether a line begins as SCHED lines do: `SCHED `, a number, `ms: `.
pub(crate) fn starts_here(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"SCHED ").is_some()
        && cursor.unsigned().is_some()
        && cursor.literal(b"ms: ").is_some()
}

/// Prints the line as the runtime does (1.25 form if ticks are known, else the older one).
impl fmt::Display for SchedSample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = &self.head;
        write!(
            formatter,
            "SCHED {}ms: gomaxprocs={} idleprocs={} threads={}",
            head.at_ms, head.gomaxprocs, head.idleprocs, head.threads
        )?;
        if let Some(spinning) = head.spinningthreads {
            write!(formatter, " spinningthreads={spinning}")?;
        }
        if let Some(need) = head.needspinning {
            write!(formatter, " needspinning={need}")?;
        }
        write!(
            formatter,
            " idlethreads={} runqueue={} ",
            head.idlethreads, head.runqueue
        )?;
        let spaced = |formatter: &mut fmt::Formatter<'_>, values: &[u32]| {
            formatter.write_str("[ ")?;
            for value in values {
                write!(formatter, "{value} ")?;
            }
            formatter.write_str("]")
        };
        match &self.schedticks {
            Some(ticks) => {
                spaced(formatter, &self.local_queues)?;
                formatter.write_str(" schedticks=")?;
                spaced(formatter, ticks)
            }
            None => {
                let queues: Vec<String> = self.local_queues.iter().map(u32::to_string).collect();
                write!(formatter, "[{}]", queues.join(" "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_whole(line: &str) -> SchedSample {
        let (sample, rest) =
            SchedSample::parse(line.as_bytes()).unwrap_or_else(|| panic!("does not parse: {line}"));
        assert!(rest.is_empty());
        sample
    }

    #[test]
    fn reads_both_formats_and_prints_them_back() {
        for line in [
            "SCHED 973ms: gomaxprocs=2 idleprocs=0 threads=9 spinningthreads=0 needspinning=1 idlethreads=3 runqueue=1 [1 3]",
            "SCHED 993ms: gomaxprocs=2 idleprocs=0 threads=9 spinningthreads=0 needspinning=1 idlethreads=3 runqueue=1 [ 0 0 ] schedticks=[ 123448 189196 ]",
            "SCHED 712ms: gomaxprocs=1 idleprocs=0 threads=5 spinningthreads=0 needspinning=1 idlethreads=0 runqueue=15 [ 3 ] schedticks=[ 5841 ]",
            "SCHED 0ms: gomaxprocs=8 idleprocs=5 threads=5 spinningthreads=1 idlethreads=0 runqueue=0 [0 0 0 0 0 0 0 0]",
            "SCHED 1004ms: gomaxprocs=1 idleprocs=0 threads=4 idlethreads=1 runqueue=8 [0]",
        ] {
            assert_eq!(parse_whole(line).to_string(), line);
        }
    }

    #[test]
    fn sums_all_queues() {
        let sample = parse_whole(
            "SCHED 5ms: gomaxprocs=2 idleprocs=0 threads=9 spinningthreads=0 needspinning=1 idlethreads=3 runqueue=7 [1 3]",
        );
        assert_eq!(sample.queued(), 11);
    }

    #[test]
    fn cut_lines_do_not_parse() {
        let line = b"SCHED 973ms: gomaxprocs=2 idleprocs=0 threads=9 spinningthreads=0 needspinning=1 idlethreads=3 runqueue=1 [1 3]";
        for end in 0..line.len() {
            assert!(SchedSample::parse(&line[..end]).is_none());
        }
        // The 1.25 form cut inside its ticks must not pass as a line without ticks.
        let line = b"SCHED 976ms: gomaxprocs=2 idleprocs=0 threads=8 spinningthreads=0 needspinning=1 idlethreads=2 runqueue=1 [ 0 4 ] schedticks=[ 8389 66";
        assert!(SchedSample::parse(line).is_none());
    }
}
