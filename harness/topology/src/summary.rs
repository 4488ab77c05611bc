//! A short, stable account of the hardware, for a host fingerprint.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::model::{Cache, Topology, human_bytes};

/// What makes two hosts comparable as hardware.
///
/// Equal on every read of one host, whatever our mask, cgroup or load: neither affinity, quotas, memory sizes (which
/// shift with the kernel) nor frequencies (which drivers hide) take part. Switching CPUs or SMT on or off does change
/// it. Others hash the [`fmt::Display`] text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// CPU name, or the vendor, or "unknown CPU".
    pub model: String,
    /// Packages with an online CPU.
    pub packages: usize,
    /// Cores with an online CPU.
    pub cores: usize,
    /// Online CPUs.
    pub threads: usize,
    /// `32x L1d 32 KiB` and so on, from the first level out.
    pub caches: Vec<String>,
    /// `node0 0-3` and so on, memory-only nodes included.
    pub nodes: Vec<String>,
    /// `performance 0-15` and so on; empty unless kinds of core are mixed.
    pub core_types: Vec<String>,
}

impl Topology {
    /// The account of this host's hardware.
    pub fn summary(&self) -> Summary {
        let model = self
            .model
            .name
            .clone()
            .or_else(|| self.model.vendor.clone());
        Summary {
            model: model.unwrap_or_else(|| "unknown CPU".to_owned()),
            packages: self.packages.len(),
            cores: self.cores.len(),
            threads: self.sets.online.len(),
            caches: cache_lines(&self.caches),
            nodes: self
                .nodes
                .iter()
                .map(|node| format!("node{} {}", node.id, node.cpus))
                .collect(),
            core_types: self
                .core_types
                .iter()
                .map(|kind| format!("{} {}", kind.name, kind.cpus))
                .collect(),
        }
    }
}

/// Caches of one name and size are one line, since hybrid hosts have several sizes under one name.
fn cache_lines(caches: &[Cache]) -> Vec<String> {
    let mut counts: BTreeMap<(u32, &str, Option<u64>), usize> = BTreeMap::new();
    for cache in caches {
        *counts
            .entry((cache.level, &cache.name, cache.size_bytes))
            .or_default() += 1;
    }
    let line = |((_, name, size), count): ((u32, &str, Option<u64>), usize)| {
        let size = size.map_or_else(|| "of unknown size".to_owned(), human_bytes);
        format!("{count}x {name} {size}")
    };
    counts.into_iter().map(line).collect()
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}; packages {}; cores {}; threads {}",
            self.model, self.packages, self.cores, self.threads
        )?;
        let lists = [
            ("caches", &self.caches),
            ("nodes", &self.nodes),
            ("kinds", &self.core_types),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            write!(formatter, "; {name} {}", list.join(", "))?;
        }
        Ok(())
    }
}
