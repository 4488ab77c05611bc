//! Monotonic time in nanoseconds, and the CPU time of the calling thread.
//!
//! The main type is [`Clock`]: every time inside a run is a `u64` count of nanoseconds since
//! the run's clock started, so that intended times, send times and timer targets compare
//! without conversion. Wall-clock time is deliberately absent.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// `CLOCK_MONOTONIC` now, in nanoseconds (read through the vDSO, no system call).
pub(crate) fn monotonic_ns() -> u64 {
    to_ns(clock_gettime(ClockId::Monotonic))
}

/// CPU time (user + system) that the calling thread has used, in nanoseconds.
pub(crate) fn thread_cpu_ns() -> u64 {
    to_ns(clock_gettime(ClockId::ThreadCPUTime))
}

fn to_ns(time: Timespec) -> u64 {
    (time.tv_sec as u64).wrapping_mul(1_000_000_000) + time.tv_nsec as u64
}

/// The clock of one run: nanoseconds since its origin, shared by all its threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin_ns: u64,
}

impl Clock {
    /// A clock whose zero is at `origin_ns` of the monotonic clock, which may lie ahead.
    pub(crate) fn starting_at(origin_ns: u64) -> Self {
        Self { origin_ns }
    }

    /// Nanoseconds since the origin; zero before it.
    #[inline]
    pub(crate) fn now_ns(&self) -> u64 {
        monotonic_ns().saturating_sub(self.origin_ns)
    }

    /// The monotonic time of `offset_ns` on this clock.
    pub(crate) fn absolute_ns(&self, offset_ns: u64) -> u64 {
        self.origin_ns.saturating_add(offset_ns)
    }
}
