//! Tells what a file of a Go service is, by its content.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::buildinfo::BuildInfo;
use crate::crash::Cause;
use crate::exectrace::TraceHeader;
use crate::lines::after_nuls;
use crate::metrics;
use crate::profile::{Profile, ProfileKind, begins_old_cpu_profile};
use crate::prometheus::Scrape;
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
    /// A CPU profile of before Go 1.9, without symbols.
    OldCpuProfile,
    /// `heap?debug=1` or `allocs?debug=1`, with MemStats at its end.
    HeapText,
    /// `goroutine?debug=1` or `threadcreate?debug=1`: stacks with counts.
    GoroutineText,
    /// `mutex?debug=1` or `block?debug=1`.
    ContentionText,
    /// `goroutine?debug=2` or another dump of goroutines by itself.
    GoroutineDump,
    /// `runtime.MemStats` as expvar serves it.
    Expvar,
    /// Metrics of the runtime in the text format of Prometheus.
    Prometheus,
    /// Numbers of runtime/metrics, printed as text.
    MetricsText,
    /// Output of `go version`, with `-m` or without.
    BuildInfo,
    /// Standard error of a Go program, with at least one line of the runtime's in it.
    RuntimeLog(RuntimeLog),
    /// Text in which nothing of the runtime's was found.
    OtherText,
    /// Compressed by something else than gzip, by the name of the tool.
    Compressed(&'static str),
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
    if let Some(tool) = compressor(bytes) {
        return Kind::Compressed(tool);
    }
    if begins_old_cpu_profile(bytes) {
        return Kind::OldCpuProfile;
    }
    let text = &bytes[..bytes.len().min(ENOUGH_TEXT_BYTES)];
    match document(text) {
        Some(kind) => kind,
        None if looks_binary(text) => plain_profile(bytes)
            .or_else(|| uncertain_log(text))
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
        None if looks_binary(text) => uncertain_log(text).unwrap_or(Kind::OtherGzip),
        None => match log(text) {
            Kind::OtherText => Kind::OtherGzip,
            kind => kind,
        },
    }
}

/// Texts that are told by how they begin.
fn document(text: &[u8]) -> Option<Kind> {
    let trimmed = text.trim_ascii_start();
    // Keys come in any order, and one histogram in front is longer than any bound worth setting.
    let keys: [&[u8]; 3] = [b"\"taken_unix_ns\"", b"\"go_version\"", b"\"metrics\""];
    if trimmed.starts_with(b"{") && keys.iter().all(|key| contains(text, key)) {
        return Some(Kind::MetricsSnapshot);
    }
    if trimmed.starts_with(b"{")
        && contains(text, b"\"memstats\"")
        && contains(text, b"\"PauseTotalNs\"")
    {
        return Some(Kind::Expvar);
    }
    // A shell's prompt or a header of HTTP may stand before the first line.
    let heads = text[..text.len().min(4096)].split(|byte| *byte == b'\n');
    if let Some(kind) = heads.take(40).find_map(text_profile) {
        return Some(kind);
    }
    let first_lines = String::from_utf8_lossy(&text[..text.len().min(64 << 10)]);
    let (builds, _) = BuildInfo::parse_readable(&first_lines);
    let of_builds = |line: &str| {
        line.starts_with('\t')
            || line.contains(": go1.")
            || line.contains("could not read Go build info")
            || line.starts_with("go version go")
            || line.contains(": devel go")
            || line.contains(": unknown")
    };
    let filled = || first_lines.lines().filter(|line| !line.trim().is_empty());
    // The last line may be cut by the bound.
    if !builds.is_empty() && filled().take(200).filter(|line| !of_builds(line)).count() <= 1 {
        return Some(Kind::BuildInfo);
    }
    None
}

fn text_profile(line: &[u8]) -> Option<Kind> {
    let counted = |name: &[u8]| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(b" profile: total "))
    };
    if line.starts_with(b"heap profile: ") || line == b"# runtime.MemStats" {
        Some(Kind::HeapText)
    } else if counted(b"goroutine") || counted(b"goroutineleak") || counted(b"threadcreate") {
        Some(Kind::GoroutineText)
    } else if line.starts_with(b"--- mutex:") || line.starts_with(b"--- contention:") {
        Some(Kind::ContentionText)
    } else {
        None
    }
}

/// Which tool unpacks this, by its first bytes.
fn compressor(bytes: &[u8]) -> Option<&'static str> {
    const MAGICS: [(&[u8], &str); 7] = [
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh", "bzip2"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"PK\x03\x04", "zip"),
        (b"\x1f\x9d", "compress"),
        (b"\x5d\0\0", "lzma"),
    ];
    MAGICS
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, tool)| *tool)
}

/// What looks binary is a log all the same if the runtime's lines are in it: an application may write NULs between
/// them. A message alone proves nothing, as every Go executable holds the words of all of them; a dump of goroutines
/// does.
fn uncertain_log(text: &[u8]) -> Option<Kind> {
    let mut proven = false;
    stderr::read(text, |event| {
        proven |= match event {
            Event::App(_) | Event::Torn(_) | Event::PeriodicGc | Event::Writer(_) => false,
            Event::Crash(crash) | Event::Incident(crash) => {
                crash.goroutines.iter().any(|own| !own.frames.is_empty())
            }
            _ => true,
        };
    });
    proven.then(|| log(text))
}

fn log(text: &[u8]) -> Kind {
    let mut found = RuntimeLog::default();
    let mut any = false;
    let (mut others, mut dumped) = (false, 0);
    let counts = stderr::read(text, |event| {
        any |= !matches!(event, Event::App(_) | Event::Torn(_) | Event::Writer(_));
        match &event {
            Event::App(_) | Event::Torn(_) | Event::Writer(_) => {}
            Event::Incident(own) if own.cause == Cause::Dump => dumped += own.goroutines.len(),
            _ => others = true,
        }
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
    // A dump by itself may be quoted or wrapped, which only a reader of logs takes off.
    let goroutines = if others {
        0
    } else {
        crate::crash::goroutines(text).len()
    };
    if goroutines > 0 && goroutines >= dumped {
        return Kind::GoroutineDump;
    }
    if any {
        found.wrapped = counts.wrapped > 0;
        return Kind::RuntimeLog(found);
    }
    if !Scrape::parse_all(text).is_empty() {
        return Kind::Prometheus;
    }
    if !metrics::numbers(text).is_empty() {
        return Kind::MetricsText;
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
