//! Holds the shape of the house: which crate may use which, and what only one
//! of them may touch. The rules are those of ARCHITECTURE.md.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates each may use, and no others.
const ARROWS: &[(&str, &[&str])] = &[
    ("stats", &[]),
    ("gotrace", &[]),
    ("topology", &[]),
    ("loadgen", &[]),
    ("record", &[]),
    (
        "orchestrator",
        &["record", "topology", "loadgen", "gotrace"],
    ),
    ("documents", &["record"]),
    ("judging", &["documents", "record", "stats"]),
    (
        "advisor",
        &["documents", "judging", "record", "gotrace", "stats"],
    ),
    ("report", &["documents", "record"]),
    ("testing", &["record"]),
    (
        "cli",
        &[
            "record",
            "topology",
            "loadgen",
            "gotrace",
            "stats",
            "orchestrator",
            "documents",
            "judging",
            "advisor",
            "report",
        ],
    ),
];

/// What the tests of a crate may use beside that: what they judge is read most easily from what is printed in the end,
/// and from runs that were made up.
const ARROWS_OF_TESTS: &[(&str, &[&str])] = &[
    ("judging", &["advisor", "report", "testing"]),
    ("advisor", &["report", "testing"]),
    ("report", &["judging", "advisor", "testing"]),
    ("cli", &["testing"]),
];

/// Crates that think about bytes handed to them and reach for nothing else.
const PURE: &[&str] = &[
    "documents",
    "judging",
    "advisor",
    "report",
    "testing",
    "stats",
    "gotrace",
];

/// What a pure crate must not depend on.
const REACHING: &[&str] = &[
    "tokio", "hyper", "ureq", "rustix", "libc", "procfs", "sysinfo", "socket2", "tempfile",
];

/// Parts of std through which a crate reaches outside.
const OUTSIDE: &[&str] = &["fs", "net", "process", "env", "os", "thread"];

/// No file of ours is longer.
const MOST_LINES: usize = 600;

/// A member's manifest, as far as the rules need it.
struct Member {
    name: String,
    folder: PathBuf,
    dependencies: BTreeSet<String>,
    dev_dependencies: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every crate of the workspace.
fn members() -> Vec<Member> {
    let mut members: Vec<Member> = fs::read_dir(root().join("harness"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| member(&folder))
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members
}

fn member(folder: &Path) -> Member {
    let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut member = Member {
        name: String::new(),
        folder: folder.to_owned(),
        dependencies: BTreeSet::new(),
        dev_dependencies: BTreeSet::new(),
    };
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').to_owned();
            // `[dependencies.name]` names a dependency by itself.
            if let Some(name) = section.strip_prefix("dependencies.") {
                member.dependencies.insert(name.to_owned());
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let key = key.split('.').next().unwrap().trim().to_owned();
        match section.as_str() {
            "package" if key == "name" => member.name = value.trim().trim_matches('"').to_owned(),
            "dependencies" | "build-dependencies" => _ = member.dependencies.insert(key),
            "dev-dependencies" => _ = member.dev_dependencies.insert(key),
            other => assert!(
                !other.contains("dependencies") || other.starts_with("dependencies."),
                "{}: this test does not read section [{other}]",
                folder.display()
            ),
        }
    }
    member
}

/// The files below a folder with one of these endings, what is generated, built
/// or captured left out.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    const NOT_OURS: &[&str] = &["target", "fixtures", "snapshots", "results", "out"];
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let ending = path.extension().map(|ending| ending.to_string_lossy());
            if path.is_dir() {
                let ours = !NOT_OURS.contains(&name.as_str()) && name != ".git";
                folders.extend(ours.then_some(path));
            } else if endings.is_empty()
                || ending.is_some_and(|ending| endings.contains(&ending.as_ref()))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Lines of code of a crate's `src`, each with its place; comments and tests
/// left out.
fn code(member: &Member) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for file in files(&member.folder.join("src"), &["rs"]) {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        if stem.ends_with("tests") || stem == "testing" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        for (at, line) in text.lines().enumerate() {
            // Unit tests stand at the end of a file.
            if line.trim() == "mod tests {" {
                break;
            }
            if !line.trim_start().starts_with("//") {
                lines.push((format!("{shown}:{}", at + 1), line.to_owned()));
            }
        }
    }
    lines
}

/// Places in the code of a crate that `matches`.
fn places(member: &Member, matches: impl Fn(&str) -> bool) -> Vec<String> {
    let found = code(member).into_iter().filter(|(_, line)| matches(line));
    found
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect()
}

/// Whether a line names a module of std, alone or within braces.
fn names_std(line: &str, module: &str) -> bool {
    if line.contains(&format!("std::{module}::")) || line.contains(&format!("std::{module};")) {
        return true;
    }
    let Some((_, group)) = line.split_once("std::{") else {
        return false;
    };
    let mut names = group.split([',', '}', '{', ' ']);
    names.any(|name| name.split("::").next() == Some(module))
}

#[test]
fn every_folder_is_a_member_of_its_name() {
    let members = members();
    for member in &members {
        let folder = member.folder.file_name().unwrap().to_string_lossy();
        assert_eq!(member.name, folder, "folder name = crate name");
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let listed: BTreeSet<&str> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"harness/")?.strip_suffix("\","))
        .collect();
    let found: BTreeSet<&str> = members.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(listed, found, "members of the workspace");
}

#[test]
fn crates_use_each_other_only_along_the_arrows() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let of_tests: BTreeMap<&str, &[&str]> = ARROWS_OF_TESTS.iter().copied().collect();
    let members = members();
    let ours: BTreeSet<&str> = members.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        ours,
        arrows.keys().copied().collect(),
        "every crate stands in the table of arrows"
    );
    for member in &members {
        let of_code = arrows[member.name.as_str()];
        let of_tests = of_tests.get(member.name.as_str()).copied();
        for (all, more) in [
            (&member.dependencies, None),
            (&member.dev_dependencies, of_tests),
        ] {
            for used in all.iter().filter(|used| ours.contains(used.as_str())) {
                let mut allowed = of_code.iter().chain(more.into_iter().flatten());
                assert!(
                    allowed.any(|allowed| allowed == used),
                    "{} must not use {used}",
                    member.name
                );
            }
        }
    }
}

#[test]
fn the_thinking_half_reaches_for_nothing() {
    for member in members()
        .iter()
        .filter(|one| PURE.contains(&one.name.as_str()))
    {
        for used in REACHING {
            assert!(
                !member.dependencies.contains(*used),
                "{} must not depend on {used}",
                member.name
            );
        }
        let found = places(member, |line| {
            OUTSIDE.iter().any(|module| names_std(line, module))
        });
        assert!(
            found.is_empty(),
            "{} does no I/O:\n{}",
            member.name,
            found.join("\n")
        );
    }
}

#[test]
fn only_the_yaml_module_of_record_knows_serde_yaml() {
    for member in members() {
        let found = places(&member, |line| {
            line.contains("serde_yaml") || line.contains("saphyr")
        });
        let elsewhere: Vec<_> = found
            .iter()
            .filter(|place| !place.starts_with("harness/record/src/yaml/"))
            .collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        assert!(member.name == "record" || !member.dependencies.contains("serde_yaml"));
    }
}

#[test]
fn only_the_command_knows_clap() {
    for member in members().iter().filter(|one| one.name != "cli") {
        let used: Vec<_> = member
            .dependencies
            .union(&member.dev_dependencies)
            .filter(|name| name.starts_with("clap"))
            .collect();
        assert!(used.is_empty(), "{} uses {used:?}", member.name);
    }
}

#[test]
fn only_topology_sets_affinity_and_reads_sys() {
    const ITS_OWN: &[&str] = &[
        "sched_setaffinity",
        "set_mempolicy",
        "core_affinity",
        "/sys/",
        "sys/devices",
        "sys/fs",
        "cpuinfo",
    ];
    for member in members().iter().filter(|one| one.name != "topology") {
        let found = places(member, |line| ITS_OWN.iter().any(|own| line.contains(own)));
        assert!(found.is_empty(), "{}", found.join("\n"));
        assert!(!member.dependencies.contains("core_affinity"));
    }
}

#[test]
fn the_load_driver_knows_neither_go_nor_matrices() {
    let members = members();
    let loadgen = members.iter().find(|one| one.name == "loadgen").unwrap();
    let found = places(loadgen, |line| {
        ["gosweep", "GOMAXPROCS", "GOGC", "gctrace", "matrix"]
            .iter()
            .any(|word| line.contains(word))
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    // The sample is what reports print, not what people write.
    let printed = root().join("reports/sample");
    let sources = files(&root(), &["rs", "go", "sh", "py", "html", "css", "js"]);
    for file in sources
        .into_iter()
        .filter(|file| !file.starts_with(&printed))
    {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        if lines > MOST_LINES {
            long.push(format!("{} has {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "at most {MOST_LINES}: {long:#?}");
}

#[test]
fn nothing_points_outside_the_repository() {
    // Put together here, so that this file does not find itself.
    let outside = ["..", "shared"].join("/");
    let mut pointing = Vec::new();
    for file in files(&root(), &[]) {
        // Binary files hold no references.
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        if text.contains(&outside) {
            pointing.push(file.display().to_string());
        }
    }
    assert!(pointing.is_empty(), "these mention {outside}: {pointing:?}");
}

#[test]
fn the_rules_see_what_they_forbid() {
    assert!(names_std("use std::fs;", "fs"));
    assert!(names_std("    let text = std::fs::read(path);", "fs"));
    assert!(names_std("use std::{collections::BTreeMap, fs};", "fs"));
    assert!(!names_std("use std::fmt;", "fs"));
    assert!(!names_std("use std::{fmt, sync::Arc};", "fs"));
    // The manifests are really read: these three are known to stand there.
    let members = members();
    let cli = members.iter().find(|one| one.name == "cli").unwrap();
    assert!(cli.dependencies.contains("orchestrator"));
    assert!(cli.dependencies.contains("tokio"));
    assert!(cli.dev_dependencies.contains("assert_cmd"));
    assert!(!code(cli).is_empty());
}
