//! What a reader hands over and counts.

use crate::crash::Crash;
use crate::gctrace::GcCycle;
use crate::inittrace::PackageInit;
use crate::pacer::Pacer;
use crate::scanstats::{FinalizerQueue, ScanStats};
use crate::scavenge::Scavenge;
use crate::scheddetail::SchedDetail;
use crate::schedtrace::SchedSample;

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
    /// What comes with stacks and is no end: a panic that was recovered, a dump of goroutines, a data race
    /// ([`crate::crash::Cause::ends_process`] is false).
    Incident(Box<Crash>),
    /// The runtime's lines that follow are of this writer: a pod, container, host or unit, by what stands before its
    /// lines. Empty where nothing tells.
    Writer(&'a [u8]),
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

/// What a [`super::Reader`] has seen so far.
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
    /// Lines (also counted as application output) that begin like a crash without being one that can be read.
    pub resembling: u64,
    /// Lines passed on as application output.
    pub app: u64,
    /// Lines (also counted elsewhere) that were cut because of their length.
    pub overlong: u64,
}
