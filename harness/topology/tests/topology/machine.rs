//! Made-up machines: as files below a root, for the reader, and in memory, for placements.

use std::path::Path;

use tempfile::TempDir;
use topology::{
    Cache, CacheKind, Cgroup, Core, Cpu, CpuModel, CpuSet, CpuSets, LastLevelCache, Node, Package,
    Topology,
};

const CPU: &str = "sys/devices/system/cpu";

pub(crate) fn set(list: &str) -> CpuSet {
    list.parse().unwrap()
}

/// A folder that goes away with the test; in memory where that can be obtained, since these roots are thousands of tiny
/// files.
pub(crate) fn temporary_folder() -> TempDir {
    TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .unwrap()
}

/// A root folder under construction.
pub(crate) struct Machine {
    folder: TempDir,
}

impl Machine {
    /// A machine with these CPUs present and online, and nothing else known.
    pub(crate) fn with_cpus(list: &str) -> Self {
        let machine = Self {
            folder: temporary_folder(),
        };
        for name in ["possible", "present", "online"] {
            machine.file(&format!("{CPU}/{name}"), list);
        }
        machine
    }

    pub(crate) fn empty() -> Self {
        Self {
            folder: temporary_folder(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self) -> Topology {
        topology::read(self.root()).unwrap()
    }

    pub(crate) fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{text}\n")).unwrap();
        self
    }

    /// Topology files of one CPU, under today's names.
    pub(crate) fn cpu(
        &self,
        id: u32,
        package: i64,
        package_cpus: &str,
        core: u32,
        siblings: &str,
    ) -> &Self {
        let folder = format!("{CPU}/cpu{id}/topology");
        self.file(
            &format!("{folder}/physical_package_id"),
            &package.to_string(),
        )
        .file(&format!("{folder}/package_cpus_list"), package_cpus)
        .file(&format!("{folder}/core_id"), &core.to_string())
        .file(&format!("{folder}/core_cpus_list"), siblings)
    }

    pub(crate) fn cache(
        &self,
        id: u32,
        index: u32,
        level: u32,
        kind: &str,
        size: &str,
        shared: &str,
    ) -> &Self {
        let folder = format!("{CPU}/cpu{id}/cache/index{index}");
        self.file(&format!("{folder}/level"), &level.to_string())
            .file(&format!("{folder}/type"), kind)
            .file(&format!("{folder}/size"), size)
            .file(&format!("{folder}/shared_cpu_list"), shared)
    }

    pub(crate) fn node(&self, id: u32, cpus: &str, distances: &str) -> &Self {
        let folder = format!("sys/devices/system/node/node{id}");
        self.file(&format!("{folder}/cpulist"), cpus)
            .file(&format!("{folder}/distance"), distances)
            .file(
                &format!("{folder}/meminfo"),
                &format!("Node {id} MemTotal:  1048576 kB"),
            )
    }
}

/// A regular machine in memory: CPU ids count cores first, then second threads, as x86 firmware likes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) packages: u32,
    pub(crate) nodes_per_package: u32,
    pub(crate) caches_per_node: u32,
    pub(crate) cores_per_cache: u32,
    pub(crate) threads: u32,
}

impl Grid {
    pub(crate) fn uniform(cores: u32, threads: u32) -> Topology {
        Self {
            packages: 1,
            nodes_per_package: 1,
            caches_per_node: 1,
            cores_per_cache: cores,
            threads,
        }
        .topology()
    }

    pub(crate) fn topology(self) -> Topology {
        let per_node = self.caches_per_node * self.cores_per_cache;
        let per_package = self.nodes_per_package * per_node;
        let core_count = self.packages * per_package;
        let cpus_of = |core: u32| (0..self.threads).map(move |thread| core + thread * core_count);
        let cpus_in = |cores: std::ops::Range<u32>| cores.flat_map(cpus_of).collect::<CpuSet>();
        let caches: Vec<Cache> = (0..core_count / self.cores_per_cache)
            .map(|index| Cache {
                name: "L3".to_owned(),
                index,
                level: 3,
                kind: CacheKind::Unified,
                size_bytes: Some(32 << 20),
                line_bytes: Some(64),
                shared_cpus: cpus_in(
                    index * self.cores_per_cache..(index + 1) * self.cores_per_cache,
                ),
            })
            .collect();
        let one_cpu = |id: u32| {
            let core = id % core_count;
            let cache = core / self.cores_per_cache;
            Cpu {
                id,
                online: true,
                isolated: false,
                usable: true,
                package: Some(core / per_package),
                package_id: Some(core / per_package),
                die_id: None,
                cluster_id: None,
                core: Some(core),
                core_id: Some(core),
                node: Some(core / per_node),
                siblings: cpus_of(core).collect(),
                llc: Some(cache),
                caches: vec![caches[cache as usize].clone()],
                core_type: None,
                capacity: None,
                max_khz: None,
            }
        };
        let all: CpuSet = (0..core_count * self.threads).collect();
        let sets = CpuSets {
            possible: all.clone(),
            present: all.clone(),
            online: all.clone(),
            ..CpuSets::default()
        };
        let package = |index: u32| Package {
            index,
            id: Some(index),
            cpus: cpus_in(index * per_package..(index + 1) * per_package),
        };
        let node = |id: u32| Node {
            id,
            cpus: cpus_in(id * per_node..(id + 1) * per_node),
            memory_bytes: Some(1 << 30),
            distances: Vec::new(),
        };
        let last_level = |cache: &Cache| LastLevelCache {
            index: cache.index,
            name: cache.name.clone(),
            size_bytes: cache.size_bytes,
            cpus: cache.shared_cpus.clone(),
        };
        Topology {
            model: CpuModel::default(),
            cpus: all.iter().map(one_cpu).collect(),
            cores: (0..core_count)
                .map(|index| Core {
                    index,
                    package: index / per_package,
                    cpus: cpus_of(index).collect(),
                })
                .collect(),
            packages: (0..self.packages).map(package).collect(),
            last_level_caches: caches.iter().map(last_level).collect(),
            caches,
            nodes: (0..core_count / per_node).map(node).collect(),
            core_types: Vec::new(),
            sets,
            affinity: Some(all.clone()),
            allowed_nodes: None,
            cgroup: Cgroup::default(),
            usable: all,
            notes: Vec::new(),
        }
    }
}

/// Takes away all but these CPUs, as a narrower affinity mask would.
pub(crate) fn restricted(mut topology: Topology, usable: &CpuSet) -> Topology {
    topology.affinity = Some(usable.clone());
    topology.usable = &topology.usable & usable;
    for cpu in &mut topology.cpus {
        cpu.usable = topology.usable.contains(cpu.id);
    }
    topology
}
