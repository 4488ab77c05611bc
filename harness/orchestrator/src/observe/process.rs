//! The target by /proc.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use procfs::process::Process;
use record::trial::ProcessWindow;

/// One look at a process. Counters are since its start.
#[derive(Debug, Clone, Default)]
pub struct ProcessSample {
    /// CPU time of all threads, dead ones included, nanosecond resolution.
    pub cpu: Duration,
    /// User share of the ticks, 0 to 1: splits `cpu`, since ticks are 10 ms.
    user_share: f64,
    user_ticks: u64,
    system_ticks: u64,
    /// Resident set, bytes.
    pub rss_bytes: u64,
    /// Peak resident set since exec (VmHWM), bytes. `ru_maxrss` is not used: a forked child starts with the maximum of
    /// its parent.
    pub peak_rss_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// CPUs that it may use, Linux list format.
    pub cpus_allowed: Option<String>,
    tasks: BTreeMap<i32, TaskSample>,
}

#[derive(Debug, Clone, Copy, Default)]
struct TaskSample {
    voluntary: u64,
    involuntary: u64,
    run_delay_ns: Option<u64>,
    migrations: Option<u64>,
}

impl ProcessSample {
    /// Looks at a process; `None` when it is gone, or dead and not yet reaped: then /proc shows no memory, which is not
    /// zero.
    pub fn take(pid: u32) -> Option<ProcessSample> {
        ProcessSample::of_one(pid)
    }

    /// Looks at everything below `root`, as one: sums, of which the peak of
    /// memory is one that the processes need not have reached together. CPU time
    /// of those that have ended counts once somebody of the tree, or `root`, has
    /// waited for them. `None` when nothing runs.
    pub fn of_tree(root: u32) -> Option<ProcessSample> {
        let mut pids = supervise::descendants(root);
        pids.sort_unstable();
        let living = pids.iter().filter_map(|pid| ProcessSample::of_one(*pid));
        let mut whole = living.reduce(ProcessSample::plus)?;
        for pid in pids.into_iter().chain([root]) {
            whole.add_ended(pid, pid == root);
        }
        Some(whole)
    }

    fn plus(mut self, other: ProcessSample) -> ProcessSample {
        self.cpu += other.cpu;
        self.user_ticks += other.user_ticks;
        self.system_ticks += other.system_ticks;
        self.user_share = share(self.user_ticks, self.system_ticks).unwrap_or(self.user_share);
        self.rss_bytes += other.rss_bytes;
        self.peak_rss_bytes += other.peak_rss_bytes;
        self.threads += other.threads;
        self.tasks.extend(other.tasks);
        self
    }

    /// Adds the CPU time of children that were waited for, and of the process
    /// itself when it is dead and was not yet.
    fn add_ended(&mut self, pid: u32, is_root: bool) {
        let stat = i32::try_from(pid)
            .ok()
            .and_then(|pid| Process::new(pid).ok());
        let Some(stat) = stat.and_then(|process| process.stat().ok()) else {
            return;
        };
        let mut user = u64::try_from(stat.cutime).unwrap_or(0);
        let mut system = u64::try_from(stat.cstime).unwrap_or(0);
        if stat.state == 'Z' && !is_root {
            user += stat.utime;
            system += stat.stime;
        }
        self.cpu += of_ticks(user + system);
        self.user_ticks += user;
        self.system_ticks += system;
        self.user_share = share(self.user_ticks, self.system_ticks).unwrap_or(self.user_share);
    }

    fn of_one(pid: u32) -> Option<ProcessSample> {
        let process = Process::new(i32::try_from(pid).ok()?).ok()?;
        let stat = process.stat().ok().filter(|stat| stat.state != 'Z')?;
        let status = process.status().ok()?;
        let ticks = (stat.utime + stat.stime).max(1);
        let cpu = cpu_clock(pid).unwrap_or_else(|| of_ticks(ticks));
        let tasks = process.tasks().ok()?.flatten();
        let tasks = tasks.filter_map(|task| {
            let status = task.status().ok()?;
            let sample = TaskSample {
                voluntary: status.voluntary_ctxt_switches.unwrap_or(0),
                involuntary: status.nonvoluntary_ctxt_switches.unwrap_or(0),
                run_delay_ns: task.schedstat().ok().map(|stat| stat.run_delay),
                migrations: migrations(pid, task.tid),
            };
            Some((task.tid, sample))
        });
        Some(ProcessSample {
            cpu,
            user_share: stat.utime as f64 / ticks as f64,
            user_ticks: stat.utime,
            system_ticks: stat.stime,
            rss_bytes: status.vmrss.unwrap_or(0) * 1024,
            peak_rss_bytes: status.vmhwm.unwrap_or(0) * 1024,
            threads: status.threads,
            cpus_allowed: allowed_list(pid),
            tasks: tasks.collect(),
        })
    }

    /// CPU time in user mode, seconds.
    pub fn user_seconds(&self) -> f64 {
        self.cpu.as_secs_f64() * self.user_share
    }

    /// CPU time in the kernel, seconds.
    pub fn system_seconds(&self) -> f64 {
        self.cpu.as_secs_f64() * (1.0 - self.user_share)
    }

    /// What happened between an earlier look and this one.
    pub fn since(&self, earlier: &ProcessSample) -> ProcessWindow {
        let cpu = self.cpu.saturating_sub(earlier.cpu).as_secs_f64();
        let user = self.user_ticks.saturating_sub(earlier.user_ticks);
        let system = self.system_ticks.saturating_sub(earlier.system_ticks);
        let user_share = share(user, system).unwrap_or(self.user_share);
        let sum = |of: fn(&TaskSample) -> Option<u64>| -> Option<u64> {
            self.tasks.iter().try_fold(0, |total, (tid, task)| {
                let before = earlier.tasks.get(tid).and_then(of).unwrap_or(0);
                Some(total + of(task)?.saturating_sub(before))
            })
        };
        ProcessWindow {
            user_seconds: cpu * user_share,
            system_seconds: cpu * (1.0 - user_share),
            voluntary_switches: sum(|task| Some(task.voluntary)).unwrap_or(0),
            involuntary_switches: sum(|task| Some(task.involuntary)).unwrap_or(0),
            migrations: sum(|task| task.migrations),
            run_delay_seconds: sum(|task| task.run_delay_ns).map(|ns| ns as f64 / 1e9),
            rss_bytes: self.rss_bytes,
            threads: self.threads,
        }
    }
}

fn of_ticks(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64)
}

/// The user share of ticks, where there are any.
fn share(user: u64, system: u64) -> Option<f64> {
    (user + system > 0).then(|| user as f64 / (user + system) as f64)
}

/// The CPU clock of another process, clock_getcpuclockid(3).
#[expect(
    unsafe_code,
    reason = "neither std nor rustix reads another process's CPU clock"
)]
fn cpu_clock(pid: u32) -> Option<Duration> {
    let mut clock: libc::clockid_t = 0;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: both calls write to the locals passed and keep no pointer.
    let read = unsafe {
        libc::clock_getcpuclockid(i32::try_from(pid).ok()?, &raw mut clock) == 0
            && libc::clock_gettime(clock, &raw mut time) == 0
    };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanoseconds = u32::try_from(time.tv_nsec).ok()?;
    read.then(|| Duration::new(seconds, nanoseconds))
}

/// `se.nr_migrations` of /proc/PID/task/TID/sched, where the kernel has it.
fn migrations(pid: u32, tid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/sched")).ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("se.nr_migrations"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

fn allowed_list(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_cpu_time_grows_and_splits() {
        let before = ProcessSample::take(std::process::id()).unwrap();
        let mut x = 1u64;
        while ProcessSample::take(std::process::id()).unwrap().cpu
            < before.cpu + Duration::from_millis(30)
        {
            for _ in 0..100_000 {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            }
            std::hint::black_box(x);
        }
        let after = ProcessSample::take(std::process::id()).unwrap();
        let window = after.since(&before);
        assert!(
            window.user_seconds + window.system_seconds >= 0.03,
            "{window:?}"
        );
        assert!(after.peak_rss_bytes >= after.rss_bytes / 2);
        assert!(after.cpus_allowed.is_some());
    }

    #[test]
    fn a_process_that_is_gone_is_none() {
        assert!(ProcessSample::take(u32::MAX - 1).is_none());
    }
}
