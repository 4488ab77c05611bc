//! Reads the standard error of a Go program, in which the runtime's traces, application output
//! and a final panic are mixed.
//!
//! Main type: [`Reader`]. Feed it bytes as they arrive; it hands [`Event`]s to a closure and
//! counts what it could not read. What it reports does not depend on how the bytes were cut into
//! chunks, and its memory is bounded by one line and one pending block.
//!
//! The runtime prints a gctrace line in some 35 separate write calls, so another thread's output
//! can land inside it. Such a line cannot be put together again with certainty (a number may
//! have been cut anywhere), so it is reported as [`Event::Torn`] with its sequence number where
//! that survived. A runtime line that follows other text on the same line is read from where it
//! begins. Wrappers of container runtimes and journald come off ([`crate::logprefix`]).
//!
//! Deliberately absent: any interpretation ([`crate::summary`]).

use crate::crash::{self, Crash};
use crate::gctrace::{self, GcCycle};
use crate::inittrace::PackageInit;
use crate::lines::{LONGEST_LINE_BYTES, Line, LineSplitter};
use crate::logprefix::{self, Stream};
use crate::pacer::{self, Pacer};
use crate::scan::{contains, find};
use crate::scanstats::{self, FinalizerQueue, ScanStats};
use crate::scavenge::{self, Scavenge};
use crate::scheddetail::{self, SchedDetail};
use crate::schedtrace::{self, SchedSample};

/// Something read from the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// A collection (`gctrace`).
    Gc(GcCycle),
    /// A scheduler line (`schedtrace`).
    Sched(SchedSample),
    /// A scheduler block (`scheddetail`), handed over when the next one begins or the stream ends.
    SchedDetail(Box<SchedDetail>),
    /// A scavenger line (`scavtrace`).
    Scavenge(Scavenge),
    /// A pacer line (`gcpacertrace`).
    Pacer(Pacer),
    /// A scan statistics line (`gctrace=2`).
    ScanStats(ScanStats),
    /// Lengths of the finalizer and cleanup queues (`checkfinalizers`).
    FinalizerQueue(FinalizerQueue),
    /// `GC forced`: the collection that follows was due because two minutes had passed without
    /// one. It is not marked `(forced)` itself (`forcegchelper` in runtime/proc.go).
    PeriodicGc,
    /// A package initialisation (`inittrace`).
    PackageInit(PackageInit<'a>),
    /// The end of the program, handed over when other output follows it or the stream ends.
    Crash(Box<Crash>),
    /// A line, or part of one, that is runtime output but cannot be read.
    Torn(Torn<'a>),
    /// A line of the application, as it came.
    App(&'a [u8]),
}

/// Unreadable runtime output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn<'a> {
    /// Which trace it belongs to.
    pub kind: TornKind,
    /// For a gctrace line: its sequence number, if it survived.
    pub seq: Option<u64>,
    /// The line as it came.
    pub line: &'a [u8],
}

/// Which trace a torn line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TornKind {
    /// gctrace.
    Gc,
    /// schedtrace or scheddetail.
    Sched,
    /// scavtrace.
    Scavenge,
    /// gcpacertrace.
    Pacer,
    /// gctrace=2.
    ScanStats,
}

/// What a [`Reader`] has seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines, the unterminated last one included.
    pub lines: u64,
    /// Lines read as runtime output, those of blocks included.
    pub parsed: u64,
    /// Lines of panics, fatal errors, signals and their goroutine dumps.
    pub crash: u64,
    /// Lines that are runtime output but could not be read.
    pub torn: u64,
    /// Lines (also counted as parsed) that had other output spliced in before or behind.
    pub resynced: u64,
    /// Lines (also counted elsewhere) that a container runtime or log collector had wrapped.
    pub wrapped: u64,
    /// Lines passed on as application output.
    pub app: u64,
    /// Lines (also counted elsewhere) that were cut because of their length.
    pub overlong: u64,
}

/// Reads a stream of standard error. See the module's documentation.
#[derive(Debug, Default)]
pub struct Reader {
    lines: LineSplitter,
    state: State,
}

impl Reader {
    /// A reader at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and hands what they complete to `sink`.
    pub fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Event<'_>)) {
        let Self { lines, state } = self;
        lines.feed(bytes, &mut |line| state.take(line, &mut sink));
    }

    /// Ends the stream: hands over an unterminated last line and any pending block. The reader
    /// can be used for another stream afterwards; its counts go on.
    pub fn finish(&mut self, mut sink: impl FnMut(Event<'_>)) {
        let Self { lines, state } = self;
        lines.finish(&mut |line| state.take(line, &mut sink));
        state.finish(&mut sink);
    }

    /// What has been seen so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.state.counts
    }
}

/// Reads a whole capture at once.
pub fn read(bytes: &[u8], mut sink: impl FnMut(Event<'_>)) -> Counts {
    let mut reader = Reader::new();
    reader.feed(bytes, &mut sink);
    reader.finish(&mut sink);
    reader.counts()
}

/// The collections of a whole capture, in order.
#[must_use]
pub fn gc_cycles(bytes: &[u8]) -> (Vec<GcCycle>, Counts) {
    let mut cycles = Vec::new();
    let counts = read(bytes, |event| {
        if let Event::Gc(cycle) = event {
            cycles.push(cycle);
        }
    });
    (cycles, counts)
}

/// The scheduler lines of a whole capture, in order.
#[must_use]
pub fn sched_samples(bytes: &[u8]) -> (Vec<SchedSample>, Counts) {
    let mut samples = Vec::new();
    let counts = read(bytes, |event| {
        if let Event::Sched(sample) = event {
            samples.push(sample);
        }
    });
    (samples, counts)
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    detail: Option<Box<SchedDetail>>,
    crash: Option<PendingCrash>,
    /// Payload of wrapped parts whose line has not ended yet, per stream.
    parts: [Vec<u8>; 2],
}

/// A crash whose dump may go on.
#[derive(Debug)]
struct PendingCrash {
    builder: crash::Builder,
    /// Its lines came wrapped, so its further lines must, too.
    wrapped: bool,
}

impl State {
    fn take(&mut self, line: Line<'_>, sink: &mut impl FnMut(Event<'_>)) {
        self.counts.lines += 1;
        self.counts.overlong += u64::from(line.overlong);
        // The common cases, decided by the first bytes.
        if self.runtime_line(line.bytes, line.bytes, sink) {
            return;
        }
        let Some(unwrapped) = logprefix::unwrap(line.bytes) else {
            if !self.crash_line(line.bytes, false, sink) {
                self.unprefixed(line, sink);
            }
            return;
        };
        let continued = !self.parts[stream_index(unwrapped.stream)].is_empty();
        if unwrapped.continues || continued {
            self.wrapped_part(line.bytes, &unwrapped, sink);
        } else if !self.wrapped_line(&unwrapped, line.bytes, sink) {
            self.unprefixed(line, sink);
        }
    }

    fn finish(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        for index in 0..self.parts.len() {
            let part = std::mem::take(&mut self.parts[index]);
            if !part.is_empty() {
                self.unprefixed(
                    Line {
                        bytes: &part,
                        terminated: false,
                        overlong: false,
                    },
                    sink,
                );
            }
        }
        self.flush_detail(sink);
        self.flush_crash(sink);
    }

    /// Collects the parts of a wrapped line; reads it when its last part is there.
    fn wrapped_part(
        &mut self,
        line: &[u8],
        part: &logprefix::Unwrapped<'_>,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        let buffer = &mut self.parts[stream_index(part.stream)];
        let room = LONGEST_LINE_BYTES.saturating_sub(buffer.len());
        self.counts.overlong += u64::from(part.payload.len() > room);
        buffer.extend_from_slice(&part.payload[..part.payload.len().min(room)]);
        if part.continues {
            return;
        }
        let whole = logprefix::Unwrapped {
            payload: std::mem::take(buffer).into(),
            ..part.clone()
        };
        if !self.wrapped_line(&whole, line, sink) {
            let rest = Line {
                bytes: &whole.payload,
                terminated: true,
                overlong: false,
            };
            self.unprefixed(rest, sink);
        }
    }

    /// Reads a line without its wrapper. False if it is neither a trace line nor of a crash.
    fn wrapped_line(
        &mut self,
        line: &logprefix::Unwrapped<'_>,
        original: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let read = self.runtime_line(&line.payload, original, sink)
            || (!line.application_stamp && self.crash_line(&line.payload, true, sink));
        self.counts.wrapped += u64::from(read);
        read
    }

    /// Adds a line to a crash, or begins one with it. False if it belongs to none.
    fn crash_line(
        &mut self,
        payload: &[u8],
        wrapped: bool,
        sink: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let belongs = self
            .crash
            .as_mut()
            .is_some_and(|pending| pending.wrapped == wrapped && pending.builder.take(payload));
        if !belongs {
            let Some(builder) = crash::Builder::start(payload) else {
                return false;
            };
            self.flush_crash(sink);
            self.crash = Some(PendingCrash { builder, wrapped });
        }
        self.counts.crash += 1;
        true
    }

    /// Reads a line that begins with runtime output. False if it does not.
    ///
    /// `original` is the line as it came, for [`Event::Torn`].
    fn runtime_line(
        &mut self,
        payload: &[u8],
        original: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let Some(kind) = Start::of(payload) else {
            return false;
        };
        match self.parse(kind, payload, sink) {
            Ok(rest) => {
                self.counts.parsed += 1;
                self.left_over(rest, sink);
            }
            Err(seq) => {
                self.torn(kind, seq, original, sink);
                // A process that ended in mid-line leaves a head to which its successor's first
                // line is appended.
                self.resync(payload, 1, sink);
            }
        }
        true
    }

    /// Reads one line by its grammar and hands it over; answers with the bytes after it, or with
    /// the sequence number that could still be read.
    #[inline]
    fn parse<'a>(
        &mut self,
        kind: Start,
        payload: &'a [u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<&'a [u8], Option<u64>> {
        match kind {
            Start::Gc => {
                let (cycle, rest) = GcCycle::parse(payload).map_err(|broken| broken.seq)?;
                sink(Event::Gc(cycle));
                Ok(rest)
            }
            Start::Sched => {
                if let Some((sample, rest)) = SchedSample::parse(payload) {
                    sink(Event::Sched(sample));
                    return Ok(rest);
                }
                let (detail, rest) = SchedDetail::parse_head(payload).ok_or(None)?;
                self.flush_detail(sink);
                self.detail = Some(Box::new(detail));
                Ok(rest)
            }
            Start::SchedEntry => {
                let detail = self.detail.as_mut().ok_or(None)?;
                detail.add_line(payload).then_some(&[][..]).ok_or(None)
            }
            Start::Scavenge => {
                let (scavenge, rest) = Scavenge::parse(payload).ok_or(None)?;
                sink(Event::Scavenge(scavenge));
                Ok(rest)
            }
            Start::Pacer => {
                let (pacer, rest) = Pacer::parse(payload).ok_or(None)?;
                sink(Event::Pacer(pacer));
                Ok(rest)
            }
            Start::ScanStats => {
                let (stats, rest) = ScanStats::parse(payload).ok_or(None)?;
                sink(Event::ScanStats(stats));
                Ok(rest)
            }
            Start::FinalizerQueue => {
                let (queue, rest) = FinalizerQueue::parse(payload).ok_or(None)?;
                sink(Event::FinalizerQueue(queue));
                Ok(rest)
            }
            Start::PeriodicGc => {
                sink(Event::PeriodicGc);
                Ok(&[])
            }
            Start::PackageInit => {
                let (init, rest) = PackageInit::parse(payload).ok_or(None)?;
                sink(Event::PackageInit(init));
                Ok(rest)
            }
        }
    }

    /// A line that does not begin with runtime output: it may still hold some.
    fn unprefixed(&mut self, line: Line<'_>, sink: &mut impl FnMut(Event<'_>)) {
        // Whatever this is, it is no line of a dump, so that is complete.
        self.flush_crash(sink);
        if let Some(at) = self.resync(line.bytes, 0, sink) {
            sink(Event::App(&line.bytes[..at]));
            return;
        }
        match fragment_of(line) {
            Some(kind) => self.torn(kind, None, line.bytes, sink),
            None => {
                self.counts.app += 1;
                sink(Event::App(line.bytes));
            }
        }
    }

    /// Reads the first complete runtime line that begins at `from` or later inside other text;
    /// answers with where it began.
    fn resync(
        &mut self,
        line: &[u8],
        from: usize,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Option<usize> {
        let starts = Start::within(line).filter(|(at, _)| *at >= from);
        for (at, kind) in starts {
            let Ok(rest) = self.parse(kind, &line[at..], sink) else {
                continue;
            };
            self.counts.parsed += 1;
            self.counts.resynced += 1;
            if !rest.is_empty() {
                sink(Event::App(rest));
            }
            return Some(at);
        }
        None
    }

    /// Output that followed a complete runtime line without a newline between.
    fn left_over(&mut self, rest: &[u8], sink: &mut impl FnMut(Event<'_>)) {
        if !rest.is_empty() {
            self.counts.resynced += 1;
            sink(Event::App(rest));
        }
    }

    fn torn(
        &mut self,
        kind: impl Into<TornKind>,
        seq: Option<u64>,
        line: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) {
        self.counts.torn += 1;
        sink(Event::Torn(Torn {
            kind: kind.into(),
            seq,
            line,
        }));
    }

    fn flush_crash(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        if let Some(pending) = self.crash.take() {
            sink(Event::Crash(Box::new(pending.builder.finish())));
        }
    }

    fn flush_detail(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        if let Some(detail) = self.detail.take() {
            sink(Event::SchedDetail(detail));
        }
    }
}

fn stream_index(stream: Option<Stream>) -> usize {
    usize::from(stream == Some(Stream::Stdout))
}

/// The runtime lines that can be told by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Gc,
    Sched,
    SchedEntry,
    Scavenge,
    Pacer,
    ScanStats,
    FinalizerQueue,
    PeriodicGc,
    PackageInit,
}

impl Start {
    #[inline]
    fn of(line: &[u8]) -> Option<Self> {
        match line.first()? {
            b'g' if gctrace::starts_here(line) => Some(Self::Gc),
            b'S' if schedtrace::starts_here(line) => Some(Self::Sched),
            b' ' if scheddetail::entry_starts_here(line) => Some(Self::SchedEntry),
            b's' if scavenge::starts_here(line) => Some(Self::Scavenge),
            b's' if scanstats::starts_here(line) => Some(Self::ScanStats),
            b'p' if pacer::starts_here(line) => Some(Self::Pacer),
            b'c' if line.starts_with(b"checkfinalizers: queue: ") => Some(Self::FinalizerQueue),
            b'G' if line == b"GC forced" => Some(Self::PeriodicGc),
            b'i' if PackageInit::parse(line).is_some() => Some(Self::PackageInit),
            _ => None,
        }
    }

    /// Where runtime lines may begin inside other text.
    fn within(line: &[u8]) -> impl Iterator<Item = (usize, Self)> {
        const MARKS: [&[u8]; 4] = [b"gc ", b"SCHED ", b"scav ", b"pacer: "];
        MARKS.into_iter().flat_map(move |mark| {
            let mut from = 0;
            std::iter::from_fn(move || {
                let at = from + find(line.get(from..)?, mark)?;
                from = at + 1;
                Some(at)
            })
            .filter_map(|at| Self::of(&line[at..]).map(|kind| (at, kind)))
        })
    }
}

impl From<Start> for TornKind {
    fn from(start: Start) -> Self {
        match start {
            Start::Gc | Start::PeriodicGc | Start::PackageInit => Self::Gc,
            Start::Sched | Start::SchedEntry => Self::Sched,
            Start::Scavenge => Self::Scavenge,
            Start::Pacer => Self::Pacer,
            Start::ScanStats | Start::FinalizerQueue => Self::ScanStats,
        }
    }
}

/// Whether ` ms clock, ` follows a sum of numbers, as in `0.10+0.95+0.21 ms clock, `.
fn ends_phases(line: &[u8]) -> bool {
    let Some(at) = find(line, b" ms clock, ") else {
        return false;
    };
    let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+');
    let start = line[..at]
        .iter()
        .rposition(|byte| !is_number(byte))
        .map_or(0, |last| last + 1);
    line[start..at].contains(&b'+')
}

/// Tells a fragment of runtime output from application output: by words that only the middle of
/// a runtime line holds, or because the stream ended inside what can only be its beginning.
fn fragment_of(line: Line<'_>) -> Option<TornKind> {
    let bytes = line.bytes;
    if contains(bytes, b" ms cpu, ") || contains(bytes, b" MB goal, ") || ends_phases(bytes) {
        return Some(TornKind::Gc);
    }
    if contains(bytes, b" idleprocs=")
        || contains(bytes, b" idlethreads=")
        || contains(bytes, b" schedticks=[")
    {
        return Some(TornKind::Sched);
    }
    if contains(bytes, b" KiB work (") {
        return Some(TornKind::Scavenge);
    }
    if line.terminated {
        return None;
    }
    let cut = |start: &[u8], kind| {
        let digits = bytes.strip_prefix(start)?;
        digits.iter().all(u8::is_ascii_digit).then_some(kind)
    };
    cut(b"gc ", TornKind::Gc)
        .or_else(|| cut(b"SCHED ", TornKind::Sched))
        .or_else(|| cut(b"scav ", TornKind::Scavenge))
        .or_else(|| cut(b"scan: ", TornKind::ScanStats))
        .or_else(|| cut(b"pacer: ", TornKind::Pacer))
}
