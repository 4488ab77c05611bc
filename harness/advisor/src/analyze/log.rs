//! A log of a Go program while it arrives.
//!
//! Main type: [`LogReader`]. Its memory is bounded by [`super::KEPT_LINES`] lines of each of a few processes, however
//! long the log.

use std::collections::VecDeque;

use documents::figures::counted;
use gotrace::crash::{Cause, Crash};
use gotrace::gctrace::GcCycle;
use gotrace::pacer::Pacer;
use gotrace::schedtrace::SchedSample;
use gotrace::stderr::{Counts, Event, Reader};

use super::process::{KEPT_LINES, Process};
use super::version::GoRange;

/// Processes of one log that are kept; earlier ones are counted.
const MOST_PROCESSES: usize = 32;
/// Lines of all processes together that are kept in full.
const MOST_LINES: usize = 4 * KEPT_LINES;
/// Ends of processes and other reports with stacks that are kept.
const MOST_CRASHES: usize = 16;

/// Reads a log as it arrives.
#[derive(Debug, Default)]
pub struct LogReader {
    reader: Reader,
    log: Log,
}

/// A log that has been read.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub(super) processes: VecDeque<Process>,
    /// Processes that came before these.
    pub(super) processes_let_go: u64,
    pub(super) crashes: VecDeque<Crash>,
    pub(super) crashes_let_go: u64,
    pub(super) counts: Counts,
    pub(super) go: GoRange,
    pub(super) seen: Seen,
    /// Whose lines arrive, by what stands before them.
    writer: Vec<u8>,
    /// Lines that were there already, as in exports that overlap.
    pub(super) repeated: u64,
    /// Whether a dump of goroutines that comes now can go on with the last crash.
    crash_goes_on: bool,
    /// What was read was turned round: the newest lines came first.
    pub(super) newest_first: bool,
    pub(super) scavenged: Option<Scavenged>,
    pub(super) paced: Option<Paced>,
}

/// What the lines that gcpacertrace prints at the end of a cycle add up to, over all processes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Paced {
    pub(super) cycles: u64,
    /// Share of CPU of the collector in each cycle, percent, summed: background workers taken at their goal, and what
    /// assists added (`endCycle` in runtime/mgcpacer.go).
    pub(super) cpu_percent_sum: f64,
    pub(super) cpu_percent_most: i64,
    /// By the last line.
    pub(super) cpu_goal_percent: i64,
    pub(super) work_bytes: f64,
    pub(super) expected_bytes: f64,
    /// Cycles at whose end the heap was larger than its goal.
    pub(super) over_goal: u64,
    pub(super) most_over_bytes: i64,
}

/// What scavtrace lines add up to, over all processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Scavenged {
    pub(super) background_kib: u64,
    pub(super) eager_kib: u64,
    /// By the last line.
    pub(super) released_kib: u64,
    /// By the last line.
    pub(super) utilisation_percent: u64,
}

/// How many lines of each kind there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) gc: u64,
    pub(super) sched: u64,
    pub(super) blocks: u64,
    pub(super) scavenge: u64,
    pub(super) pacer: u64,
    pub(super) periodic: u64,
}

impl LogReader {
    /// A reader at the start of a log.
    #[must_use]
    pub fn new() -> LogReader {
        LogReader::default()
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let LogReader { reader, log } = self;
        reader.feed(bytes, |event| log.take(event));
        log.counts = reader.counts();
    }

    /// The log, once its end is reached.
    #[must_use]
    pub fn finish(self) -> Log {
        let LogReader {
            mut reader,
            mut log,
        } = self;
        reader.finish(|event| log.take(event));
        log.counts = reader.counts();
        log
    }

    /// Whether anything of the runtime's was in it so far.
    #[must_use]
    pub fn has_runtime_lines(&self) -> bool {
        !self.log.is_empty()
    }

    /// Where the log stands, in one line for someone who watches.
    #[must_use]
    pub fn now(&self) -> String {
        let lines = counted(
            usize::try_from(self.log.counts.lines).unwrap_or(usize::MAX),
            "line",
        );
        let state = self.log.processes.back().map(Process::now);
        match state.filter(|state| !state.is_empty()) {
            Some(state) => format!("{lines}: {state}"),
            None => format!("{lines}, nothing of the Go runtime yet"),
        }
    }
}

impl Log {
    /// A whole log at once.
    pub(super) fn of(bytes: &[u8]) -> Log {
        let mut reader = LogReader::new();
        reader.feed(bytes);
        reader.finish()
    }

    /// Whether anything of the runtime's was in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty() && self.crashes.is_empty() && self.seen == Seen::default()
    }

    /// Whether there is nothing but one dump of goroutines in it.
    pub(super) fn is_only_a_dump(&self) -> bool {
        let dumps = self
            .crashes
            .iter()
            .filter(|crash| crash.cause == Cause::Dump);
        self.processes.is_empty()
            && self.seen == Seen::default()
            && self.crashes.len() == 1
            && dumps.count() == 1
            && self.counts.wrapped == 0
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Gc(cycle) => self.add_gc(cycle),
            Event::Sched(sample) => self.add_sched(sample),
            Event::SchedDetail(block) => {
                self.seen.blocks += 1;
                let at_ms = block.head.at_ms;
                self.process(
                    |_| false,
                    |process| process.goes_on_with_sched(at_ms),
                    || Process::of_sched(at_ms),
                )
                .add_block(*block);
            }
            Event::Scavenge(it) => {
                self.seen.scavenge += 1;
                let own = self.scavenged.get_or_insert_default();
                own.background_kib += it.background_kib;
                own.eager_kib += it.eager_kib.unwrap_or_default();
                own.released_kib = it.released_kib;
                own.utilisation_percent = it.utilisation_percent;
                if it.eager_kib.is_none() {
                    self.go.at_most(20, "one kind of work in scavtrace lines");
                }
            }
            Event::Pacer(it) => self.add_pacer(it),
            Event::ScanStats(_) => self.go.at_least(25, "scan statistics"),
            Event::FinalizerQueue(_) => self.go.at_least(25, "finalizer queues"),
            Event::PeriodicGc => self.seen.periodic += 1,
            Event::Crash(crash) | Event::Incident(crash) => self.add_crash(*crash),
            Event::Writer(writer) => writer.clone_into(&mut self.writer),
            Event::PackageInit(_) | Event::Torn(_) | Event::App(_) => {}
        }
    }

    fn add_pacer(&mut self, line: Pacer) {
        self.seen.pacer += 1;
        let Pacer::End {
            cpu_percent,
            cpu_goal_percent,
            work_bytes,
            expected_bytes,
            over_goal_bytes,
            ..
        } = line
        else {
            return;
        };
        let own = self.paced.get_or_insert_default();
        own.cycles += 1;
        own.cpu_percent_sum += cpu_percent as f64;
        own.cpu_percent_most = own.cpu_percent_most.max(cpu_percent);
        own.cpu_goal_percent = cpu_goal_percent;
        own.work_bytes += work_bytes.iter().map(|it| *it as f64).sum::<f64>();
        own.expected_bytes += expected_bytes as f64;
        own.over_goal += u64::from(over_goal_bytes > 0);
        own.most_over_bytes = own.most_over_bytes.max(over_goal_bytes);
    }

    fn add_gc(&mut self, cycle: GcCycle) {
        self.seen.gc += 1;
        self.crash_goes_on = false;
        if self.known_process(|process| process.has_gc(&cycle)) {
            self.repeated += 1;
            return;
        }
        self.go.saw_gc(&cycle);
        self.process(
            |process| process.awaits_gc(&cycle),
            |process| process.goes_on_with_gc(&cycle),
            || Process::of_gc(&cycle),
        )
        .add_gc(cycle);
    }

    fn add_sched(&mut self, sample: SchedSample) {
        self.seen.sched += 1;
        if self.known_process(|process| process.has_sched(&sample)) {
            self.repeated += 1;
            return;
        }
        self.go.saw_sched(&sample);
        let at_ms = sample.head.at_ms;
        self.process(
            |_| false,
            |process| process.goes_on_with_sched(at_ms),
            || Process::of_sched(at_ms),
        )
        .add_sched(sample);
    }

    /// Whether a process of this writer has a line already. Only a line that does not follow can be a repetition.
    fn known_process(&self, has: impl Fn(&Process) -> bool) -> bool {
        let own = |process: &&Process| process.writer == self.writer || process.writer.is_empty();
        self.processes.iter().rev().filter(own).any(has)
    }

    fn add_crash(&mut self, crash: Crash) {
        let frames = crash
            .goroutines
            .iter()
            .flat_map(|it| it.frames.iter())
            .chain(&crash.runtime_stack);
        for frame in frames.filter(|frame| !frame.file.is_empty()).take(2000) {
            self.go.saw_path(&frame.file);
        }
        // Another line cut a dump in two.
        if let Some(last) = self.crashes.back_mut().filter(|_| self.crash_goes_on)
            && crash.cause == Cause::Dump
            && last.cause.ends_process()
        {
            last.goroutines.extend(crash.goroutines);
            return;
        }
        self.crash_goes_on = crash.cause.ends_process();
        self.crashes.push_back(crash);
        if self.crashes.len() > MOST_CRASHES {
            self.crashes.pop_front();
            self.crashes_let_go += 1;
        }
    }

    /// The process that a line belongs to: one of the same writer whose next line it is, else the last one that it can
    /// follow, else a new one.
    fn process(
        &mut self,
        awaits: impl Fn(&Process) -> bool,
        goes_on: impl Fn(&Process) -> bool,
        new: impl Fn() -> Process,
    ) -> &mut Process {
        let own = |process: &Process| process.writer == self.writer;
        let unnamed = |process: &Process| process.writer.is_empty();
        let find = |fits: &dyn Fn(&Process) -> bool| self.processes.iter().rposition(fits);
        let at = find(&|process| own(process) && awaits(process))
            .or_else(|| find(&own).filter(|at| goes_on(&self.processes[*at])))
            // The first lines of a writer came before its prefix was known as one.
            .or_else(|| find(&|process| unnamed(process) && awaits(process)));
        if let Some(at) = at {
            if !self.writer.is_empty() {
                self.writer.clone_into(&mut self.processes[at].writer);
            }
            return &mut self.processes[at];
        }
        let mut process = new();
        self.writer.clone_into(&mut process.writer);
        self.processes.push_back(process);
        if self.processes.len() > MOST_PROCESSES {
            self.processes.pop_front();
            self.processes_let_go += 1;
        }
        let each = MOST_LINES / self.processes.len();
        for process in &mut self.processes {
            process.keep_at_most(each);
        }
        self.processes.back_mut().expect("it was just added")
    }
}
