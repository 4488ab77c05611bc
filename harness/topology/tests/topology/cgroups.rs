//! Cgroups of version 1, 2 and both, with limits anywhere on the way up.

use topology::{CgroupVersion, Topology};

use crate::machine::{Machine, set};

const STATUS: &str = "Cpus_allowed_list:\t0-7\nMems_allowed_list:\t0-3";

fn machine() -> Machine {
    let machine = Machine::with_cpus("0-7");
    machine.file("proc/self/status", STATUS);
    machine
}

fn quota(topology: &Topology) -> Option<(u64, u64)> {
    topology
        .cgroup
        .quota
        .as_ref()
        .map(|quota| (quota.quota_us, quota.period_us))
}

#[test]
fn version_2_takes_the_tightest_limit_of_all_ancestors() {
    let machine = machine();
    machine
        .file("proc/self/cgroup", "0::/kube/pod/app")
        .file(
            "proc/self/mountinfo",
            "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        )
        .file("sys/fs/cgroup/kube/pod/app/cpu.max", "max 100000")
        .file("sys/fs/cgroup/kube/pod/cpu.max", "150000 100000")
        .file("sys/fs/cgroup/kube/cpu.max", "80000 20000")
        .file("sys/fs/cgroup/kube/pod/app/memory.max", "max")
        .file("sys/fs/cgroup/kube/memory.max", "536870912")
        .file("sys/fs/cgroup/kube/cpuset.cpus.effective", "2-5")
        .file("sys/fs/cgroup/kube/cpuset.mems.effective", "1");
    let topology = machine.read();
    let cgroup = &topology.cgroup;
    assert_eq!(cgroup.version, CgroupVersion::V2);
    assert_eq!(cgroup.path.as_deref(), Some("/kube/pod/app"));
    assert_eq!(quota(&topology), Some((150_000, 100_000)));
    assert_eq!(
        cgroup.quota.as_ref().unwrap().file,
        "sys/fs/cgroup/kube/pod/cpu.max"
    );
    assert!((cgroup.quota.as_ref().unwrap().cpus() - 1.5).abs() < 1e-9);
    assert_eq!(cgroup.memory.as_ref().unwrap().bytes, 512 << 20);
    assert_eq!(topology.usable, set("2-5"));
    assert_eq!(topology.allowed_nodes, Some(set("1")));
    assert!(
        topology
            .notes
            .iter()
            .any(|note| note == "our cgroup's cpuset leaves out CPUs 0-1,6-7")
    );
    assert!(topology.cpu(2).unwrap().usable && !topology.cpu(6).unwrap().usable);
}

#[test]
fn version_1_has_a_hierarchy_per_controller() {
    let machine = machine();
    machine
        .file(
            "proc/self/cgroup",
            "4:memory:/a\n3:cpuset:/a/b\n2:cpu,cpuacct:/a/b\n1:name=systemd:/x",
        )
        .file(
            "proc/self/mountinfo",
            "31 1 0:1 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
             32 1 0:2 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
             33 1 0:3 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
        )
        .file("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1")
        .file("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "250000")
        .file("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "50000")
        .file("sys/fs/cgroup/cpuset/a/b/cpuset.cpus", "")
        .file("sys/fs/cgroup/cpuset/a/cpuset.cpus", "0-3")
        .file(
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes",
            "9223372036854771712",
        )
        .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824");
    let topology = machine.read();
    assert_eq!(topology.cgroup.version, CgroupVersion::V1);
    assert_eq!(quota(&topology), Some((250_000, 50_000)));
    assert_eq!(topology.usable, set("0-3"));
    assert_eq!(topology.cgroup.memory.as_ref().unwrap().bytes, 1 << 30);
}

#[test]
fn hybrid_hosts_obey_both() {
    let machine = machine();
    machine
        .file("proc/self/cgroup", "2:cpuset:/job\n1:cpu:/job\n0::/slice")
        .file(
            "proc/self/mountinfo",
            "31 1 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
             32 1 0:2 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
             33 1 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
        )
        .file("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "300000")
        .file("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000")
        .file("sys/fs/cgroup/unified/slice/cpu.max", "200000 100000")
        .file("sys/fs/cgroup/cpuset/job/cpuset.effective_cpus", "1-4")
        .file("sys/fs/cgroup/unified/slice/cpuset.cpus.effective", "3-6");
    let topology = machine.read();
    assert_eq!(topology.cgroup.version, CgroupVersion::Hybrid);
    assert_eq!(quota(&topology), Some((200_000, 100_000)));
    assert_eq!(topology.usable, set("3-4"));
}

#[test]
fn a_container_may_see_the_hosts_path_or_lie_outside_its_namespace() {
    for (path, root) in [
        ("/docker/c1", "/docker/c1"),
        ("/../../other", "/"),
        ("/elsewhere", "/docker/c1"),
    ] {
        let machine = machine();
        machine
            .file("proc/self/cgroup", &format!("0::{path}"))
            .file(
                "proc/self/mountinfo",
                &format!("30 1 0:26 {root} /sys/fs/cgroup ro - cgroup2 none ro"),
            )
            .file("sys/fs/cgroup/cpu.max", "50000 100000")
            .file("sys/fs/cgroup/cpuset.cpus.effective", "6");
        let topology = machine.read();
        assert_eq!(quota(&topology), Some((50_000, 100_000)), "{path}");
        assert_eq!(topology.usable, set("6"), "{path}");
    }
}

#[test]
fn without_mountinfo_the_usual_places_are_tried() {
    let machine = machine();
    machine
        .file("proc/self/cgroup", "0::/a")
        .file("sys/fs/cgroup/a/cpuset.cpus.effective", "0-1");
    assert_eq!(machine.read().usable, set("0-1"));
}

#[test]
fn garbage_limits_are_noted() {
    let machine = machine();
    machine
        .file("proc/self/cgroup", "0::/")
        .file("sys/fs/cgroup/cpu.max", "plenty")
        .file("sys/fs/cgroup/memory.max", "12 eggs")
        .file("sys/fs/cgroup/cpuset.cpus.effective", "0-x");
    let topology = machine.read();
    assert_eq!((quota(&topology), &topology.cgroup.memory), (None, &None));
    assert_eq!(topology.usable, set("0-7"));
    for file in ["cpu.max", "memory.max", "cpuset.cpus.effective"] {
        assert!(
            topology.notes.iter().any(|note| note.contains(file)),
            "{:?}",
            topology.notes
        );
    }
}

#[test]
fn no_cgroup_at_all() {
    let topology = machine().read();
    assert_eq!(topology.cgroup, topology::Cgroup::default());
    assert_eq!(topology.usable, set("0-7"));
}
