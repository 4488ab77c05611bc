//! Tells runtime output by how it begins, and its fragments by what only they hold.

use super::event::TornKind;
use crate::inittrace::PackageInit;
use crate::lines::Line;
use crate::scan::{contains, find, find_byte};
use crate::{gctrace, pacer, scanstats, scavenge, scheddetail, schedtrace};

/// The runtime lines that can be told by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
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
    pub(super) fn of(line: &[u8]) -> Option<Self> {
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

    /// Where runtime lines may begin inside other text, first one first.
    ///
    /// Every first word is followed by a space, so one pass over the spaces finds them all.
    pub(super) fn within(line: &[u8]) -> impl Iterator<Item = (usize, Self)> {
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let space = from + find_byte(line.get(from..)?, b' ')?;
                from = space + 1;
                let found = first_word_before(line, space)
                    .and_then(|start| Some((start, Self::of(&line[start..])?)));
                if found.is_some() {
                    return found;
                }
            }
        })
    }
}

/// Where a first word of a runtime line begins, if one ends before this space.
fn first_word_before(line: &[u8], space: usize) -> Option<usize> {
    let word: &[u8] = match line[..space].last()? {
        b'c' => b"gc",
        b'D' => b"SCHED",
        b'v' => b"scav",
        b':' => b"pacer:",
        _ => return None,
    };
    line[..space].ends_with(word).then(|| space - word.len())
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
pub(super) fn fragment_of(line: Line<'_>) -> Option<TornKind> {
    let bytes = line.bytes;
    // Single bytes that the words hold or that stand alongside them decide nearly every line.
    let has = |byte| find_byte(bytes, byte).is_some();
    if (has(b'+') || has(b'M'))
        && (contains(bytes, b" ms cpu, ") || contains(bytes, b" MB goal, ") || ends_phases(bytes))
    {
        return Some(TornKind::Gc);
    }
    if has(b'=')
        && (contains(bytes, b" idleprocs=")
            || contains(bytes, b" idlethreads=")
            || contains(bytes, b" schedticks=["))
    {
        return Some(TornKind::Sched);
    }
    if has(b'K') && contains(bytes, b" KiB work (") {
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
