//! Holds the modules of a crate apart: those beside each other must not use each other in a circle, at any depth.
//!
//! Read from `use` lines and from paths that begin with `crate::` or `super::`, unit tests left out. What a module
//! shares with the modules below it does not count.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates whose modules still use each other in circles.
const CIRCULAR: &[&str] = &[
    "cli",
    "gotrace",
    "loadgen",
    "orchestrator",
    "record",
    "report",
    "topology",
];

/// A module's path within its crate; empty for the root.
type Module = Vec<String>;

/// Per parent module: who below it uses whom beside it.
type Uses = BTreeMap<Module, BTreeMap<String, BTreeSet<String>>>;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The modules of a crate with their code, comments and unit tests left out.
fn modules(folder: &Path) -> BTreeMap<Module, String> {
    let mut files = Vec::new();
    sources(folder, &mut files);
    let mut modules = BTreeMap::new();
    for file in files {
        let relative = file.strip_prefix(folder).unwrap().with_extension("");
        let mut module: Module = relative
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let name = module.last().unwrap().clone();
        if ["mod", "lib", "main"].contains(&name.as_str()) {
            module.pop();
        }
        if name.ends_with("tests") || name == "testing" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().take_while(|line| *line != "mod tests {");
        let code: Vec<&str> = lines
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        modules.insert(module, code.join("\n"));
    }
    modules
}

/// Every path of a tree such as `crate::{a, b::{c, d}}`.
fn leaves(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap();
        let path: String = path.chars().filter(|c| !c.is_whitespace()).collect();
        found.push(format!("{prefix}{path}"));
        return;
    };
    let head: String = head.chars().filter(|c| !c.is_whitespace()).collect();
    let prefix = format!("{prefix}{head}");
    let (mut depth, mut from) = (0, 0);
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                if !rest[from..at].trim().is_empty() {
                    leaves(&prefix, &rest[from..at], found);
                }
                from = at + 1;
                if c == '}' {
                    return;
                }
            }
            _ => {}
        }
    }
}

/// The paths that a module's code names, as they stand there.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let line = &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..at];
        let is_use = line.trim().is_empty() || line.trim().starts_with("pub");
        if let Some(end) = code[at..].find(';').filter(|_| is_use) {
            leaves("", &code[at + 4..at + end], &mut found);
        }
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            if !code[..at].ends_with(is_word) {
                let end = code[at..].find(|c| !is_word(c)).unwrap_or(code.len() - at);
                found.push(code[at..at + end].to_owned());
            }
        }
    }
    found
}

/// The module that a path leads into; `None` for another crate's.
fn target(path: &str, of: &Module, modules: &BTreeMap<Module, String>) -> Option<Module> {
    let mut parts = path.split("::").peekable();
    let mut at = match *parts.peek()? {
        "crate" => Vec::new(),
        "self" | "super" => of.clone(),
        _ => return None,
    };
    parts.next_if(|part| *part == "crate" || *part == "self");
    while parts.next_if_eq(&"super").is_some() {
        at.pop()?;
    }
    for part in parts {
        at.push(part.to_owned());
        if !modules.contains_key(&at) {
            at.pop();
            break;
        }
    }
    Some(at)
}

fn uses(modules: &BTreeMap<Module, String>) -> Uses {
    let mut uses = Uses::new();
    for (module, code) in modules {
        for used in paths(code)
            .iter()
            .filter_map(|path| target(path, module, modules))
        {
            let shared = module.iter().zip(&used).take_while(|(a, b)| a == b).count();
            if let (Some(own), Some(other)) = (module.get(shared), used.get(shared)) {
                let beside = uses.entry(module[..shared].to_vec()).or_default();
                beside.entry(own.clone()).or_default().insert(other.clone());
            }
        }
    }
    uses
}

/// Those from which a way leads back to themselves.
fn in_circles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<&str> {
    let comes_back = |start: &&String| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = graph[*start].iter().collect();
        while let Some(at) = next.pop() {
            if seen.insert(at) {
                next.extend(graph.get(at).into_iter().flatten());
            }
        }
        seen.contains(start)
    };
    let found = graph.keys().filter(comes_back);
    found.map(String::as_str).collect()
}

fn circles_of(folder: &Path) -> Vec<String> {
    let uses = uses(&modules(folder));
    let circles = uses
        .iter()
        .map(|(parent, graph)| (parent, in_circles(graph)));
    circles
        .filter(|(_, circle)| !circle.is_empty())
        .map(|(parent, circle)| format!("crate::{}: {}", parent.join("::"), circle.join(", ")))
        .collect()
}

#[test]
fn modules_beside_each_other_form_no_circle() {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for entry in fs::read_dir(harness).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if !folder.join("Cargo.toml").is_file() {
            continue;
        }
        let circles = circles_of(&folder.join("src"));
        assert_eq!(
            CIRCULAR.contains(&name.as_str()),
            !circles.is_empty(),
            "{name}: {circles:#?}"
        );
    }
}

#[test]
fn a_circle_is_seen() {
    let code = [
        (vec![], "mod a; mod b;"),
        (vec!["a"], "use crate::{\n    b::{self, c::Thing},\n};"),
        (vec!["b"], "fn f() { super::a::g() }"),
        (vec!["b", "c"], "use std::fmt;"),
    ];
    let modules: BTreeMap<Module, String> = code
        .into_iter()
        .map(|(path, code)| {
            (
                path.into_iter().map(str::to_owned).collect(),
                code.to_owned(),
            )
        })
        .collect();
    let found = uses(&modules);
    assert_eq!(in_circles(&found[&Vec::new()]), ["a", "b"]);
}
