//! What changed between two GOROOTs, from their sources alone: files and functions by size of change in the parts that
//! decide a service's speed, metrics and GODEBUG keys that came and went, and settings whose default changed.
//!
//! Main function: [`diff()`]. Nothing of either toolchain is run. Tests and other operating systems' files are left out.
//!
//! Deliberately absent: what a change means. A large change may do nothing to a service, a small one much.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gotrace::environment::sources::{Found, godebugs_table};
use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::environment::goarch;
use crate::error::ToolchainError;
use crate::files::read_text;
use crate::goroot;

/// The longest source file of Go has 3 MB (tables of opcodes).
const LONGEST_SOURCE: u64 = 8 << 20;

/// What changed between two GOROOTs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GorootDifference {
    /// The version of the first.
    pub from: String,
    /// The version of the second.
    pub to: String,
    /// The parts, in the order of [`Area::ALL`].
    pub areas: Vec<AreaDifference>,
    /// Names of runtime/metrics that only the second has.
    pub metrics_new: Vec<String>,
    /// Names of runtime/metrics that only the first has.
    pub metrics_gone: Vec<String>,
    /// GODEBUG keys that only the second has.
    pub godebug_new: Vec<String>,
    /// GODEBUG keys that only the first has.
    pub godebug_gone: Vec<String>,
    /// Defaults that change when the `go` line is raised from the first's version to the second's.
    pub defaults_by_go_line: Vec<ChangedDefault>,
}

/// A setting whose default depends on the `go` line in go.mod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedDefault {
    /// The GODEBUG key.
    pub key: String,
    /// The package that reads it.
    pub package: String,
    /// The minor version of the `go` line from which on the new default holds.
    pub since_minor: u32,
    /// The value that older `go` lines have.
    pub old: String,
}

/// A part of the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Collector, allocator and heap of package runtime.
    Gc,
    /// Scheduler, goroutines, timers and preemption of package runtime.
    Scheduler,
    /// The network poller of package runtime and internal/poll.
    Netpoll,
    /// The rest of package runtime, and internal/runtime.
    Runtime,
    /// net/http and its HTTP/2.
    NetHttp,
    /// encoding/json, both versions.
    EncodingJson,
}

impl Area {
    /// All, in the order shown.
    pub const ALL: [Self; 6] = [
        Self::Runtime,
        Self::Gc,
        Self::Scheduler,
        Self::Netpoll,
        Self::NetHttp,
        Self::EncodingJson,
    ];

    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Gc => "GC",
            Self::Scheduler => "scheduler",
            Self::Netpoll => "netpoll",
            Self::NetHttp => "net/http",
            Self::EncodingJson => "encoding/json",
        }
    }

    /// The area of a file below `src/`.
    fn of(path: &str) -> Self {
        if path.starts_with("net/http/") {
            return Self::NetHttp;
        }
        if path.starts_with("encoding/json/") {
            return Self::EncodingJson;
        }
        if path.starts_with("internal/poll/") {
            return Self::Netpoll;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let is = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        if is(&["netpoll"]) {
            return Self::Netpoll;
        }
        if path.starts_with("internal/runtime/gc/") || is(&GC_FILES) {
            return Self::Gc;
        }
        if is(&SCHEDULER_FILES) {
            return Self::Scheduler;
        }
        Self::Runtime
    }
}

const GC_FILES: [&str; 17] = [
    "mgc",
    "mbitmap",
    "mbarrier",
    "mwbbuf",
    "mcache",
    "mcentral",
    "mheap",
    "malloc",
    "msize",
    "mspan",
    "mpalloc",
    "mpage",
    "mranges",
    "mcheckmark",
    "mfinal",
    "mcleanup",
    "sizeclasses",
];
const SCHEDULER_FILES: [&str; 11] = [
    "proc", "runtime2", "preempt", "time", "lock_", "lockrank", "sema", "chan", "select", "cgroup",
    "coro",
];

/// Folders below `src/` that are compared.
const FOLDERS: [&str; 5] = [
    "runtime",
    "internal/runtime",
    "internal/poll",
    "net/http",
    "encoding/json",
];

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaDifference {
    /// Which.
    pub area: Area,
    /// Lines added and removed in all its files.
    pub lines: u64,
    /// Changed files, the most changed first.
    pub files: Vec<Change>,
    /// Changed functions, the most changed first.
    pub functions: Vec<Change>,
}

/// A file or a function that changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// Its path below `src/`, for a function with its name behind a space.
    pub name: String,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// Whether both have it.
    pub kind: ChangeKind,
}

impl Change {
    fn lines(&self) -> u64 {
        self.added + self.removed
    }
}

/// Whether both sides have a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Both have it.
    Changed,
    /// Only the second has it.
    New,
    /// Only the first has it.
    Gone,
}

/// Compares the sources of two GOROOTs.
///
/// # Errors
/// One is no GOROOT, or a file cannot be read.
pub fn diff(from: &Path, to: &Path) -> Result<GorootDifference, ToolchainError> {
    let versions = (goroot::version_of(from)?, goroot::version_of(to)?);
    let mut areas: BTreeMap<Area, AreaDifference> = BTreeMap::new();
    let (before, after) = (Sources::of(from)?, Sources::of(to)?);
    let paths: BTreeSet<&String> = before.files.keys().chain(after.files.keys()).collect();
    for path in paths {
        let area = Area::of(path);
        let found = areas.entry(area).or_insert_with(|| AreaDifference {
            area,
            lines: 0,
            files: Vec::new(),
            functions: Vec::new(),
        });
        found.add(path, before.files.get(path), after.files.get(path));
    }
    let areas = Area::ALL.iter().filter_map(|area| areas.remove(area));
    let (metrics_new, metrics_gone) = new_and_gone(&before.metrics, &after.metrics);
    let (godebug_new, godebug_gone) =
        new_and_gone(&in_force(&before.godebug), &in_force(&after.godebug));
    Ok(GorootDifference {
        from: versions.0.to_string(),
        to: versions.1.to_string(),
        areas: areas.map(AreaDifference::sorted).collect(),
        metrics_new,
        metrics_gone,
        godebug_new,
        godebug_gone,
        defaults_by_go_line: changed_defaults(
            &after.godebug,
            versions.0.minor(),
            versions.1.minor(),
        ),
    })
}

/// The keys that are acted upon: a removed one stays in the table, among the removed.
fn in_force(table: &BTreeSet<(String, Found)>) -> BTreeSet<String> {
    let sources = table
        .iter()
        .filter(|(_, found)| matches!(found, Found::Source { .. }));
    sources.map(|(key, _)| key.clone()).collect()
}

/// What is only on the second, and what only on the first side.
fn new_and_gone(before: &BTreeSet<String>, after: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    (
        after.difference(before).cloned().collect(),
        before.difference(after).cloned().collect(),
    )
}

/// Keys whose default hangs on a go line that the second side has and the first has not.
fn changed_defaults(
    table: &BTreeSet<(String, Found)>,
    from_minor: u32,
    to_minor: u32,
) -> Vec<ChangedDefault> {
    let changed = table.iter().filter_map(|(key, found)| match found {
        Found::Source {
            package,
            changed: Some((since_minor, old)),
        } if (from_minor + 1..=to_minor).contains(since_minor) => Some(ChangedDefault {
            key: key.clone(),
            package: package.clone(),
            since_minor: *since_minor,
            old: old.clone(),
        }),
        _ => None,
    });
    changed.collect()
}

impl AreaDifference {
    fn add(&mut self, path: &str, before: Option<&String>, after: Option<&String>) {
        let texts = [before, after].map(|text| text.map_or("", String::as_str));
        if texts[0] == texts[1] {
            return;
        }
        let file = change(path.to_owned(), texts, before.is_some(), after.is_some());
        self.lines += file.lines();
        self.files.push(file);
        let [old, new] = texts.map(functions);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let bodies = [old.get(name), new.get(name)];
            if bodies[0] == bodies[1] {
                continue;
            }
            let texts = bodies.map(|body| body.map_or("", String::as_str));
            let is = (bodies[0].is_some(), bodies[1].is_some());
            self.functions
                .push(change(format!("{path} {name}"), texts, is.0, is.1));
        }
    }

    fn sorted(mut self) -> Self {
        for list in [&mut self.files, &mut self.functions] {
            list.sort_by(|a, b| b.lines().cmp(&a.lines()).then_with(|| a.name.cmp(&b.name)));
        }
        self
    }
}

fn change(name: String, [before, after]: [&str; 2], was: bool, is: bool) -> Change {
    let lines = [before, after].map(|text| text.lines().collect::<Vec<_>>());
    let (mut added, mut removed) = (0, 0);
    for op in capture_diff_slices(Algorithm::Patience, &lines[0], &lines[1]) {
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Insert { new_len, .. } => added += new_len as u64,
            DiffOp::Delete { old_len, .. } => removed += old_len as u64,
            DiffOp::Replace {
                old_len, new_len, ..
            } => {
                added += new_len as u64;
                removed += old_len as u64;
            }
        }
    }
    let kind = match (was, is) {
        (false, _) => ChangeKind::New,
        (_, false) => ChangeKind::Gone,
        _ => ChangeKind::Changed,
    };
    Change {
        name,
        added,
        removed,
        kind,
    }
}

/// The functions of a file that gofmt has formatted, as all of Go's are: each from a line that begins with `func ` to
/// the next that is `}`, by receiver and name.
fn functions(text: &str) -> BTreeMap<String, String> {
    let mut functions = BTreeMap::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some((_, body)) = &mut open {
            body.push_str(line);
            body.push('\n');
        } else if let Some(rest) = line.strip_prefix("func ") {
            open = Some((function_name(rest), format!("{line}\n")));
        }
        let one_line = line.starts_with("func ") && (line.ends_with('}') || !line.ends_with('{'));
        // A signature over several lines ends in `) {` or `) T {` at the margin.
        let several = one_line && line.ends_with('(');
        if (line == "}" || (one_line && !several))
            && let Some((name, body)) = open.take()
        {
            functions.insert(name, body);
        }
    }
    functions
}

/// `(h *mheap) alloc(npages uintptr) *mspan {` is `mheap.alloc`.
fn function_name(rest: &str) -> String {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some((receiver, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'))
    else {
        return word(rest);
    };
    let kind = receiver.rsplit(' ').next().unwrap_or(receiver);
    format!(
        "{}.{}",
        word(kind.trim_start_matches('*')),
        word(after.trim_start())
    )
}

/// What is compared of one GOROOT.
struct Sources {
    files: BTreeMap<String, String>,
    metrics: BTreeSet<String>,
    godebug: BTreeSet<(String, Found)>,
}

impl Sources {
    fn of(goroot: &Path) -> Result<Self, ToolchainError> {
        let source = goroot.join("src");
        let mut files = BTreeMap::new();
        for folder in FOLDERS {
            read_sources(&source, folder, &mut files)?;
        }
        let metrics = read_text(
            &source.join("runtime/metrics/description.go"),
            LONGEST_SOURCE,
        )?;
        // Go 1.21 brought the table.
        let table = source.join("internal/godebugs/table.go");
        let godebug = if table.is_file() {
            godebugs_table(&read_text(&table, LONGEST_SOURCE)?).map_err(|error| {
                ToolchainError::NoGoroot {
                    goroot: goroot.to_owned(),
                    reason: error.to_string(),
                }
            })?
        } else {
            BTreeSet::new()
        };
        Ok(Self {
            files,
            metrics: fields(&metrics, "Name").into_iter().collect(),
            godebug,
        })
    }
}

fn read_sources(
    source: &Path,
    folder: &str,
    files: &mut BTreeMap<String, String>,
) -> Result<(), ToolchainError> {
    let path = source.join(folder);
    if !path.is_dir() {
        return Ok(());
    }
    let failed = |error| ToolchainError::io("list", &path, error);
    for entry in fs::read_dir(&path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let below = format!("{folder}/{name}");
        let meta = entry.metadata().map_err(failed)?;
        if meta.is_dir() && name != "testdata" && !name.starts_with('_') {
            read_sources(source, &below, files)?;
        } else if meta.is_file() && is_ours(&name) {
            files.insert(below, read_text(&entry.path(), LONGEST_SOURCE)?);
        }
    }
    Ok(())
}

/// Whether a file is compiled on this machine, as far as its name tells.
fn is_ours(name: &str) -> bool {
    const SYSTEMS: [&str; 16] = [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "illumos",
        "ios",
        "js",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "zos",
        "hurd",
    ];
    const MACHINES: [&str; 14] = [
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le",
        "mips64x", "ppc64", "ppc64le", "riscv64", "s390x",
    ];
    let Some(stem) = name.strip_suffix(".go") else {
        return false;
    };
    let here = goarch().unwrap_or("amd64");
    let mut words = stem.split('_').skip(1);
    !stem.ends_with("_test")
        && !words.any(|word| {
            SYSTEMS.contains(&word)
                || word == "wasm"
                || (MACHINES.contains(&word) && word != here && !here.starts_with(word))
        })
}

/// The quoted values of a field in the literals of a table.
fn fields(text: &str, field: &str) -> Vec<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.filter_map(|line| quoted(line, field)).collect()
}

fn quoted(line: &str, field: &str) -> Option<String> {
    let at = line.find(&format!("{field}:"))?;
    let rest = line[at + field.len() + 1..]
        .trim_start()
        .strip_prefix('"')?;
    Some(rest[..rest.find('"')?].to_owned())
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
