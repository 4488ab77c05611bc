//! Whether this host can hold cells to the limits that they ask for.

use std::path::Path;

use record::axis::{Axis, AxisValue, Settings};
use record::quantity::format_bytes;
use topology::{Cgroup, Controller, CpuTime, GroupError, GroupParent, Limits, Placement};

use super::cells::Plan;

/// How a refusal begins.
pub(crate) const GROUPS_WANTED: &str = "cpu_quota and memory_cap need a cgroup for every target: ";

/// The limits that a cell asks for. The matrix was checked: what does not parse cannot stand here.
pub(crate) fn limits_of(settings: &Settings) -> Limits {
    let cpu = match settings.value(&Axis::CpuQuota) {
        Some(AxisValue::Quota(quota)) => Some(CpuTime {
            quota_us: quota.quota_us,
            period_us: quota.period_us,
        }),
        _ => None,
    };
    let memory_bytes = match settings.value(&Axis::MemoryCap) {
        Some(AxisValue::Bytes(bytes)) => Some(bytes),
        _ => None,
    };
    Limits { cpu, memory_bytes }
}

/// Where this plan's cgroups are made; `None` where no cell wants one. Groups are tried on the spot, so that what may
/// not be is known before anything is built.
///
/// # Errors
/// Why none can be made here, with the fix.
pub(crate) fn cgroup_parent(plan: &Plan) -> Result<Option<GroupParent>, GroupError> {
    let mut controllers: Vec<Controller> = Vec::new();
    for cell in &plan.cells {
        for controller in limits_of(&cell.spec.settings).controllers() {
            if !controllers.contains(&controller) {
                controllers.push(controller);
            }
        }
    }
    if controllers.is_empty() {
        return Ok(None);
    }
    GroupParent::prepare(Path::new("/"), &controllers).map(Some)
}

/// Why a cell's limits cannot be kept on this host, if so: what is above our own group binds its children as well, and
/// version 1 refuses a child with a larger quota (Linux: kernel/sched/core.c, `tg_cfs_schedulable_down`).
pub(super) fn above_our_own(settings: &Settings, own: &Cgroup) -> Option<String> {
    let limits = limits_of(settings);
    if let (Some(asked), Some(ours)) = (limits.cpu, &own.quota) {
        let asked_cpus = asked.quota_us as f64 / asked.period_us as f64;
        if asked_cpus > ours.cpus() {
            return Some(format!(
                "cpu_quota {asked_cpus} is more than the {} CPUs that gosweep itself may use ({})",
                ours.cpus(),
                ours.file
            ));
        }
    }
    let (asked, ours) = (limits.memory_bytes?, own.memory.as_ref()?);
    (asked > ours.bytes).then(|| {
        format!(
            "memory_cap {} is more than the {} that gosweep itself may use ({})",
            format_bytes(asked as f64),
            format_bytes(ours.bytes as f64),
            ours.file
        )
    })
}

/// Remarks on limits that will not do what a reader may expect.
pub(super) fn notes(settings: &Settings, placement: &Placement) -> Vec<String> {
    let mut notes = Vec::new();
    let cpus = placement.target.len();
    if let Some(AxisValue::Quota(quota)) = settings.value(&Axis::CpuQuota)
        && quota.cpus() >= cpus as f64
    {
        notes.push(format!(
            "cpu_quota {quota} cannot be used up on the {cpus} CPU(s) that the target gets"
        ));
    }
    let limits = limits_of(settings);
    if let (Some(cap), Some(AxisValue::Bytes(goal))) =
        (limits.memory_bytes, settings.value(&Axis::Gomemlimit))
        && goal >= cap
    {
        notes.push(format!(
            "GOMEMLIMIT is not below memory_cap, so the kernel kills before Go makes an effort: \
             leave at least a tenth for what Go does not count ({} of {})",
            format_bytes(cap as f64 * 0.9),
            format_bytes(cap as f64)
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::{CpuQuota as OwnQuota, CpuSet, MemoryLimit};

    fn settings(pairs: &[(Axis, &str)]) -> Settings {
        let mut settings = Settings::default();
        for (axis, value) in pairs {
            settings.insert(axis.clone(), *value);
        }
        settings
    }

    #[test]
    fn what_binds_ourselves_binds_a_target() {
        let mut own = Cgroup::default();
        let asked = settings(&[(Axis::CpuQuota, "2"), (Axis::MemoryCap, "64MiB")]);
        assert_eq!(above_our_own(&asked, &own), None);
        own.quota = Some(OwnQuota {
            quota_us: 150_000,
            period_us: 100_000,
            file: "cpu.max".to_owned(),
        });
        let reason = above_our_own(&asked, &own).unwrap();
        assert_eq!(
            reason,
            "cpu_quota 2 is more than the 1.5 CPUs that gosweep itself may use (cpu.max)"
        );
        own.quota = None;
        own.memory = Some(MemoryLimit {
            bytes: 32 << 20,
            file: "memory.max".to_owned(),
        });
        let reason = above_our_own(&asked, &own).unwrap();
        assert!(
            reason.starts_with("memory_cap 64.0 MiB is more than the 32.0 MiB"),
            "{reason}"
        );
    }

    #[test]
    fn limits_that_do_nothing_are_remarked_on() {
        let placement = Placement {
            target: "0-1".parse::<CpuSet>().unwrap(),
            generator: "2".parse::<CpuSet>().unwrap(),
            memory_node: None,
            notes: Vec::new(),
        };
        let none = notes(&settings(&[(Axis::CpuQuota, "1.5")]), &placement);
        assert_eq!(none, Vec::<String>::new());
        let idle = notes(&settings(&[(Axis::CpuQuota, "2")]), &placement);
        assert!(
            idle[0].contains("cannot be used up on the 2 CPU(s)"),
            "{idle:?}"
        );
        let over = settings(&[(Axis::MemoryCap, "64MiB"), (Axis::Gomemlimit, "64MiB")]);
        assert!(notes(&over, &placement)[0].contains("57.6 MiB"));
        let below = settings(&[(Axis::MemoryCap, "64MiB"), (Axis::Gomemlimit, "56MiB")]);
        assert_eq!(notes(&below, &placement), Vec::<String>::new());
    }
}
