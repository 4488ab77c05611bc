//! What the reference server has seen.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Requests whose arrival times are kept; later ones are only counted.
const MAX_ARRIVALS: usize = 4_000_000;

/// What the server has seen.
#[derive(Debug, Default)]
pub struct ServerLog {
    pub(super) requests: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) arrivals_ns: Mutex<Vec<u64>>,
    pub(super) answers_ns: Mutex<Vec<u64>>,
    pub(super) stall_ns: Mutex<Option<(u64, u64)>>,
}

impl ServerLog {
    /// Requests read.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Connections accepted.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// When requests were read, in nanoseconds of the monotonic clock; the first 4,000,000.
    pub fn arrivals_ns(&self) -> Vec<u64> {
        self.arrivals_ns
            .lock()
            .expect("no holder of this lock panics")
            .clone()
    }

    /// When answers were written, in nanoseconds of the monotonic clock; the first 4,000,000.
    pub fn answers_ns(&self) -> Vec<u64> {
        self.answers_ns
            .lock()
            .expect("no holder of this lock panics")
            .clone()
    }

    /// When the stall began and ended on the monotonic clock, if one was asked for and a
    /// request has set its time.
    pub fn stall_ns(&self) -> Option<(u64, u64)> {
        *self.stall_ns.lock().expect("no holder of this lock panics")
    }

    pub(super) fn answered(&self, now_ns: u64) {
        let mut answers = self
            .answers_ns
            .lock()
            .expect("no holder of this lock panics");
        if answers.len() < MAX_ARRIVALS {
            answers.push(now_ns);
        }
    }

    pub(super) fn arrived(&self, now_ns: u64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut arrivals = self
            .arrivals_ns
            .lock()
            .expect("no holder of this lock panics");
        if arrivals.len() < MAX_ARRIVALS {
            arrivals.push(now_ns);
        }
    }
}
