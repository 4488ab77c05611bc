//! The figures of the host that change while something is measured.
//!
//! [`throttling`] says how often our cgroup was held back by a CPU quota, [`mean_mhz`] how fast CPUs run at this
//! moment, [`cpu_ticks`] what their time went to, [`cpu_pressure_us`] how long tasks waited for any. Deliberately
//! absent: when to look and what a difference means, which belong to whoever watches the measurement.

use std::path::Path;

use crate::cgroup;
use crate::cpuset::CpuSet;
use crate::source::Source;

/// How often a cgroup was held back by its CPU quota, since it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttling {
    /// The group's folder below the root: only counts of the same group may be compared.
    pub group: String,
    /// Enforcement periods that had elapsed (`nr_periods`).
    pub periods: u64,
    /// Of them, those in which the group ran out of quota (`nr_throttled`).
    pub throttled: u64,
}

/// Reads the counts of the group nearest to us, ourselves included, that has a CPU quota; `None` where none has. Only a
/// group with a quota counts periods (Linux: Documentation/scheduler/sched-bwc.rst, "Statistics").
///
/// `root` is the folder that holds `sys/` and `proc/`, `/` for this host.
pub fn throttling(root: &Path) -> Option<Throttling> {
    let source = Source::new(root);
    let (_, folders) = cgroup::controller_folders(&source, "cpu")?;
    folders.into_iter().find_map(|group| {
        let text = source.word(&format!("{group}/cpu.stat"))?;
        let count = |name: &str| -> Option<u64> {
            let mut fields = text.lines().filter_map(|line| line.split_once(' '));
            let (_, number) = fields.find(|(field, _)| *field == name)?;
            number.trim().parse().ok()
        };
        let (periods, throttled) = (count("nr_periods")?, count("nr_throttled")?);
        (periods > 0).then_some(Throttling {
            group,
            periods,
            throttled,
        })
    })
}

/// The mean clock of these CPUs in MHz (`scaling_cur_freq`); `None` where the kernel tells it of none of them, as in
/// most virtual machines.
///
/// `root` is the folder that holds `sys/`, `/` for this host.
pub fn mean_mhz(root: &Path, cpus: &CpuSet) -> Option<f64> {
    let source = Source::new(root);
    let clocks: Vec<f64> = cpus
        .iter()
        .filter_map(|cpu| {
            let file = format!("sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq");
            source.number::<u64>(&file)
        })
        .map(|khz| khz as f64 / 1e3)
        .collect();
    (!clocks.is_empty()).then(|| clocks.iter().sum::<f64>() / clocks.len() as f64)
}

/// What the time of some CPUs went to since the host started, in the kernel's ticks of usually 10 ms, all of them
/// together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTicks {
    /// All their time.
    pub total: u64,
    /// Of it, what any program, the kernel or an interrupt used.
    pub busy: u64,
    /// Of it, what the hypervisor gave to other machines.
    pub steal: u64,
}

/// Reads what the time of `cpus` went to (`proc/stat`, proc_stat(5)); `None` where the host tells it of none of them.
///
/// `root` is the folder that holds `proc/`, `/` for this host.
pub fn cpu_ticks(root: &Path, cpus: &CpuSet) -> Option<CpuTicks> {
    let text = Source::new(root).text("proc/stat")?;
    let lines = text.lines().filter_map(cpu_line);
    let ours = lines.filter(|(cpu, _)| cpus.contains(*cpu));
    ours.map(|(_, ticks)| ticks).reduce(|sum, cpu| CpuTicks {
        total: sum.total + cpu.total,
        busy: sum.busy + cpu.busy,
        steal: sum.steal + cpu.steal,
    })
}

/// `cpu3 user nice system idle iowait irq softirq steal ...`. Guest time is part of user time and stands behind these.
fn cpu_line(line: &str) -> Option<(u32, CpuTicks)> {
    let mut words = line.split_ascii_whitespace();
    let cpu = words.next()?.strip_prefix("cpu")?.parse().ok()?;
    let mut ticks = [0u64; 8];
    for slot in &mut ticks {
        *slot = words.next()?.parse().ok()?;
    }
    let total = ticks.iter().sum::<u64>();
    let (idle, steal) = (ticks[3] + ticks[4], ticks[7]);
    Some((
        cpu,
        CpuTicks {
            total,
            busy: total - idle - steal,
            steal,
        },
    ))
}

/// The time in which some task of the host waited for a CPU since the host started, in microseconds
/// (`proc/pressure/cpu`, Linux: Documentation/accounting/psi.rst); `None` where the kernel does not count.
///
/// `root` is the folder that holds `proc/`, `/` for this host.
pub fn cpu_pressure_us(root: &Path) -> Option<u64> {
    let text = Source::new(root).text("proc/pressure/cpu")?;
    let line = text.lines().find(|line| line.starts_with("some"))?;
    line.rsplit("total=").next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(stat: &str, pressure: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("proc/pressure")).unwrap();
        std::fs::write(root.path().join("proc/stat"), stat).unwrap();
        std::fs::write(root.path().join("proc/pressure/cpu"), pressure).unwrap();
        root
    }

    #[test]
    fn ticks_are_those_of_the_cpus_asked_for() {
        let stat = "cpu  30 0 15 300 6 0 3 21 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n\
                    cpu12 10 0 5 100 2 0 1 7 0 0\nintr 12 1\n";
        let root = host(stat, "");
        let of = |cpus: &[u32]| cpu_ticks(root.path(), &cpus.iter().copied().collect());
        let twelve = CpuTicks {
            total: 125,
            busy: 16,
            steal: 7,
        };
        assert_eq!(of(&[12]), Some(twelve));
        assert_eq!(of(&[0, 12]).map(|ticks| ticks.steal), Some(8));
        assert_eq!(of(&[3]), None);
    }

    #[test]
    fn pressure_is_the_total_of_some() {
        let text = "some avg10=1.53 avg60=2.10 avg300=1.02 total=123456\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=77\n";
        assert_eq!(cpu_pressure_us(host("", text).path()), Some(123_456));
        assert_eq!(cpu_pressure_us(host("", "").path()), None);
    }
}
