//! The state machine over lines.

use super::event::{Counts, Event, Torn, TornKind};
use super::start::{Start, fragment_of};
use crate::crash;
use crate::gctrace::GcCycle;
use crate::inittrace::PackageInit;
use crate::lines::{LONGEST_LINE_BYTES, Line, LineSplitter};
use crate::logprefix::{self, Stream};
use crate::pacer::Pacer;
use crate::scanstats::{FinalizerQueue, ScanStats};
use crate::scavenge::Scavenge;
use crate::scheddetail::SchedDetail;
use crate::schedtrace::SchedSample;

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
