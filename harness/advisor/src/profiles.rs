//! Profiles as the numbers that rules need.
//!
//! Main functions: [`CpuShares::of`], [`Profiles::of`]. Frames are told by name; the runtime's are those of Go 1.21 to
//! 1.27 (runtime/proc.go, lock_futex.go, lock_spinbit.go, malloc.go).

use documents::profile::LockNumbers;
use gotrace::profile::Profile;

use crate::evidence::{CpuShares, LockSite, Profiles};
use crate::profile::{LockEvidence, LockLimits, lock_check};

/// Where a thread takes or gives a lock of the runtime, or spins for it.
const RUNTIME_LOCKING: [&str; 7] = [
    "runtime.lock2",
    "runtime.unlock2",
    "runtime.procyield",
    "runtime.osyield",
    "runtime.futex",
    "runtime.futexsleep",
    "runtime.futexwakeup",
];

/// The scheduler: what of its locks stands below these is scheduling.
const SCHEDULER: [&str; 8] = [
    "runtime.schedule",
    "runtime.findRunnable",
    "runtime.goready",
    "runtime.ready",
    "runtime.gopark",
    "runtime.park_m",
    "runtime.newproc1",
    "runtime.wakep",
];

/// Looking for work, and putting threads to sleep and waking them for it.
const FINDING_WORK: [&str; 2] = ["runtime.findRunnable", "runtime.futex"];

impl CpuShares {
    /// The shares of a CPU profile; `None` for one without samples.
    #[must_use]
    pub fn of(profile: &Profile) -> Option<CpuShares> {
        let value = profile.value_index("samples").unwrap_or(0);
        let samples = u64::try_from(profile.total(value))
            .ok()
            .filter(|all| *all > 0)?;
        let share = |test: &dyn Fn(&[&str]) -> bool| {
            let found = profile.samples.iter().filter(|sample| {
                let stack: Vec<&str> = profile
                    .stack(sample)
                    .map(|frame| frame.function.as_str())
                    .collect();
                test(&stack)
            });
            let found: i64 = found.filter_map(|sample| sample.values.get(value)).sum();
            found as f64 / samples as f64
        };
        let holds = |stack: &[&str], names: &[&str]| stack.iter().any(|own| names.contains(own));
        Some(CpuShares {
            samples,
            locking: share(&|stack| stack.iter().any(|own| is_lock(own))),
            runtime_locks: share(&|stack| {
                let leaf = stack
                    .first()
                    .is_some_and(|own| RUNTIME_LOCKING.contains(own));
                leaf && holds(stack, &SCHEDULER)
            }),
            finding_work: share(&|stack| holds(stack, &FINDING_WORK)),
            allocating: share(&|stack| holds(stack, &["runtime.mallocgc"])),
            syscalls: share(&|stack| stack.iter().any(|own| is_syscall(own))),
        })
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

impl Profiles {
    /// What the four profiles of one stretch show. `name` is what a reader finds them by.
    #[must_use]
    pub fn of(name: &str, evidence: &LockEvidence<'_>) -> Profiles {
        let has_locks =
            evidence.block.is_some() || evidence.mutex.is_some() || evidence.goroutine.is_some();
        let site = |site: String, numbers: &LockNumbers| LockSite {
            site,
            cpu_share: numbers.cpu_share,
            block_mean_ms: numbers.worst_mean_ns.map(|ns| ns / 1e6),
            block_sum_ms: numbers.worst_sum_ns.map(|ns| ns / 1e6),
            contentions_per_30s: numbers.contentions_per_s.map(|per_s| per_s * 30.0),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count of goroutines"
            )]
            waiters: numbers.waiting.map(|waiting| waiting as u64),
        };
        let sites = || {
            let check = lock_check(evidence, &LockLimits::default());
            let all = check.suspects.into_iter();
            all.map(|own| site(own.site, &own.numbers)).collect()
        };
        Profiles {
            name: name.to_owned(),
            cpu: evidence.cpu.and_then(CpuShares::of),
            locks: has_locks.then(sites),
        }
    }
}
