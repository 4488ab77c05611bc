//! What the kernel says of one generator thread: context switches and waiting for a CPU.
//!
//! The main type is [`ThreadAccounts`]. Its files are opened once, since a run may use up all
//! descriptors; process-wide figures are deliberately absent, for the caller's other threads
//! are none of the generator's.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// The accounts of the thread that opened them.
pub(crate) struct ThreadAccounts {
    status: Option<File>,
    schedstat: Option<File>,
}

/// Context switches and waiting time of one thread.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Switches {
    pub(crate) voluntary: u64,
    pub(crate) involuntary: u64,
    /// None where the kernel does not tell.
    pub(crate) run_delay_ns: Option<u64>,
}

impl ThreadAccounts {
    /// Opens the calling thread's accounts.
    pub(crate) fn open() -> Self {
        let open = |name: &str| File::open(format!("/proc/thread-self/{name}")).ok();
        Self {
            status: open("status"),
            schedstat: open("schedstat"),
        }
    }

    pub(crate) fn read(&self) -> Switches {
        let status = read_start(self.status.as_ref());
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0)
        };
        // Second field: nanoseconds spent waiting on a run queue
        // (Documentation/scheduler/sched-stats.rst).
        let run_delay_ns = read_start(self.schedstat.as_ref())
            .split_ascii_whitespace()
            .nth(1)
            .and_then(|text| text.parse().ok());
        Switches {
            voluntary: field("voluntary_ctxt_switches:"),
            involuntary: field("nonvoluntary_ctxt_switches:"),
            run_delay_ns,
        }
    }
}

fn read_start(file: Option<&File>) -> String {
    let mut bytes = vec![0; 8192];
    let length = file
        .and_then(|file| file.read_at(&mut bytes, 0).ok())
        .unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

impl Switches {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            voluntary: self.voluntary.saturating_sub(before.voluntary),
            involuntary: self.involuntary.saturating_sub(before.involuntary),
            run_delay_ns: self
                .run_delay_ns
                .zip(before.run_delay_ns)
                .map(|(after, before)| after.saturating_sub(before)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_waits_is_seen_to_switch() {
        let accounts = ThreadAccounts::open();
        let before = accounts.read();
        for _ in 0..5 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(accounts.read().since(before).voluntary >= 5);
    }
}
