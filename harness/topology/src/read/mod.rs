//! Filling a [`Topology`] from a root folder. [`read`] is the whole story; the parts are `cpus`, `groups` (cores and
//! packages), `caches` and `nodes`.

mod caches;
mod cpus;
mod groups;
mod nodes;

use std::path::Path;

use crate::cgroup;
use crate::core_types;
use crate::cpuinfo::CpuInfo;
use crate::cpuset::CpuSet;
use crate::error::Error;
use crate::model::Topology;
use crate::source::{Source, status_set};

/// Reads the machine whose `sys/` and `proc/` lie below `root` (`/` for this host).
///
/// On this host the affinity mask is that of the calling thread, so read before pinning. What is missing or makes no
/// sense is left out and named in [`Topology::notes`].
///
/// # Errors
/// [`Error::NotAHost`] when no CPU can be found at all.
pub fn read(root: &Path) -> Result<Topology, Error> {
    let source = Source::new(root);
    let info = CpuInfo::read(&source);
    let sets = cpus::sets(&source, &info);
    if sets.online.is_empty() {
        return Err(Error::NotAHost {
            root: root.to_owned(),
        });
    }
    let nodes = nodes::read(&source, &sets.online);
    let mut cpus = cpus::read(&source, &sets, &nodes);
    let packages = groups::packages(&source, &info, &mut cpus);
    let cores = groups::cores(&source, &info, &mut cpus);
    let (caches, last_level_caches) = caches::read(&source, &mut cpus);
    let core_types = core_types::classify(&source, &info, &mut cpus);
    let cgroup = cgroup::read(&source);
    let (affinity, allowed_nodes) = own_masks(&source, cgroup.memory_nodes.as_ref());
    let usable = usable(
        &source,
        &sets.online,
        affinity.as_ref(),
        cgroup.cpuset.as_ref(),
    );
    for cpu in &mut cpus {
        cpu.usable = usable.contains(cpu.id);
    }
    Ok(Topology {
        model: info.model(),
        cpus,
        cores,
        packages,
        caches,
        last_level_caches,
        nodes,
        core_types,
        sets,
        affinity,
        allowed_nodes,
        cgroup,
        usable,
        notes: source.into_notes(),
    })
}

/// Our affinity mask, and the memory nodes that we may use.
fn own_masks(source: &Source, cgroup_nodes: Option<&CpuSet>) -> (Option<CpuSet>, Option<CpuSet>) {
    let status = source.text("proc/self/status").unwrap_or_default();
    let live = source
        .is_live()
        .then(|| crate::affinity::current_affinity().ok())
        .flatten();
    let affinity = live.or_else(|| status_set(&status, "Cpus_allowed"));
    if affinity.is_none() {
        source.note("our own affinity mask is unknown (no proc/self/status): every online CPU counts as ours");
    }
    let status_nodes = status_set(&status, "Mems_allowed");
    let nodes = match (status_nodes, cgroup_nodes) {
        (Some(status), Some(cgroup)) => Some(&status & cgroup),
        (status, cgroup) => status.or_else(|| cgroup.cloned()),
    };
    (affinity, nodes)
}

fn usable(
    source: &Source,
    online: &CpuSet,
    affinity: Option<&CpuSet>,
    cpuset: Option<&CpuSet>,
) -> CpuSet {
    let mut usable = online.clone();
    for (what, set) in [
        ("our affinity mask", affinity),
        ("our cgroup's cpuset", cpuset),
    ] {
        let Some(set) = set else { continue };
        let lost = online - set;
        if !lost.is_empty() {
            source.note(format!("{what} leaves out CPUs {lost}"));
        }
        usable = &usable & set;
    }
    usable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_prefers_the_list_and_falls_back_to_the_mask() {
        let both = "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3\n";
        assert_eq!(status_set(both, "Cpus_allowed").unwrap().to_string(), "0-3");
        let mask_only = "Cpus_allowed:\t1,00000003\n";
        assert_eq!(
            status_set(mask_only, "Cpus_allowed").unwrap().to_string(),
            "0-1,32"
        );
        assert_eq!(status_set("Cpus_allowed:\tzz\n", "Cpus_allowed"), None);
        assert_eq!(status_set("", "Mems_allowed"), None);
    }
}
