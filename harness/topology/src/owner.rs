//! Whose something is that outlives its maker: a cgroup, a staging folder.
//!
//! A pid alone may be somebody else's by the time that the thing is found; a pid with its start time is not.

use std::fmt;
use std::fs;

/// A process, by pid and start time. [`fmt::Display`] writes `PID-START`, which [`Owner::of`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pid: u32,
    /// Clock ticks since boot.
    start: u64,
}

impl Owner {
    /// This process.
    pub fn this() -> Owner {
        let pid = std::process::id();
        Owner {
            pid,
            start: start_of(pid).unwrap_or(0),
        }
    }

    /// The owner that stands at the beginning of `text`, and what follows it behind a further `-`.
    pub fn of(text: &str) -> Option<(Owner, &str)> {
        let (pid, rest) = text.split_once('-')?;
        let (start, rest) = rest.split_once('-')?;
        let owner = Owner {
            pid: pid.parse().ok()?,
            start: start.parse().ok()?,
        };
        Some((owner, rest))
    }

    /// Whether it still runs. One that ended and was not waited for does not.
    pub fn is_alive(self) -> bool {
        start_of(self.pid) == Some(self.start)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.pid, self.start)
    }
}

/// When a process that runs was started: field 22 of /proc/PID/stat, counted behind the name in parentheses; the state
/// is the first there (proc_pid_stat(5)).
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X");
    if ended {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is_and_whether_he_lives() {
        let ours = Owner::this();
        assert!(ours.is_alive());
        let name = format!("{ours}-7");
        assert_eq!(Owner::of(&name), Some((ours, "7")));
        let earlier = Owner {
            start: ours.start - 1,
            ..ours
        };
        assert!(!earlier.is_alive(), "the same pid, another process");
        for other in ["", "1", "1-2", "x-2-3", "1-x-3"] {
            assert_eq!(Owner::of(other), None, "{other}");
        }
    }

    #[test]
    fn a_process_that_nobody_waited_for_is_dead() {
        let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
        for _ in 0..500 {
            if start_of(child.id()).is_none() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!(start_of(child.id()), None);
        child.wait().unwrap();
    }
}
