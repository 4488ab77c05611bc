//! The figures that change while a trial runs.

use topology::{Throttling, mean_mhz, throttling};

use crate::machine::{Machine, set};

const UNIFIED: &str = "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";

fn counted(group: &str, periods: u64, throttled: u64) -> Option<Throttling> {
    Some(Throttling {
        group: group.to_owned(),
        periods,
        throttled,
    })
}

#[test]
fn the_nearest_group_with_a_quota_counts() {
    let machine = Machine::empty();
    machine
        .file("proc/self/cgroup", "0::/pod/app")
        .file("proc/self/mountinfo", UNIFIED)
        .file(
            "sys/fs/cgroup/pod/app/cpu.stat",
            "usage_usec 9\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0",
        )
        .file(
            "sys/fs/cgroup/pod/cpu.stat",
            "usage_usec 9\nnr_periods 40\nnr_throttled 7\nthrottled_usec 123",
        );
    assert_eq!(
        throttling(machine.root()),
        counted("sys/fs/cgroup/pod", 40, 7)
    );
}

#[test]
fn version_1_counts_in_the_cpu_hierarchy() {
    let machine = Machine::empty();
    machine
        .file("proc/self/cgroup", "4:cpuset:/\n3:cpu,cpuacct:/box")
        .file(
            "proc/self/mountinfo",
            "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
        )
        .file(
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.stat",
            "nr_periods 5\nnr_throttled 5\nthrottled_time 1000",
        );
    assert_eq!(
        throttling(machine.root()),
        counted("sys/fs/cgroup/cpu,cpuacct/box", 5, 5)
    );
}

#[test]
fn without_a_quota_nothing_is_counted() {
    assert_eq!(throttling(Machine::empty().root()), None);
    let machine = Machine::empty();
    machine
        .file("proc/self/cgroup", "0::/")
        .file("proc/self/mountinfo", UNIFIED)
        .file("sys/fs/cgroup/cpu.stat", "usage_usec 9\nuser_usec 5");
    assert_eq!(throttling(machine.root()), None);
}

#[test]
fn the_clock_is_the_mean_of_the_cpus_that_tell_it() {
    let machine = Machine::with_cpus("0-3");
    machine
        .file(
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
            "3000000",
        )
        .file(
            "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq",
            "2000000",
        );
    assert_eq!(mean_mhz(machine.root(), &set("0-1")), Some(2500.0));
    assert_eq!(mean_mhz(machine.root(), &set("1-3")), Some(2000.0));
    assert_eq!(mean_mhz(machine.root(), &set("2-3")), None);
}
