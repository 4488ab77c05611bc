//! Goroutine dumps that stand by themselves.

use super::goroutine::Goroutine;
use super::report::Dump;
use crate::lines::{Line, LineSplitter};

/// Reads a goroutine dump that stands by itself. Lines that are no part of one are skipped.
#[must_use]
pub fn goroutines(bytes: &[u8]) -> Vec<Goroutine> {
    let mut dump = Dump::default();
    let mut lines = LineSplitter::default();
    let mut take = |line: Line<'_>| {
        dump.take(line.bytes);
    };
    lines.feed(bytes, &mut take);
    lines.finish(&mut take);
    dump.goroutines
}
