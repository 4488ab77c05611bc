//! What Go programs and the `go` command print, and what people set for them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use gotrace::GoVersion;
use gotrace::buildinfo::BuildInfo;
use gotrace::exectrace::TraceHeader;
use gotrace::gctrace::GcCycle;
use gotrace::memstats::MemStats;
use gotrace::metrics::{Delta, Snapshot};
use gotrace::profile::Profile;
use gotrace::schedtrace::SchedSample;

/// A log in two pieces is read as the whole is.
pub(crate) fn stderr(bytes: &[u8]) {
    let mut whole = Vec::new();
    gotrace::stderr::read(bytes, |event| whole.push(format!("{event:?}")));
    let mut halves = Vec::new();
    let mut reader = gotrace::stderr::Reader::new();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    reader.feed(first, |event| halves.push(format!("{event:?}")));
    reader.feed(second, |event| halves.push(format!("{event:?}")));
    reader.finish(|event| halves.push(format!("{event:?}")));
    assert_eq!(whole, halves);
}

pub(crate) fn recognise(bytes: &[u8]) {
    let _ = gotrace::recognise(bytes);
}

pub(crate) fn gctrace(bytes: &[u8]) {
    if let Ok((cycle, rest)) = GcCycle::parse(bytes) {
        assert!(rest.len() < bytes.len());
        let _ = cycle.to_string();
    }
}

/// A sample is written as it was read.
pub(crate) fn schedtrace(bytes: &[u8]) {
    if let Some((sample, _)) = SchedSample::parse(bytes) {
        let line = sample.to_string();
        let again = SchedSample::parse(line.as_bytes()).map(|found| found.0);
        assert_eq!(again, Some(sample));
    }
}

pub(crate) fn scheddetail(bytes: &[u8]) {
    let mut detail = gotrace::scheddetail::SchedDetail::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        detail.add_line(line);
        let _ = gotrace::scheddetail::SchedDetail::parse_head(line);
    }
}

pub(crate) fn small_lines(bytes: &[u8]) {
    let _ = gotrace::scavenge::Scavenge::parse(bytes);
    let _ = gotrace::pacer::Pacer::parse(bytes);
    let _ = gotrace::scanstats::ScanStats::parse(bytes);
    let _ = gotrace::scanstats::FinalizerQueue::parse(bytes);
    let _ = gotrace::inittrace::PackageInit::parse(bytes);
}

pub(crate) fn log_prefix(bytes: &[u8]) {
    let _ = gotrace::logprefix::unwrap(bytes);
    let fields = gotrace::logprefix::Fields::of(bytes);
    assert!(fields.count() <= bytes.len());
}

pub(crate) fn crash(bytes: &[u8]) {
    let _ = gotrace::crash::goroutines(bytes);
    let crash = [b"panic: x\n", bytes].concat();
    gotrace::stderr::read(&crash, |_| {});
}

pub(crate) fn metrics(bytes: &[u8]) {
    if let Ok(snapshot) = Snapshot::parse(bytes) {
        let _ = Delta::between(&snapshot, &snapshot);
    }
    let _ = gotrace::metrics::numbers(bytes);
}

pub(crate) fn text_documents(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Profile::parse_text(&text);
    let _ = Profile::parse_old_cpu(bytes);
    let _ = gotrace::prometheus::Scrape::parse_all(bytes);
    let _ = MemStats::parse_expvar(bytes);
    if let Ok(stats) = MemStats::parse(&text) {
        assert!(stats.recent_pauses_ns().count() <= 256);
    }
    let _ = gotrace::encoding::utf8(bytes);
}

/// A profile is written as it was read.
pub(crate) fn profile(bytes: &[u8]) {
    let Ok(profile) = Profile::parse(bytes) else {
        return;
    };
    let again = Profile::parse(&profile.encode()).map(|again| again.samples.len());
    assert_eq!(again.ok(), Some(profile.samples.len()));
    let _ = (profile.kind(), profile.top(0), profile.stacks(0));
}

pub(crate) fn execution_trace(bytes: &[u8]) {
    if let Ok(header) = TraceHeader::parse(bytes) {
        let _ = (header.is_cut_off(bytes), header.is_garbage(bytes));
    }
}

pub(crate) fn build_info(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = BuildInfo::parse_all(&text);
    let _ = BuildInfo::parse_readable(&text);
    if let Ok(version) = GoVersion::parse(&text) {
        let _ = version.to_string();
    }
}

pub(crate) fn environment(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    let version = GoVersion::release(27, 3);
    let _ = gotrace::environment::check_variable(name, value, Some(&version));
    let _ = gotrace::environment::check_godebug_string(&text, None);
}

/// Packs bytes as what reads them wants them; those that are packed already stay.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes.to_vec();
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all(bytes).expect("a Vec takes everything");
    packed.finish().expect("a Vec takes everything")
}
