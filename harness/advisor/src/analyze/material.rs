//! From bytes to something that can be analysed.

use std::collections::BTreeMap;
use std::time::Duration;

use documents::figures::count_text;
use gotrace::buildinfo::BuildInfo;
use gotrace::crash::{self, Goroutine};
use gotrace::exectrace::TraceHeader;
use gotrace::memstats::MemStats;
use gotrace::metrics::{self, Snapshot};
use gotrace::profile::{Profile, ProfileKind};
use gotrace::prometheus::Scrape;
use gotrace::{Kind, recognise};

use super::log::Log;
use crate::error::AdvisorError;

/// Largest single input that is held in memory; a longer log is read as a stream.
pub const LARGEST_INPUT_BYTES: usize = gotrace::profile::LARGEST_INPUT_BYTES;

/// One input, read.
#[derive(Debug, Clone)]
pub struct Material {
    /// As a person would name it.
    pub name: String,
    /// What it holds.
    pub part: Part,
}

/// What an input holds.
#[derive(Debug, Clone)]
pub enum Part {
    /// Standard error of a Go program.
    Log(Box<Log>),
    /// A profile with its kind, which its bytes do not always tell.
    Profile(Box<Profile>, ProfileKind),
    /// Snapshots of runtime/metrics, one or, as runs store them, one per line.
    Metrics(Vec<Snapshot>),
    /// The end of `heap?debug=1` with the records before it, or what expvar serves: one, or a series.
    MemStats(Vec<MemStats>, Option<Box<Profile>>),
    /// Metrics for Prometheus, one scrape or a series.
    Prometheus(Vec<Scrape>),
    /// Numbers of runtime/metrics that a program printed.
    MetricsText(BTreeMap<String, f64>),
    /// Goroutines without a crash.
    Goroutines(Vec<Goroutine>),
    /// `go version -m`: the binaries, and the lines that are about none.
    Build(Vec<BuildInfo>, Vec<String>),
    /// An execution trace.
    Trace {
        /// Its header.
        header: TraceHeader,
        /// The trace itself, for whoever has a toolchain to read it.
        bytes: Vec<u8>,
        /// What a Go toolchain made of it.
        views: Vec<TraceView>,
        /// Why it made nothing, or not everything.
        problem: Option<String>,
    },
}

/// What `go tool trace -pprof=KIND` says of an execution trace: where goroutines were delayed.
#[derive(Debug, Clone)]
pub struct TraceView {
    /// `net`, `sync`, `syscall` or `sched`.
    pub kind: &'static str,
    /// The profile.
    pub profile: Profile,
}

/// What the caller knows of an input besides its bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    /// The kind of profile, e.g. by the endpoint that it came from. net/http/pprof takes the mark that tells
    /// allocations from the heap out of differences.
    pub profile: Option<ProfileKind>,
    /// The window that it covers, where it does not say so itself.
    pub window: Option<Duration>,
}

/// Reads an input.
///
/// # Errors
/// [`AdvisorError::Input`] with what it seems to be and what would do instead.
pub fn read(name: &str, bytes: &[u8], hint: Hint) -> Result<Material, AdvisorError> {
    let fail = |reason: String| AdvisorError::Input {
        name: name.to_owned(),
        reason,
    };
    if bytes.is_empty() {
        return Err(fail(
            "is empty; the runtime writes to standard error, so redirect that (2> FILE, or 2>&1 before a pipe), and give \
             the file before it is rotated away"
                .to_owned(),
        ));
    }
    let decoded = gotrace::encoding::utf8(bytes);
    let bytes = gotrace::after_nuls(&decoded);
    if bytes.is_empty() {
        return Err(fail(
            "holds nothing but NUL bytes, as a log does whose writer went on after it was truncated; give the file that \
             it was copied to, or open logs for appending"
                .to_owned(),
        ));
    }
    let unreadable = |error: gotrace::Error| fail(format!("cannot be read: {error}"));
    let text = || String::from_utf8_lossy(bytes);
    let part = match recognise(bytes) {
        Kind::Profile(kind) => {
            let mut profile = Profile::parse(bytes).map_err(unreadable)?;
            if let Some(window) = hint.window.filter(|_| profile.duration_ns == 0) {
                profile.duration_ns = i64::try_from(window.as_nanos()).unwrap_or(i64::MAX);
            }
            let kind = told(kind, hint.profile.or_else(|| by_name(name)));
            Part::Profile(Box::new(profile), kind)
        }
        Kind::ExecutionTrace(header) if header.is_garbage(bytes) => {
            return Err(fail(
                "begins as an execution trace, and what follows is none; take it again (/debug/pprof/trace?seconds=5, with \
                 `curl -o FILE`)"
                    .to_owned(),
            ));
        }
        Kind::ExecutionTrace(header) => Part::Trace {
            header,
            bytes: bytes.to_vec(),
            views: Vec::new(),
            problem: header.is_cut_off(bytes).then(|| {
                format!(
                    "the trace is cut off after {} bytes; take it again and let it end (trace.Stop, or all of \
                     /debug/pprof/trace?seconds=N)",
                    count_text(bytes.len() as f64)
                )
            }),
        },
        Kind::MetricsSnapshot => Part::Metrics(snapshots(bytes).map_err(unreadable)?),
        Kind::OldCpuProfile => Part::Profile(
            Box::new(Profile::parse_old_cpu(bytes).map_err(unreadable)?),
            ProfileKind::Cpu,
        ),
        Kind::HeapText => heap_text(&text()).map_err(unreadable)?,
        Kind::Expvar => Part::MemStats(MemStats::parse_expvar(bytes).map_err(unreadable)?, None),
        Kind::Prometheus => Part::Prometheus(Scrape::parse_all(bytes)),
        Kind::MetricsText => Part::MetricsText(metrics::numbers(bytes)),
        Kind::GoroutineDump => Part::Goroutines(crash::goroutines(bytes)),
        Kind::BuildInfo => {
            let (builds, problems) = BuildInfo::parse_readable(&text());
            Part::Build(builds, problems)
        }
        Kind::RuntimeLog(_) => Part::Log(Box::new(Log::of(&unpacked(bytes).map_err(fail)?))),
        Kind::GoroutineText | Kind::ContentionText => {
            let profile = Profile::parse_text(&text()).map_err(unreadable)?;
            let kind = match text_is_of_mutexes(bytes) {
                true => ProfileKind::Mutex,
                false => profile.kind(),
            };
            Part::Profile(Box::new(profile), told(kind, hint.profile.or_else(|| by_name(name))))
        }
        Kind::Compressed(tool) => {
            let unpack = match tool {
                "xz" | "lzma" => "xzcat",
                "zstd" => "zstdcat",
                "bzip2" => "bzcat",
                "lz4" => "lz4cat",
                "zip" => "unzip -p",
                _ => "zcat",
            };
            return Err(fail(format!(
                "is compressed by {tool}, which is not read here; pipe it: {unpack} {name} | gosweep analyze -"
            )));
        }
        Kind::OtherText => return Err(fail(without_runtime_lines(bytes))),
        Kind::OtherGzip => {
            return Err(fail(
                "is a gzip of something that Go does not write, or cut off".to_owned(),
            ));
        }
        Kind::Unknown => {
            return Err(fail(
                "is nothing that is known here: neither a profile, an execution trace, a log of the Go runtime, a panic, \
                 a metrics snapshot nor the output of `go version -m`"
                    .to_owned(),
            ));
        }
    };
    Ok(Material {
        name: name.to_owned(),
        part,
    })
}

/// `heap?debug=1`: its statistics, its records, or both.
fn heap_text(text: &str) -> Result<Part, gotrace::Error> {
    let records = Profile::parse_text(text);
    match (MemStats::parse(text), records) {
        (Ok(stats), records) => {
            let records = records.ok().filter(|profile| !profile.samples.is_empty());
            Ok(Part::MemStats(vec![stats], records.map(Box::new)))
        }
        (Err(_), Ok(profile)) if !profile.samples.is_empty() => {
            Ok(Part::Profile(Box::new(profile), ProfileKind::Heap))
        }
        (Err(error), _) => Err(error),
    }
}

fn text_is_of_mutexes(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    head.split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"--- mutex:"))
}

/// What a text without a line of the runtime's is told. Words of lines that no Go prints are common in articles and
/// generated text.
fn without_runtime_lines(bytes: &[u8]) -> String {
    const RESEMBLES: [&str; 4] = ["SCHED", "scvg", "assist time", "stop the world"];
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(64 << 10)]);
    let beside = if RESEMBLES.iter().any(|words| head.contains(words)) {
        "; what resembles one in it is cut, or no output of Go 1.18 to 1.27: MYTHS.md of gosweep names such lines"
    } else {
        ""
    };
    format!(
        "is text without a line of the Go runtime{beside}; run the service with GODEBUG=gctrace=1,schedtrace=1000 and give \
         its standard error"
    )
}

/// One document, or one on every line.
fn snapshots(bytes: &[u8]) -> Result<Vec<Snapshot>, gotrace::Error> {
    Snapshot::parse(bytes)
        .map(|one| vec![one])
        .or_else(|error| {
            let lines = bytes.split(|byte| *byte == b'\n');
            let filled: Vec<&[u8]> = lines.filter(|line| !line.trim_ascii().is_empty()).collect();
            if filled.len() < 2 {
                return Err(error);
            }
            filled.into_iter().map(Snapshot::parse).collect()
        })
}

/// A compressed log, unpacked up to the bound of inputs.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.to_vec());
    }
    gotrace::gunzip(bytes, LARGEST_INPUT_BYTES, "the unpacked log")
        .map_err(|error| format!("cannot be read: {error}; pipe it: zcat FILE | gosweep analyze -"))
}

/// The kind by its bytes, unless what else is known fits and says more.
fn told(kind: ProfileKind, hint: Option<ProfileKind>) -> ProfileKind {
    use ProfileKind::{Allocs, Block, Contention, Heap, Mutex};
    match (kind, hint) {
        (Heap | Allocs, Some(told @ (Heap | Allocs)))
        | (Contention | Mutex | Block, Some(told @ (Mutex | Block))) => told,
        _ => kind,
    }
}

/// What people name their files.
fn by_name(name: &str) -> Option<ProfileKind> {
    let file = name.rsplit('/').next().unwrap_or(name);
    [
        ("allocs", ProfileKind::Allocs),
        ("heap", ProfileKind::Heap),
        ("mutex", ProfileKind::Mutex),
        ("block", ProfileKind::Block),
    ]
    .into_iter()
    .find(|(word, _)| file.contains(word))
    .map(|(_, kind)| kind)
}
