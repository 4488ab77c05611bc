//! The host over a window: steal, load, pressure, throttling, clock.

use std::path::Path;

use record::trial::HostWindow;
use topology::{CpuSet, CpuTicks, Throttling};

/// One look at the host. Counters are since boot.
#[derive(Debug, Clone, Default)]
pub struct HostSample {
    ticks: CpuTicks,
    cpu_pressure_us: Option<u64>,
    throttling: Option<Throttling>,
    mean_mhz: Option<f64>,
    at: Option<std::time::Instant>,
}

impl HostSample {
    /// Looks at the CPUs in `cpus` and at the host as a whole.
    pub fn take(cpus: &CpuSet) -> HostSample {
        let root = Path::new("/");
        HostSample {
            ticks: topology::cpu_ticks(root, cpus).unwrap_or_default(),
            cpu_pressure_us: topology::cpu_pressure_us(root),
            throttling: topology::throttling(root),
            mean_mhz: topology::mean_mhz(root, cpus),
            at: Some(std::time::Instant::now()),
        }
    }

    /// The window between an earlier look and this one.
    pub fn since(&self, earlier: &HostSample) -> HostWindow {
        let share = |of: fn(&CpuTicks) -> u64| {
            let spent =
                |of: fn(&CpuTicks) -> u64| of(&self.ticks).saturating_sub(of(&earlier.ticks));
            spent(of) as f64 / spent(|ticks| ticks.total).max(1) as f64
        };
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
            steal: share(|ticks| ticks.steal),
            busy: share(|ticks| ticks.busy),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(total: u64, busy: u64, steal: u64) -> CpuTicks {
        CpuTicks { total, busy, steal }
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
            ticks: ticks(1_000, 100, 10),
            throttling: throttling(10, 1),
            ..HostSample::default()
        };
        let later = HostSample {
            ticks: ticks(1_200, 200, 20),
            throttling: throttling(30, 6),
            ..HostSample::default()
        };
        let window = later.since(&earlier);
        assert_eq!((window.steal, window.busy), (0.05, 0.5));
        assert_eq!(window.throttled, Some(0.25));
    }
}
