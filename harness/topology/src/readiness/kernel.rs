//! Kernel settings that add noise or hide evidence.

use super::Check;
use crate::model::Topology;
use crate::source::Source;

pub(super) fn checks(source: &Source, topology: Option<&Topology>) -> Vec<Check> {
    vec![
        nmi_watchdog(source),
        perf_event_paranoid(source),
        transparent_hugepages(source),
        numa_balancing(source, topology),
    ]
}

fn nmi_watchdog(source: &Source) -> Check {
    const WHY: &str = "the watchdog interrupts every CPU and occupies a hardware counter";
    match source.number::<i64>("proc/sys/kernel/nmi_watchdog") {
        None => Check::unknown("nmi-watchdog", WHY, "not reported"),
        Some(0) => Check::ok("nmi-watchdog", WHY, "off"),
        Some(_) => Check::warn(
            "nmi-watchdog",
            WHY,
            "on",
            "as root: sysctl kernel.nmi_watchdog=0",
        ),
    }
}

/// Levels by Linux: Documentation/admin-guide/sysctl/kernel.rst.
fn perf_event_paranoid(source: &Source) -> Check {
    const WHY: &str =
        "without perf events, cycles and cache misses of the target cannot be counted";
    let fix = "as root: sysctl kernel.perf_event_paranoid=1";
    match source.number::<i64>("proc/sys/kernel/perf_event_paranoid") {
        None => Check::unknown("perf-events", WHY, "not reported"),
        Some(level) if level <= 1 => Check::ok("perf-events", WHY, format!("level {level}")),
        Some(2) => Check::ok(
            "perf-events",
            WHY,
            "level 2: user-space counts only, enough for our own targets",
        ),
        Some(level) => Check::warn(
            "perf-events",
            WHY,
            format!("level {level}: refused without privilege"),
            fix,
        ),
    }
}

/// `always [madvise] never`: the brackets mark the mode in force.
fn transparent_hugepages(source: &Source) -> Check {
    // Go's guide to the collector, "Linux transparent huge pages": `always` can grow small heaps and makes their memory
    // use vary (go.dev/doc/gc-guide).
    const WHY: &str =
        "huge pages given unasked change a Go heap's memory use and its speed over time";
    let text = source.word("sys/kernel/mm/transparent_hugepage/enabled");
    let mode = text.as_deref().and_then(|text| {
        let (_, rest) = text.split_once('[')?;
        Some(rest.split_once(']')?.0)
    });
    match mode {
        None => Check::unknown("huge-pages", WHY, "not reported"),
        Some(mode @ ("madvise" | "never")) => Check::ok("huge-pages", WHY, mode),
        Some(mode) => Check::warn(
            "huge-pages",
            WHY,
            mode,
            "as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled; else keep it \
             equal on all hosts",
        ),
    }
}

fn numa_balancing(source: &Source, topology: Option<&Topology>) -> Check {
    const WHY: &str = "the kernel unmaps and moves pages between nodes while a trial runs";
    let with_cpus = |topology: &Topology| {
        topology
            .nodes
            .iter()
            .filter(|node| !node.cpus.is_empty())
            .count()
    };
    let nodes = topology.map_or(0, with_cpus);
    match source.number::<i64>("proc/sys/kernel/numa_balancing") {
        _ if nodes == 1 => Check::ok("numa-balancing", WHY, "one node only"),
        None => Check::unknown("numa-balancing", WHY, "not reported"),
        Some(0) => Check::ok("numa-balancing", WHY, "off"),
        Some(_) => {
            let fix = "as root: sysctl kernel.numa_balancing=0; or bind memory with node:N";
            Check::warn("numa-balancing", WHY, format!("on, {nodes} nodes"), fix)
        }
    }
}
