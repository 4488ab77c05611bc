//! Machines that we make up: the kinds that the snapshots do not show.

use topology::{Policy, Request, place};

use crate::machine::{Machine, set};

/// Two performance cores with SMT, four efficiency cores sharing an L2, one L3.
pub(crate) fn hybrid() -> Machine {
    let machine = Machine::with_cpus("0-7");
    machine
        .file("sys/devices/cpu_core/cpus", "0-3")
        .file("sys/devices/cpu_atom/cpus", "4-7");
    for id in 0..8_u32 {
        let siblings = if id < 4 {
            format!("{}-{}", id & !1, id | 1)
        } else {
            id.to_string()
        };
        let level2 = if id < 4 {
            siblings.clone()
        } else {
            "4-7".to_owned()
        };
        machine
            .cpu(id, 0, "0-7", if id < 4 { id / 2 } else { id }, &siblings)
            .cache(
                id,
                0,
                1,
                "Data",
                if id < 4 { "48K" } else { "32K" },
                &siblings,
            )
            .cache(id, 2, 2, "Unified", "2048K", &level2)
            .cache(id, 3, 3, "Unified", "12288K", "0-7")
            .file(
                &format!("sys/devices/system/cpu/cpu{id}/cpufreq/cpuinfo_max_freq"),
                if id < 4 { "4700000" } else { "3500000" },
            );
    }
    machine.node(0, "0-7", "10");
    machine
}

/// Two sockets; nodes 0 and 4, with a memory-only node 6.
pub(crate) fn two_sockets() -> Machine {
    let machine = Machine::with_cpus("0-7");
    for id in 0..8_u32 {
        let package = i64::from(id % 2);
        let cpus = if package == 0 { "0,2,4,6" } else { "1,3,5,7" };
        // Second threads are 4 above the first; core_id repeats per package.
        let siblings = format!("{},{}", id % 4, id % 4 + 4);
        machine
            .cpu(id, package, cpus, id % 4 / 2, &siblings)
            .cache(id, 3, 3, "Unified", "8M", cpus);
    }
    machine
        .node(0, "0,2,4,6", "10 21 40")
        .node(4, "1,3,5,7", "21 10 40")
        .node(6, "", "40 40 10");
    machine
}

#[test]
fn hybrid_cores_are_told_apart() {
    let topology = hybrid().read();
    let kinds: Vec<_> = topology
        .core_types
        .iter()
        .map(|kind| (kind.name.as_str(), kind.cpus.to_string(), kind.max_khz))
        .collect();
    assert_eq!(
        kinds,
        [
            ("performance", "0-3".to_owned(), Some(4_700_000)),
            ("efficiency", "4-7".to_owned(), Some(3_500_000)),
        ]
    );
    assert_eq!(topology.cores.len(), 6);
    assert_eq!(
        topology.cpu(5).unwrap().core_type.as_deref(),
        Some("efficiency")
    );
    insta::assert_snapshot!(topology.summary(), @"unknown CPU; packages 1; cores 6; threads 8; caches 4x L1d 32 KiB, 2x L1d 48 KiB, 3x L2 2 MiB, 1x L3 12 MiB; nodes node0 0-7; kinds performance 0-3, efficiency 4-7");
}

#[test]
fn one_design_at_two_capacities_is_two_kinds_and_small_differences_are_one() {
    let machine = Machine::with_cpus("0-5");
    for (id, capacity) in [
        (0, 400),
        (1, 400),
        (2, 980),
        (3, 1024),
        (4, 1024),
        (5, 1024),
    ] {
        machine.file(
            &format!("sys/devices/system/cpu/cpu{id}/cpu_capacity"),
            &capacity.to_string(),
        );
    }
    let topology = machine.read();
    let kinds: Vec<_> = topology
        .core_types
        .iter()
        .map(|kind| kind.cpus.to_string())
        .collect();
    assert_eq!(kinds, ["2-5", "0-1"]);
}

#[test]
fn node_numbers_have_gaps_and_nodes_may_lack_cpus() {
    let topology = two_sockets().read();
    let nodes: Vec<_> = topology
        .nodes
        .iter()
        .map(|node| (node.id, node.cpus.to_string()))
        .collect();
    assert_eq!(
        nodes,
        [
            (0, "0,2,4,6".into()),
            (4, "1,3,5,7".into()),
            (6, String::new())
        ]
    );
    let far = topology.node(4).unwrap().distances[2];
    assert_eq!((far.node, far.distance), (6, 40));
    assert_eq!(topology.node(0).unwrap().memory_bytes, Some(1 << 30));
    assert_eq!(
        topology.cpu(0).unwrap().core_id,
        topology.cpu(1).unwrap().core_id
    );
    assert_ne!(topology.cpu(0).unwrap().core, topology.cpu(1).unwrap().core);
    assert_eq!(topology.cpu(5).unwrap().siblings, set("1,5"));
    assert_eq!(topology.packages.len(), 2);
}

#[test]
fn more_cpus_than_a_cpu_set_t_holds() {
    let machine = Machine::with_cpus("0-1199");
    for id in 0..1200_u32 {
        let file = format!("sys/devices/system/cpu/cpu{id}/topology/core_cpus_list");
        machine.file(&file, &format!("{}-{}", id & !1, id | 1));
    }
    machine
        .node(0, "0-599", "10 20")
        .node(1, "600-1199", "20 10");
    let topology = machine.read();
    assert_eq!(
        (
            topology.cpus.len(),
            topology.cores.len(),
            topology.nodes.len()
        ),
        (1200, 600, 2)
    );
    assert_eq!(topology.cpu(1199).unwrap().siblings, set("1198-1199"));
    assert_eq!(topology.usable.last(), Some(1199));
    let placement = place(&topology, &Policy::Node(1), &Request::default()).unwrap();
    assert_eq!(
        (placement.target, placement.generator),
        (set("600-1049"), set("1050-1199"))
    );
}

#[test]
fn old_kernels_have_other_names_and_masks_only() {
    let machine = Machine::with_cpus("0-3");
    for id in 0..4_u32 {
        let folder = format!("sys/devices/system/cpu/cpu{id}/topology");
        machine
            .file(
                &format!("{folder}/thread_siblings"),
                if id < 2 { "00000003" } else { "0000000c" },
            )
            .file(&format!("{folder}/core_siblings"), "0000000f")
            .file(&format!("{folder}/physical_package_id"), "3")
            .file(&format!("{folder}/core_id"), "0");
    }
    machine.file("sys/devices/system/node/node0/cpumap", "0000,0000000f");
    let topology = machine.read();
    assert_eq!(topology.cores.len(), 2);
    assert_eq!(topology.packages.len(), 1);
    assert_eq!(topology.packages[0].id, Some(3));
    assert_eq!(topology.node(0).unwrap().cpus, set("0-3"));
}

#[test]
fn ids_serve_where_there_are_no_sibling_lists() {
    let machine = Machine::with_cpus("0-3");
    for id in 0..4_u32 {
        let folder = format!("sys/devices/system/cpu/cpu{id}/topology");
        // core_id 0 in two books, SMT pairs within each.
        machine
            .file(&format!("{folder}/core_id"), "0")
            .file(&format!("{folder}/physical_package_id"), "1")
            .file(&format!("{folder}/book_id"), &(id / 2).to_string());
    }
    let topology = machine.read();
    let cores: Vec<_> = topology
        .cores
        .iter()
        .map(|core| core.cpus.to_string())
        .collect();
    assert_eq!(cores, ["0-1", "2-3"]);
}

#[test]
fn a_container_without_sysfs_falls_back_to_cpuinfo() {
    let machine = Machine::empty();
    let block = |id: u32| {
        format!(
            "processor : {id}\nmodel name : X\nphysical id : 0\ncore id : {}\n",
            id / 2
        )
    };
    machine.file(
        "proc/cpuinfo",
        &(0..4).map(block).collect::<Vec<_>>().join("\n"),
    );
    let topology = machine.read();
    assert_eq!(topology.sets.online, set("0-3"));
    assert_eq!(topology.cores.len(), 2);
    assert!(topology.last_level_caches.is_empty() && topology.nodes.is_empty());
    assert!(
        topology
            .notes
            .iter()
            .any(|note| note.contains("no cache information"))
    );
    assert!(
        topology
            .notes
            .iter()
            .any(|note| note.contains("no NUMA nodes"))
    );
}

#[test]
fn no_smt_information_is_said_aloud() {
    let topology = Machine::with_cpus("0-1").read();
    assert_eq!(topology.cores.len(), 2);
    assert!(
        topology.notes.iter().any(|note| note.contains("SMT")),
        "{:?}",
        topology.notes
    );
}

#[test]
fn cpu0_may_be_offline() {
    let machine = Machine::with_cpus("0-3");
    machine.file("sys/devices/system/cpu/online", "1-3");
    machine.node(0, "1-3", "10");
    std::fs::create_dir_all(machine.root().join("sys/devices/system/cpu/cpu0/node0")).unwrap();
    for id in 1..4 {
        machine.cpu(id, 0, "1-3", id, &id.to_string());
    }
    let topology = machine.read();
    assert_eq!(topology.offline(), set("0"));
    let cpu0 = topology.cpu(0).unwrap();
    assert!(!cpu0.online && !cpu0.usable && cpu0.siblings.is_empty());
    assert_eq!(cpu0.node, Some(0), "the link survives going offline");
    assert_eq!(topology.cpu(1).unwrap().core, Some(0));
}

#[test]
fn isolated_cpus_come_from_sysfs_or_the_command_line() {
    let machine = Machine::with_cpus("0-7");
    machine.file("proc/cmdline", "ro isolcpus=managed_irq,domain,4-5,7 quiet");
    machine.file("sys/devices/system/cpu/nohz_full", "(null)");
    let topology = machine.read();
    assert_eq!(topology.isolated(), &set("4-5,7"));
    assert!(topology.sets.nohz_full.is_empty());
    machine.file("sys/devices/system/cpu/isolated", "2");
    machine.file("sys/devices/system/cpu/nohz_full", "2-3");
    let topology = machine.read();
    assert_eq!(topology.isolated(), &set("2"));
    assert!(topology.cpu(2).unwrap().isolated);
    assert_eq!(topology.sets.nohz_full, set("2-3"));
    assert!(
        topology
            .notes
            .iter()
            .all(|note| !note.contains("nohz_full"))
    );
}

#[test]
fn garbage_is_noted_and_never_fatal() {
    let machine = Machine::with_cpus("0-3");
    for id in 0..4 {
        machine.cpu(id, 0, "0-3", id, &id.to_string());
    }
    let cpu = "sys/devices/system/cpu";
    machine
        .file(&format!("{cpu}/online"), "all of them")
        .file(&format!("{cpu}/cpu1/online"), "0")
        .file(&format!("{cpu}/isolated"), "3-1")
        .file(&format!("{cpu}/cpu2/cache/index0/level"), "one")
        .file(&format!("{cpu}/cpu2/cache/index1/level"), "2")
        .file(&format!("{cpu}/cpu2/cache/index1/type"), "Quantum")
        .file(&format!("{cpu}/cpu3/cache/index0/level"), "1")
        .file(&format!("{cpu}/cpu3/cache/index0/type"), "Data")
        .file(
            &format!("{cpu}/cpu3/cache/index0/size"),
            "99999999999999999999M",
        )
        .file(
            &format!("{cpu}/cpu3/topology/core_cpus_list"),
            "0-4000000000",
        )
        .file(&format!("{cpu}/cpu3/topology/core_id"), "\u{0}\u{1}")
        .file("sys/devices/system/node/node0/cpulist", "0-3")
        .file("sys/devices/system/node/node0/distance", "ten")
        .file("sys/devices/system/node/node99999999999/cpulist", "0")
        .file(
            "proc/self/status",
            "Cpus_allowed_list:\tnobody\nCpus_allowed:\t-\n",
        )
        .file("proc/self/cgroup", "::::\nx\n0\n")
        .file("proc/self/mountinfo", "- - -\n1 2 3 - cgroup\n")
        .file("proc/cpuinfo", "processor\nprocessor : x\n: : :\n");
    let topology = machine.read();
    assert_eq!(
        topology.sets.online,
        set("0,2-3"),
        "cpuN/online stands in for the list"
    );
    assert_eq!(topology.cores.len(), 3);
    assert_eq!(topology.affinity, None);
    for expected in [
        "online",
        "isolated",
        "index0/level",
        "Quantum",
        "99999999999999999999M",
        "core_cpus_list",
        "distance",
    ] {
        let noted = topology.notes.iter().any(|note| note.contains(expected));
        assert!(noted, "{expected}: {:#?}", topology.notes);
    }
}

#[test]
fn a_folder_that_is_no_host_is_refused() {
    let machine = Machine::empty();
    let error = topology::read(machine.root()).unwrap_err().to_string();
    assert!(
        error.contains("no CPUs found under") && error.contains("sys/ and proc/"),
        "{error}"
    );
    assert!(topology::read(&machine.root().join("missing")).is_err());
}

#[test]
fn json_lists_cpus_with_their_places() {
    let topology = two_sockets().read();
    let json = serde_json::to_value(&topology).unwrap();
    let cpu = &json["cpus"][5];
    assert_eq!(cpu["id"], 5);
    assert_eq!(cpu["online"], true);
    assert_eq!(cpu["package"], 1);
    assert_eq!(cpu["core"], 1);
    assert_eq!(cpu["node"], 4);
    assert_eq!(cpu["siblings"], serde_json::json!([1, 5]));
    assert_eq!(cpu["caches"][0]["name"], "L3");
    assert_eq!(cpu["caches"][0]["type"], "unified");
    assert_eq!(cpu["caches"][0]["size_bytes"], 8 << 20);
    assert_eq!(
        cpu["caches"][0]["shared_cpus"],
        serde_json::json!([1, 3, 5, 7])
    );
    assert_eq!(json["sets"]["online"], "0-7");
}
