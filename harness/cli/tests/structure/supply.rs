//! What others wrote and we build in: licences, sources, banned crates and second versions by deny.toml, as cargo-deny
//! judges them and CI has it do, but with cargo alone; and how much `unsafe` we wrote ourselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::source::tokens;
use crate::workspace::{files, members, root};

/// Files with `unsafe` and how often they say it, each for what no safe interface offers. Fewer is good: lower the
/// number. More wants a reviewer who agrees that there is no other way.
const UNSAFE: &[(&str, usize)] = &[
    ("harness/loadgen/src/clock.rs", 1),
    ("harness/loadgen/src/pacer.rs", 1),
    ("harness/loadgen/src/transport.rs", 1),
    ("harness/orchestrator/src/observe/process.rs", 1),
    ("harness/supervise/src/fork.rs", 7),
    ("harness/topology/src/mask.rs", 3),
    ("harness/topology/tests/topology/affinity.rs", 3),
    ("harness/topology/tests/topology/limits.rs", 1),
];

#[test]
fn no_unsafe_is_added() {
    let mut found = BTreeMap::new();
    for file in files(&root().join("harness"), &["rs"]) {
        let text = fs::read_to_string(&file).unwrap();
        let count = tokens(&text)
            .iter()
            .filter(|token| token.name() == Some("unsafe"))
            .count();
        if count > 0 {
            let shown = file.strip_prefix(root()).unwrap().display().to_string();
            found.insert(shown, count);
        }
    }
    let listed: BTreeMap<String, usize> = UNSAFE
        .iter()
        .map(|(file, count)| ((*file).to_owned(), *count))
        .collect();
    assert_eq!(found, listed);
}

#[test]
fn every_crate_of_ours_has_the_licence_of_the_workspace() {
    for member in members() {
        let manifest = fs::read_to_string(member.folder.join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("\nlicense.workspace = true\n"),
            "{}: add `license.workspace = true`",
            member.name
        );
    }
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root().join(file).is_file(), "{file}");
    }
}

/// A crate that is built for Linux.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// `None` for our own.
    source: Option<String>,
}

/// What is built here, tests included: Cargo.lock also has what other systems and optional features would need.
fn packages() -> Vec<Package> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1"])).unwrap();
    let built = built();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = metadata["packages"].as_array().unwrap().iter();
    let packages: Vec<Package> = all
        .map(|package| Package {
            name: text(&package["name"]).unwrap(),
            version: text(&package["version"]).unwrap(),
            licence: text(&package["license"]),
            source: text(&package["source"]),
        })
        .filter(|package| built.contains(&(package.name.clone(), package.version.clone())))
        .collect();
    assert!(
        packages.len() > 100,
        "{} of {}",
        packages.len(),
        built.len()
    );
    packages
}

/// Names and versions of the crates that are built here.
fn built() -> BTreeSet<(String, String)> {
    let tree = cargo(&["tree", "--workspace", "--prefix", "none", "--format", "{p}"]);
    let words = tree.lines().map(|line| line.split(' '));
    words
        .filter_map(|mut words| {
            let (name, version) = (words.next()?, words.next()?);
            Some((name.to_owned(), version.strip_prefix('v')?.to_owned()))
        })
        .collect()
}

fn cargo(arguments: &[&str]) -> String {
    let (verb, rest) = arguments.split_first().unwrap();
    let platform = match *verb {
        "metadata" => "--filter-platform",
        _ => "--target",
    };
    let output = Command::new(env!("CARGO"))
        .arg(verb)
        .args([
            "--locked",
            "--offline",
            platform,
            "x86_64-unknown-linux-gnu",
        ])
        .args(rest)
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {verb}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The texts of a list of deny.toml, `start` being the line that opens it.
fn listed(start: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, list) = text.split_once(&format!("\n{start}")).unwrap();
    let (list, _) = list.split_once("\n]").unwrap();
    let first_quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let found: BTreeSet<String> = list.lines().filter_map(first_quoted).collect();
    assert!(!found.is_empty(), "deny.toml: {start}");
    found
}

#[test]
fn every_licence_is_allowed() {
    let allowed = listed("allow = [");
    let refused: Vec<_> = packages()
        .into_iter()
        .filter(|package| {
            let licence = package.licence.as_deref();
            !licence.is_some_and(|licence| allows(&allowed, licence))
        })
        .map(|package| {
            format!(
                "{} {}: {:?}",
                package.name, package.version, package.licence
            )
        })
        .collect();
    assert!(refused.is_empty(), "deny.toml does not allow: {refused:#?}");
}

#[test]
fn everything_comes_from_crates_io() {
    // The index's name in Cargo.lock, whatever mirror was asked.
    let index = "registry+https://github.com/rust-lang/crates.io-index";
    let elsewhere: Vec<_> = packages()
        .into_iter()
        .filter(|package| {
            package
                .source
                .as_deref()
                .is_some_and(|source| source != index)
        })
        .map(|package| format!("{}: {:?}", package.name, package.source))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

#[test]
fn no_crate_is_banned_or_there_twice() {
    let banned = listed("deny = [");
    let skipped: BTreeSet<String> = listed("skip = [")
        .into_iter()
        .map(|name| name.split('@').next().unwrap().to_owned())
        .collect();
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        assert!(
            !banned.contains(&package.name),
            "deny.toml bans {}",
            package.name
        );
        versions
            .entry(package.name)
            .or_default()
            .push(package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let twice: BTreeSet<String> = versions.keys().cloned().collect();
    assert_eq!(
        twice, skipped,
        "what is there twice, and `skip` of deny.toml: {versions:?}"
    );
}

/// Whether an SPDX expression can be met by the licences that are allowed; `/` is an old way to write OR.
fn allows(allowed: &BTreeSet<String>, expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let is_met = either(allowed, &words, &mut at);
    assert_eq!(at, words.len(), "not understood: {expression}");
    is_met
}

fn either(allowed: &BTreeSet<String>, words: &[&str], at: &mut usize) -> bool {
    let mut is_met = both(allowed, words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        is_met |= both(allowed, words, at);
    }
    is_met
}

fn both(allowed: &BTreeSet<String>, words: &[&str], at: &mut usize) -> bool {
    let mut is_met = one(allowed, words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        is_met &= one(allowed, words, at);
    }
    is_met
}

fn one(allowed: &BTreeSet<String>, words: &[&str], at: &mut usize) -> bool {
    let word = words[*at];
    *at += 1;
    if word == "(" {
        let is_met = either(allowed, words, at);
        assert_eq!(words.get(*at), Some(&")"));
        *at += 1;
        return is_met;
    }
    if words.get(*at) == Some(&"WITH") {
        *at += 2;
        return allowed.contains(&format!("{word} WITH {}", words[*at - 1]));
    }
    allowed.contains(word)
}

#[test]
fn expressions_are_judged_as_spdx_says() {
    let allowed: BTreeSet<String> = ["MIT", "ISC"].map(str::to_owned).into();
    for (expression, is_met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("GPL-3.0 OR MIT AND GPL-2.0", false),
        ("MIT WITH Odd-exception", false),
    ] {
        assert_eq!(allows(&allowed, expression), is_met, "{expression}");
    }
}
