//! What our cgroup leaves us: CPUs, memory nodes, CPU quota, memory.
//!
//! [`Cgroup`] is the main type. Versions 1 and 2 and hybrid hosts (where some controllers are on version 1 and the rest
//! on 2) are read alike: find each hierarchy's mount, go from our own group up to the mount's top, and keep the most
//! restrictive value, since a limit anywhere above binds us too (Linux: Documentation/admin-guide/cgroup-v2.rst,
//! "Top-down Constraint").
//!
//! Deliberately absent: limits above the mount's top, which a container cannot see, and usage counters, which belong to
//! whoever watches a trial.

use serde::Serialize;

use crate::cpuset::CpuSet;
use crate::source::{Source, excerpt};

/// The two generations of cgroups, whose files differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    V1,
    V2,
}

/// What our cgroup allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cgroup {
    /// Which hierarchies the host uses.
    pub version: CgroupVersion,
    /// Our group: the version 2 path, else that of the cpu controller.
    pub path: Option<String>,
    /// CPUs that the cpuset controller leaves us; `None` when it sets no limit.
    pub cpuset: Option<CpuSet>,
    /// Memory nodes that the cpuset controller leaves us.
    pub memory_nodes: Option<CpuSet>,
    /// The tightest CPU quota on the way up.
    pub quota: Option<CpuQuota>,
    /// The tightest hard memory limit on the way up.
    pub memory: Option<MemoryLimit>,
}

/// Which kinds of hierarchy our process is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CgroupVersion {
    /// No `proc/self/cgroup`, or it is empty.
    #[default]
    None,
    /// Version 1 controllers only.
    V1,
    /// The unified hierarchy only.
    V2,
    /// Both.
    Hybrid,
}

/// CPU time per period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CpuQuota {
    /// CPU time allowed per period, in microseconds.
    pub quota_us: u64,
    /// The period, in microseconds.
    pub period_us: u64,
    /// The file that says so.
    pub file: String,
}

impl CpuQuota {
    /// The quota as a number of CPUs: 1.5 is 150 ms per 100 ms.
    pub fn cpus(&self) -> f64 {
        self.quota_us as f64 / self.period_us as f64
    }

    fn is_tighter_than(&self, other: &Self) -> bool {
        u128::from(self.quota_us) * u128::from(other.period_us)
            < u128::from(other.quota_us) * u128::from(self.period_us)
    }
}

/// A hard limit on memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryLimit {
    /// The limit.
    pub bytes: u64,
    /// The file that says so.
    pub file: String,
}

/// Version 1 prints "no limit" as the largest page-aligned number; nothing that large is a limit.
const UNLIMITED_BYTES: u64 = 1 << 60;

/// Reads our own cgroup.
pub(crate) fn read(source: &Source) -> Cgroup {
    let memberships = memberships(&source.text("proc/self/cgroup").unwrap_or_default());
    let mounts = mounts(&source.text("proc/self/mountinfo").unwrap_or_default());
    let unified = memberships.iter().find(|one| one.controllers.is_empty());
    let legacy = |controller: &str| {
        memberships
            .iter()
            .find(|one| one.controllers.iter().any(|name| name == controller))
    };
    let mut cgroup = Cgroup {
        version: version(&memberships),
        path: unified
            .or_else(|| legacy("cpu"))
            .map(|one| one.path.clone()),
        ..Cgroup::default()
    };
    if let Some(membership) = unified {
        for folder in folders(source, membership, &mounts, "") {
            read_unified(source, &folder, &mut cgroup);
        }
    }
    for controller in ["cpuset", "cpu", "memory"] {
        let Some(membership) = legacy(controller) else {
            continue;
        };
        for folder in folders(source, membership, &mounts, controller) {
            read_legacy(source, &folder, controller, &mut cgroup);
        }
    }
    cgroup
}

/// The folders of the hierarchy that has the controller, from our own group up to the top, and which generation it is
/// of; `None` where we are in none.
pub(crate) fn controller_folders(
    source: &Source,
    controller: &str,
) -> Option<(Generation, Vec<String>)> {
    let memberships = memberships(&source.text("proc/self/cgroup").unwrap_or_default());
    let mounts = mounts(&source.text("proc/self/mountinfo").unwrap_or_default());
    let legacy = memberships
        .iter()
        .find(|one| one.controllers.iter().any(|name| name == controller));
    // A hybrid host has a controller in one of the two hierarchies only.
    let unified = memberships.iter().find(|one| one.controllers.is_empty());
    match (legacy, unified) {
        (Some(membership), _) => Some((
            Generation::V1,
            folders(source, membership, &mounts, controller),
        )),
        (None, Some(membership)) => {
            Some((Generation::V2, folders(source, membership, &mounts, "")))
        }
        (None, None) => None,
    }
}

fn read_unified(source: &Source, folder: &str, cgroup: &mut Cgroup) {
    narrow(
        &mut cgroup.cpuset,
        list(source, folder, &["cpuset.cpus.effective"]),
    );
    narrow(
        &mut cgroup.memory_nodes,
        list(source, folder, &["cpuset.mems.effective"]),
    );
    let file = format!("{folder}/cpu.max");
    if let Some(text) = source.word(&file) {
        let mut words = text.split_whitespace();
        let quota = words.next().unwrap_or_default();
        let period = words.next().unwrap_or("100000");
        if quota != "max" {
            tighten_quota(source, cgroup, file, quota, period);
        }
    }
    let file = format!("{folder}/memory.max");
    if let Some(limit) = source.word(&file).filter(|text| text != "max") {
        tighten_memory(source, cgroup, file, &limit);
    }
}

fn read_legacy(source: &Source, folder: &str, controller: &str, cgroup: &mut Cgroup) {
    match controller {
        "cpuset" => {
            let cpus = list(source, folder, &["cpuset.effective_cpus", "cpuset.cpus"]);
            let nodes = list(source, folder, &["cpuset.effective_mems", "cpuset.mems"]);
            narrow(&mut cgroup.cpuset, cpus);
            narrow(&mut cgroup.memory_nodes, nodes);
        }
        "cpu" => {
            let file = format!("{folder}/cpu.cfs_quota_us");
            let quota = source.word(&file).filter(|text| !text.starts_with('-'));
            let period = source.word(&format!("{folder}/cpu.cfs_period_us"));
            if let Some(quota) = quota {
                tighten_quota(
                    source,
                    cgroup,
                    file,
                    &quota,
                    period.as_deref().unwrap_or("100000"),
                );
            }
        }
        _ => {
            let file = format!("{folder}/memory.limit_in_bytes");
            if let Some(limit) = source.word(&file) {
                tighten_memory(source, cgroup, file, &limit);
            }
        }
    }
}

/// The first of these list files that holds anything; an empty cpuset file means "not set here".
fn list(source: &Source, folder: &str, files: &[&str]) -> Option<CpuSet> {
    let lists = files
        .iter()
        .filter_map(|file| source.list(&format!("{folder}/{file}")));
    lists.into_iter().find(|set| !set.is_empty())
}

fn narrow(current: &mut Option<CpuSet>, found: Option<CpuSet>) {
    if let Some(found) = found {
        *current = Some(match current.take() {
            Some(set) => &set & &found,
            None => found,
        });
    }
}

fn tighten_quota(source: &Source, cgroup: &mut Cgroup, file: String, quota: &str, period: &str) {
    match (quota.parse(), period.parse()) {
        (Ok(quota_us), Ok(period_us)) if quota_us > 0 && period_us > 0 => {
            let found = CpuQuota {
                quota_us,
                period_us,
                file,
            };
            if cgroup
                .quota
                .as_ref()
                .is_none_or(|tightest| found.is_tighter_than(tightest))
            {
                cgroup.quota = Some(found);
            }
        }
        _ => source.note(format!(
            "{file}: {:?} is not a CPU quota; ignored",
            excerpt(&format!("{quota} {period}"))
        )),
    }
}

fn tighten_memory(source: &Source, cgroup: &mut Cgroup, file: String, limit: &str) {
    match limit.parse::<u64>() {
        Ok(bytes) if bytes >= UNLIMITED_BYTES => {}
        Ok(bytes) => {
            if cgroup
                .memory
                .as_ref()
                .is_none_or(|tightest| bytes < tightest.bytes)
            {
                cgroup.memory = Some(MemoryLimit { bytes, file });
            }
        }
        Err(_) => {
            source.note(format!(
                "{file}: {:?} is not a memory limit; ignored",
                excerpt(limit)
            ));
        }
    }
}

/// One line of `proc/self/cgroup`.
struct Membership {
    /// Empty for the unified hierarchy.
    controllers: Vec<String>,
    path: String,
}

/// Parses `hierarchy:controllers:path` lines (`cgroups(7)`).
fn memberships(text: &str) -> Vec<Membership> {
    let parse = |line: &str| {
        let mut parts = line.splitn(3, ':');
        let hierarchy = parts.next()?;
        let controllers = parts.next()?;
        let path = parts.next()?.to_owned();
        let controllers: Vec<String> = controllers
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        // Only hierarchy 0 is the unified one; another without controllers is garbage.
        (hierarchy == "0" || !controllers.is_empty()).then_some(Membership { controllers, path })
    };
    text.lines().filter_map(parse).collect()
}

fn version(memberships: &[Membership]) -> CgroupVersion {
    let unified = memberships.iter().any(|one| one.controllers.is_empty());
    // "name=systemd" is a hierarchy without a controller, kept for bookkeeping.
    let legacy = memberships.iter().any(|one| {
        one.controllers
            .iter()
            .any(|name| !name.starts_with("name="))
    });
    match (legacy, unified) {
        (false, false) => CgroupVersion::None,
        (true, false) => CgroupVersion::V1,
        (false, true) => CgroupVersion::V2,
        (true, true) => CgroupVersion::Hybrid,
    }
}

/// One cgroup line of `proc/self/mountinfo`.
struct Mount {
    /// Empty for the unified hierarchy.
    controllers: Vec<String>,
    /// The group that the mount shows as its top.
    root: String,
    point: String,
}

/// Parses `mountinfo` (`proc_pid_mountinfo(5)`), keeping cgroup mounts.
fn mounts(text: &str) -> Vec<Mount> {
    let parse = |line: &str| {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut filesystem = filesystem.split(' ');
        let kind = filesystem.next()?;
        let options = filesystem.nth(1).unwrap_or_default();
        let mut mount = mount.split(' ');
        let root = unescape(mount.nth(3)?);
        let point = unescape(mount.next()?);
        let controllers = match kind {
            "cgroup" => options.split(',').map(str::to_owned).collect(),
            "cgroup2" => Vec::new(),
            _ => return None,
        };
        Some(Mount {
            controllers,
            root,
            point,
        })
    };
    text.lines().filter_map(parse).collect()
}

/// Undoes the octal escapes of blanks, tabs, newlines and backslashes.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\")
}

/// The folders of a hierarchy from our own group up to the mount's top.
fn folders(
    source: &Source,
    membership: &Membership,
    mounts: &[Mount],
    controller: &str,
) -> Vec<String> {
    let mounted = mounts.iter().find(|mount| match controller {
        "" => mount.controllers.is_empty(),
        name => mount.controllers.iter().any(|one| one == name),
    });
    let (top, root) = match mounted {
        Some(mount) => (mount.point.clone(), mount.root.as_str()),
        None => (usual_mount(source, controller), "/"),
    };
    let top = top.trim_matches('/');
    let below = below_root(&membership.path, root);
    let parts: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
    // ".." appears when our group lies outside our cgroup namespace: then only the mount's top is ours to see.
    let depth = if parts.contains(&"..") {
        0
    } else {
        parts.len()
    };
    (0..=depth)
        .rev()
        .map(|depth| format!("{top}/{}", parts[..depth].join("/")))
        .map(|folder| folder.trim_end_matches('/').to_owned())
        .collect()
}

/// Our path within the mount. A container without its own cgroup namespace sees the host's path, while the mount shows
/// only the subtree `root`.
fn below_root<'a>(path: &'a str, root: &str) -> &'a str {
    if root == "/" {
        return path;
    }
    match path.strip_prefix(root) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => "",
    }
}

/// Where distributions mount a hierarchy, for roots without `mountinfo`.
fn usual_mount(source: &Source, controller: &str) -> String {
    let candidates: &[&str] = match controller {
        "" => &["sys/fs/cgroup/unified", "sys/fs/cgroup"],
        "cpu" => &["sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"],
        "cpuset" => &["sys/fs/cgroup/cpuset"],
        _ => &["sys/fs/cgroup/memory"],
    };
    let existing = candidates
        .iter()
        .find(|folder| source.path(folder).is_dir());
    existing
        .or(candidates.last())
        .map_or_else(String::new, |folder| (*folder).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_without_cgroup_namespace_strips_the_mount_root() {
        assert_eq!(below_root("/docker/abc", "/docker/abc"), "");
        assert_eq!(below_root("/docker/abc/sub", "/docker/abc"), "/sub");
        assert_eq!(below_root("/docker/abcd", "/docker/abc"), "");
        assert_eq!(below_root("/user.slice", "/"), "/user.slice");
    }

    #[test]
    fn mountinfo_with_optional_fields_and_escapes() {
        let text = "33 31 0:30 / /sys/fs/cgroup/cpu\\040x rw - cgroup cgroup rw,cpu,cpuacct\n\
                    34 31 0:31 /a /b rw shared:9 master:1 - cgroup2 cgroup2 rw,nsdelegate\n\
                    35 31 0:31 / /proc rw - proc proc rw\nnonsense\n";
        let mounts = mounts(text);
        assert_eq!(mounts.len(), 2);
        assert_eq!(mounts[0].point, "/sys/fs/cgroup/cpu x");
        assert!(mounts[0].controllers.contains(&"cpuacct".to_owned()));
        assert_eq!(
            (mounts[1].root.as_str(), mounts[1].point.as_str()),
            ("/a", "/b")
        );
    }

    #[test]
    fn quotas_compare_by_share_not_by_number() {
        let quota = |quota_us, period_us| CpuQuota {
            quota_us,
            period_us,
            file: String::new(),
        };
        assert!(quota(50_000, 100_000).is_tighter_than(&quota(20_000, 20_000)));
        assert!(!quota(20_000, 20_000).is_tighter_than(&quota(50_000, 100_000)));
    }
}
