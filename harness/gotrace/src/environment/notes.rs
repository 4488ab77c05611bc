//! What new releases of Go do otherwise that no switch of the tables is about, and that may show in a measurement.
//!
//! Each was read in the sources of both sides (the file is named) or stands in the issue named; none is from memory of
//! articles.

use crate::GoVersion;

/// What a change may show in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shows {
    /// Figures that cannot be compared across it, though the program does the same.
    Comparison,
    /// Memory.
    Memory,
    /// CPU time, latency or throughput.
    Speed,
    /// Whether and how a program is built.
    Build,
}

/// One change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReleaseChange {
    /// First release with it, `(minor, patch)`.
    pub since: (u32, u32),
    /// First release without it again; `None` if it stays.
    pub until: Option<(u32, u32)>,
    /// What it shows in.
    pub shows: Shows,
    /// Beginnings of function names: it matters for a profile that has such frames. Empty: for every program.
    pub frames: &'static [&'static str],
    /// What is otherwise, as a sentence.
    pub what: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

impl ReleaseChange {
    /// Whether that version has it.
    #[must_use]
    pub fn is_in(&self, version: &GoVersion) -> bool {
        let at = (version.minor(), version.patch().unwrap_or(0));
        at >= self.since && self.until.is_none_or(|until| at < until)
    }

    /// Whether it matters to a program in whose profile this function stands.
    #[must_use]
    pub fn concerns(&self, function: &str) -> bool {
        self.frames.is_empty() || self.frames.iter().any(|start| function.starts_with(start))
    }
}

/// Every change known, oldest first.
pub const RELEASE_CHANGES: &[ReleaseChange] = &[
    ReleaseChange {
        since: (22, 0),
        until: None,
        shows: Shows::Comparison,
        frames: &["sync.(*Mutex)", "sync.(*RWMutex)", "internal/sync.(*Mutex)"],
        what: "mutex profiles scale the delay by the number of waiters, so delays are larger than those of 1.21 for the same waiting",
        source: "Go 1.22 release notes, runtime",
    },
    ReleaseChange {
        since: (24, 0),
        until: Some((24, 6)),
        shows: Shows::Memory,
        frames: &[],
        what: "resident memory can be far higher with unchanged totals of the runtime (fixed in 1.24.6)",
        source: "golang/go#72991",
    },
    ReleaseChange {
        since: (26, 0),
        until: None,
        shows: Shows::Comparison,
        frames: &[],
        what: "goroutines are no longer sampled for /sched/latencies:seconds when they enter or leave a system call, so its values do not compare across 1.25|1.26: the same program can give 0.1 µs before and 7 ms after",
        source: "runtime/proc.go of 1.25.14 and 1.26.11: reentersyscall and exitsyscall pass by casgstatus",
    },
    ReleaseChange {
        since: (27, 0),
        until: None,
        shows: Shows::Build,
        frames: &[],
        what: "GODEBUG pairs that name a removed key at an old value end the process at start",
        source: "golang/go#76163; runtime/runtime1.go, parsegodebug",
    },
    ReleaseChange {
        since: (27, 0),
        until: None,
        shows: Shows::Speed,
        frames: &["time."],
        what: "timer channels are unbuffered whatever the go line: asynctimerchan is gone",
        source: "internal/godebugs/table.go, Removed; time/sleep.go",
    },
];

/// The changes that one of two versions has and the other has not.
#[must_use]
pub fn release_changes(from: &GoVersion, to: &GoVersion) -> Vec<&'static ReleaseChange> {
    let rows = RELEASE_CHANGES.iter();
    rows.filter(|row| row.is_in(from) != row.is_in(to))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_was_fixed_counts_between_patches() {
        let at = |minor, patch| GoVersion::release(minor, patch);
        let memory = |from: &GoVersion, to: &GoVersion| {
            let mut rows = release_changes(from, to).into_iter();
            rows.any(|row| row.shows == Shows::Memory)
        };
        assert!(memory(&at(23, 9), &at(24, 5)));
        assert!(memory(&at(24, 5), &at(24, 6)));
        assert!(!memory(&at(23, 9), &at(24, 6)));
        assert!(!memory(&at(24, 0), &at(24, 5)));
        assert!(release_changes(&at(25, 5), &at(25, 6)).is_empty());
    }

    #[test]
    fn a_change_concerns_a_program_by_its_frames() {
        let mutex = RELEASE_CHANGES[0];
        assert!(mutex.concerns("sync.(*Mutex).Lock") && !mutex.concerns("main.work"));
        assert!(RELEASE_CHANGES[1].concerns("main.work"));
    }
}
