//! The document that `gosweep analyze` prints.

use serde::Serialize;

use crate::finding::{Judgement, Severity};
use crate::profile::{FlameGraph, LockCheck, TopTable};

/// What a service's own output shows.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Analysis {
    /// Version of this document.
    pub format_version: u32,
    /// What stands out, in a sentence.
    pub verdict: String,
    /// How severe that is.
    pub severity: Standing,
    /// What to do now.
    pub next_step: String,
    /// Who made it.
    pub tool: String,
    /// Everything that was read, in the order given.
    pub inputs: Vec<InputReport>,
    /// What the advisor's rules say, one for every process or set of profiles.
    pub judgements: Vec<Judgement>,
    /// The cross-check of locks, where a profile of locks was among the inputs.
    pub locks: Option<LockCheck>,
    /// What could not be obtained, with how to get it.
    pub missing: Vec<String>,
    /// Inputs that were given and could not be read.
    pub unread: Vec<Unread>,
    /// Pictures for the page.
    #[serde(skip)]
    pub pictures: Vec<FlameGraph>,
}

/// How a service stands: one word in JSON, `not_judged`, `calm` or a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing of what was given could be judged by a rule, so nothing is known.
    NotJudged,
    /// Rules looked, and nothing stands out.
    Calm,
    /// Something stands out; the end of a process is critical, too.
    #[serde(untagged)]
    Found(Severity),
}

/// An input that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Unread {
    /// As it was given.
    pub name: String,
    /// Why, and what would do; goes on from the name, e.g. `is empty: …`.
    pub reason: String,
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.reason)
    }
}

/// One input.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct InputReport {
    /// As it was given.
    pub name: String,
    /// What it is, in words.
    pub kind: String,
    /// The Go version or range of versions, with where that is known from.
    pub go: Option<String>,
    /// Figures with their names, in the order of reading.
    pub facts: Vec<Fact>,
    /// What a reader has to know about it.
    pub notes: Vec<String>,
    /// What kept it from being looked into, or into all of it, with what would do.
    pub problem: Option<String>,
    /// Lines that begin like a crash and are none that can be read; of a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resembling: Option<u64>,
    /// The processes of a log.
    pub processes: Vec<ProcessReport>,
    /// Ends of processes.
    pub crashes: Vec<CrashReport>,
    /// A profile's tables.
    pub profiles: Vec<ProfileReport>,
}

/// A figure with its name.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Fact {
    /// What.
    pub name: String,
    /// How much, with its unit.
    pub value: String,
}

/// One process of a log.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ProcessReport {
    /// Its number within the log, from 1.
    pub number: u64,
    /// Who wrote its lines, by what stands before them: a pod, container, host or unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// First and last time seen, seconds of its own clock.
    pub from_s: f64,
    /// See `from_s`.
    pub to_s: f64,
    /// GOMAXPROCS at the end.
    pub gomaxprocs: Option<u32>,
    /// Its collections.
    pub gc: Option<GcFigures>,
    /// Its longest stop for a collection, over all lines.
    pub longest_stop: Option<LongestStop>,
    /// Its scheduler lines.
    pub sched: Option<SchedFigures>,
    /// Values over time.
    pub plots: Vec<Plot>,
    /// Lines before the kept ones, which only the timeline knows.
    pub lines_let_go: u64,
}

/// The longest time that a collection stopped the world.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LongestStop {
    /// Sequence number of the collection.
    pub collection: u64,
    /// When that began, seconds of the process's clock.
    pub at_s: f64,
    /// How long, ms, to the two digits that gctrace prints.
    pub stop_ms: f64,
    /// Whether it was the stop at the start, which includes waiting for every P to stop (runtime/mgc.go).
    pub at_start: bool,
}

/// Collections of a process, over the kept lines.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct GcFigures {
    /// Collections, by sequence numbers.
    pub collections: u64,
    /// Of these, lines that could be read.
    pub lines: u64,
    /// Of the lines, forced ones.
    pub forced: u64,
    /// Seconds from the first to the last.
    pub span_s: f64,
    /// Collections per second; `None` for a single one.
    pub per_s: Option<f64>,
    /// CPU time of GC without idle workers as a share of GOMAXPROCS, 0 to 1.
    pub cpu_share: Option<f64>,
    /// Assists as such a share.
    pub assist_share: Option<f64>,
    /// Time with the world stopped per second of the log, ms.
    pub stopped_ms_per_s: Option<f64>,
    /// Longest stop, ms, to the two digits that gctrace prints.
    pub longest_stop_ms: f64,
    /// Live heap after marking, MiB: smallest, median, largest.
    pub live_mib: [f64; 3],
    /// Heap goal, MiB: likewise.
    pub goal_mib: [f64; 3],
    /// Smallest and largest GOMAXPROCS of the lines.
    pub gomaxprocs_range: Option<[u32; 2]>,
}

/// Scheduler lines of a process, over the kept ones.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SchedFigures {
    /// Lines.
    pub lines: u64,
    /// Whether GOMAXPROCS stayed as it was.
    pub gomaxprocs_steady: bool,
    /// Mean of idle Ps.
    pub idle_ps_mean: f64,
    /// Runnable goroutines in all queues: mean, median, 90th and 99th percentile, largest.
    pub queued: [f64; 5],
    /// Share of lines without an idle P and with at least GOMAXPROCS goroutines queued.
    pub saturated_share: f64,
    /// Share of lines with an idle P and at least two goroutines queued.
    pub idle_while_queued_share: f64,
    /// Threads: smallest, median, largest.
    pub threads: [f64; 3],
}

/// The end of a process, or a dump that it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CrashReport {
    /// `panic`, `fatal error`, `signal`, `exception`, `recovered panic`, `data race` or `goroutine dump`.
    pub cause: String,
    /// The message.
    pub message: String,
    /// Where it failed: below the last call of `panic`, or the innermost function that is none of the runtime's.
    pub place: Option<String>,
    /// Whether the process ended with it; `None` where a dump was asked for.
    pub ended: Option<bool>,
    /// Lines of it into which something else was written.
    pub garbled_lines: u64,
    /// How often the same was reported: same cause, message and place.
    pub times: u64,
    /// The stack of the goroutine that failed: function and place, innermost first.
    pub stack: Vec<String>,
    /// All goroutines, by what they wait for and where.
    pub groups: Vec<GoroutineGroup>,
    /// Groups beyond those.
    pub groups_left_out: usize,
    /// Goroutines in all.
    pub goroutines: u64,
}

/// Goroutines that do the same.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct GoroutineGroup {
    /// How many.
    pub count: u64,
    /// Their state, e.g. `chan receive`.
    pub state: String,
    /// The longest wait among them, whole minutes.
    pub longest_minutes: Option<u64>,
    /// The innermost function outside the runtime.
    pub function: String,
    /// Which call started them.
    pub created_by: Option<String>,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ProfileReport {
    /// What it is of, e.g. `CPU profile`.
    pub kind: String,
    /// What its values come to with their signs, where some are negative: of a profile over a window of a heap, and of
    /// differences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<f64>,
    /// The window that it covers, seconds; `None` for an instant or since the process began.
    pub window_s: Option<f64>,
    /// Its functions.
    pub functions: TopTable,
    /// Where the time was lost, or what waits: for profiles whose innermost functions are all the runtime's.
    pub places: Option<TopTable>,
    /// How to read it.
    pub notes: Vec<String>,
}

/// A series as it is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Plot {
    /// What it shows, e.g. `heap goal`.
    pub name: &'static str,
    /// Its unit, e.g. `MiB`.
    pub unit: &'static str,
    /// Seconds that each point stands for.
    pub width_s: f64,
    /// Its points in order of time; stretches without a value have none.
    pub points: Vec<Point>,
}

/// What happened around one time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Point {
    /// The middle of the stretch, seconds since the process began.
    pub at_s: f64,
    /// The mean of its values.
    pub mean: f64,
    /// The largest.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_is_one_word() {
        let word = |standing: Standing| serde_json::to_string(&standing).unwrap();
        assert_eq!(word(Standing::NotJudged), "\"not_judged\"");
        assert_eq!(word(Standing::Calm), "\"calm\"");
        assert_eq!(word(Standing::Found(Severity::Warn)), "\"warn\"");
    }
}
