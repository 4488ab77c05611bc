//! Which CPUs form a core and which a package.
//!
//! Identity comes from the sibling lists, not from the ids: `core_id` repeats between packages, books and drawers, and
//! `physical_package_id` may be -1. The ids serve only where a kernel or a container has no lists.

use std::collections::BTreeMap;

use super::cpus::{FOLDER, kernel_id};
use crate::cpuinfo::CpuInfo;
use crate::cpuset::CpuSet;
use crate::model::{Core, Cpu, Package};
use crate::source::Source;

/// Cuts the CPUs into disjoint groups. Lists that contradict each other join their groups: a sibling too many costs a
/// CPU, one too few a false result.
pub(super) fn partition(cpus: &CpuSet, group_of: impl Fn(u32) -> CpuSet) -> Vec<CpuSet> {
    let mut groups: Vec<CpuSet> = Vec::new();
    for id in cpus.iter() {
        let mut joined = &group_of(id) & cpus;
        joined.insert(id);
        groups.retain(|group| {
            let apart = group.is_disjoint(&joined);
            if !apart {
                joined = &joined | group;
            }
            apart
        });
        groups.push(joined);
    }
    groups.sort_by_key(CpuSet::first);
    groups
}

/// CPUs that have the same key, for kernels without lists.
fn partition_by_key<K: Ord>(cpus: &CpuSet, key_of: impl Fn(u32) -> K) -> Vec<CpuSet> {
    let mut groups: BTreeMap<K, CpuSet> = BTreeMap::new();
    for id in cpus.iter() {
        groups.entry(key_of(id)).or_default().insert(id);
    }
    let mut groups: Vec<CpuSet> = groups.into_values().collect();
    groups.sort_by_key(CpuSet::first);
    groups
}

fn online(cpus: &[Cpu]) -> CpuSet {
    cpus.iter()
        .filter(|cpu| cpu.online)
        .map(|cpu| cpu.id)
        .collect()
}

/// The sibling list of one CPU under the new name or the one of kernels before 5.2 (Linux:
/// Documentation/admin-guide/cputopology.rst).
fn siblings(source: &Source, id: u32, names: [&str; 2]) -> Option<CpuSet> {
    names.iter().find_map(|name| {
        let file = format!("{FOLDER}/cpu{id}/topology/{name}");
        source.list_or_mask(&format!("{file}_list"), &file)
    })
}

/// Finds the packages and tells each CPU its own.
pub(super) fn packages(source: &Source, info: &CpuInfo, cpus: &mut [Cpu]) -> Vec<Package> {
    let online = online(cpus);
    let lists: BTreeMap<u32, CpuSet> = online
        .iter()
        .filter_map(|id| Some((id, siblings(source, id, ["package_cpus", "core_siblings"])?)))
        .collect();
    let groups = if lists.is_empty() {
        packages_by_id(source, info, cpus, &online)
    } else {
        partition(&online, |id| lists.get(&id).cloned().unwrap_or_default())
    };
    let packages = groups
        .into_iter()
        .zip(0..)
        .map(|(cpus, index)| (index, cpus));
    packages
        .map(|(index, members)| {
            let mut id = None;
            for cpu in cpus.iter_mut().filter(|cpu| members.contains(cpu.id)) {
                cpu.package = Some(index);
                id = id.or(cpu.package_id);
            }
            Package {
                index,
                id,
                cpus: members,
            }
        })
        .collect()
}

fn packages_by_id(source: &Source, info: &CpuInfo, cpus: &[Cpu], online: &CpuSet) -> Vec<CpuSet> {
    let package_id = |id: u32| {
        let cpu = cpus.iter().find(|cpu| cpu.id == id);
        cpu.and_then(|cpu| cpu.package_id)
            .or_else(|| info.number(id, "physical id"))
    };
    if online.iter().all(|id| package_id(id).is_none()) {
        source.note("no package information: every CPU is taken to be in one package");
        return vec![online.clone()];
    }
    // s390 numbers packages within books and books within drawers.
    let outer =
        |id: u32, name: &str| kernel_id(source, &format!("{FOLDER}/cpu{id}/topology/{name}"));
    partition_by_key(online, |id| {
        (outer(id, "drawer_id"), outer(id, "book_id"), package_id(id))
    })
}

/// Finds the cores and tells each CPU its own and its siblings. Packages must be known already.
pub(super) fn cores(source: &Source, info: &CpuInfo, cpus: &mut [Cpu]) -> Vec<Core> {
    let online = online(cpus);
    let lists: BTreeMap<u32, CpuSet> = online
        .iter()
        .filter_map(|id| Some((id, siblings(source, id, ["core_cpus", "thread_siblings"])?)))
        .collect();
    for (id, _) in lists.iter().filter(|(id, list)| !list.contains(**id)) {
        source.note(format!(
            "cpu{id}: its list of SMT siblings leaves itself out; added"
        ));
    }
    let groups = if lists.is_empty() {
        cores_by_id(source, info, cpus, &online)
    } else {
        partition(&online, |id| lists.get(&id).cloned().unwrap_or_default())
    };
    let mut cores = Vec::new();
    for (members, index) in groups.into_iter().zip(0..) {
        for cpu in cpus.iter_mut().filter(|cpu| members.contains(cpu.id)) {
            cpu.core = Some(index);
            cpu.siblings = members.clone();
        }
        let first = cpus.iter().find(|cpu| members.contains(cpu.id));
        let package = first.and_then(|cpu| cpu.package).unwrap_or(0);
        cores.push(Core {
            index,
            package,
            cpus: members,
        });
    }
    cores
}

fn cores_by_id(source: &Source, info: &CpuInfo, cpus: &[Cpu], online: &CpuSet) -> Vec<CpuSet> {
    let find = |id: u32| cpus.iter().find(|cpu| cpu.id == id);
    let core_id = |id: u32| {
        find(id)
            .and_then(|cpu| cpu.core_id)
            .or_else(|| info.number(id, "core id"))
    };
    if online.iter().any(|id| core_id(id).is_none()) {
        source.note(
            "no information on SMT siblings: each CPU is taken to be a core of its own, \
             which would be wrong on a host with SMT",
        );
        return partition_by_key(online, |id| id);
    }
    let die = |id: u32| find(id).and_then(|cpu| cpu.die_id);
    let package = |id: u32| find(id).and_then(|cpu| cpu.package);
    partition_by_key(online, |id| (package(id), die(id), core_id(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradicting_lists_join() {
        let cpus: CpuSet = "0-3".parse().unwrap();
        // CPU 1 claims 0 as a sibling, 0 does not know of it; 9 is offline.
        let groups = partition(&cpus, |id| match id {
            1 => "0-1".parse().unwrap(),
            3 => "3,9".parse().unwrap(),
            _ => CpuSet::from(id),
        });
        let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        assert_eq!(groups, ["0-1", "2", "3"]);
    }
}
