//! The memory that a decoder may ask for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The largest budget of a decoder is 256 MiB (a profile); targets decode some inputs twice.
const MOST_BYTES: u64 = 2 << 30;

/// Limits the address space of this process: what asks for more is aborted there and then.
///
/// # Panics
/// If the system refuses.
pub fn limit_memory() {
    let maximum = getrlimit(Resource::As).maximum;
    let limit = Rlimit {
        current: Some(maximum.map_or(MOST_BYTES, |maximum| maximum.min(MOST_BYTES))),
        maximum,
    };
    setrlimit(Resource::As, limit).expect("a lower soft limit is always allowed");
}
