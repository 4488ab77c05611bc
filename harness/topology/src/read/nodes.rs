//! The NUMA nodes.

use crate::cpuset::CpuSet;
use crate::model::{Node, NodeDistance};
use crate::source::Source;

const FOLDER: &str = "sys/devices/system/node";

/// Every node by number. A kernel without NUMA has none.
pub(super) fn read(source: &Source, online: &CpuSet) -> Vec<Node> {
    let ids = source.numbered(FOLDER, "node");
    if ids.is_empty() {
        source
            .note("no NUMA nodes in sysfs: memory binding and placements by node are not possible");
    }
    let mut nodes: Vec<Node> = Vec::new();
    for id in &ids {
        let folder = format!("{FOLDER}/node{id}");
        let list = source.list_or_mask(&format!("{folder}/cpulist"), &format!("{folder}/cpumap"));
        let claimed: CpuSet = nodes.iter().flat_map(|node| node.cpus.iter()).collect();
        let cpus = &list.unwrap_or_default() & online;
        if !cpus.is_disjoint(&claimed) {
            source.note(format!(
                "node{id}: CPUs {} are already in another node; left there",
                &cpus & &claimed
            ));
        }
        nodes.push(Node {
            id: *id,
            cpus: &cpus - &claimed,
            memory_bytes: memory(source, &folder),
            distances: distances(source, &folder, &ids),
        });
    }
    nodes
}

/// `Node 0 MemTotal:  2054748 kB`; the kernel's kB are KiB.
fn memory(source: &Source, folder: &str) -> Option<u64> {
    let text = source.text(&format!("{folder}/meminfo"))?;
    let line = text.lines().find_map(|line| line.split_once("MemTotal:"))?;
    let kib: u64 = line.1.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// One number per node that is online, in order of node number.
fn distances(source: &Source, folder: &str, ids: &[u32]) -> Vec<NodeDistance> {
    let file = format!("{folder}/distance");
    let Some(text) = source.word(&file) else {
        return Vec::new();
    };
    let numbers: Option<Vec<u32>> = text
        .split_whitespace()
        .map(|number| number.parse().ok())
        .collect();
    match numbers {
        Some(numbers) if numbers.len() == ids.len() => ids
            .iter()
            .zip(numbers)
            .map(|(node, distance)| NodeDistance {
                node: *node,
                distance,
            })
            .collect(),
        _ => {
            source.note(format!(
                "{file}: not one distance for each of {} nodes; ignored",
                ids.len()
            ));
            Vec::new()
        }
    }
}
