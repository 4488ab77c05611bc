//! The two figures below `/sys` that change while a trial runs.
//!
//! [`throttling`] says how often our control group was held back by a CPU
//! quota, [`mean_mhz`] how fast CPUs run at this moment. Deliberately absent:
//! when to look and what a difference means, which belong to whoever watches
//! the trial.

use std::path::Path;

use crate::cgroup;
use crate::cpuset::CpuSet;
use crate::source::Source;

/// How often a control group was held back by its CPU quota, since it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttling {
    /// The group's folder below the root: only counts of the same group may be
    /// compared.
    pub group: String,
    /// Enforcement periods that had elapsed (`nr_periods`).
    pub periods: u64,
    /// Of them, those in which the group ran out of quota (`nr_throttled`).
    pub throttled: u64,
}

/// Reads the counts of the group nearest to us, ourselves included, that has a
/// CPU quota; `None` where none has. Only a group with a quota counts periods
/// (Linux: Documentation/scheduler/sched-bwc.rst, "Statistics").
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

/// The mean clock of these CPUs in MHz (`scaling_cur_freq`); `None` where the
/// kernel tells it of none of them, as in most virtual machines.
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
