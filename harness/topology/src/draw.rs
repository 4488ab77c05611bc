//! A placement, or a bare host, as a small plain-text picture.

use crate::cpuset::CpuSet;
use crate::model::{Core, Topology, human_bytes};
use crate::placement::Placement;

/// Cores per line; at two threads a core a line stays within 80 columns.
const CORES_PER_LINE: usize = 8;

/// Draws each package, node and last-level cache with its cores in brackets, a letter per CPU: `T` target, `G`
/// generator, `B` both, `.` free, `x` not usable by us. ASCII only; the last line explains the letters in use.
///
/// ```text
/// package 0
///   node 0, L3 12 MiB
///     [TT] [TT] [TT] [GG]    CPUs 0-7
/// T target 0-2,4-6   G generator 3,7
/// ```
pub fn draw(topology: &Topology, placement: Option<&Placement>) -> String {
    let mut lines = Vec::new();
    for package in &topology.packages {
        lines.push(format!("package {}", package.index));
        for (heading, cores) in groups(topology, package.index) {
            lines.push(format!("  {heading}"));
            lines.extend(
                cores
                    .chunks(CORES_PER_LINE)
                    .map(|row| draw_row(topology, placement, row)),
            );
        }
    }
    let offline = topology.offline();
    if !offline.is_empty() {
        lines.push(format!("offline: CPUs {offline}"));
    }
    lines.push(legend(topology, placement));
    lines.join("\n") + "\n"
}

/// The cores of a package by node and last-level cache, each under a heading.
fn groups(topology: &Topology, package: u32) -> Vec<(String, Vec<&Core>)> {
    let mut groups: Vec<(String, Vec<&Core>)> = Vec::new();
    let mut cores: Vec<&Core> = topology
        .cores
        .iter()
        .filter(|core| core.package == package)
        .collect();
    let place = |core: &Core| {
        let cpu = core.cpus.first().and_then(|id| topology.cpu(id));
        cpu.map(|cpu| (cpu.node, cpu.llc, cpu.core_type.clone()))
    };
    // Stable: cores of one place keep their order.
    cores.sort_by_key(|core| place(core).map(|(node, llc, _)| (node, llc)));
    for core in cores {
        let heading = heading(topology, core);
        match groups.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, members)) => members.push(core),
            None => groups.push((heading, vec![core])),
        }
    }
    groups
}

fn heading(topology: &Topology, core: &Core) -> String {
    let Some(cpu) = core.cpus.first().and_then(|id| topology.cpu(id)) else {
        return "cores".to_owned();
    };
    let mut parts = Vec::new();
    parts.extend(cpu.node.map(|node| format!("node {node}")));
    let group = cpu
        .llc
        .and_then(|llc| topology.last_level_caches.get(llc as usize));
    parts.extend(group.map(|group| {
        let size = group
            .size_bytes
            .map(|bytes| format!(" {}", human_bytes(bytes)));
        format!(
            "llc {} ({}{})",
            group.index,
            group.name,
            size.unwrap_or_default()
        )
    }));
    parts.extend(cpu.core_type.clone());
    if parts.is_empty() {
        "cores".to_owned()
    } else {
        parts.join(", ")
    }
}

fn draw_row(topology: &Topology, placement: Option<&Placement>, cores: &[&Core]) -> String {
    let core = |core: &&Core| {
        let letters: String = core
            .cpus
            .iter()
            .map(|cpu| letter(topology, placement, cpu))
            .collect();
        format!("[{letters}]")
    };
    let drawn: Vec<String> = cores.iter().map(core).collect();
    let cpus: CpuSet = cores.iter().flat_map(|core| core.cpus.iter()).collect();
    format!("    {}    CPUs {cpus}", drawn.join(" "))
}

fn letter(topology: &Topology, placement: Option<&Placement>, cpu: u32) -> char {
    let is_in = |of: fn(&Placement) -> &CpuSet| placement.is_some_and(|one| of(one).contains(cpu));
    match (is_in(|one| &one.target), is_in(|one| &one.generator)) {
        (true, true) => 'B',
        (true, false) => 'T',
        (false, true) => 'G',
        (false, false) if topology.usable.contains(cpu) => '.',
        (false, false) => 'x',
    }
}

fn legend(topology: &Topology, placement: Option<&Placement>) -> String {
    let mut sets: Vec<(&str, CpuSet)> = Vec::new();
    let mut taken = CpuSet::new();
    if let Some(placement) = placement {
        let both = &placement.target & &placement.generator;
        sets.push(("T target", &placement.target - &both));
        sets.push(("G generator", &placement.generator - &both));
        sets.push(("B both", both));
        taken = &placement.target | &placement.generator;
    }
    sets.push((". free", &topology.usable - &taken));
    sets.push((
        "x not usable",
        &(&topology.sets.online - &topology.usable) - &taken,
    ));
    let shown = sets.into_iter().filter(|(_, set)| !set.is_empty());
    let shown: Vec<String> = shown.map(|(name, set)| format!("{name} {set}")).collect();
    shown.join("   ")
}
