//! The host over a window: steal, load, pressure, throttling, clock.

use std::fs;

use record::trial::HostWindow;
use topology::CpuSet;

/// One look at the host. Counters are since boot.
#[derive(Debug, Clone, Default)]
pub struct HostSample {
    total_ticks: u64,
    busy_ticks: u64,
    steal_ticks: u64,
    cpu_pressure_us: Option<u64>,
    throttling: Option<(u64, u64)>,
    mean_mhz: Option<f64>,
    at: Option<std::time::Instant>,
}

impl HostSample {
    /// Looks at the CPUs in `cpus` and at the host as a whole.
    pub fn take(cpus: &CpuSet) -> HostSample {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let mut sample = HostSample {
            cpu_pressure_us: cpu_pressure_us(),
            throttling: throttling(),
            mean_mhz: mean_mhz(cpus),
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
        let throttled = |now: (u64, u64), then: (u64, u64)| {
            let periods = now.0.saturating_sub(then.0);
            (periods > 0).then(|| now.1.saturating_sub(then.1) as f64 / periods as f64)
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
                .zip(earlier.throttling)
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

/// (periods, throttled periods) of the cgroup that we are in, v2 or v1.
fn throttling() -> Option<(u64, u64)> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let files = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let cpu = controllers.split(',').any(|name| name == "cpu");
        match (controllers.is_empty(), cpu) {
            (true, _) => Some(format!("/sys/fs/cgroup{path}/cpu.stat")),
            (false, true) => Some(format!("/sys/fs/cgroup/{controllers}{path}/cpu.stat")),
            _ => None,
        }
    });
    files
        .filter_map(|file| fs::read_to_string(file).ok())
        .find_map(|text| {
            let field = |name: &str| -> Option<u64> {
                let line = text.lines().find_map(|line| line.strip_prefix(name))?;
                line.trim().parse().ok()
            };
            Some((field("nr_periods ")?, field("nr_throttled ")?))
        })
}

fn mean_mhz(cpus: &CpuSet) -> Option<f64> {
    let clocks: Vec<f64> = cpus
        .iter()
        .filter_map(|cpu| {
            let file = format!("/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq");
            fs::read_to_string(file).ok()?.trim().parse::<f64>().ok()
        })
        .collect();
    (!clocks.is_empty()).then(|| clocks.iter().sum::<f64>() / clocks.len() as f64 / 1e3)
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

    #[test]
    fn shares_are_of_the_window() {
        let earlier = HostSample {
            total_ticks: 1_000,
            busy_ticks: 100,
            steal_ticks: 10,
            throttling: Some((10, 1)),
            ..HostSample::default()
        };
        let later = HostSample {
            total_ticks: 1_200,
            busy_ticks: 200,
            steal_ticks: 20,
            throttling: Some((30, 6)),
            ..HostSample::default()
        };
        let window = later.since(&earlier);
        assert_eq!((window.steal, window.busy), (0.05, 0.5));
        assert_eq!(window.throttled, Some(0.25));
    }
}
