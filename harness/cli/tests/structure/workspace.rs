//! Reads the workspace: its members, their manifests and their code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A member's manifest, as far as the rules need it.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) dependencies: BTreeSet<String>,
    pub(crate) dev_dependencies: BTreeSet<String>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every crate of the workspace.
pub(crate) fn members() -> Vec<Member> {
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

/// The files below a folder with one of these endings, what is generated, built or captured left out.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
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

/// Lines of code of a crate's `src`, each with its place; comments and tests left out.
pub(crate) fn code(member: &Member) -> Vec<(String, String)> {
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
pub(crate) fn places(member: &Member, matches: impl Fn(&str) -> bool) -> Vec<String> {
    let found = code(member).into_iter().filter(|(_, line)| matches(line));
    found
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect()
}

/// Whether a line names a module of std, alone or within braces.
pub(crate) fn names_std(line: &str, module: &str) -> bool {
    if line.contains(&format!("std::{module}::")) || line.contains(&format!("std::{module};")) {
        return true;
    }
    let Some((_, group)) = line.split_once("std::{") else {
        return false;
    };
    let mut names = group.split([',', '}', '{', ' ']);
    names.any(|name| name.split("::").next() == Some(module))
}
