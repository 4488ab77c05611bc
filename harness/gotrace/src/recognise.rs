//! Tells what a file of a Go service is, by its content.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::buildinfo::BuildInfo;
use crate::exectrace::TraceHeader;
use crate::lines::after_nuls;
use crate::profile::{Profile, ProfileKind};
use crate::scan::contains;
use crate::stderr::{self, Event};

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A profile in protobuf form, gzipped or plain.
    Profile(ProfileKind),
    /// An execution trace.
    ExecutionTrace(TraceHeader),
    /// A snapshot of our Go probe ([`crate::metrics`]).
    MetricsSnapshot,
    /// `heap?debug=1` or `allocs?debug=1`, with MemStats at its end.
    HeapText,
    /// `goroutine?debug=1`: stacks with counts.
    GoroutineText,
    /// `mutex?debug=1` or `block?debug=1`.
    ContentionText,
    /// `goroutine?debug=2` or another dump of goroutines by itself.
    GoroutineDump,
    /// Output of `go version -m`.
    BuildInfo,
    /// Standard error of a Go program, with at least one line of the runtime's in it.
    RuntimeLog(RuntimeLog),
    /// Text in which nothing of the runtime's was found.
    OtherText,
    /// A gzip file of something else.
    OtherGzip,
    /// Nothing of these.
    Unknown,
}

/// Which of the runtime's output a log holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuntimeLog {
    /// gctrace lines.
    pub gc: bool,
    /// schedtrace lines.
    pub sched: bool,
    /// scheddetail blocks.
    pub sched_detail: bool,
    /// scavtrace lines.
    pub scavenge: bool,
    /// gcpacertrace lines.
    pub pacer: bool,
    /// A panic, fatal error or signal.
    pub crash: bool,
    /// Lines wrapped by a container runtime or log collector.
    pub wrapped: bool,
}

/// How much of a text is looked at.
const ENOUGH_TEXT_BYTES: usize = 4 << 20;

/// Recognises a file by its first megabytes. Of a profile it needs all bytes. NULs in front of everything are passed
/// over, and NULs in a log do not hide its lines.
#[must_use]
pub fn recognise(bytes: &[u8]) -> Kind {
    let bytes = after_nuls(bytes);
    if let Ok(header) = TraceHeader::parse(bytes) {
        return Kind::ExecutionTrace(header);
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return match Profile::parse(bytes) {
            Ok(profile) => Kind::Profile(profile.kind()),
            Err(_) => compressed(bytes),
        };
    }
    let text = &bytes[..bytes.len().min(ENOUGH_TEXT_BYTES)];
    match document(text) {
        Some(kind) => kind,
        None if looks_binary(text) => plain_profile(bytes)
            .or_else(|| doubtful_log(text))
            .unwrap_or(Kind::Unknown),
        None => log(text),
    }
}

/// A profile that is not compressed. Its fields come in any order: Go's own writer begins with the time (`build` in
/// runtime/pprof/proto.go), others with the sample types, so nothing but the whole tells.
fn plain_profile(bytes: &[u8]) -> Option<Kind> {
    let profile = Profile::parse(bytes).ok()?;
    (!profile.sample_types.is_empty()).then(|| Kind::Profile(profile.kind()))
}

/// A gzip that is no profile may still be a compressed log.
fn compressed(bytes: &[u8]) -> Kind {
    let mut text = Vec::new();
    // A cut-off gzip yields what came before the cut, so the error itself does not matter.
    let _ = MultiGzDecoder::new(bytes)
        .take(ENOUGH_TEXT_BYTES as u64)
        .read_to_end(&mut text);
    let text = after_nuls(&text);
    match document(text) {
        Some(kind) => kind,
        None if text.is_empty() => Kind::OtherGzip,
        None if looks_binary(text) => doubtful_log(text).unwrap_or(Kind::OtherGzip),
        None => match log(text) {
            Kind::OtherText => Kind::OtherGzip,
            kind => kind,
        },
    }
}

/// Texts that are told by how they begin.
fn document(text: &[u8]) -> Option<Kind> {
    let trimmed = text.trim_ascii_start();
    if trimmed.starts_with(b"{")
        && contains(&trimmed[..trimmed.len().min(4096)], b"\"taken_unix_ns\"")
    {
        return Some(Kind::MetricsSnapshot);
    }
    if text.starts_with(b"heap profile: ") {
        return Some(Kind::HeapText);
    }
    if text.starts_with(b"goroutine profile: total ")
        || text.starts_with(b"goroutineleak profile: total ")
    {
        return Some(Kind::GoroutineText);
    }
    if text.starts_with(b"--- mutex:") || text.starts_with(b"--- contention:") {
        return Some(Kind::ContentionText);
    }
    let first_lines = String::from_utf8_lossy(&text[..text.len().min(64 << 10)]);
    let mut lines = first_lines.lines();
    if let (Some(first), Some(second)) = (lines.next(), lines.next())
        && second.starts_with('\t')
        && BuildInfo::parse(first).is_ok()
    {
        return Some(Kind::BuildInfo);
    }
    None
}

/// What looks binary is a log all the same if the runtime's lines are in it: an application may write NULs between
/// them. A message alone proves nothing, as every Go executable holds the words of all of them; a dump of goroutines
/// does.
fn doubtful_log(text: &[u8]) -> Option<Kind> {
    let mut proven = false;
    stderr::read(text, |event| {
        proven |= match event {
            Event::App(_) | Event::Torn(_) | Event::PeriodicGc | Event::Writer(_) => false,
            Event::Crash(crash) | Event::Incident(crash) => crash.goroutines.iter().any(|own| !own.frames.is_empty()),
            _ => true,
        };
    });
    proven.then(|| log(text))
}

fn log(text: &[u8]) -> Kind {
    let mut found = RuntimeLog::default();
    let mut any = false;
    let counts = stderr::read(text, |event| {
        any |= !matches!(event, Event::App(_) | Event::Torn(_) | Event::Writer(_));
        match event {
            Event::Gc(_) => found.gc = true,
            Event::Sched(_) => found.sched = true,
            Event::SchedDetail(_) => found.sched_detail = true,
            Event::Scavenge(_) => found.scavenge = true,
            Event::Pacer(_) => found.pacer = true,
            Event::Crash(_) | Event::Incident(_) => found.crash = true,
            _ => {}
        }
    });
    if any {
        found.wrapped = counts.wrapped > 0;
        return Kind::RuntimeLog(found);
    }
    if !crate::crash::goroutines(text).is_empty() {
        return Kind::GoroutineDump;
    }
    if text.is_empty() {
        Kind::Unknown
    } else {
        Kind::OtherText
    }
}

/// A NUL, or more than a tenth of other control bytes, in the first kilobytes.
fn looks_binary(text: &[u8]) -> bool {
    let head = &text[..text.len().min(4096)];
    let controls = head
        .iter()
        .filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace() && **byte != 0x1b)
        .count();
    head.contains(&0) || controls * 10 > head.len()
}
