//! What is brought along: archives true and false, copies with links, what is there already.

use super::*;
use crate::store::Store;
use crate::testing::{fake_archive, write_fake_goroot};
use crate::verify::verify;

fn toolbox(folder: &Path) -> Toolbox {
    Toolbox {
        store: Store::at(folder.join("cache")),
        order: "cache".parse().unwrap(),
        search_path: None,
        godev: "http://127.0.0.1:1/dl/".to_owned(),
        offline: true,
        locked: false,
    }
}

fn archive(folder: &Path, version: &str) -> (Local, String) {
    let path = folder.join(format!("go{version}.linux-amd64.tar.gz"));
    let bytes = fake_archive(version);
    fs::write(&path, &bytes).unwrap();
    (Local::at(&path).unwrap(), digest::of_bytes(&bytes))
}

fn left(toolbox: &Toolbox) -> usize {
    fs::read_dir(toolbox.store.toolchains()).unwrap().count()
}

#[test]
fn an_archive_is_installed_with_the_word_of_whoever_vouches() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path());
    let (local, sum) = archive(folder.path(), "1.99.1");
    let found = install_local(&local, Some(&sum), &toolbox, Watch::silent()).unwrap();
    assert_eq!(found.version.number(), "1.99.1");
    assert_eq!((found.origin, found.from_cache), (Origin::Archive, false));
    assert!(found.verified_by.starts_with("the SHA-256 that was given"));
    assert!(verify(&found, &toolbox, Watch::silent()).unwrap().is_good());
    // Again: nothing is done.
    let again = install_local(&local, None, &toolbox, Watch::silent()).unwrap();
    assert!(again.from_cache);
    let (other, sum) = archive(folder.path(), "1.99.2");
    let beside = format!("{sum}  go1.99.2.linux-amd64.tar.gz\n");
    fs::write(
        folder.path().join("go1.99.2.linux-amd64.tar.gz.sha256"),
        beside,
    )
    .unwrap();
    let found = install_local(&other, None, &toolbox, Watch::silent()).unwrap();
    assert!(found.verified_by.starts_with("the SHA-256 in "));
}

#[test]
fn a_wrong_checksum_or_half_an_archive_becomes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path());
    let (local, _) = archive(folder.path(), "1.99.1");
    let wrong = "0".repeat(64);
    let error = install_local(&local, Some(&wrong), &toolbox, Watch::silent()).unwrap_err();
    assert!(error.to_string().contains(&wrong), "{error}");
    let bytes = fake_archive("1.99.1");
    for part in [0, 10, bytes.len() / 2, bytes.len() - 9] {
        fs::write(local.path(), &bytes[..part]).unwrap();
        assert!(
            install_local(&local, None, &toolbox, Watch::silent()).is_err(),
            "{part}"
        );
    }
    assert_eq!(left(&toolbox), 0);
}

#[test]
fn a_goroot_is_copied_through_links_and_never_in_a_loop() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(folder.path());
    write_fake_goroot(folder.path(), "1.99.1");
    let goroot = folder.path().join("go");
    // As Debian lays it: the sources lie elsewhere.
    fs::rename(goroot.join("src"), folder.path().join("share")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("share"), goroot.join("src")).unwrap();
    let local = Local::at(&goroot).unwrap();
    let found = install_local(&local, None, &toolbox, Watch::silent()).unwrap();
    assert_eq!(found.origin, Origin::Copy);
    assert!(found.goroot.join("src/fmt/print.go").is_file());
    assert!(!found.goroot.join("src").is_symlink());
    // Other files under the name of the same release are refused, and say what to do.
    fs::write(folder.path().join("share/fmt/print.go"), "package other").unwrap();
    let error = install_local(&local, None, &toolbox, Watch::silent()).unwrap_err();
    assert!(
        error.to_string().contains("toolchain remove 1.99.1"),
        "{error}"
    );

    fs::write(goroot.join("VERSION"), "go1.99.3\n").unwrap();
    std::os::unix::fs::symlink(&goroot, folder.path().join("share/loop")).unwrap();
    let error = install_local(&local, None, &toolbox, Watch::silent()).unwrap_err();
    assert!(error.to_string().contains("nested without end"), "{error}");
}

#[test]
fn what_is_none_of_them_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = Local::at(folder.path()).unwrap_err().to_string();
    assert!(error.contains("neither a .tar.gz"), "{error}");
}
