//! What rules read: a subject, and samples of it with whatever parts were observed.
//!
//! Main type: [`RuleEvidence`]. A run's cell fills it from its trials ([`crate::of_cell`]), a foreign log from its
//! stretches; a part that was not observed is `None`, and the rules that need it are then not judged.
//!
//! Deliberately absent: reading any file, and any judgement.

use documents::profile::LockCheck;
use gotrace::GoVersion;
use gotrace::gctrace::GcCycle;
use gotrace::metrics::Snapshot;
use gotrace::scheddetail::SchedDetail;
use gotrace::schedtrace::SchedSample;
use record::trial::{HostWindow, ProcessWindow, Reason};

use crate::runtime::Runtime;

pub use crate::readback::Setting;

/// Everything that is known of one subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleEvidence {
    /// What it is about.
    pub subject: Subject,
    /// What was seen, in the order of time within each origin.
    pub samples: Vec<Sample>,
    /// Valid trials behind it; none for a log, and for a cell that has a diagnosis at most.
    pub trials: usize,
    /// Windows of invalid trials, for a subject without any other: they show why there is none, so the validity rules
    /// alone read them.
    pub invalid: Vec<Sample>,
    /// What only shows alongside other cells of the run; `None` for a log.
    pub beside: Option<Beside>,
}

/// What the evidence is about: a cell, or a process that wrote a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subject {
    /// The cell's label or the file's name.
    pub name: String,
    /// The Go version.
    pub go: Option<GoVersion>,
    /// GOMAXPROCS, as the process has it.
    pub gomaxprocs: Option<u32>,
    /// CPUs that it may use.
    pub cpus: Option<usize>,
    /// Its CPU quota, in CPUs.
    pub quota_cpus: Option<f64>,
    /// Its memory cap, bytes.
    pub memory_cap_bytes: Option<u64>,
    /// GOGC as the process has it, percent; `u64::MAX` is off.
    pub gogc_percent: Option<u64>,
    /// GOMEMLIMIT as the process has it, bytes; `i64::MAX` and above is none.
    pub gomemlimit_bytes: Option<u64>,
    /// GODEBUG as the process has it.
    pub godebug: Option<String>,
    /// The limit that the 99th percentile of the response time must keep, ms.
    pub objective_p99_ms: Option<f64>,
    /// Whether the target's CPUs were pinned.
    pub pinned: bool,
    /// CPUs that the generator's threads may use.
    pub generator_cpus: Option<usize>,
    /// What generator and target share (`CPU 0`, `the core of CPU 1`); empty for nothing, `None` where unknown.
    pub shared_cpus: Option<String>,
}

/// One stretch of observation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// What a reader finds it by: a trial id and window, a time range of a log.
    pub name: String,
    /// What it is a part of: the trial's id, the file's name.
    pub origin: String,
    /// How the subject was loaded meanwhile.
    pub drive: Drive,
    /// Its length, seconds.
    pub seconds: Option<f64>,
    /// GC cycles that began in it; `None` without gctrace.
    pub gc: Option<Vec<GcCycle>>,
    /// Scheduler lines; `None` without schedtrace.
    pub sched: Option<Vec<SchedSample>>,
    /// Scheduler blocks; `None` without scheddetail.
    pub detail: Option<Vec<SchedDetail>>,
    /// The runtime's own account.
    pub runtime: Option<Runtime>,
    /// The process by /proc.
    pub process: Option<ProcessWindow>,
    /// The host.
    pub host: Option<HostWindow>,
    /// The load that it was under.
    pub load: Option<Load>,
    /// What profiles of it show.
    pub profiles: Option<Profiles>,
    /// Settings asked for and what the process says it has.
    pub settings: Option<Vec<Setting>>,
    /// Why the harness holds its trial to be invalid; empty for a valid one, and for what is no trial.
    pub invalid: Vec<Reason>,
}

/// How the subject was loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drive {
    /// By whatever came: a log of a live service.
    #[default]
    Live,
    /// At a rate of its own, an open loop.
    Open,
    /// As fast as it answered, a closed loop: full queues and a late scheduler are then the experiment and not a fault.
    Closed,
}

/// The load of a window, as the generator saw it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Requests answered, rightly or not.
    pub answered: u64,
    /// Connections.
    pub connections: usize,
    /// Requests per second that were asked for; `None` in a closed loop.
    pub offered_per_s: Option<f64>,
    /// Mean response time, ms.
    pub mean_ms: Option<f64>,
    /// 99th percentile of the response time, ms.
    pub p99_ms: Option<f64>,
    /// 99th percentile of the send lag, ms.
    pub send_lag_p99_ms: Option<f64>,
    /// Relative error of Little's law.
    pub littles_law_error: Option<f64>,
    /// CPU time of the generator as a share of its CPUs' time.
    pub generator_cpu_share: Option<f64>,
    /// Requests that failed for the generator's own reasons, as a share of all.
    pub generator_error_share: Option<f64>,
    /// The generator's word on itself: `VALID`, `GENERATOR_BOUND`, ...
    pub verdict: String,
}

/// What profiles show, in the numbers that rules need. Shares are of the CPU profile's samples, 0 to 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    /// What they are of, for a reader: file names or trial ids.
    pub name: String,
    /// The CPU profile.
    pub cpu: Option<CpuShares>,
    /// The cross-check of locks; `None` without a block, mutex or goroutine profile.
    pub locks: Option<LockCheck>,
    /// What goroutines wait for, by the goroutine profiles.
    pub goroutines: Option<GoroutineGroups>,
    /// Where requests wait at channels, by the block profile; `None` without one, or where it shows none.
    pub channels: Option<ChannelWait>,
    /// What holds the heap, by the heap profile.
    pub heap: Option<HeapUse>,
    /// Who calls `runtime.GC` or `debug.FreeOSMemory`, where a profile caught it.
    pub forces_collections: Option<String>,
}

/// Where CPU time went.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CpuShares {
    /// Samples of the profile.
    pub samples: u64,
    /// CPUs busy on average; `None` where the profile does not say how long it took.
    pub busy_cpus: Option<f64>,
    /// Stacks through `sync.(*Mutex)` or `sync.(*RWMutex)` Lock, Unlock or lockSlow.
    pub locking: f64,
    /// Stacks through `runtime.lock2` and `runtime.unlock2`, without what puts threads to sleep for want of work.
    pub runtime_locks: f64,
    /// Of them, spinning and sleeping: what remains is locks taken at once.
    pub runtime_lock_waits: f64,
    /// Putting threads to sleep for want of work, and waking them.
    pub parking: f64,
    /// The hand-over to and from goroutines that are locked to threads: `runtime.stoplockedm`, `startlockedm`.
    pub locked_threads: f64,
    /// Stacks through `runtime.findRunnable`, where threads look for work and are put to sleep, or in `runtime.futex`,
    /// which also wakes them.
    pub finding_work: f64,
    /// Stacks through `runtime.mallocgc` and its kin, without assists.
    pub allocating: f64,
    /// Assists: stacks through `runtime.gcAssistAlloc`.
    pub assisting: f64,
    /// Background marking without idle workers.
    pub marking: f64,
    /// The heaps of timers.
    pub timers: f64,
    /// Stacks through system calls (`syscall.Syscall*`, `internal/runtime/syscall`).
    pub syscalls: f64,
}

/// Goroutines by what they wait for and where, at one instant or at several. Those that take profiles are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoroutineGroups {
    /// All goroutines, one number for each profile in the order of time.
    pub totals: Vec<u64>,
    /// The groups, the largest first.
    pub groups: Vec<GoroutineGroup>,
    /// Where the goroutine that runs finalizers and cleanups was inside one, for each profile that caught it there.
    pub finalizing: Vec<String>,
}

/// Goroutines that do the same at the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoroutineGroup {
    /// What they wait for.
    pub waiting: Waiting,
    /// The innermost function that is not the runtime's way of waiting.
    pub place: String,
    /// Whether they serve requests: a server's frames stand below.
    pub serves: bool,
    /// How many, one number for each profile in the order of time.
    pub counts: Vec<u64>,
}

/// What a goroutine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Waiting {
    /// Somebody who receives from a channel.
    Send,
    /// Somebody who sends to a channel, or closes it.
    Receive,
    /// One of several channels.
    Select,
    /// A mutex.
    Lock,
    /// Others: a wait group, a condition.
    Others,
    /// The network.
    Network,
    /// The clock.
    Sleep,
    /// A call into the kernel or into C.
    Call,
    /// Nothing, or nothing of these.
    Runs,
}

/// A place where requests wait at a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelWait {
    /// The function.
    pub place: String,
    /// Mean wait, ms.
    pub mean_ms: f64,
    /// Sum of waits, ms.
    pub sum_ms: f64,
}

/// What holds the heap. The profile is of the last collection.
#[derive(Debug, Clone, PartialEq)]
pub struct HeapUse {
    /// In use in all, bytes.
    pub bytes: f64,
    /// The function of the program that allocated most of it.
    pub site: String,
    /// That much, bytes.
    pub site_bytes: f64,
    /// Allocated below the functions of package time that make timers, bytes.
    pub timer_bytes: f64,
}

/// What only shows alongside other cells of the same run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beside {
    /// The control's figure in the order of its trials: CPU time per request, or QPS.
    pub control: Vec<ControlReading>,
    /// Throughput over GOMAXPROCS, where the run varied it around this cell.
    pub scaling: Option<Scaling>,
    /// Pairs of axes of which one changes what the other does.
    pub interactions: Vec<Interaction>,
    /// The same cell under the next older Go.
    pub older: Option<VersionStep>,
}

/// The control at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlReading {
    /// The trial.
    pub trial: String,
    /// The figure.
    pub value: f64,
}

/// Throughput over GOMAXPROCS with everything else as in this cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// GOMAXPROCS of this cell.
    pub own: u32,
    /// GOMAXPROCS and the median throughput per second, by GOMAXPROCS.
    pub points: Vec<(u32, f64)>,
    /// GOMAXPROCS of the highest throughput by the law, with its interval: low, point, high; `None` is without end.
    pub peak: [Option<f64>; 3],
    /// The trials behind it.
    pub trials: Vec<String>,
}

/// Two axes whose effects do not simply multiply.
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    /// The objective, as tables head it.
    pub objective: String,
    /// First axis and level, `gogc=400`.
    pub first: String,
    /// Second axis and level.
    pub second: String,
    /// The first's effect alongside the second ÷ its effect alongside the reference, with its interval.
    pub ratio: f64,
    /// See `ratio`.
    pub interval: [f64; 2],
    /// The smallest relative change that the run could have found; `None` where unknown.
    pub detectable: Option<f64>,
    /// The square that shows it: four labels with their medians.
    pub square: Vec<(String, String)>,
}

/// The same settings under an older Go.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionStep {
    /// The older version.
    pub from: String,
    /// The newer one.
    pub to: String,
    /// Resident memory, older and newer, bytes.
    pub rss_bytes: [f64; 2],
    /// The runtime's own total without what it gave back, older and newer, bytes.
    pub runtime_bytes: [f64; 2],
    /// The trials behind it.
    pub trials: Vec<String>,
}

impl Sample {
    /// The account between two snapshots of one process.
    #[must_use]
    pub fn with_metrics(mut self, before: &Snapshot, after: &Snapshot) -> Sample {
        self.runtime = Some(Runtime::between(before, after));
        self
    }
}
