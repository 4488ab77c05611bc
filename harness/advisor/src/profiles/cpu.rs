//! Where CPU time went, by the names of frames: those of Go 1.21 to 1.27 (runtime/proc.go, lock_futex.go,
//! lock_spinbit.go, malloc.go and the generated malloc_generated.go of 1.27, mgcmark.go, time.go, mfinal.go).
//!
//! Main function: [`CpuShares::of`].

use gotrace::profile::Profile;

use crate::evidence::CpuShares;

/// A lock of the runtime being taken or given, however deep below: spinning and sleeping for it stand under these.
const RUNTIME_LOCK: [&str; 3] = ["runtime.lock2", "runtime.unlock2", "runtime.unlock2Wake"];

/// How a thread waits for one; `procyieldAsm` since Go 1.26.
const WAITING: [&str; 4] = [
    "runtime.procyield",
    "runtime.osyield",
    "runtime.futex",
    "runtime.usleep",
];

/// A thread put to sleep or woken.
const NOTE: &str = "runtime.note";

/// Where threads without work go to sleep, and where one is woken for work.
const PARKING: [&str; 5] = [
    "runtime.findRunnable",
    "runtime.stopm",
    "runtime.startm",
    "runtime.mPark",
    "runtime.wakep",
];

/// Looking for work, and putting threads to sleep and waking them for it.
const FINDING_WORK: [&str; 2] = ["runtime.findRunnable", "runtime.futex"];

/// The hand-over to and from a goroutine that is locked to a thread.
const LOCKED_THREADS: [&str; 2] = ["runtime.stoplockedm", "runtime.startlockedm"];

/// The heaps of timers: since Go 1.23 methods of `runtime.timers` and `runtime.timer`, before functions.
const TIMERS: [&str; 10] = [
    "runtime.(*timers).",
    "runtime.(*timer).",
    "runtime.checkTimers",
    "runtime.runtimer",
    "runtime.runOneTimer",
    "runtime.addtimer",
    "runtime.doaddtimer",
    "runtime.deltimer",
    "runtime.adjusttimers",
    "runtime.siftdownTimer",
];

impl CpuShares {
    /// The shares of a CPU profile; `None` for one without samples.
    #[must_use]
    pub fn of(profile: &Profile) -> Option<CpuShares> {
        let value = profile.value_index("samples").unwrap_or(0);
        let samples = u64::try_from(profile.total(value))
            .ok()
            .filter(|all| *all > 0)?;
        let share = |test: &dyn Fn(&Stack<'_>) -> bool| {
            let found = profile.samples.iter().filter(|sample| {
                let frames = profile.stack(sample);
                test(&Stack(
                    frames.map(|frame| frame.function.as_str()).collect(),
                ))
            });
            let found: i64 = found.filter_map(|sample| sample.values.get(value)).sum();
            found as f64 / samples as f64
        };
        let cpu_ns = profile.value_index("cpu").map(|at| profile.total(at));
        let busy = cpu_ns.filter(|_| profile.duration_ns > 0);
        Some(CpuShares {
            samples,
            busy_cpus: busy.map(|ns| ns as f64 / profile.duration_ns as f64),
            locking: share(&|stack| stack.any(is_lock)),
            runtime_locks: share(&|stack| stack.is_in_runtime_lock() && !stack.parks()),
            runtime_lock_waits: share(&|stack| {
                stack.is_in_runtime_lock() && !stack.parks() && stack.waits()
            }),
            parking: share(&|stack| stack.parks()),
            locked_threads: share(&|stack| stack.holds(&LOCKED_THREADS)),
            finding_work: share(&|stack| stack.holds(&FINDING_WORK)),
            allocating: share(&|stack| stack.allocates() && !stack.assists()),
            assisting: share(&|stack| stack.assists()),
            marking: share(&|stack| stack.marks()),
            timers: share(&|stack| {
                stack.any(|own| TIMERS.iter().any(|start| own.starts_with(start)))
            }),
            syscalls: share(&|stack| stack.any(is_syscall)),
        })
    }
}

/// The functions of a stack, innermost first.
struct Stack<'a>(Vec<&'a str>);

impl Stack<'_> {
    fn any(&self, test: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|own| test(own))
    }

    fn holds(&self, names: &[&str]) -> bool {
        self.any(|own| names.contains(&own))
    }

    fn is_in_runtime_lock(&self) -> bool {
        self.holds(&RUNTIME_LOCK)
    }

    /// Spinning, or asleep.
    fn waits(&self) -> bool {
        self.any(|own| WAITING.iter().any(|start| own.starts_with(start)))
    }

    /// Putting a thread to sleep and waking it costs calls of futex, and waits for nobody's lock.
    fn parks(&self) -> bool {
        self.any(|own| own.starts_with(NOTE))
            && self.holds(&PARKING)
            && !self.holds(&LOCKED_THREADS)
    }

    /// The compiler of Go 1.27 calls an allocator of its own for each class of small objects
    /// (`runtime.mallocgcSmallNoScanSC2`), without `runtime.mallocgc` above it.
    fn allocates(&self) -> bool {
        self.any(|own| own.starts_with("runtime.mallocgc"))
    }

    /// Marking by a goroutine that allocates.
    fn assists(&self) -> bool {
        self.any(|own| own.starts_with("runtime.gcAssistAlloc"))
    }

    /// Background marking that takes a P from the program; idle workers do not.
    fn marks(&self) -> bool {
        self.holds(&["runtime.gcBgMarkWorker"]) && !self.holds(&["runtime.gcDrainMarkWorkerIdle"])
    }
}

fn is_lock(function: &str) -> bool {
    let of_mutex = [
        "sync.(*Mutex).",
        "sync.(*RWMutex).",
        "internal/sync.(*Mutex).",
    ];
    of_mutex.iter().any(|prefix| function.starts_with(prefix))
}

fn is_syscall(function: &str) -> bool {
    // The runtime's own package moved in Go 1.24, and once more in 1.27.
    let calls = [
        "syscall.Syscall",
        "syscall.RawSyscall",
        "runtime/internal/syscall.",
        "internal/runtime/syscall.",
        "internal/runtime/syscall/linux.",
    ];
    calls.iter().any(|prefix| function.starts_with(prefix))
}
