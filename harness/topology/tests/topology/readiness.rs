//! Readiness of made-up hosts, and that every check answers on this one.

use std::path::Path;

use topology::{Check, State, readiness};

use crate::machine::Machine;

fn check(machine: &Machine, id: &str) -> Check {
    let checks = readiness(machine.root());
    checks
        .into_iter()
        .find(|check| check.id == id)
        .unwrap_or_else(|| panic!("no check {id}"))
}

fn state(machine: &Machine, id: &str) -> State {
    check(machine, id).state
}

/// Four cores with SMT off.
fn host() -> Machine {
    let machine = Machine::with_cpus("0-3");
    for id in 0..4 {
        machine.cpu(id, 0, "0-3", id, &id.to_string());
    }
    machine.node(0, "0-3", "10");
    machine
}

const CPU: &str = "sys/devices/system/cpu";

#[test]
fn a_quiet_host_is_fit() {
    let machine = host();
    for id in 0..4 {
        machine
            .file(
                &format!("{CPU}/cpu{id}/cpufreq/scaling_governor"),
                "performance",
            )
            .file(
                &format!("{CPU}/cpu{id}/thermal_throttle/core_throttle_count"),
                "0",
            );
    }
    machine
        .file(&format!("{CPU}/intel_pstate/no_turbo"), "1")
        .file("sys/class/dmi/id/sys_vendor", "Dell Inc.")
        .file(
            "sys/devices/system/clocksource/clocksource0/current_clocksource",
            "tsc",
        )
        .file(
            "sys/kernel/mm/transparent_hugepage/enabled",
            "always [madvise] never",
        )
        .file("proc/loadavg", "0.02 0.10 0.20 1/200 4711")
        .file("proc/9/task/9/stat", "9 (idle one) S 1")
        .file(
            "proc/pressure/cpu",
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg60=9.0",
        )
        .file("proc/stat", "cpu  100 0 50 10000 0 0 0 0 0 0\ncpu0 1")
        .file(
            "proc/meminfo",
            "MemTotal: 1 kB\nSwapTotal:       0 kB\nSwapFree:        0 kB",
        )
        .file("proc/uptime", "86400.5 1.0")
        .file("proc/sys/kernel/nmi_watchdog", "0")
        .file("proc/sys/kernel/perf_event_paranoid", "-1")
        .file("proc/sys/kernel/randomize_va_space", "2")
        .file("sys/kernel/mm/ksm/run", "0")
        .file("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999")
        .file("proc/sys/net/core/somaxconn", "4096")
        .file("sys/bus/event_source/devices/cpu/type", "4");
    for check in readiness(machine.root()) {
        assert_eq!(check.state, State::Ok, "{check:?}");
        assert_eq!(check.fix, None, "{check:?}");
    }
}

#[test]
fn what_disturbs_is_found_with_its_fix() {
    let machine = host();
    machine
        .file(&format!("{CPU}/cpu0/cpufreq/scaling_governor"), "powersave")
        .file(
            &format!("{CPU}/cpu1/cpufreq/scaling_governor"),
            "performance",
        )
        .file(&format!("{CPU}/cpufreq/boost"), "1")
        .file(
            &format!("{CPU}/cpu2/thermal_throttle/core_throttle_count"),
            "7",
        )
        .file(&format!("{CPU}/smt/active"), "1")
        .file(&format!("{CPU}/isolated"), "2-3")
        .file("proc/cpuinfo", "processor : 0\nflags : fpu hypervisor")
        .file(
            "sys/devices/system/clocksource/clocksource0/current_clocksource",
            "hpet",
        )
        .file("proc/self/cgroup", "0::/")
        .file("sys/fs/cgroup/cpu.max", "100000 100000")
        .file(
            "sys/kernel/mm/transparent_hugepage/enabled",
            "[always] madvise never",
        )
        .file("proc/loadavg", "3.10 0.10 0.20 1/200 4711")
        .file("proc/self/stat", "8 (gosweep) R 1")
        .file("proc/8/task/8/stat", "8 (gosweep) R 1")
        .file("proc/9/task/9/stat", "9 (go build) S 1")
        .file("proc/9/task/10/stat", "10 (compile) R 1")
        .file(
            "proc/pressure/cpu",
            "some avg10=0.00 avg60=12.50 avg300=0.00 total=1",
        )
        .file("proc/stat", "cpu  100 0 50 800 0 0 0 50 40 0")
        .file(
            "proc/meminfo",
            "SwapTotal:       2048 kB\nSwapFree:        1024 kB",
        )
        .file("proc/uptime", "42.0 1.0")
        .file("proc/sys/kernel/nmi_watchdog", "1")
        .file("proc/sys/kernel/perf_event_paranoid", "4")
        .file("proc/sys/kernel/numa_balancing", "1");
    machine.node(1, "", "10 20");
    let lines: Vec<String> = readiness(machine.root())
        .into_iter()
        .map(|check| format!("{:<7} {:<15} {}", check.state, check.id, check.found))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    for check in readiness(machine.root()) {
        assert_eq!(check.state >= State::Warn, check.fix.is_some(), "{check:?}");
    }
}

#[test]
fn nothing_known_is_never_taken_for_good() {
    let machine = Machine::empty();
    for check in readiness(machine.root()) {
        // An absent group has no quota and one that is not there no siblings; all else is unknown.
        assert_eq!(check.state, State::Unknown, "{check:?}");
    }
}

#[test]
fn garbage_is_unknown() {
    let machine = host();
    machine
        .file("proc/loadavg", "busy")
        .file("proc/stat", "cpu one two\n")
        .file("proc/pressure/cpu", "some avg60=many")
        .file("proc/meminfo", "SwapTotal\nSwapFree: x")
        .file("proc/uptime", "")
        .file("sys/kernel/mm/transparent_hugepage/enabled", "sometimes")
        .file("proc/sys/kernel/nmi_watchdog", "perhaps");
    for id in [
        "load",
        "steal",
        "pressure",
        "swap",
        "uptime",
        "huge-pages",
        "nmi-watchdog",
    ] {
        assert_eq!(state(&machine, id), State::Unknown, "{id}");
    }
}

#[test]
fn guests_are_told_by_flag_firmware_or_device() {
    let flagged = host();
    flagged.file("proc/cpuinfo", "processor : 0\nflags : fpu hypervisor");
    let firmware = host();
    firmware.file("sys/class/dmi/id/sys_vendor", "QEMU");
    let device = host();
    device.file("proc/bus/pci/devices", "0010\t80eebeef\t12");
    for (machine, sign) in [
        (flagged, "flag"),
        (firmware, "QEMU"),
        (device, "VirtualBox"),
    ] {
        let check = check(&machine, "virtualisation");
        assert_eq!(check.state, State::Warn);
        assert!(check.found.contains(sign), "{check:?}");
    }
    assert_eq!(state(&host(), "virtualisation"), State::Unknown);
}

#[test]
fn a_quota_is_worse_when_it_is_below_the_cpus_we_have() {
    for (quota, expected) in [
        ("100000", State::Bad),
        ("400000", State::Warn),
        ("max", State::Ok),
    ] {
        let machine = host();
        machine
            .file("proc/self/cgroup", "0::/")
            .file("sys/fs/cgroup/cpu.max", &format!("{quota} 100000"));
        assert_eq!(state(&machine, "cpu-quota"), expected, "{quota}");
    }
}

#[test]
fn one_core_invalidates_figures_and_two_are_tight() {
    let machine = Machine::with_cpus("0");
    assert_eq!(state(&machine, "cores"), State::Bad);
    let machine = Machine::with_cpus("0-1");
    assert_eq!(state(&machine, "cores"), State::Warn);
    assert_eq!(state(&host(), "cores"), State::Ok);
}

#[test]
fn every_check_answers_on_this_host() {
    let checks = readiness(Path::new("/"));
    let mut ids: Vec<&str> = checks.iter().map(|check| check.id).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are unique");
    for check in &checks {
        for line in [
            Some(check.found.as_str()),
            Some(check.why),
            check.fix.as_deref(),
        ] {
            let line = line.unwrap_or("-");
            assert!(!line.is_empty() && !line.contains('\n'), "{check:?}");
        }
    }
    let cores = checks.iter().find(|check| check.id == "cores").unwrap();
    assert_ne!(cores.state, State::Unknown);
}

#[test]
fn settings_for_processes_that_disturb_are_found_with_their_fix() {
    let cases = [
        ("aslr", "proc/sys/kernel/randomize_va_space", "0"),
        ("ksm", "sys/kernel/mm/ksm/run", "1"),
        (
            "port-range",
            "proc/sys/net/ipv4/ip_local_port_range",
            "60000 60999",
        ),
        ("somaxconn", "proc/sys/net/core/somaxconn", "128"),
    ];
    for (id, file, value) in cases {
        let machine = host();
        assert_eq!(state(&machine, id), State::Unknown, "{id} without {file}");
        machine.file(file, value);
        let check = check(&machine, id);
        assert_eq!(check.state, State::Warn, "{check:?}");
        assert!(check.fix.is_some(), "{check:?}");
    }
}

#[test]
fn a_port_range_that_makes_no_sense_is_not_judged() {
    for text in [
        "60999 32768",
        "32768",
        "1 2 3",
        "-1 60999",
        "32768 70000",
        "",
    ] {
        let machine = host();
        machine.file("proc/sys/net/ipv4/ip_local_port_range", text);
        assert_eq!(state(&machine, "port-range"), State::Unknown, "{text:?}");
    }
}

#[test]
fn software_event_sources_are_no_pmu() {
    let machine = host();
    machine.file("sys/bus/event_source/devices/software/type", "1");
    assert_eq!(state(&machine, "pmu"), State::Unknown);
    machine.file("sys/bus/event_source/devices/armv8_pmuv3_0/type", "8");
    assert_eq!(check(&machine, "pmu").found, "armv8_pmuv3_0");
}

#[test]
fn irqbalance_is_known_by_its_name() {
    let machine = host();
    assert_eq!(state(&machine, "irqbalance"), State::Unknown);
    machine.file("proc/9/comm", "irqbalance-ui\n");
    assert_eq!(state(&machine, "irqbalance"), State::Ok);
    machine.file("proc/10/comm", "irqbalance\n");
    assert_eq!(state(&machine, "irqbalance"), State::Warn);
}
