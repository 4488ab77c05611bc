//! Profiles as the numbers that rules need.
//!
//! Main functions: [`Profiles::of`], with [`CpuShares::of`], [`GoroutineGroups::of`] and [`HeapUse::of`] behind it.
//! Frames are told by name.

mod cpu;
mod goroutines;
mod heap;

use gotrace::profile::Profile;

use crate::evidence::{CpuShares, GoroutineGroups, HeapUse, Profiles};
use crate::profile::{LockEvidence, LockLimits, lock_check};

/// The profiles of one stretch of time.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProfileEvidence<'a> {
    /// Those that tell of locks, the CPU profile among them.
    pub locks: LockEvidence<'a>,
    /// Every goroutine profile of the stretch, in the order of time.
    pub goroutines: &'a [&'a Profile],
    /// What is on the heap.
    pub heap: Option<&'a Profile>,
    /// From where on locks count as contended.
    pub limits: LockLimits,
}

impl Profiles {
    /// What the profiles of one stretch show. `name` is what a reader finds them by.
    #[must_use]
    pub fn of(name: &str, evidence: &ProfileEvidence<'_>) -> Profiles {
        let locks = &evidence.locks;
        let has_locks = locks.block.is_some() || locks.mutex.is_some() || locks.goroutine.is_some();
        let all = [locks.cpu, locks.block, evidence.heap];
        let all = all
            .into_iter()
            .flatten()
            .chain(evidence.goroutines.iter().copied());
        Profiles {
            name: name.to_owned(),
            cpu: locks.cpu.and_then(CpuShares::of),
            locks: has_locks.then(|| lock_check(locks, &evidence.limits)),
            goroutines: GoroutineGroups::of(evidence.goroutines),
            channels: goroutines::channel_waits(locks.block),
            heap: evidence.heap.and_then(HeapUse::of),
            forces_collections: goroutines::caller_of(all, &FORCES),
        }
    }
}

/// Functions that run a whole collection before they return.
const FORCES: [&str; 2] = ["runtime.GC", "runtime/debug.FreeOSMemory"];
