//! The host over a window: steal, load, pressure, throttling, clock.

use std::fs;
use std::path::Path;

use record::trial::HostWindow;
use topology::{CpuSet, Throttling};

/// One look at the host. Counters are since boot.
#[derive(Debug, Clone, Default)]
pub struct HostSample {
    total_ticks: u64,
    busy_ticks: u64,
    steal_ticks: u64,
    cpu_pressure_us: Option<u64>,
    throttling: Option<Throttling>,
    mean_mhz: Option<f64>,
    at: Option<std::time::Instant>,
}

impl HostSample {
    /// Looks at the CPUs in `cpus` and at the host as a whole.
    pub fn take(cpus: &CpuSet) -> HostSample {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let mut sample = HostSample {
            cpu_pressure_us: cpu_pressure_us(),
            throttling: topology::throttling(Path::new("/")),
            mean_mhz: topology::mean_mhz(Path::new("/"), cpus),
            at: Some(std::time::Instant::now()),
            ..HostSample::default()
        };
        for (cpu, ticks) in stat.lines().filter_map(cpu_line) {
            if cpus.contains(cpu) {
                sample.total_ticks += ticks.iter().sum::<u64>();
                // user nice system idle iowait irq softirq steal: proc(5).
                // Guest time is part of user and is not in the slice.
                sample.busy_ticks += ticks.iter().sum::<u64>() - ticks[3] - ticks[4] - ticks[7];
                sample.steal_ticks += ticks[7];
            }
        }
        sample
    }

    /// The window between an earlier look and this one.
    pub fn since(&self, earlier: &HostSample) -> HostWindow {
        let total = self.total_ticks.saturating_sub(earlier.total_ticks).max(1) as f64;
        let seconds = match (self.at, earlier.at) {
            (Some(now), Some(then)) => now.duration_since(then).as_secs_f64(),
            _ => 0.0,
        };
        let pressure = |now: u64, then: u64| now.saturating_sub(then) as f64 / (seconds * 1e6);
        let throttled = |now: &Throttling, then: &Throttling| {
            let periods = now.periods.saturating_sub(then.periods);
            let throttled = now.throttled.saturating_sub(then.throttled);
            (now.group == then.group && periods > 0).then(|| throttled as f64 / periods as f64)
        };
        HostWindow {
            steal: self.steal_ticks.saturating_sub(earlier.steal_ticks) as f64 / total,
            busy: self.busy_ticks.saturating_sub(earlier.busy_ticks) as f64 / total,
            cpu_pressure: self
                .cpu_pressure_us
                .zip(earlier.cpu_pressure_us)
                .filter(|_| seconds > 0.0)
                .map(|(now, then)| pressure(now, then)),
            throttled: self
                .throttling
                .as_ref()
                .zip(earlier.throttling.as_ref())
                .and_then(|(now, then)| throttled(now, then)),
            mean_mhz: self.mean_mhz,
        }
    }
}

/// `cpu3 user nice system idle iowait irq softirq steal ...` of /proc/stat.
fn cpu_line(line: &str) -> Option<(u32, [u64; 8])> {
    let mut words = line.split_ascii_whitespace();
    let cpu = words.next()?.strip_prefix("cpu")?.parse().ok()?;
    let mut ticks = [0; 8];
    for slot in &mut ticks {
        *slot = words.next()?.parse().ok()?;
    }
    Some((cpu, ticks))
}

/// Total time in which some task waited for a CPU, microseconds.
fn cpu_pressure_us() -> Option<u64> {
    let text = fs::read_to_string("/proc/pressure/cpu").ok()?;
    let line = text.lines().find(|line| line.starts_with("some"))?;
    line.rsplit("total=").next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_of_proc_stat() {
        let line = "cpu12 10 0 5 100 2 0 1 7 0 0";
        assert_eq!(cpu_line(line), Some((12, [10, 0, 5, 100, 2, 0, 1, 7])));
        assert_eq!(cpu_line("cpu  10 0 5 100 2 0 1 7 0 0"), None);
        assert_eq!(cpu_line("intr 12"), None);
    }

    fn throttling(periods: u64, throttled: u64) -> Option<Throttling> {
        Some(Throttling {
            group: "sys/fs/cgroup/box".to_owned(),
            periods,
            throttled,
        })
    }

    #[test]
    fn shares_are_of_the_window() {
        let earlier = HostSample {
            total_ticks: 1_000,
            busy_ticks: 100,
            steal_ticks: 10,
            throttling: throttling(10, 1),
            ..HostSample::default()
        };
        let later = HostSample {
            total_ticks: 1_200,
            busy_ticks: 200,
            steal_ticks: 20,
            throttling: throttling(30, 6),
            ..HostSample::default()
        };
        let window = later.since(&earlier);
        assert_eq!((window.steal, window.busy), (0.05, 0.5));
        assert_eq!(window.throttled, Some(0.25));
    }
}
