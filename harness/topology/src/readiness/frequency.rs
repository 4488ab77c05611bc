//! Does the clock speed of the CPUs hold still?

use std::collections::BTreeMap;

use super::Check;
use crate::cpuset::CpuSet;
use crate::model::Topology;
use crate::source::Source;

const CPU: &str = "sys/devices/system/cpu";

pub(super) fn checks(source: &Source, topology: Option<&Topology>) -> Vec<Check> {
    vec![
        governor(source, topology),
        turbo(source),
        throttling(source, topology),
    ]
}

fn governor(source: &Source, topology: Option<&Topology>) -> Check {
    const WHY: &str = "a governor that lowers the clock makes short and light loads look slow";
    let mut governors: BTreeMap<String, CpuSet> = BTreeMap::new();
    let cpus = topology
        .map(|topology| topology.sets.online.clone())
        .unwrap_or_default();
    for cpu in cpus.iter() {
        let file = format!("{CPU}/cpu{cpu}/cpufreq/scaling_governor");
        if let Some(governor) = source.word(&file) {
            governors.entry(governor).or_default().insert(cpu);
        }
    }
    let described: Vec<String> = governors
        .iter()
        .map(|(name, cpus)| format!("{name} on CPUs {cpus}"))
        .collect();
    if governors.is_empty() {
        return Check::unknown(
            "governor",
            WHY,
            "no cpufreq here; the hypervisor or firmware decides",
        );
    }
    if governors.keys().all(|name| name == "performance") {
        return Check::ok("governor", WHY, described.join(", "));
    }
    let fix = "as root: write performance to cpu*/cpufreq/scaling_governor \
                (cpupower frequency-set -g performance)";
    Check::warn("governor", WHY, described.join(", "), fix)
}

/// `no_turbo` of intel_pstate, else `boost` of the other drivers (Linux:
/// Documentation/admin-guide/pm/{intel_pstate,cpufreq}.rst).
fn turbo(source: &Source) -> Check {
    const WHY: &str = "turbo clocks fall with heat and with the number of busy cores";
    let no_turbo: Option<u32> = source.number(&format!("{CPU}/intel_pstate/no_turbo"));
    let boost: Option<u32> = source.number(&format!("{CPU}/cpufreq/boost"));
    match (no_turbo, boost) {
        (Some(0), _) => Check::warn(
            "turbo",
            WHY,
            "on (intel_pstate)",
            "as root: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo",
        ),
        (Some(_), _) => Check::ok("turbo", WHY, "off (intel_pstate)"),
        (None, Some(0)) => Check::ok("turbo", WHY, "off (cpufreq boost)"),
        (None, Some(_)) => Check::warn(
            "turbo",
            WHY,
            "on (cpufreq boost)",
            "as root: echo 0 > /sys/devices/system/cpu/cpufreq/boost",
        ),
        (None, None) => Check::unknown("turbo", WHY, "no turbo switch here"),
    }
}

/// Counters since boot, kept by x86 (Linux: arch/x86/kernel/cpu/mce/therm_throt.c).
fn throttling(source: &Source, topology: Option<&Topology>) -> Check {
    const WHY: &str = "a CPU that gets too hot slows down in the middle of a trial";
    let cpus = topology
        .map(|topology| topology.sets.online.clone())
        .unwrap_or_default();
    let count = |cpu: u32| -> Option<u64> {
        source.number(&format!(
            "{CPU}/cpu{cpu}/thermal_throttle/core_throttle_count"
        ))
    };
    let counts: Vec<u64> = cpus.iter().filter_map(count).collect();
    let total = counts
        .iter()
        .fold(0_u64, |sum, count| sum.saturating_add(*count));
    match (counts.is_empty(), total) {
        (true, _) => Check::unknown("throttling", WHY, "no thermal counters here"),
        (false, 0) => Check::ok("throttling", WHY, "no thermal throttling since boot"),
        (false, total) => Check::warn(
            "throttling",
            WHY,
            format!("{total} thermal throttling events since boot"),
            "look to cooling, or cap the clock below the point where it throttles",
        ),
    }
}
