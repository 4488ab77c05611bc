//! MYTHS.md sends people to rules, matrices, targets and verbs: each of them must be there.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The cells of every row, heads and rules of tables left out.
fn rows() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("MYTHS.md")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("| "));
    let rows = lines.map(|line| {
        let line = line.trim_start_matches('|').trim_end_matches('|');
        line.split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect()
    });
    rows.filter(|cells: &Vec<String>| cells[0] != "claim")
        .collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What does not.
fn plain(cell: &str) -> String {
    cell.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// Words of one letter of a family and a number, e.g. `G5`.
fn rules_named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let named = words.filter(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .is_some_and(|first| "VSLGMHU".contains(first))
            && word.len() > 1
            && letters.all(|letter| letter.is_ascii_digit())
    });
    named.map(str::to_owned).collect()
}

#[test]
fn every_row_says_claim_truth_source_and_where_to_see_it() {
    let rows = rows();
    assert!(rows.len() > 50, "{}", rows.len());
    for cells in &rows {
        assert_eq!(cells.len(), 4, "{cells:?}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{cells:?}");
    }
    let claims: BTreeSet<&String> = rows.iter().map(|cells| &cells[0]).collect();
    assert_eq!(claims.len(), rows.len(), "a claim stands there twice");
}

#[test]
fn rules_that_are_named_are_in_the_catalogue() {
    let known: BTreeSet<String> = advisor::rules().map(|rule| rule.id.to_owned()).collect();
    let mut named = BTreeSet::new();
    for cells in rows() {
        let own = rules_named(&plain(&cells.join(" ")));
        let unknown: Vec<_> = own.difference(&known).collect();
        assert!(unknown.is_empty(), "{unknown:?} in: {}", cells.join(" | "));
        named.extend(own);
    }
    assert!(named.len() > 15, "{named:?}");
}

#[test]
fn matrices_and_targets_that_are_named_are_there() {
    let (mut matrices, mut targets) = (0, 0);
    for cells in rows() {
        let see = &cells[3];
        for name in quoted(see).iter().filter(|name| name.ends_with(".yaml")) {
            assert!(root().join(name).is_file(), "{name}: {see}");
            matrices += 1;
        }
        // "target `frag`"
        for (at, _) in see.match_indices("target `") {
            let name = see[at..].split('`').nth(1).unwrap();
            assert!(root().join("targets").join(name).is_dir(), "{name}: {see}");
            targets += 1;
        }
    }
    assert!(matrices > 10 && targets > 2, "{matrices} {targets}");
    let glossary = fs::read_to_string(root().join("GLOSSARY.md")).unwrap();
    let axes = glossary
        .split("- **")
        .find(|word| word.starts_with("axis**"))
        .unwrap();
    let text = fs::read_to_string(root().join("MYTHS.md")).unwrap();
    for (at, _) in text.match_indices("axis `") {
        let name = text[at..].split('`').nth(1).unwrap();
        assert!(quoted(axes).contains(&name), "axis {name}: {axes}");
    }
}

#[test]
fn verbs_and_files_that_are_named_are_there() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_gosweep"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let verbs: BTreeSet<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .collect();
    let text = fs::read_to_string(root().join("MYTHS.md")).unwrap();
    let mut named = 0;
    for call in quoted(&text) {
        if let Some(rest) = call.strip_prefix("gosweep ") {
            let verb = rest.split(' ').next().unwrap();
            assert!(verbs.contains(verb), "{call}: {verbs:?}");
            named += 1;
        }
    }
    assert!(named > 5, "{named}");
    // [words](file)
    for (at, _) in text.match_indices("](") {
        let file = text[at + 2..].split(')').next().unwrap();
        assert!(root().join(file).is_file(), "{file}");
    }
}

#[test]
fn what_the_tests_look_for_is_found() {
    let named = rules_named("rules S1, H1 to H3; P99 and G (see L1)");
    assert_eq!(named, ["H1", "H3", "L1", "S1"].map(str::to_owned).into());
    assert_eq!(plain("see `G123` and G5").trim(), "see   and G5");
    assert_eq!(quoted("see `a` and `b`"), ["a", "b"]);
}
