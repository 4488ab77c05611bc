//! Which crate may use which, and what only one of them may touch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::workspace::{code, members, names_std, places, root};

/// Which of our crates each may use, and no others.
const ARROWS: &[(&str, &[&str])] = &[
    ("stats", &[]),
    ("safefile", &[]),
    ("gotrace", &[]),
    ("topology", &[]),
    ("loadgen", &["safefile"]),
    ("record", &["safefile"]),
    (
        "loadtool",
        &["safefile", "record", "topology", "loadgen", "supervise"],
    ),
    ("supervise", &["topology", "gotrace"]),
    (
        "toolchain",
        &["safefile", "gotrace", "topology", "supervise"],
    ),
    (
        "orchestrator",
        &[
            "safefile",
            "record",
            "topology",
            "loadgen",
            "gotrace",
            "supervise",
            "toolchain",
        ],
    ),
    ("documents", &["record"]),
    ("judging", &["documents", "record", "stats"]),
    (
        "advisor",
        &["documents", "judging", "record", "gotrace", "stats"],
    ),
    ("report", &["documents", "record"]),
    ("testing", &["record"]),
    // It decodes as they do; nothing that is shipped uses it.
    (
        "fuzz",
        &[
            "record",
            "gotrace",
            "loadgen",
            "loadtool",
            "toolchain",
            "judging",
        ],
    ),
    (
        "cli",
        &[
            "safefile",
            "record",
            "topology",
            "loadgen",
            "loadtool",
            "gotrace",
            "stats",
            "supervise",
            "toolchain",
            "orchestrator",
            "documents",
            "judging",
            "advisor",
            "report",
        ],
    ),
];

/// What the tests of a crate may use besides that: what they judge is read most easily from what is printed in the end,
/// and from runs that were made up.
const ARROWS_OF_TESTS: &[(&str, &[&str])] = &[
    ("judging", &["advisor", "report", "testing"]),
    ("advisor", &["report", "testing"]),
    ("report", &["judging", "advisor", "testing"]),
    ("cli", &["testing"]),
];

/// Crates that think about bytes handed to them and use nothing else.
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

/// What others may have prepared is opened by `safefile`, which looks first.
#[test]
fn files_of_runs_and_of_persons_are_opened_by_safefile() {
    const DIRECT: &[&str] = &[
        "fs::read(",
        "fs::read_to_string(",
        "fs::write(",
        "fs::read_dir(",
        "fs::rename(",
        "File::open(",
        "File::create(",
        "OpenOptions",
    ];
    const WATCHED: &[&str] = &[
        "harness/record/src/",
        "harness/cli/src/",
        "harness/orchestrator/src/run/",
    ];
    // Schemas that a test writes; the file of a CI's summary, which only grows; a profile that was just taken; tests.
    const OTHERS: &[&str] = &[
        "harness/record/src/schema/",
        "harness/cli/src/verbs/gate.rs",
        "harness/orchestrator/src/run/profile.rs",
        "harness/orchestrator/src/run/schedule_tests/",
    ];
    let members = members();
    let lines: Vec<_> = members.iter().flat_map(code).collect();
    let direct = lines.iter().filter(|(place, line)| {
        WATCHED.iter().any(|own| place.starts_with(own))
            && !OTHERS.iter().any(|own| place.starts_with(own))
            && DIRECT.iter().any(|call| line.contains(call))
    });
    let found: Vec<_> = direct
        .map(|(place, line)| format!("{place}: {line}"))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    // The rule sees what it forbids, where it is let pass.
    let seen = lines
        .iter()
        .any(|(place, line)| place.starts_with(OTHERS[1]) && line.contains("OpenOptions"));
    assert!(seen);
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
