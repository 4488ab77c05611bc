//! The state machine over lines.

use std::borrow::Cow;
use std::collections::HashMap;

use super::crashes::{Crashes, Seen};
use super::event::{Counts, Event, Torn, TornKind};
use super::hints::may_hold_runtime_output;
use super::start::{Start, fragment_of};
use crate::gctrace::GcCycle;
use crate::inittrace::PackageInit;
use crate::lines::{LONGEST_LINE_BYTES, Line, LineSplitter};
use crate::logprefix::{self, Fields, Stream, Unwrapped};
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

/// Writers that are counted before they are believed in.
const MOST_WRITERS: usize = 256;

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    detail: Option<Box<SchedDetail>>,
    crashes: Crashes,
    /// Payload of wrapped parts whose line has not ended yet, per stream.
    parts: [Vec<u8>; 2],
    /// Whose lines are handed over.
    writer: Vec<u8>,
    /// How often a prefix that is not known by name stood before a line: text that another thread wrote into a line
    /// is no writer.
    prefixes: HashMap<Vec<u8>, u32>,
}

/// What stands before a payload.
#[derive(Clone, Copy)]
enum Before<'a> {
    Nothing,
    /// A known wrapper.
    Wrapper(&'a [u8]),
    /// Other text.
    Text(&'a [u8]),
    /// A record, of which the payload is one value.
    Record(&'a [u8]),
}

impl State {
    fn take(&mut self, line: Line<'_>, sink: &mut impl FnMut(Event<'_>)) {
        self.counts.lines += 1;
        self.counts.overlong += u64::from(line.overlong);
        // The common cases, decided by the first bytes, and by what no line of the runtime's lacks.
        if self.runtime_line(line.bytes, line.bytes, Before::Nothing, sink) {
            return;
        }
        let in_parts = self.parts.iter().any(|part| !part.is_empty());
        if self.crashes.is_idle() && !in_parts && !may_hold_runtime_output(line.bytes) {
            self.crashes.pass();
            self.plain(line, sink);
            return;
        }
        let unwrapped = logprefix::unwrap(line.bytes);
        if let Some(part) = &unwrapped {
            let continued = !self.parts[stream_index(part.stream)].is_empty();
            if part.continues || continued {
                self.wrapped_part(line.bytes, part, sink);
                return;
            }
        }
        self.closer(line, unwrapped.as_ref(), sink);
    }

    /// Looks closer at a line that may hold runtime output.
    fn closer(
        &mut self,
        line: Line<'_>,
        unwrapped: Option<&Unwrapped<'_>>,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        let bytes = line.bytes;
        if let Some(own) = unwrapped {
            let before = match prefix_of(bytes, &own.payload) {
                Some(prefix) => Before::Wrapper(prefix),
                None => Before::Record(bytes),
            };
            if self.runtime_line(&own.payload, bytes, before, sink) {
                self.counts.wrapped += 1;
                return;
            }
        }
        if let Some(text) = logprefix::dump_in_one_line(bytes)
            && self.crashes.take_escaped(&text, bytes)
        {
            self.counts.crash += 1;
            self.hand_over_crashes(sink);
            return;
        }
        let plain: Cow<'_, [u8]> = logprefix::without_colour(bytes);
        let writer = match unwrapped.map(|own| prefix_of(&plain, &own.payload)) {
            Some(Some(prefix)) => logprefix::writer(prefix),
            Some(None) => logprefix::identity(bytes),
            None => Vec::new(),
        };
        let seen = Seen {
            line: &plain,
            unwrapped,
            writer: &writer,
        };
        let of_crash = self.crashes.goes_on(seen) || self.crashes.begins_wrapped(seen);
        let taken = of_crash || self.record(bytes, sink) || {
            let begins = self.crashes.begins(seen);
            self.counts.crash += u64::from(begins);
            begins
        };
        self.counts.crash += u64::from(of_crash);
        self.counts.wrapped += u64::from(taken && unwrapped.is_some());
        self.hand_over_crashes(sink);
        if !taken {
            self.crashes.remember(seen);
            self.unprefixed(line, sink);
        }
    }

    /// Reads the values of a record. False if none of them is runtime output.
    fn record(&mut self, line: &[u8], sink: &mut impl FnMut(Event<'_>)) -> bool {
        if !self.crashes.wants_fields() && !may_hold_runtime_output(line) {
            return false;
        }
        let mut any = false;
        for field in Fields::of(line) {
            let value = field.value();
            let mut read = false;
            for own in value.split(|byte| *byte == b'\n') {
                let stray = Start::of(own) == Some(Start::SchedEntry) && self.detail.is_none();
                read |= !stray && self.runtime_line(own, own, Before::Record(line), sink);
            }
            let of_crash = !read && self.crashes.take_field(field, line);
            self.counts.crash += u64::from(of_crash);
            any |= read || of_crash;
        }
        self.hand_over_crashes(sink);
        any
    }

    fn hand_over_crashes(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        for crash in self.crashes.ended.drain(..) {
            sink(if crash.cause.ends_process() {
                Event::Crash(Box::new(crash))
            } else {
                Event::Incident(Box::new(crash))
            });
        }
        self.counts.resembling = self.crashes.resembling;
    }

    /// Says whose line follows, where that changes.
    fn name_writer(&mut self, before: Before<'_>, sink: &mut impl FnMut(Event<'_>)) {
        let writer = match before {
            Before::Nothing if self.writer.is_empty() => return,
            Before::Nothing => Vec::new(),
            Before::Wrapper(prefix) => logprefix::writer(prefix),
            Before::Record(line) => logprefix::identity(line),
            Before::Text(prefix) => {
                let writer = logprefix::writer(prefix);
                let known =
                    self.prefixes.len() < MOST_WRITERS || self.prefixes.contains_key(&writer);
                let seen = match known && !writer.is_empty() {
                    true => self.prefixes.entry(writer.clone()).or_default(),
                    false => &mut 0,
                };
                *seen += 1;
                if *seen > 1 { writer } else { Vec::new() }
            }
        };
        if writer != self.writer {
            self.writer = writer;
            sink(Event::Writer(&self.writer));
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
        self.crashes.finish();
        self.hand_over_crashes(sink);
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
        let whole = Unwrapped {
            payload: std::mem::take(buffer).into(),
            ..part.clone()
        };
        if self.runtime_line(&whole.payload, line, Before::Record(line), sink) {
            self.counts.wrapped += 1;
            return;
        }
        let rest = Line {
            bytes: &whole.payload,
            terminated: true,
            overlong: false,
        };
        self.closer(rest, None, sink);
    }

    /// Reads a line that begins with runtime output. False if it does not.
    ///
    /// `original` is the line as it came, for [`Event::Torn`].
    fn runtime_line(
        &mut self,
        payload: &[u8],
        original: &[u8],
        before: Before<'_>,
        sink: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let Some(kind) = Start::of(payload) else {
            return false;
        };
        self.name_writer(before, sink);
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
        if let Some(at) = self.resync(line.bytes, 0, sink) {
            sink(Event::App(&line.bytes[..at]));
            return;
        }
        self.plain(line, sink);
    }

    /// A line of the application, or a fragment.
    fn plain(&mut self, line: Line<'_>, sink: &mut impl FnMut(Event<'_>)) {
        let fragment =
            (!line.terminated || may_hold_runtime_output(line.bytes)).then(|| fragment_of(line));
        match fragment.flatten() {
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
            let before = Before::Text(&line[..at]);
            if at > 0 && from == 0 {
                self.name_writer(before, sink);
            }
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

    fn flush_detail(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        if let Some(detail) = self.detail.take() {
            sink(Event::SchedDetail(detail));
        }
    }
}

/// What stands before a payload that is the end of its line.
fn prefix_of<'a>(line: &'a [u8], payload: &[u8]) -> Option<&'a [u8]> {
    let is_text = !line.starts_with(b"{");
    (is_text && line.ends_with(payload)).then(|| &line[..line.len() - payload.len()])
}

fn stream_index(stream: Option<Stream>) -> usize {
    usize::from(stream == Some(Stream::Stdout))
}
