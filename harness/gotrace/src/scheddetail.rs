//! The blocks that `GODEBUG=schedtrace=N,scheddetail=1` prints: every P, M and G.
//!
//! Main type: [`SchedDetail`]. Source of the grammar: `schedtrace(true)` in runtime/proc.go, the
//! same in Go 1.21 to 1.27. Printing one costs time in proportion to the goroutines, under the
//! scheduler's lock: never use it while measuring.
//!
//! Traps: P status 2 (in a system call) no longer exists from Go 1.26 on; a G's wait reason may
//! be stale unless it is waiting; dead Gs are listed.

use crate::scan::Cursor;
use crate::schedtrace::{SchedHead, SchedSample};

/// Most goroutines kept of one block; the others are counted.
pub const MOST_GOROUTINES: usize = 200_000;
/// Most Ps or Ms kept of one block; Go itself ends a program at 10,000 threads by default.
pub const MOST_THREADS: usize = 65_536;

/// The scheduler at one instant, in full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchedDetail {
    /// What schedtrace prints as well.
    pub head: SchedHead,
    /// The collector waits to run.
    pub gcwaiting: bool,
    /// Parked threads that are locked to a goroutine.
    pub locked_idle_threads: i64,
    /// Ps that a stop of the world still waits for.
    pub stopwait: i64,
    /// The monitor thread sleeps.
    pub sysmonwait: bool,
    /// The Ps, in order.
    pub processors: Vec<Processor>,
    /// The Ms, newest first as printed.
    pub machines: Vec<Machine>,
    /// The Gs, dead ones included.
    pub goroutines: Vec<GoroutineState>,
    /// Entries beyond [`MOST_GOROUTINES`] or [`MOST_THREADS`].
    pub dropped: u64,
}

/// A P.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processor {
    /// Its number.
    pub id: u32,
    /// 0 idle, 1 running, 2 in a system call (up to Go 1.25), 3 stopped for the collector, 4 dead.
    pub status: u32,
    /// Scheduling rounds, wrapping at 2^32.
    pub schedtick: u64,
    /// System calls, wrapping at 2^32.
    pub syscalltick: u64,
    /// Its thread.
    pub machine: Option<u64>,
    /// Length of its own run queue.
    pub runqsize: u32,
    /// Dead goroutines kept for reuse.
    pub free_goroutines: u64,
    /// Timers.
    pub timers: u64,
}

/// An M.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its number.
    pub id: u64,
    /// The P it holds.
    pub processor: Option<u32>,
    /// The goroutine it runs.
    pub goroutine: Option<u64>,
    /// Inside the allocator.
    pub mallocing: i64,
    /// Throwing a fatal error.
    pub throwing: i64,
    /// Why preemption is off; empty if it is not.
    pub preemption_off: String,
    /// Runtime locks held.
    pub locks: i64,
    /// Dying.
    pub dying: i64,
    /// Looking for work.
    pub spinning: bool,
    /// Blocked on a note.
    pub blocked: bool,
    /// The goroutine locked to it.
    pub locked_goroutine: Option<u64>,
}

/// A G.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoroutineState {
    /// Its number.
    pub id: u64,
    /// 0 idle, 1 runnable, 2 running, 3 in a system call, 4 waiting, 6 dead, 8 copying its
    /// stack, 9 preempted; 0x1000 more while being scanned.
    pub status: u32,
    /// Last wait reason, e.g. `GC worker (idle)`; stale unless waiting.
    pub wait_reason: String,
    /// The thread it runs on.
    pub machine: Option<u64>,
    /// The thread locked to it.
    pub locked_machine: Option<u64>,
}

impl GoroutineState {
    /// Waiting, whether or not it is being scanned.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.status & 0xfff == 4
    }

    /// Runnable, whether or not it is being scanned.
    #[must_use]
    pub const fn is_runnable(&self) -> bool {
        self.status & 0xfff == 1
    }

    /// Finished; kept by the runtime for reuse.
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        self.status & 0xfff == 6
    }
}

impl SchedDetail {
    /// Reads the head of a block, a SCHED line with `gcwaiting=`, and the bytes after it.
    #[must_use]
    pub fn parse_head(line: &[u8]) -> Option<(Self, &[u8])> {
        let mut cursor = Cursor::new(line);
        let head = SchedHead::parse(&mut cursor)?;
        cursor.literal(b" gcwaiting=")?;
        let gcwaiting = cursor.boolean()?;
        cursor.literal(b" nmidlelocked=")?;
        let locked_idle_threads = cursor.signed()?;
        cursor.literal(b" stopwait=")?;
        let stopwait = cursor.signed()?;
        cursor.literal(b" sysmonwait=")?;
        let sysmonwait = cursor.boolean()?;
        let detail = Self {
            head,
            gcwaiting,
            locked_idle_threads,
            stopwait,
            sysmonwait,
            ..Self::default()
        };
        Some((detail, cursor.rest()))
    }

    /// Adds one of the indented lines that follow the head. False if the line is none.
    pub fn add_line(&mut self, line: &[u8]) -> bool {
        let Some(body) = line.strip_prefix(b"  ") else {
            return false;
        };
        match body.first() {
            Some(b'P') => processor(body)
                .is_some_and(|entry| self.keep(|it| &mut it.processors, entry, MOST_THREADS)),
            Some(b'M') => machine(body)
                .is_some_and(|entry| self.keep(|it| &mut it.machines, entry, MOST_THREADS)),
            Some(b'G') => goroutine(body)
                .is_some_and(|entry| self.keep(|it| &mut it.goroutines, entry, MOST_GOROUTINES)),
            _ => false,
        }
    }

    /// The same instant as schedtrace alone prints it. Ticks of the Ps are there from Go 1.2 on, but
    /// only where every P's line is.
    #[must_use]
    pub fn sample(&self) -> SchedSample {
        let in_order = (0..self.head.gomaxprocs).eq(self.processors.iter().map(|own| own.id));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it wraps at 2^32, as schedtrace's own does"
        )]
        let ticks = || self.processors.iter().map(|own| own.schedtick as u32);
        SchedSample {
            head: self.head,
            local_queues: self.processors.iter().map(|own| own.runqsize).collect(),
            schedticks: in_order.then(|| ticks().collect()),
        }
    }

    fn keep<T>(&mut self, list: impl Fn(&mut Self) -> &mut Vec<T>, entry: T, most: usize) -> bool {
        let list = list(self);
        if list.len() < most {
            list.push(entry);
        } else {
            self.dropped += 1;
        }
        true
    }
}

/// Whether a line begins as the indented lines of a block do: two spaces, P, M or G, a number, a
/// colon and the first field.
pub(crate) fn entry_starts_here(line: &[u8]) -> bool {
    let Some(body) = line.strip_prefix(b"  ") else {
        return false;
    };
    let mut cursor = Cursor::new(body);
    (cursor.optional(b"P") || cursor.optional(b"M") || cursor.optional(b"G"))
        && cursor.unsigned().is_some()
        && (cursor.optional(b": status=") || cursor.optional(b": p="))
}

fn processor(line: &[u8]) -> Option<Processor> {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"P")?;
    let id = cursor.unsigned_32()?;
    cursor.literal(b": status=")?;
    let status = cursor.unsigned_32()?;
    cursor.literal(b" schedtick=")?;
    let schedtick = cursor.unsigned()?;
    cursor.literal(b" syscalltick=")?;
    let syscalltick = cursor.unsigned()?;
    cursor.literal(b" m=")?;
    let machine = nil_or_id(&mut cursor)?;
    cursor.literal(b" runqsize=")?;
    let runqsize = cursor.unsigned_32()?;
    cursor.literal(b" gfreecnt=")?;
    let free_goroutines = cursor.unsigned()?;
    // Printed since Go 1.14.
    let timers = if cursor.optional(b" timerslen=") {
        cursor.unsigned()?
    } else {
        0
    };
    cursor.at_end().then_some(Processor {
        id,
        status,
        schedtick,
        syscalltick,
        machine,
        runqsize,
        free_goroutines,
        timers,
    })
}

fn machine(line: &[u8]) -> Option<Machine> {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"M")?;
    let id = cursor.unsigned()?;
    cursor.literal(b": p=")?;
    let processor = match nil_or_id(&mut cursor)? {
        Some(id) => Some(u32::try_from(id).ok()?),
        None => None,
    };
    cursor.literal(b" curg=")?;
    let goroutine = nil_or_id(&mut cursor)?;
    cursor.literal(b" mallocing=")?;
    let mallocing = cursor.signed()?;
    cursor.literal(b" throwing=")?;
    let throwing = cursor.signed()?;
    // Go 1.4 and before print whether the thread collects, and no reason of preemption.
    let preemption_off = if cursor.optional(b" gcing=") {
        cursor.signed()?;
        cursor.literal(b" locks=")?;
        String::new()
    } else {
        cursor.literal(b" preemptoff=")?;
        String::from_utf8_lossy(cursor.until(b" locks=")?).into_owned()
    };
    let locks = cursor.signed()?;
    cursor.literal(b" dying=")?;
    let dying = cursor.signed()?;
    // Up to Go 1.9: whether it helps the collector.
    if cursor.optional(b" helpgc=") {
        cursor.signed()?;
    }
    cursor.literal(b" spinning=")?;
    let spinning = cursor.boolean()?;
    cursor.literal(b" blocked=")?;
    let blocked = cursor.boolean()?;
    cursor.literal(b" lockedg=")?;
    let locked_goroutine = nil_or_id(&mut cursor)?;
    cursor.at_end().then_some(Machine {
        id,
        processor,
        goroutine,
        mallocing,
        throwing,
        preemption_off,
        locks,
        dying,
        spinning,
        blocked,
        locked_goroutine,
    })
}

fn goroutine(line: &[u8]) -> Option<GoroutineState> {
    let mut cursor = Cursor::new(line);
    cursor.literal(b"G")?;
    let id = cursor.unsigned()?;
    cursor.literal(b": status=")?;
    let status = cursor.unsigned_32()?;
    cursor.literal(b"(")?;
    // Reasons hold parentheses themselves (`force gc (idle)`), so the last close counts.
    let wait_reason = String::from_utf8_lossy(cursor.until_last(b") m=")?).into_owned();
    let machine = nil_or_id(&mut cursor)?;
    cursor.literal(b" lockedm=")?;
    let locked_machine = nil_or_id(&mut cursor)?;
    cursor.at_end().then_some(GoroutineState {
        id,
        status,
        wait_reason,
        machine,
        locked_machine,
    })
}

/// `nil`, a number, or the `-1` that stood for nil before Go 1.20.
fn nil_or_id(cursor: &mut Cursor<'_>) -> Option<Option<u64>> {
    if cursor.optional(b"nil") || cursor.optional(b"-1") {
        return Some(None);
    }
    cursor.unsigned().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_line_that_schedtrace_prints() {
        let (mut detail, _) = SchedDetail::parse_head(
            b"SCHED 405ms: gomaxprocs=2 idleprocs=0 threads=8 spinningthreads=1 needspinning=0 idlethreads=2 runqueue=3 gcwaiting=false nmidlelocked=1 stopwait=0 sysmonwait=false",
        )
        .expect("head");
        let line = b"SCHED 405ms: gomaxprocs=2 idleprocs=0 threads=8 spinningthreads=1 needspinning=0 idlethreads=2 runqueue=3 [4 5] schedticks=[2350 7]";
        let (alone, _) = SchedSample::parse(line).expect("line");
        let processors = [
            "  P0: status=1 schedtick=2350 syscalltick=6231 m=7 runqsize=4 gfreecnt=15 timerslen=0",
            "  P1: status=0 schedtick=7 syscalltick=3 m=nil runqsize=5 gfreecnt=0 timerslen=0",
        ];
        assert!(detail.add_line(processors[0].as_bytes()));
        let torn = detail.sample();
        assert_eq!((torn.queued(), torn.schedticks), (7, None));
        assert!(detail.add_line(processors[1].as_bytes()));
        assert_eq!(detail.sample(), alone);
    }

    #[test]
    fn reads_a_block() {
        let (mut detail, rest) = SchedDetail::parse_head(
            b"SCHED 405ms: gomaxprocs=2 idleprocs=0 threads=8 spinningthreads=1 needspinning=0 idlethreads=2 runqueue=0 gcwaiting=false nmidlelocked=1 stopwait=0 sysmonwait=false",
        )
        .expect("head");
        assert!(rest.is_empty());
        for line in [
            "  P0: status=1 schedtick=2350 syscalltick=6231 m=7 runqsize=0 gfreecnt=15 timerslen=0",
            "  M7: p=0 curg=nil mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=true blocked=false lockedg=nil",
            "  M0: p=-1 curg=-1 mallocing=0 throwing=0 preemptoff=gcing locks=0 dying=0 spinning=false blocked=true lockedg=6",
            "  G2: status=4(force gc (idle)) m=nil lockedm=nil",
            "  G11: status=2() m=6 lockedm=0",
        ] {
            assert!(detail.add_line(line.as_bytes()), "{line}");
        }
        for line in [
            "",
            "  ",
            "P0: status=1",
            "  G2: status=4(sleep",
            "  P0: status=1 schedtick=2350 syscalltick=6231 m=7 runqsize=0 gfreecnt=15 timerslen=0x",
        ] {
            assert!(!detail.add_line(line.as_bytes()), "{line}");
        }
        assert_eq!(detail.processors[0].machine, Some(7));
        assert_eq!(detail.machines[1].preemption_off, "gcing");
        assert_eq!(
            (
                detail.machines[1].processor,
                detail.machines[1].locked_goroutine
            ),
            (None, Some(6))
        );
        assert_eq!(detail.goroutines[0].wait_reason, "force gc (idle)");
        assert!(detail.goroutines[0].is_waiting());
        assert_eq!(detail.goroutines[1].locked_machine, Some(0));
    }
}
