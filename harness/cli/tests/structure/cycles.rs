//! Modules form no cycle, neither inside a crate nor inside a folder of one.

use std::fs;

use crate::graph::{Source, cycles};
use crate::workspace::{Member, files, members};

/// Where cycles are still allowed: crate, or crate and module, and why. Delete a line with its cycle.
const KNOWN: &[(&str, &str)] = &[];

#[test]
fn modules_form_no_cycle() {
    let mut found = Vec::new();
    let mut needed = vec![false; KNOWN.len()];
    for member in members() {
        for cycle in cycles(&sources(&member)) {
            let place = match cycle.parent.as_str() {
                "" => member.name.clone(),
                parent => format!("{}::{parent}", member.name),
            };
            let known = KNOWN
                .iter()
                .position(|(known, _)| place == *known || place.starts_with(&format!("{known}::")));
            if let Some(known) = known {
                needed[known] = true;
                continue;
            }
            found.push(format!(
                "in {place}: {}\n    {}",
                cycle.members.join(", "),
                cycle.edges.join("\n    ")
            ));
        }
    }
    assert!(
        found.is_empty(),
        "{} cycles of modules:\n{}",
        found.len(),
        found.join("\n")
    );
    let idle: Vec<_> = KNOWN
        .iter()
        .zip(needed)
        .filter(|(_, needed)| !needed)
        .map(|(known, _)| known.0)
        .collect();
    assert!(
        idle.is_empty(),
        "no cycle is left in {idle:?}: delete the exception"
    );
}

/// The sources of a crate with their modules; files of tests are left out.
fn sources(member: &Member) -> Vec<Source> {
    let folder = member.folder.join("src");
    let mut sources = Vec::new();
    for file in files(&folder, &["rs"]) {
        let below = file.strip_prefix(&folder).unwrap().with_extension("");
        let mut module: Vec<String> = below
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if module
            .iter()
            .any(|part| part.ends_with("tests") || part == "testing" || part == "bin")
        {
            continue;
        }
        let last = module.last().map(String::as_str);
        if last == Some("mod") || (module.len() == 1 && matches!(last, Some("lib" | "main"))) {
            module.pop();
        }
        sources.push(Source {
            module,
            file: below.with_extension("rs").display().to_string(),
            text: fs::read_to_string(&file).unwrap(),
        });
    }
    sources
}

#[test]
fn the_sources_of_a_crate_are_found() {
    let members = members();
    let cli = members.iter().find(|one| one.name == "cli").unwrap();
    let modules: Vec<String> = sources(cli)
        .iter()
        .map(|own| own.module.join("::"))
        .collect();
    for known in ["", "args", "verbs", "verbs::load"] {
        assert!(
            modules.iter().any(|module| module == known),
            "{known:?} in {modules:?}"
        );
    }
}
