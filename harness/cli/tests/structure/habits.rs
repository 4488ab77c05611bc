//! What holds for every file, whatever crate it is in.

use std::fs;

use crate::workspace::{files, members, places, root};

/// No file of ours is longer.
const MOST_LINES: usize = 600;

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

/// Where a module may still stand in `x.rs` alongside its folder `x/`. Delete a line with its last file.
const BESIDE_THEIR_FOLDER: &[(&str, &str)] = &[];

/// Where a path may still climb three modules. Delete a line with its last path.
const LONG_WAYS_UP: &[(&str, &str)] = &[];

/// Of the two ways to lay out a module with children, this workspace has `x/mod.rs`; the root of a test is
/// `tests/x/main.rs`.
#[test]
fn a_module_with_children_stands_in_its_folder() {
    let beside = files(&root().join("harness"), &["rs"])
        .into_iter()
        .filter(|file| {
            let folder = file.with_extension("");
            folder.is_dir() && !files(&folder, &["rs"]).is_empty()
        });
    let shown = beside.map(|file| file.strip_prefix(root()).unwrap().display().to_string());
    held(
        &shown.collect::<Vec<_>>(),
        BESIDE_THEIR_FOLDER,
        "move x.rs to x/mod.rs (tests/x.rs to tests/x/main.rs)",
    );
}

#[test]
fn no_path_climbs_three_modules() {
    // Put together here, so that this file does not find itself.
    let climb = ["super"; 3].join("::");
    let mut found = Vec::new();
    for file in files(&root().join("harness"), &["rs"]) {
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        for (at, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            if line.contains(&climb) {
                found.push(format!("{shown}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    held(&found, LONG_WAYS_UP, "begin at crate:: instead");
}

/// Who may write to standard output and standard error: the gate, the reference server, which tells its address, and the
/// fuzzer, which is no part of the command.
const WRITERS: &[&str] = &[
    "harness/cli/src/output.rs:",
    "harness/loadtool/src/selftest/server.rs:",
    "harness/fuzz/src/main.rs:",
];

#[test]
fn all_that_is_shown_passes_the_gate() {
    let writes = |line: &str| {
        let names_one = line.contains("io::stdout()") || line.contains("io::stderr()");
        let prints = ["print!(", "println!(", "eprint!(", "eprintln!("];
        (names_one && !line.contains("is_terminal()"))
            || prints
                .iter()
                .any(|print| line.trim_start().starts_with(print))
    };
    let found: Vec<_> = members()
        .iter()
        .flat_map(|member| places(member, writes))
        .filter(|place| !WRITERS.iter().any(|writer| place.starts_with(writer)))
        .collect();
    assert!(found.is_empty(), "go through cli::output: {found:#?}");
}

/// Fails for what is found outside the exceptions, and for an exception that nothing needs any more.
fn held(found: &[String], exceptions: &[(&str, &str)], fix: &str) {
    let is_below = |place: &String, folder: &str| place.starts_with(&format!("{folder}/"));
    let outside: Vec<_> = found
        .iter()
        .filter(|place| !exceptions.iter().any(|(folder, _)| is_below(place, folder)))
        .collect();
    assert!(outside.is_empty(), "{fix}: {outside:#?}");
    for (folder, _) in exceptions {
        assert!(
            found.iter().any(|place| is_below(place, folder)),
            "{folder} needs no exception any more: delete it"
        );
    }
}
