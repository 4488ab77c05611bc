//! The tables of GODEBUG keys and experiments against dumps of the Go sources
//! (tests/fixtures/tables; how they were made is said in their first lines).

use std::collections::BTreeSet;
use std::path::PathBuf;

use gotrace::environment::{EXPERIMENTS, GODEBUG_KEYS, ProblemKind, check_godebug, find_godebug};
use gotrace::{GoVersion, environment::VERIFIED_MINORS};

fn rows(name: &str) -> Vec<Vec<String>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tables")
        .join(name);
    std::fs::read_to_string(path)
        .expect("table")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

fn minor(row: &[String]) -> u32 {
    row[0].parse().expect("minor version")
}

#[test]
fn keys_exist_exactly_where_the_sources_have_them() {
    let dump = rows("godebug.tsv");
    for version in VERIFIED_MINORS {
        let real: BTreeSet<&str> = dump
            .iter()
            .filter(|row| minor(row) == version && row[1] != "removed")
            .map(|row| row[2].as_str())
            .collect();
        let ours: BTreeSet<&str> = GODEBUG_KEYS
            .iter()
            .filter(|key| key.exists_in(version))
            .map(|key| key.name)
            .collect();
        assert_eq!(ours, real, "Go 1.{version}");
    }
}

#[test]
fn source_settings_are_those_of_internal_godebugs() {
    let dump = rows("godebug.tsv");
    for key in GODEBUG_KEYS {
        let listed = dump
            .iter()
            .filter(|row| row[1] == "source" && row[2] == key.name);
        let changed = listed
            .clone()
            .map(|row| row[3].as_str())
            .rfind(|change| !change.is_empty());
        assert_eq!(
            key.in_source,
            listed.clone().next().is_some(),
            "{}",
            key.name
        );
        let ours = key
            .older_go_line
            .map(|(minor, old)| format!("{minor}={old}"));
        assert_eq!(ours.as_deref(), changed, "{}", key.name);
    }
}

#[test]
fn removed_keys_abort_exactly_at_their_old_values() {
    let version = GoVersion::release(27, 3);
    let removed: Vec<(String, BTreeSet<String>)> = rows("godebug.tsv")
        .into_iter()
        .filter(|row| row[0] == "27" && row[1] == "removed")
        .map(|row| {
            (
                row[2].clone(),
                row[3].split(',').map(str::to_owned).collect(),
            )
        })
        .collect();
    assert_eq!(removed.len(), 9);
    for (name, old) in removed {
        assert!(find_godebug(&name).is_some(), "{name}");
        for value in ["0", "1", "2", "3"] {
            let aborts = check_godebug(&name, value, Some(&version))
                .is_err_and(|problem| problem.kind == ProblemKind::AbortsAtStart);
            assert_eq!(aborts, old.contains(value), "{name}={value}");
        }
    }
}

#[test]
fn experiments_exist_and_default_exactly_as_in_the_sources() {
    let dump = rows("experiments.tsv");
    for version in VERIFIED_MINORS {
        let real: BTreeSet<(String, bool)> = dump
            .iter()
            .filter(|row| minor(row) == version)
            .map(|row| (row[1].clone(), row[2] == "on"))
            .collect();
        let ours: BTreeSet<(String, bool)> = EXPERIMENTS
            .iter()
            .filter(|it| it.exists_in(version))
            .map(|it| (it.name.to_owned(), it.is_default_in(version)))
            .collect();
        assert_eq!(ours, real, "Go 1.{version}");
    }
}

/// `DefaultGODEBUG` lists what an old go line changes: an independent witness of the table.
#[test]
fn an_old_go_line_changes_exactly_what_a_real_build_records() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/buildinfo");
    for (version, minor) in [("1.27.3", 27), ("1.21.13", 21)] {
        let text =
            std::fs::read_to_string(folder.join(format!("go-line-1.21-built-by-{version}.txt")))
                .expect("fixture");
        let info = gotrace::buildinfo::BuildInfo::parse(&text).expect("build info");
        assert_eq!(info.go_version, GoVersion::parse(version).expect("version"));
        let recorded: BTreeSet<(&str, &str)> = info.default_godebug().into_iter().collect();
        let ours: BTreeSet<(&str, &str)> = GODEBUG_KEYS
            .iter()
            .filter(|key| key.exists_in(minor))
            .filter_map(|key| {
                key.older_go_line
                    .map(|(changed, old)| (key.name, changed, old))
            })
            .filter(|(_, changed, _)| (22..=minor).contains(changed))
            .map(|(name, _, old)| (name, old))
            .collect();
        assert_eq!(recorded, ours, "{version}");
    }
}
