//! The trial: one fresh process of a target under one cell, loaded once, and everything that was seen of it. One line
//! of `trials.jsonl` each.
//!
//! Only what was measured is stored. Rates, shares and other figures that follow from these are derived by whoever
//! reads them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell::CellId;
use crate::word::{open_words, words};

/// The version of the trial's format.
pub const TRIAL_FORMAT: u32 = 1;

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The version of this format.
    pub format: u32,
    /// The trial's name within its run, e.g. `b03-05-1f2e3d4c5b6a`.
    pub id: String,
    /// The cell.
    pub cell: CellId,
    /// The block, from 0.
    pub block: u32,
    /// The place within the block, from 0.
    pub position: u32,
    /// What the trial is for.
    pub role: Role,
    /// Whether its block searches or confirms.
    #[serde(default, skip_serializing_if = "Stage::is_search")]
    pub stage: Stage,
    /// How many trials of the same slot were invalid before this one.
    pub attempt: u32,
    /// Wall clock at the start, RFC 3339, UTC.
    pub started: String,
    /// Whether it may be used.
    pub outcome: Outcome,
    /// The closed-loop window, for QPS.
    pub saturate: Option<Phase>,
    /// The open-loop window, for latency and GC figures.
    pub constant: Option<Phase>,
    /// The process over its whole life.
    pub process: Option<ProcessLife>,
    /// What its own cgroup counted over its whole life; `None` where the cell has neither quota nor cap.
    #[serde(
        rename = "control_group",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cgroup: Option<CgroupUse>,
    /// What the process and /proc say of the settings.
    pub readback: Option<Readback>,
    /// A fixed piece of work on the target's CPUs, timed before and after.
    #[serde(rename = "canary", default, skip_serializing_if = "Option::is_none")]
    pub clock_probe: Option<ClockProbe>,
    /// Caveats that do not make it invalid; they travel to the last page.
    pub warnings: Vec<String>,
    /// The folder with the raw evidence, relative to the run's folder.
    pub raw: String,
}

/// What a trial is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The block's trial of its cell.
    Measured,
    /// The second trial of the control in its block: the A/A pair.
    ControlDuplicate,
}

/// What a block is for. A field of its own rather than a role, so that an older gosweep passes over it and leaves such
/// blocks out as incomplete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// All cells still in play are compared; the best is chosen from these.
    #[default]
    Search,
    /// The chosen cell and the control are measured afresh.
    Confirm,
}

impl Stage {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that serde's skip_serializing_if asks for"
    )]
    fn is_search(&self) -> bool {
        *self == Stage::Search
    }
}

/// The clock probe: how long a fixed loop takes on the target's CPUs when the target does not run. It shows the clock,
/// not the target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockProbe {
    /// Before the target started, nanoseconds: the shortest of several repeats on each CPU, the longest over the CPUs.
    pub before_ns: f64,
    /// The same after the target had ended.
    pub after_ns: f64,
}

/// Whether a trial may be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Measured under fair conditions.
    Ok,
    /// The evidence of host or generator speaks against it; it is run again.
    Invalid(Vec<Reason>),
    /// The target did not do its job; that is a result.
    Failed(Failure),
}

/// Why a trial is invalid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule, e.g. `V2`.
    pub rule: RuleId,
    /// What was seen, for a person.
    pub message: String,
}

/// How a target failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// What happened.
    pub cause: FailureCause,
    /// One line for a person.
    pub message: String,
    /// The exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The signal, if one ended it.
    pub signal: Option<i32>,
    /// The Go panic or fatal error line, if stderr had one.
    pub panic: Option<String>,
    /// The last lines of stderr.
    pub stderr_tail: Vec<String>,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// It could not be started at all.
    NotStarted,
    /// It did not become ready in time.
    NotReady,
    /// It ended while it was needed.
    Crashed,
    /// The kernel killed it because its memory cap was full.
    OomKilled,
    /// Most requests failed.
    Errors,
}

words! {
    /// How the requests of a window were timed. An unknown word is an error: what such a window measures is not known.
    pub enum Arrival {
        /// The next request when an answer has come (closed loop).
        Closed = "closed",
        /// At equal gaps (open loop).
        Constant = "constant",
        /// At exponential gaps (open loop).
        Poisson = "poisson",
    }
}

words! {
    /// What the load driver says of its own window. An unknown word is an error: the window might not be fit for
    /// anything.
    pub enum WindowVerdict {
        /// It drove as asked.
        Valid = "VALID",
        /// The driver was the limit.
        GeneratorBound = "GENERATOR_BOUND",
        /// The target fell behind the offered rate.
        Overloaded = "OVERLOADED",
        /// Most requests were not answered as expected, or none were any more.
        Failed = "FAILED",
        /// Something disturbed it.
        Noisy = "NOISY",
    }
}

open_words! {
    /// The HTTP client that drove a window.
    pub enum HttpEngine {
        /// hyper.
        Hyper = "hyper",
        /// Our own for HTTP/1.1.
        H1Fast = "h1-fast",
    }
}

open_words! {
    /// A rule of validity that a trial broke. A newer gosweep may have others; such a trial is invalid all the same.
    pub enum RuleId {
        /// Settings are applied.
        V2 = "V2",
        /// The load driver kept up.
        V3 = "V3",
        /// Nobody else used the CPUs.
        V4 = "V4",
        /// The clock held still.
        V5 = "V5",
    }
}

/// One measured window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// How requests were timed.
    pub arrival: Arrival,
    /// The offered rate per second; `None` in a closed loop.
    pub offered_per_s: Option<f64>,
    /// Connections.
    pub connections: usize,
    /// Length of the window, seconds, as measured.
    pub seconds: f64,
    /// What became of every request.
    pub ledger: Ledger,
    /// Errors by class.
    pub errors: BTreeMap<String, u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// The requests of the target one by one, in the order of its file; empty in records from before this was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestWindow>,
    /// From the intended send time to the last byte, ms.
    pub response_ms: Quantiles,
    /// From the actual send to the last byte, ms.
    pub service_ms: Quantiles,
    /// From the intended to the actual send, ms.
    pub send_lag_ms: Quantiles,
    /// The generator's verdict on itself.
    pub verdict: WindowJudgement,
    /// Relative error of Little's law, closed loops only.
    pub littles_law_error: Option<f64>,
    /// The generator.
    pub generator: Generator,
    /// Completed requests in each interval of 250 ms of the window.
    pub completed_by_interval: Vec<u64>,
    /// The runtime's own account of the window.
    pub runtime: Option<RuntimeWindow>,
    /// What a service without probe says that it allocated, on the page that `metrics` of its target file names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocated: Option<Allocated>,
    /// GC cycles by gctrace within the window.
    pub gctrace: Option<GcTraceWindow>,
    /// The scheduler by schedtrace within the window.
    pub schedtrace: Option<SchedTraceWindow>,
    /// The process by /proc over the window.
    pub process: Option<ProcessWindow>,
    /// The host over the window.
    pub host: Option<HostWindow>,
    /// What the target's own cgroup counted in the window; `None` where the cell has neither quota nor cap.
    #[serde(
        rename = "control_group",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cgroup: Option<CgroupUse>,
}

/// Allocations in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocated {
    /// Heap bytes.
    pub bytes: u64,
    /// Heap objects.
    pub objects: u64,
}

/// One kind of request in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestWindow {
    /// Its name in the target file.
    pub name: String,
    /// Answered as expected.
    pub completed: u64,
    /// Answered wrongly, broken or not in time.
    pub errors: u64,
    /// Response time of those answered as expected, ms: the median; `None` without any.
    pub response_p50_ms: Option<f64>,
    /// Its 99th percentile.
    pub response_p99_ms: Option<f64>,
    /// The first answer that was complete and not the expected one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<WrongAnswer>,
}

/// A complete answer that was not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongAnswer {
    /// Its status.
    pub status: u16,
    /// What was not as expected.
    pub reason: String,
    /// The start of its body, as text without control characters.
    pub body_start: String,
}

/// What became of every request: `scheduled` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Requests that the schedule asked for.
    pub scheduled: u64,
    /// Answered as expected.
    pub completed: u64,
    /// Answered wrongly or broken.
    pub failed: u64,
    /// Not answered within the timeout.
    pub timed_out: u64,
    /// Not answered when the window ended.
    pub in_flight: u64,
    /// Due, but never sent.
    pub never_sent: u64,
    /// Of those in flight and never sent, the ones that the service owes an answer; `None` in
    /// records from before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<u64>,
}

impl Ledger {
    /// Requests that the service owes an answer: as told, and in older records all that had none
    /// where that is most of what was due.
    pub fn owed(&self) -> u64 {
        let left = self.in_flight + self.never_sent;
        self.unanswered
            .unwrap_or(if left > self.completed { left } else { 0 })
    }

    /// Requests that were due an answer and did not get the one expected.
    pub fn errors(&self) -> u64 {
        self.failed + self.timed_out + self.owed()
    }

    /// Requests that were due an answer: what was only just sent when the window ended is not.
    pub fn due(&self) -> u64 {
        self.completed + self.errors()
    }
}

/// A distribution in a few figures, ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// The largest.
    pub max: f64,
    /// How many samples.
    pub count: u64,
}

/// The generator's verdict on a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowJudgement {
    /// The verdict.
    pub name: WindowVerdict,
    /// Why, with the interval; empty when valid.
    pub reason: String,
}

/// What the generator cost and how it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// Its HTTP client.
    pub engine: HttpEngine,
    /// Threads.
    pub threads: usize,
    /// CPU time of its threads, seconds.
    pub cpu_seconds: f64,
    /// CPU time per completed request, microseconds; `None` when none was.
    pub cpu_us_per_request: Option<f64>,
    /// How long gosweep itself did not run in the window, in seconds: stopped, suspended, or without
    /// a CPU; `None` where it always ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled_seconds: Option<f64>,
}

/// Differences of runtime/metrics over a window, and gauges at its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RuntimeWindow {
    /// GC cycles, all.
    pub gc_cycles: u64,
    /// GC cycles that the program forced.
    pub gc_forced: u64,
    /// GC CPU time by /cpu/classes/gc/total, seconds.
    pub gc_cpu_seconds: f64,
    /// Of it, idle workers: CPU time that nobody else wanted, seconds.
    pub gc_idle_cpu_seconds: f64,
    /// Of it, assists: time taken from the program's goroutines, seconds.
    pub gc_assist_cpu_seconds: f64,
    /// Heap bytes allocated.
    pub alloc_bytes: u64,
    /// Heap objects allocated.
    pub alloc_objects: u64,
    /// Live heap after the last mark, bytes.
    pub heap_live_bytes: u64,
    /// Heap goal, bytes.
    pub heap_goal_bytes: u64,
    /// Stop-the-world pauses for GC in the window.
    pub gc_pauses: u64,
    /// Upper bound of the 99th percentile of those pauses, ms.
    pub gc_pause_p99_ms: Option<f64>,
    /// 99th percentile of goroutine scheduling latency, ms.
    pub sched_latency_p99_ms: Option<f64>,
    /// Time goroutines waited for mutexes, seconds.
    pub mutex_wait_seconds: f64,
    /// Goroutines at the end.
    pub goroutines: u64,
    /// Stack bytes scanned by the last GC.
    pub scan_stack_bytes: u64,
    /// Global bytes scanned by the last GC.
    pub scan_globals_bytes: u64,
}

/// The window by gctrace lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GcTraceWindow {
    /// Last sequence number minus the number before the window.
    pub cycles: u64,
    /// Of the lines seen, forced ones.
    pub forced: u64,
    /// GC CPU of the lines seen, idle workers excluded, seconds.
    pub cpu_seconds: f64,
    /// Sum of stop-the-world phases, seconds.
    pub stop_seconds: f64,
    /// Median heap goal, MiB.
    pub goal_mib: f64,
    /// Median marked heap, MiB.
    pub live_mib: f64,
    /// Torn or unreadable lines, over the whole trial.
    pub torn_lines: u64,
}

/// The window by schedtrace lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SchedTraceWindow {
    /// Lines.
    pub samples: u64,
    /// Mean of idle Ps.
    pub mean_idle_procs: f64,
    /// Mean of runnable goroutines in all queues.
    pub mean_queue: f64,
    /// Largest of the same.
    pub max_queue: u64,
    /// Most OS threads.
    pub max_threads: u64,
}

/// The process over a window, by /proc.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessWindow {
    /// CPU time in user mode, seconds.
    pub user_seconds: f64,
    /// CPU time in the kernel, seconds.
    pub system_seconds: f64,
    /// Voluntary context switches of threads alive at both ends.
    pub voluntary_switches: u64,
    /// Involuntary context switches of the same.
    pub involuntary_switches: u64,
    /// Moves between CPUs, where /proc tells.
    pub migrations: Option<u64>,
    /// Time threads stood runnable without a CPU (schedstat), seconds.
    pub run_delay_seconds: Option<f64>,
    /// Resident set at the end, bytes.
    pub rss_bytes: u64,
    /// Threads at the end.
    pub threads: u64,
}

/// The host over a window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostWindow {
    /// Share of CPU time that the hypervisor took, 0 to 1.
    pub steal: f64,
    /// Share of CPU time busy on all CPUs, 0 to 1.
    pub busy: f64,
    /// Share of time some task waited for a CPU (PSI), where the kernel tells.
    pub cpu_pressure: Option<f64>,
    /// Share of periods throttled in our cgroup, where a quota is set.
    pub throttled: Option<f64>,
    /// Mean clock of the CPUs in use, MHz, where the kernel tells.
    pub mean_mhz: Option<f64>,
}

/// What the target's cgroup counted. A limit that the cell does not have, or that the kernel does not account for, is
/// `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CgroupUse {
    /// Periods of the CPU quota in which it had something to run.
    pub periods: Option<u64>,
    /// Of them, those in which it ran out of quota.
    pub throttled_periods: Option<u64>,
    /// Time held back by the quota, summed over CPUs, seconds.
    pub throttled_seconds: Option<f64>,
    /// Memory charged to it at the end, bytes: page cache and kernel memory included, so it is not RSS.
    pub memory_bytes: Option<u64>,
    /// The most that was ever charged since the process was started, bytes; a process may go over its cap while it dies
    /// for it.
    pub memory_peak_bytes: Option<u64>,
    /// Processes that the kernel killed because the cap was full.
    pub oom_kills: Option<u64>,
}

/// The process over its whole life.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessLife {
    /// CPU time in user mode, seconds.
    pub user_seconds: f64,
    /// CPU time in the kernel, seconds.
    pub system_seconds: f64,
    /// Peak resident set, bytes.
    pub peak_rss_bytes: u64,
    /// From start to ready, ms.
    pub ready_ms: f64,
}

/// What the process and the kernel say of the settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Readback {
    /// GOMAXPROCS by the runtime.
    pub gomaxprocs: Option<u64>,
    /// GOGC by the runtime; 2^64-1 is off.
    pub gogc: Option<u64>,
    /// GOMEMLIMIT by the runtime, bytes.
    pub gomemlimit_bytes: Option<u64>,
    /// GODEBUG as the process sees it, without our observation keys.
    pub godebug: Option<String>,
    /// The Go version by the process.
    pub go_version: Option<String>,
    /// SHA-256 of the program that ran, where its cell has another one in every block (`layout: fresh`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_sha256: Option<String>,
    /// CPUs that the target may use, by /proc.
    pub target_cpus: Option<String>,
    /// CPUs that the generator's threads were pinned to, read back.
    pub generator_cpus: Option<String>,
    /// CPU quota of the target's cgroup, by its files, as the axis writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_quota: Option<String>,
    /// Memory cap of the target's cgroup, by its files, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_cap_bytes: Option<u64>,
}

impl Trial {
    /// Whether its figures may be used.
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }
}
