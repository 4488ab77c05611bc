//! The tables of GODEBUG keys and experiments: generated and hand-written part against each other, against dumps of
//! seven releases made by other means (tests/fixtures/tables) and against what real builds record.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gotrace::GoVersion;
use gotrace::environment::{
    DECLARATIONS, DECLARED_EXPERIMENTS, Declared, EXPERIMENTS, GODEBUG_KEYS, KNOWN_RELEASES,
    ProblemKind, VERIFIED_MINORS, check_godebug, find_godebug,
};

/// The dumps were taken from these patches.
const DUMPED: [(u32, u32); 7] = [
    (21, 13),
    (22, 10),
    (23, 9),
    (24, 11),
    (25, 5),
    (26, 6),
    (27, 3),
];

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
fn every_name_has_a_declaration_and_a_meaning() {
    let declared: BTreeSet<&str> = DECLARATIONS.iter().map(|row| row.name).collect();
    let meant: BTreeSet<&str> = GODEBUG_KEYS.iter().map(|row| row.name).collect();
    assert_eq!(meant, declared);
    let declared: BTreeSet<&str> = DECLARED_EXPERIMENTS.iter().map(|row| row.name).collect();
    let meant: BTreeSet<&str> = EXPERIMENTS.iter().map(|row| row.name).collect();
    assert_eq!(meant, declared);
    let minors: Vec<u32> = KNOWN_RELEASES.iter().map(|(minor, _)| *minor).collect();
    assert_eq!(minors, VERIFIED_MINORS.collect::<Vec<_>>());
}

/// The default of a runtime's key stands in both parts.
#[test]
fn defaults_of_the_runtime_agree_with_the_sources() {
    for key in GODEBUG_KEYS {
        let newest = key.declarations().iter().filter_map(|row| match row.what {
            Declared::Runtime { default } => Some((row.releases.newest_start(), default)),
            _ => None,
        });
        if let Some((_, default)) = newest.max() {
            assert_eq!(
                key.default,
                Some(default.to_string().as_str()),
                "{}",
                key.name
            );
        }
    }
}

#[test]
fn keys_exist_exactly_where_the_dumps_have_them() {
    let dump = rows("godebug.tsv");
    for (version, patch) in DUMPED {
        let release = GoVersion::release(version, patch);
        let real: BTreeSet<&str> = dump
            .iter()
            .filter(|row| minor(row) == version && row[1] != "removed")
            .map(|row| row[2].as_str())
            .collect();
        let ours: BTreeSet<&str> = GODEBUG_KEYS
            .iter()
            .filter(|key| key.exists_in(&release) && !key.is_undocumented())
            .map(|key| key.name)
            .collect();
        assert_eq!(ours, real, "{release}");
        for key in GODEBUG_KEYS {
            let listed = dump
                .iter()
                .find(|row| minor(row) == version && row[1] == "source" && row[2] == key.name);
            let change = listed.map(|row| row[3].clone()).filter(|it| !it.is_empty());
            let ours = key
                .older_go_line(&release)
                .map(|(minor, old)| format!("{minor}={old}"));
            assert_eq!(ours, change, "{release}: {}", key.name);
        }
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
fn experiments_exist_and_default_exactly_as_in_the_dumps() {
    let dump = rows("experiments.tsv");
    for (version, patch) in DUMPED {
        let release = GoVersion::release(version, patch);
        let real: BTreeSet<(String, bool)> = dump
            .iter()
            .filter(|row| minor(row) == version)
            .map(|row| (row[1].clone(), row[2] == "on"))
            .collect();
        let ours: BTreeSet<(String, bool)> = EXPERIMENTS
            .iter()
            .filter(|it| it.exists_in(&release))
            .map(|it| (it.name.to_owned(), it.is_default_in(&release)))
            .collect();
        assert_eq!(ours, real, "{release}");
    }
}

/// `DefaultGODEBUG` lists what an old go line changes: an independent witness of the table.
#[test]
fn an_old_go_line_changes_exactly_what_a_real_build_records() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/buildinfo");
    for version in ["1.27.3", "1.21.13"] {
        let text =
            std::fs::read_to_string(folder.join(format!("go-line-1.21-built-by-{version}.txt")))
                .expect("fixture");
        let info = gotrace::buildinfo::BuildInfo::parse(&text).expect("build info");
        let built_by = GoVersion::parse(version).expect("version");
        assert_eq!(info.go_version, built_by);
        let recorded: BTreeSet<(&str, &str)> = info.default_godebug().into_iter().collect();
        let ours: BTreeSet<(&str, &str)> = GODEBUG_KEYS
            .iter()
            .filter_map(|key| {
                let (changed, old) = key.older_go_line(&built_by)?;
                (changed > 21).then_some((key.name, old))
            })
            .collect();
        assert_eq!(recorded, ours, "{version}");
    }
}
