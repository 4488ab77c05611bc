//! Which kinds of core a host mixes: Intel's performance and efficiency cores, ARM's big and little ones, or anything
//! whose `cpu_capacity` differs widely.

use crate::arm;
use crate::cpuinfo::CpuInfo;
use crate::cpuset::CpuSet;
use crate::model::{CoreType, Cpu};
use crate::source::Source;

/// Intel's hybrid kernels register one PMU per kind of core, whose `cpus` file lists its CPUs (Linux:
/// arch/x86/events/intel/core.c).
const INTEL_PMUS: [(&str, &str); 3] = [
    ("sys/devices/cpu_core/cpus", "performance"),
    ("sys/devices/cpu_atom/cpus", "efficiency"),
    ("sys/devices/cpu_lowpower/cpus", "low-power"),
];

/// Cores of one design count as another kind when their capacity is below this share of the strongest. "Preferred"
/// cores of one kind differ by a few percent; a cluster with its own clock or cache by more.
const SAME_KIND_PERCENT: u32 = 90;

/// Names the kind of each online CPU, and returns the kinds, strongest first; nothing at all on a host with one kind.
pub(crate) fn classify(source: &Source, info: &CpuInfo, cpus: &mut [Cpu]) -> Vec<CoreType> {
    let pmus = intel_pmus(source);
    let mut types: Vec<CoreType> = Vec::new();
    for cpu in cpus.iter().filter(|cpu| cpu.online) {
        let name = kind_name(source, info, &pmus, cpu);
        let known = types.iter_mut().find(|kind| kind.name == name);
        match known {
            Some(kind) => add(kind, cpu),
            None => types.push(new_type(name, cpu)),
        }
    }
    let mut types: Vec<CoreType> = types
        .into_iter()
        .flat_map(|kind| split_by_capacity(kind, cpus))
        .collect();
    if types.len() < 2 {
        return Vec::new();
    }
    types.sort_by_key(|kind| std::cmp::Reverse(strength(kind)));
    for kind in &types {
        for cpu in cpus.iter_mut().filter(|cpu| kind.cpus.contains(cpu.id)) {
            cpu.core_type = Some(kind.name.clone());
        }
    }
    types
}

fn intel_pmus(source: &Source) -> Vec<(&'static str, CpuSet)> {
    let pmus = INTEL_PMUS
        .iter()
        .filter_map(|(file, name)| Some((*name, source.list(file)?)));
    pmus.collect()
}

fn kind_name(source: &Source, info: &CpuInfo, pmus: &[(&str, CpuSet)], cpu: &Cpu) -> String {
    if let Some((name, _)) = pmus.iter().find(|(_, set)| set.contains(cpu.id)) {
        return (*name).to_owned();
    }
    let midr = format!(
        "sys/devices/system/cpu/cpu{}/regs/identification/midr_el1",
        cpu.id
    );
    let midr = source.word(&midr).and_then(|text| {
        u64::from_str_radix(text.strip_prefix("0x")?, 16)
            .ok()
            .filter(|midr| *midr != 0)
    });
    let core = midr
        .map(arm::CoreId::from_midr)
        .or_else(|| info.arm_core(cpu.id));
    core.map_or_else(|| "core".to_owned(), arm::core_name)
}

fn new_type(name: String, cpu: &Cpu) -> CoreType {
    let mut kind = CoreType {
        name,
        capacity: None,
        max_khz: None,
        cpus: CpuSet::new(),
    };
    add(&mut kind, cpu);
    kind
}

fn add(kind: &mut CoreType, cpu: &Cpu) {
    kind.capacity = kind.capacity.max(cpu.capacity);
    kind.max_khz = kind.max_khz.max(cpu.max_khz);
    kind.cpus.insert(cpu.id);
}

/// One design at clearly different capacities is as many kinds.
fn split_by_capacity(kind: CoreType, cpus: &[Cpu]) -> Vec<CoreType> {
    let mut members: Vec<&Cpu> = cpus
        .iter()
        .filter(|cpu| kind.cpus.contains(cpu.id))
        .collect();
    members.sort_by_key(|cpu| (std::cmp::Reverse(cpu.capacity), cpu.id));
    let mut parts: Vec<CoreType> = Vec::new();
    for cpu in members {
        match parts.last_mut() {
            Some(part) if alike(part.capacity, cpu.capacity) => add(part, cpu),
            _ => parts.push(new_type(kind.name.clone(), cpu)),
        }
    }
    if parts.len() > 1 {
        for part in &mut parts {
            part.name = format!("{} (capacity {})", kind.name, part.capacity.unwrap_or(0));
        }
    }
    parts
}

fn alike(strongest: Option<u32>, capacity: Option<u32>) -> bool {
    match (strongest, capacity) {
        (Some(strongest), Some(capacity)) => {
            u64::from(capacity) * 100 >= u64::from(strongest) * u64::from(SAME_KIND_PERCENT)
        }
        // A CPU that does not tell its capacity gives no reason to split.
        _ => true,
    }
}

/// Capacity first, then Intel's order of kinds (which has no capacity on older kernels), then frequency.
fn strength(kind: &CoreType) -> (Option<u32>, std::cmp::Reverse<usize>, Option<u64>) {
    let rank = INTEL_PMUS.iter().position(|(_, name)| *name == kind.name);
    (
        kind.capacity,
        std::cmp::Reverse(rank.unwrap_or(0)),
        kind.max_khz,
    )
}
