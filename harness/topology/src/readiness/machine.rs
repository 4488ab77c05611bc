//! What the host itself gives: cores, SMT, isolation, virtualisation, clock, quota.

use super::Check;
use crate::model::Topology;
use crate::source::Source;

pub(super) fn cores(topology: Option<&Topology>) -> Check {
    const WHY: &str = "the load generator needs a core of its own, or it slows the target down";
    let Some(topology) = topology else {
        return Check::unknown("cores", WHY, "no CPUs could be read");
    };
    let usable = topology
        .cores
        .iter()
        .filter(|core| !core.cpus.is_disjoint(&topology.usable));
    let found = format!(
        "{} usable cores, {} usable CPUs of {} online",
        usable.clone().count(),
        topology.usable.len(),
        topology.sets.online.len()
    );
    match usable.count() {
        0 | 1 => Check::warn("cores", WHY, found, "use a host with 4 cores or more").bad(),
        2 | 3 => Check::warn(
            "cores",
            WHY,
            found,
            "4 cores or more leave room for the kernel's own work next to target and generator",
        ),
        _ => Check::ok("cores", WHY, found),
    }
}

pub(super) fn smt(source: &Source, topology: Option<&Topology>) -> Check {
    const WHY: &str = "two threads of one core slow each other down by an amount that varies";
    let active: Option<u32> = source.number("sys/devices/system/cpu/smt/active");
    let siblings = topology.map(|topology| topology.cores.iter().any(|core| core.cpus.len() > 1));
    match active.map(|active| active != 0).or(siblings) {
        Some(true) => Check::warn(
            "smt",
            WHY,
            "on",
            "placement no-smt leaves siblings idle; as root, echo off > \
             /sys/devices/system/cpu/smt/control",
        ),
        Some(false) => Check::ok("smt", WHY, "off or not there"),
        None => Check::unknown("smt", WHY, "cannot be told"),
    }
}

pub(super) fn isolation(topology: Option<&Topology>) -> Check {
    const WHY: &str = "on isolated CPUs nothing else runs, and threads are not balanced either";
    let Some(topology) = topology else {
        return Check::unknown("isolation", WHY, "no CPUs could be read");
    };
    let (isolated, ticks) = (&topology.sets.isolated, &topology.sets.nohz_full);
    if isolated.is_empty() && ticks.is_empty() {
        return Check::ok("isolation", WHY, "no CPU is isolated");
    }
    let found = format!(
        "isolated CPUs: {}; without tick: {}",
        or_none(isolated),
        or_none(ticks)
    );
    if isolated.is_empty() {
        return Check::ok("isolation", WHY, found);
    }
    let fix =
        "name single isolated CPUs only (cpus:LIST), or isolate by a cpuset that still balances";
    Check::warn("isolation", WHY, found, fix)
}

fn or_none(set: &crate::cpuset::CpuSet) -> String {
    if set.is_empty() {
        "none".to_owned()
    } else {
        set.to_string()
    }
}

pub(super) fn virtualisation(source: &Source, topology: Option<&Topology>) -> Check {
    const WHY: &str = "other guests of the machine take time that this one cannot see";
    let flag = topology
        .is_some_and(|topology| topology.model.flags.iter().any(|flag| flag == "hypervisor"));
    let product = ["sys_vendor", "product_name"]
        .iter()
        .filter_map(|name| source.word(&format!("sys/class/dmi/id/{name}")));
    let product = product.collect::<Vec<_>>().join(" ");
    let named = [
        source.word("sys/hypervisor/type"),
        source.word("proc/device-tree/hypervisor/compatible"),
        known_guest(&product).then(|| product.clone()),
        guest_device(source),
        s390_hypervisor(source),
    ];
    let named = named.into_iter().flatten().next();
    match (named, flag) {
        // Without firmware names the absence of signs proves nothing.
        (None, false) if product.is_empty() => Check::unknown(
            "virtualisation",
            WHY,
            "no sign of a hypervisor, nor of a real machine",
        ),
        (None, false) => Check::ok(
            "virtualisation",
            WHY,
            format!("no sign of a hypervisor ({product})"),
        ),
        (named, _) => Check::warn(
            "virtualisation",
            WHY,
            format!(
                "a virtual machine ({})",
                named.as_deref().unwrap_or("hypervisor flag")
            ),
            "compare cells within one run only; use a bare machine for figures that must hold",
        ),
    }
}

fn known_guest(product: &str) -> bool {
    const NAMES: [&str; 10] = [
        "KVM",
        "QEMU",
        "VirtualBox",
        "VMware",
        "Virtual Machine",
        "Xen",
        "Bochs",
        "Parallels",
        "Google Compute Engine",
        "OpenStack",
    ];
    NAMES.iter().any(|name| product.contains(name))
}

/// A PCI device that only hypervisors make; the second column of `proc/bus/pci/devices` is vendor and device (PCI id
/// registry).
fn guest_device(source: &Source) -> Option<String> {
    const VENDORS: [(&str, &str); 5] = [
        ("80ee", "VirtualBox device"),
        ("15ad", "VMware device"),
        ("1af4", "virtio device"),
        ("5853", "Xen device"),
        ("1414", "Hyper-V device"),
    ];
    let text = source.text("proc/bus/pci/devices")?;
    let devices: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    let found = VENDORS
        .iter()
        .find(|(id, _)| devices.iter().any(|device| device.starts_with(id)));
    found.map(|(_, name)| (*name).to_owned())
}

/// `VM00 Control Program: z/VM` or an LPAR's adjustment line.
fn s390_hypervisor(source: &Source) -> Option<String> {
    let text = source.text("proc/sysinfo")?;
    let line = |name: &str| text.lines().find(|line| line.contains(name));
    let program = line("Control Program").and_then(|line| line.split_once(':'));
    program
        .map(|(_, name)| name.trim().to_owned())
        .or_else(|| line("LPAR").map(|_| "PR/SM partition".to_owned()))
}

pub(super) fn clock_source(source: &Source) -> Check {
    const WHY: &str =
        "reading a slow clock enters the kernel and costs up to a microsecond each time";
    // Clocks that the vDSO can read without a system call (Linux: the VDSO_CLOCKMODE_* users) and those of
    // architectures with only one.
    const FAST: [&str; 8] = [
        "tsc",
        "kvm-clock",
        "hyperv_clocksource_tsc_page",
        "arch_sys_counter",
        "timebase",
        "tod",
        "riscv_clocksource",
        "stick",
    ];
    let file = "sys/devices/system/clocksource/clocksource0/current_clocksource";
    match source.word(file) {
        None => Check::unknown("clocksource", WHY, "not reported"),
        Some(name) if FAST.contains(&name.as_str()) => Check::ok("clocksource", WHY, name),
        Some(name) => {
            let fix = "boot with clocksource=tsc if the host's TSC is sound (see dmesg)";
            Check::warn("clocksource", WHY, name, fix).bad()
        }
    }
}

pub(super) fn cpu_quota(topology: Option<&Topology>) -> Check {
    const WHY: &str =
        "a CPU quota stalls the whole group for the rest of each period once it is used up";
    let Some(topology) = topology else {
        return Check::unknown("cpu-quota", WHY, "no CPUs could be read");
    };
    let Some(quota) = &topology.cgroup.quota else {
        return Check::ok("cpu-quota", WHY, "none in our cgroup");
    };
    let found = format!(
        "{:.2} CPUs per {} us ({})",
        quota.cpus(),
        quota.period_us,
        quota.file
    );
    let fix =
        "run outside the limited group, or measure the quota on purpose as part of the matrix";
    let check = Check::warn("cpu-quota", WHY, found, fix);
    if quota.cpus() < topology.usable.len() as f64 {
        check.bad()
    } else {
        check
    }
}
