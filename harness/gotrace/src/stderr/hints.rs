//! Tells in one pass that a line holds nothing of the runtime's, as most do.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// At least one of these is in every line that is runtime output, a part of it, or speaks of a panic.
const WORDS: [&str; 28] = [
    "gc ",
    "SCHED ",
    "scav ",
    "pacer: ",
    "scan: ",
    "checkfinalizers",
    "GC forced",
    "init ",
    "idleprocs=",
    "idlethreads=",
    "schedticks=[",
    " ms cpu, ",
    " MB goal, ",
    " ms clock, ",
    " KiB work (",
    ": status=",
    ": p=",
    "panic",
    "ecover",
    "fatal error: ",
    "fatal: morestack",
    "goroutine ",
    "SIG",
    "Exception 0x",
    "DATA RACE",
    "pthread_create",
    "new OS thread",
    "runtime stack:",
];

static HINTS: LazyLock<AhoCorasick> =
    // Which word is found does not matter, but only leftmost matches are looked for with vector instructions: that is
    // several times as fast.
    LazyLock::new(|| {
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(WORDS)
            .expect("a few short words")
    });

/// Whether a line may hold runtime output.
#[inline]
pub(super) fn may_hold_runtime_output(line: &[u8]) -> bool {
    HINTS.is_match(line)
}
