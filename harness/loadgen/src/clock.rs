//! Monotonic time in nanoseconds, and the CPU time of the calling thread.
//!
//! The main type is [`Clock`]: every time inside a run is a `u64` count of nanoseconds since
//! the run's clock started, so that intended times, send times and timer targets compare
//! without conversion. Wall-clock time is deliberately absent.

use std::time::Duration;

/// A timer this late tells that the generator did not run, rather than of ordinary jitter.
pub(crate) const STALL_NS: u64 = 1_000_000;

/// `CLOCK_MONOTONIC` now, in nanoseconds (read through the vDSO, no system call).
#[inline]
pub(crate) fn monotonic_ns() -> u64 {
    read_ns(libc::CLOCK_MONOTONIC)
}

/// How long the machine has been suspended since it was started, in nanoseconds: what
/// `CLOCK_BOOTTIME` counts and `CLOCK_MONOTONIC` leaves out (clock_gettime(2)).
pub(crate) fn suspended_ns() -> u64 {
    // In this order: what passes between the two must not look like a suspension that ended.
    let monotonic_ns = monotonic_ns();
    read_ns(libc::CLOCK_BOOTTIME).saturating_sub(monotonic_ns)
}

/// CPU time (user + system) that the calling thread has used, in nanoseconds.
pub(crate) fn thread_cpu_ns() -> u64 {
    read_ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// By the C library: rustix finds the vDSO by itself in a way that valgrind, by which the cost
/// per request is counted, does not survive.
#[inline]
#[expect(unsafe_code, reason = "std tells no clock's raw value")]
fn read_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a live timespec, which the call fills.
    let status = unsafe { libc::clock_gettime(clock, &raw mut time) };
    debug_assert_eq!(status, 0, "Linux has both clocks");
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

    /// Sleeps until the clock's zero. What is sent before would be stamped with it, and seem to
    /// be answered sooner than it was.
    pub(crate) fn wait_for_zero(&self) {
        loop {
            let left_ns = self.origin_ns.saturating_sub(monotonic_ns());
            if left_ns == 0 {
                return;
            }
            std::thread::sleep(Duration::from_nanos(left_ns));
        }
    }

    /// The monotonic time of `offset_ns` on this clock.
    pub(crate) fn absolute_ns(&self, offset_ns: u64) -> u64 {
        self.origin_ns.saturating_add(offset_ns)
    }
}
