//! The caches, once each, and the groups that share the last level.

use std::collections::BTreeMap;

use super::cpus::FOLDER;
use super::groups::partition;
use crate::cpuset::CpuSet;
use crate::model::{Cache, CacheKind, Cpu, LastLevelCache};
use crate::source::{Source, excerpt};

/// What one `cpuN/cache/indexM` folder says.
struct Entry {
    size_bytes: Option<u64>,
    line_bytes: Option<u32>,
    shared: CpuSet,
}

/// Entries by level and kind, then by CPU.
type Levels = BTreeMap<(u32, CacheKind), BTreeMap<u32, Entry>>;

/// Reads every cache, tells each CPU its own and its last-level group.
pub(super) fn read(source: &Source, cpus: &mut [Cpu]) -> (Vec<Cache>, Vec<LastLevelCache>) {
    let levels = entries(source, cpus);
    if levels.is_empty() {
        source.note(
            "no cache information in sysfs (usual in small virtual machines and containers): \
             placements by last-level cache are not possible",
        );
    }
    let caches: Vec<Cache> = levels.into_iter().flat_map(instances).collect();
    for cpu in cpus.iter_mut() {
        let own = caches
            .iter()
            .filter(|cache| cache.shared_cpus.contains(cpu.id));
        cpu.caches = own.cloned().collect();
    }
    let last_level = last_level_groups(cpus);
    (caches, last_level)
}

fn entries(source: &Source, cpus: &[Cpu]) -> Levels {
    let mut levels = Levels::new();
    for cpu in cpus.iter().filter(|cpu| cpu.online) {
        let folder = format!("{FOLDER}/cpu{}/cache", cpu.id);
        for index in source.numbered(&folder, "index") {
            let folder = format!("{folder}/index{index}");
            if let Some((level, kind)) = level_and_kind(source, &folder) {
                let entry = entry(source, &folder, cpu.id);
                levels
                    .entry((level, kind))
                    .or_default()
                    .insert(cpu.id, entry);
            }
        }
    }
    levels
}

fn level_and_kind(source: &Source, folder: &str) -> Option<(u32, CacheKind)> {
    let level = source.number(&format!("{folder}/level"))?;
    let kind = match source.word(&format!("{folder}/type"))?.as_str() {
        "Data" => CacheKind::Data,
        "Instruction" => CacheKind::Instruction,
        "Unified" => CacheKind::Unified,
        other => {
            source.note(format!(
                "{folder}/type: {:?} is no kind of cache; ignored",
                excerpt(other)
            ));
            return None;
        }
    };
    Some((level, kind))
}

fn entry(source: &Source, folder: &str, cpu: u32) -> Entry {
    let list = format!("{folder}/shared_cpu_list");
    let shared = source.list_or_mask(&list, &format!("{folder}/shared_cpu_map"));
    Entry {
        size_bytes: size(source, &format!("{folder}/size")),
        line_bytes: source.number(&format!("{folder}/coherency_line_size")),
        shared: shared.unwrap_or_else(|| CpuSet::from(cpu)),
    }
}

/// `48K`, as the kernel prints it.
fn size(source: &Source, inner: &str) -> Option<u64> {
    let text = source.word(inner)?;
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "" => Some(0),
        "K" | "k" => Some(10),
        "M" => Some(20),
        "G" => Some(30),
        _ => None,
    };
    let size = shift.and_then(|shift| digits.parse::<u64>().ok()?.checked_mul(1 << shift));
    if size.is_none() {
        source.note(format!(
            "{inner}: {:?} is not a cache size; ignored",
            excerpt(&text)
        ));
    }
    // A size of 0 means that the firmware did not say.
    size.filter(|bytes| *bytes > 0)
}

/// The caches of one level and kind, by lowest CPU.
fn instances(
    ((level, kind), entries): ((u32, CacheKind), BTreeMap<u32, Entry>),
) -> impl Iterator<Item = Cache> {
    let cpus: CpuSet = entries.keys().copied().collect();
    let shared = |id: u32| {
        entries
            .get(&id)
            .map(|entry| entry.shared.clone())
            .unwrap_or_default()
    };
    let groups = partition(&cpus, shared);
    let suffix = match kind {
        CacheKind::Data => "d",
        CacheKind::Instruction => "i",
        CacheKind::Unified => "",
    };
    groups
        .into_iter()
        .zip(0..)
        .map(move |(shared_cpus, index)| {
            let first = shared_cpus.first().and_then(|id| entries.get(&id));
            Cache {
                name: format!("L{level}{suffix}"),
                index,
                level,
                kind,
                size_bytes: first.and_then(|entry| entry.size_bytes),
                line_bytes: first.and_then(|entry| entry.line_bytes),
                shared_cpus,
            }
        })
}

/// Groups the CPUs by their outermost cache that holds data. Cores of one host may end at different levels (an
/// efficiency core without a share in the L3).
fn last_level_groups(cpus: &mut [Cpu]) -> Vec<LastLevelCache> {
    let mut groups: Vec<LastLevelCache> = Vec::new();
    let mut index_of: BTreeMap<(String, u32), u32> = BTreeMap::new();
    for cpu in cpus.iter_mut() {
        let holds_data = |cache: &&Cache| cache.kind != CacheKind::Instruction;
        let Some(last) = cpu
            .caches
            .iter()
            .filter(holds_data)
            .max_by_key(|cache| cache.level)
        else {
            continue;
        };
        let next = groups.len() as u32;
        let index = *index_of
            .entry((last.name.clone(), last.index))
            .or_insert(next);
        if index == next {
            groups.push(LastLevelCache {
                index,
                name: last.name.clone(),
                size_bytes: last.size_bytes,
                cpus: CpuSet::new(),
            });
        }
        if let Some(group) = groups.get_mut(index as usize) {
            group.cpus.insert(cpu.id);
        }
        cpu.llc = Some(index);
    }
    groups
}
