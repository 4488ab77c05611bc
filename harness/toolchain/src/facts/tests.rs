//! The generated table against a real GOROOT, and what a wrong one gives.

use std::collections::BTreeSet;

use gotrace::environment::GODEBUG_KEYS;
use gotrace::environment::sources::differences;

use super::*;
use crate::store::Store;

fn toolbox(folder: &Path) -> Toolbox {
    Toolbox::new(Store::at(folder.to_owned()))
}

/// The GOROOT of the `go` on PATH; tests with real Go need one.
fn goroot_on_path() -> PathBuf {
    let scratch = tempfile::tempdir().expect("folder");
    let go = toolbox(scratch.path())
        .find_program("go")
        .expect("a `go` on PATH");
    let go = go.canonicalize().expect("its real place");
    let root = go.parent().and_then(Path::parent).expect("GOROOT/bin/go");
    root.to_owned()
}

#[test]
fn the_table_is_what_the_sources_of_the_go_on_path_say() {
    let scratch = tempfile::tempdir().expect("folder");
    let root = goroot_on_path();
    let version = version_of(&root).expect("VERSION");
    let place = Place::Goroot(root.clone());
    let found = releases_in(&place, &toolbox(scratch.path()), Watch::silent()).expect("readable");
    assert_eq!(found.failed, []);
    let facts = found.read.into_values().next().expect("one release");
    let lines = differences(&version, &facts);
    assert!(
        lines.is_empty(),
        "{version}: make the table again by `gosweep toolchain facts --proxy --update`:\n{}",
        lines.join("\n")
    );
    // A key in a file that is not searched by name would be missed by every comparison but this.
    let all = hidden_keys_of(&root).expect("listed");
    let known: BTreeSet<&str> = GODEBUG_KEYS
        .iter()
        .filter(|key| key.exists_in(&version))
        .map(|key| key.name)
        .collect();
    let unknown: Vec<_> = all
        .iter()
        .filter(|(key, _)| !known.contains(key.as_str()))
        .collect();
    assert!(unknown.is_empty(), "add to UNDOCUMENTED_FILES: {unknown:?}");
    assert!(all.contains_key("execwait"), "{all:?}");
}

#[test]
fn a_changed_source_is_a_difference() {
    let root = goroot_on_path();
    let version = version_of(&root).expect("VERSION");
    let file = |path: &str| {
        let text = std::fs::read_to_string(root.join(path)).ok()?;
        Some(text.replace("\"madvdontneed\"", "\"madvdontwant\""))
    };
    let facts = sources::read(&file).expect("same form");
    let lines = differences(&version, &facts);
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("- ") && line.contains("madvdontneed"))
            && lines
                .iter()
                .any(|line| line.starts_with("+ ") && line.contains("madvdontwant")),
        "{lines:?}"
    );
}

#[test]
fn a_folder_that_is_no_goroot_is_named() {
    let scratch = tempfile::tempdir().expect("folder");
    let place = Place::Goroot(scratch.path().to_owned());
    let answer = releases_in(&place, &toolbox(scratch.path()), Watch::silent());
    let error = answer.expect_err("no VERSION").to_string();
    assert!(error.contains("VERSION"), "{error}");
    std::fs::write(scratch.path().join("VERSION"), "go1.27.3\n").expect("written");
    let found = releases_in(&place, &toolbox(scratch.path()), Watch::silent()).expect("a version");
    assert!(found.read.is_empty());
    assert!(
        found.failed[0].1.contains("src/internal/godebugs/table.go"),
        "{:?}",
        found.failed
    );
}

#[test]
fn the_releases_of_a_clone_are_its_tags() {
    let folder = tempfile::tempdir().expect("folder");
    let root = goroot_on_path();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(folder.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@localhost"])
            .args(arguments)
            .output()
            .expect("git");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    git(&["init", "-q"]);
    for path in sources::files() {
        if let Ok(text) = std::fs::read(root.join(path)) {
            let target = folder.path().join(path);
            std::fs::create_dir_all(target.parent().expect("below")).expect("folders");
            std::fs::write(target, text).expect("copied");
        }
    }
    git(&["add", "-A"]);
    git(&["commit", "-qm", "release"]);
    git(&["tag", "go1.26.8"]);
    git(&["tag", "go1.26rc1"]);
    let scratch = tempfile::tempdir().expect("folder");
    let place = Place::Clone(folder.path().to_owned());
    let found = releases_in(&place, &toolbox(scratch.path()), Watch::silent()).expect("a clone");
    let own = releases_in(
        &Place::Goroot(root),
        &toolbox(scratch.path()),
        Watch::silent(),
    );
    let own = own.expect("readable").read.into_values().next();
    assert_eq!(found.read.keys().collect::<Vec<_>>(), [&(26, 8)]);
    assert_eq!(found.read.into_values().next(), own);
}
