//! What the kernel gives to processes: memory layout and merging, network limits, hardware counters.

use super::Check;
use crate::source::Source;

/// Linux's own default since 5.4 (`SOMAXCONN` in include/linux/socket.h).
const DEFAULT_BACKLOG: u32 = 4096;

/// Linux's own default range 32768 to 60999 (Documentation/networking/ip-sysctl.rst).
const DEFAULT_PORTS: u32 = 28_232;

pub(super) fn checks(source: &Source) -> Vec<Check> {
    vec![
        address_randomisation(source),
        page_merging(source),
        port_range(source),
        listen_backlog(source),
        hardware_counters(source),
    ]
}

fn address_randomisation(source: &Source) -> Check {
    const WHY: &str = "without it every trial has the same memory layout, and its luck or bad luck \
                       looks like a property of the Go program";
    match source.number::<u32>("proc/sys/kernel/randomize_va_space") {
        None => Check::unknown("aslr", WHY, "not reported"),
        Some(2) => Check::ok("aslr", WHY, "full"),
        Some(level) => Check::warn(
            "aslr",
            WHY,
            format!("level {level} of 2"),
            "as root: sysctl kernel.randomize_va_space=2",
        ),
    }
}

/// Values by Linux: Documentation/admin-guide/mm/ksm.rst. 2 stops merging and undoes what was merged.
fn page_merging(source: &Source) -> Check {
    const WHY: &str = "ksmd uses CPU time for scans, and a write to a merged page costs a fault";
    match source.number::<u32>("sys/kernel/mm/ksm/run") {
        None => Check::unknown("ksm", WHY, "not reported"),
        Some(0 | 2) => Check::ok("ksm", WHY, "off"),
        Some(_) => Check::warn("ksm", WHY, "on", "as root: echo 0 > /sys/kernel/mm/ksm/run"),
    }
}

fn port_range(source: &Source) -> Check {
    const WHY: &str = "each new connection of the generator holds a port for a minute after it is \
                       closed; when none is left, connecting fails";
    let text = source.word("proc/sys/net/ipv4/ip_local_port_range");
    let range = text.as_deref().and_then(|text| {
        let mut numbers = text.split_whitespace().map(str::parse::<u16>);
        let (first, last) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        (first <= last && numbers.next().is_none()).then_some((first, last))
    });
    let Some((first, last)) = range else {
        return Check::unknown("port-range", WHY, "not reported");
    };
    let ports = u32::from(last) - u32::from(first) + 1;
    let found = format!("{first} to {last}, {ports} ports");
    if ports >= DEFAULT_PORTS {
        Check::ok("port-range", WHY, found)
    } else {
        let fix = "as root: sysctl net.ipv4.ip_local_port_range='32768 60999'";
        Check::warn("port-range", WHY, found, fix)
    }
}

fn listen_backlog(source: &Source) -> Check {
    // Go reads this file for the backlog of each listener: maxListenerBacklog in src/net/sock_linux.go.
    const WHY: &str =
        "Go listens with this backlog; connections beyond it wait for a retransmission";
    match source.number::<u32>("proc/sys/net/core/somaxconn") {
        None => Check::unknown("somaxconn", WHY, "not reported"),
        Some(backlog) if backlog >= DEFAULT_BACKLOG => {
            Check::ok("somaxconn", WHY, backlog.to_string())
        }
        Some(backlog) => Check::warn(
            "somaxconn",
            WHY,
            backlog.to_string(),
            "as root: sysctl net.core.somaxconn=4096",
        ),
    }
}

/// A CPU's counters register as `cpu`, `cpu_core` or `cpu_atom` (x86), `cpum_cf` (s390) or `armv…` (Arm).
fn hardware_counters(source: &Source) -> Check {
    const WHY: &str = "instructions and cycles per request can be counted only with a PMU";
    const DEVICES: &str = "sys/bus/event_source/devices";
    let mut units = source.entries(DEVICES);
    units.retain(|name| {
        matches!(name.as_str(), "cpu" | "cpu_core" | "cpu_atom" | "cpum_cf")
            || name.starts_with("armv")
    });
    units.sort();
    if units.is_empty() {
        let found = "none reported: software counters only";
        return Check::unknown("pmu", WHY, found);
    }
    Check::ok("pmu", WHY, units.join(", "))
}
