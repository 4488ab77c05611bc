//! Five real machines, compared with what lscpu says of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Component, Path};

use tempfile::TempDir;
use topology::{Policy, Request, Topology, place};

use crate::lscpu::{Expected, Table};
use crate::machine::temporary_folder;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// Unpacks regular files, folders and links that stay inside.
fn unpack(name: &str) -> TempDir {
    let folder = temporary_folder();
    let file = File::open(format!("{FIXTURES}/{name}.tar.gz")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        assert!(
            path.components().all(plain),
            "{name}: {} leads outside",
            path.display()
        );
        let link = entry.link_name().unwrap().map(|link| link.into_owned());
        if link.is_some_and(|link| leaves(&path, &link)) {
            continue;
        }
        assert!(
            entry.unpack_in(folder.path()).unwrap(),
            "{name}: {}",
            path.display()
        );
    }
    folder
}

/// Whether a link at `path` points above the archive's top.
fn leaves(path: &Path, link: &Path) -> bool {
    let mut depth = path.components().count() as i64 - 1;
    let mut lowest = depth;
    for part in link.components() {
        depth += if part == Component::ParentDir { -1 } else { 1 };
        lowest = lowest.min(depth);
    }
    link.is_absolute() || lowest < 1
}

fn snapshot(name: &str) -> (Topology, Expected) {
    let folder = unpack(name);
    let topology = topology::read(&folder.path().join(name)).unwrap();
    let expected = std::fs::read_to_string(format!("{FIXTURES}/{name}.expected.txt")).unwrap();
    (topology, Expected::parse(&expected))
}

/// Everything that lscpu's description and the kernel-id table say.
fn assert_description(topology: &Topology, expected: &Expected) {
    assert_eq!(Some(topology.cpus.len()), expected.number("CPU(s)"));
    assert_eq!(
        Some(topology.sets.online.clone()),
        expected.set("On-line CPU(s) list")
    );
    assert_eq!(
        topology.offline(),
        expected.set("Off-line CPU(s) list").unwrap_or_default()
    );
    assert_eq!(topology.model.vendor.as_deref(), expected.one("Vendor ID"));
    let threads = topology.cores.iter().map(|core| core.cpus.len()).max();
    assert_eq!(threads, expected.number("Thread(s) per core"));
    let flags = expected.one("Flags").unwrap_or_default();
    assert_eq!(topology.model.flags.join(" "), flags);
    let nodes: Vec<_> = topology
        .nodes
        .iter()
        .map(|node| (node.id, node.cpus.clone()))
        .collect();
    assert_eq!(nodes, expected.nodes());
    for (name, bytes, instances) in expected.caches() {
        let caches: Vec<_> = topology
            .caches
            .iter()
            .filter(|cache| cache.name == name)
            .collect();
        assert_eq!(caches.len(), instances, "{name}");
        let total: u64 = caches.iter().map(|cache| cache.size_bytes.unwrap()).sum();
        assert_eq!(total, bytes, "{name}");
    }
    assert_table(topology, &expected.kernel, |cpu| {
        (cpu.core_id, cpu.package_id)
    });
}

/// What lscpu says of a machine whose cores are all of one type.
fn assert_one_type(topology: &Topology, expected: &Expected) {
    assert!(topology.core_types.is_empty());
    assert!(topology.cpus.iter().all(|cpu| cpu.core_type.is_none()));
    let in_package = |index| {
        topology
            .cores
            .iter()
            .filter(|core| core.package == index)
            .count()
    };
    let cores = topology
        .packages
        .iter()
        .map(|package| in_package(package.index))
        .max();
    assert_eq!(cores, expected.number("Core(s) per socket"));
    if let Some(sockets) = expected.number("Socket(s)") {
        assert_eq!(topology.packages.len(), sockets);
    }
    let megahertz = expected
        .one("CPU max MHz")
        .map(|text| text.parse::<f64>().unwrap());
    let kilohertz = topology.cpus.iter().filter_map(|cpu| cpu.max_khz).max();
    assert_eq!(kilohertz.map(|khz| khz as f64 / 1000.0), megahertz);
    assert_table(topology, &expected.logical, |cpu| (cpu.core, cpu.package));
}

/// Compares core, socket, node and caches of every CPU that a table lists.
fn assert_table(
    topology: &Topology,
    table: &Table,
    core_and_socket: impl Fn(&topology::Cpu) -> (Option<u32>, Option<u32>),
) {
    let listed: Vec<u32> = table.keys().copied().collect();
    let online: Vec<u32> = topology.sets.online.iter().collect();
    assert_eq!(listed, online);
    for (id, row) in table {
        let cpu = topology.cpu(*id).unwrap();
        let (core, socket) = core_and_socket(cpu);
        let mut found = BTreeMap::from([
            ("Core".to_owned(), core),
            ("Socket".to_owned(), socket),
            ("Node".to_owned(), cpu.node),
        ]);
        found.extend(
            cpu.caches
                .iter()
                .map(|cache| (cache.name.clone(), Some(cache.index))),
        );
        assert_eq!(&found, row, "cpu{id}");
    }
}

/// Siblings by lscpu are the CPUs with the same core.
fn assert_siblings(topology: &Topology, expected: &Expected) {
    for (id, row) in &expected.logical {
        let same = expected
            .logical
            .iter()
            .filter(|(_, other)| other["Core"] == row["Core"]);
        let siblings: topology::CpuSet = same.map(|(other, _)| *other).collect();
        assert_eq!(topology.cpu(*id).unwrap().siblings, siblings, "cpu{id}");
    }
}

#[test]
fn laptop_with_smt() {
    let (topology, expected) = snapshot("x86_64-64cpu-linux6.2");
    assert_description(&topology, &expected);
    assert_one_type(&topology, &expected);
    assert_siblings(&topology, &expected);
    assert_eq!(topology.model.name.as_deref(), expected.one("Model name"));
    assert_eq!(topology.last_level_caches.len(), 1);
}

#[test]
fn four_sockets_with_interleaved_cpus_and_a_node_gap() {
    let (topology, expected) = snapshot("x86_64-64cpu");
    assert_description(&topology, &expected);
    assert_one_type(&topology, &expected);
    assert_siblings(&topology, &expected);
    // lscpu keeps Intel's padding, we do not.
    let name = expected
        .one("Model name")
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>();
    assert_eq!(topology.model.name, Some(name.join(" ")));
    assert_eq!(topology.last_level_caches.len(), 4);
    // The kernel lists 64-79 as offline; no such CPU is plugged in.
    assert!(!topology.sets.offline.is_empty());
    assert!(topology.offline().is_empty());
}

#[test]
fn four_types_of_core() {
    let (topology, expected) = snapshot("arm-A510-A710-A715-X3");
    assert_description(&topology, &expected);
    // lscpu numbers sockets and cores within each type, so that its logical table cannot be compared whole; its caches
    // are numbered over all types.
    for (id, row) in &expected.logical {
        for cache in &topology.cpu(*id).unwrap().caches {
            assert_eq!(
                row[&cache.name],
                Some(cache.index),
                "cpu{id} {}",
                cache.name
            );
        }
    }
    assert_eq!(
        topology.model.name,
        Some("Cortex-A510 + Cortex-A715 + Cortex-A710 + Cortex-X3".into())
    );
    let found: BTreeMap<&str, (usize, f64)> = topology
        .core_types
        .iter()
        .map(|kind| {
            (
                kind.name.as_str(),
                (kind.cpus.len(), kind.max_khz.unwrap() as f64 / 1000.0),
            )
        })
        .collect();
    let counts = expected
        .all("Core(s) per socket")
        .into_iter()
        .map(|text| text.parse().unwrap());
    let clocks = expected
        .all("CPU max MHz")
        .into_iter()
        .map(|text| text.parse().unwrap());
    let listed = expected
        .all("Model name")
        .into_iter()
        .zip(counts.zip(clocks))
        .collect();
    assert_eq!(found, listed);
    assert_eq!(
        topology.core_types[0].name, "Cortex-X3",
        "the strongest comes first"
    );
}

#[test]
fn small_virtual_machine() {
    let (topology, expected) = snapshot("vbox-win");
    assert_description(&topology, &expected);
    assert_one_type(&topology, &expected);
    assert_siblings(&topology, &expected);
    assert_eq!(topology.nodes[0].memory_bytes, Some(2_054_748 * 1024));
    assert_eq!(topology.nodes[0].distances[0].distance, 10);
    // This snapshot alone has a proc/self/status.
    assert_eq!(topology.affinity.as_ref().unwrap().to_string(), "0-1");
    assert_eq!(topology.allowed_nodes.as_ref().unwrap().to_string(), "0");
}

#[test]
fn books_offline_cpus_and_sockets_without_ids() {
    let (topology, expected) = snapshot("s390-lpar");
    assert_description(&topology, &expected);
    assert_one_type(&topology, &expected);
    assert_siblings(&topology, &expected);
    // core_id 1 belongs to CPUs of two books; the cores are apart all the same.
    assert_eq!(
        topology.cpu(1).unwrap().core_id,
        topology.cpu(8).unwrap().core_id
    );
    assert_ne!(topology.cpu(1).unwrap().core, topology.cpu(8).unwrap().core);
    assert_eq!(topology.packages.len(), 7);
    let offline = topology.cpu(6).unwrap();
    assert!(!offline.online && !offline.usable && offline.core.is_none());
    let refusal = "llc:0".parse::<Policy>().unwrap();
    let refusal = place(&topology, &refusal, &Request::default()).unwrap_err();
    assert!(
        refusal.to_string().contains("reports no caches"),
        "{refusal}"
    );
}

#[test]
fn every_snapshot_splits_cores_and_keeps_its_summary() {
    let names = [
        "x86_64-64cpu-linux6.2",
        "x86_64-64cpu",
        "arm-A510-A710-A715-X3",
        "vbox-win",
        "s390-lpar",
    ];
    for name in names {
        let folder = unpack(name);
        let read = || topology::read(&folder.path().join(name)).unwrap();
        let topology = read();
        let placement = place(&topology, &Policy::Split, &Request::default()).unwrap();
        let touched = topology.with_siblings(&placement.target);
        assert!(touched.is_disjoint(&placement.generator), "{name}");
        assert_eq!(topology, read(), "{name}");
        insta::assert_snapshot!(format!("summary {name}"), topology.summary());
    }
}
