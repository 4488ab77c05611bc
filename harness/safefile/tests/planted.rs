//! What somebody else may have put in the place of our files.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use safefile::{Folder, Locked, Refused, open_named, read_named, refusal, take_lock, write_named};

/// A user id that is not ours, given to files where the tests run as root.
const SOMEBODY: u32 = 12_345;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn refused<T: std::fmt::Debug>(result: std::io::Result<T>) -> Refused {
    let error = result.unwrap_err();
    refusal(&error).unwrap_or_else(|| panic!("{error}")).clone()
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A folder with something of every kind in it that is no regular file, and `secret` outside.
fn planted() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let inside = place.path().join("run");
    fs::create_dir(&inside).unwrap();
    fs::create_dir(place.path().join("outside")).unwrap();
    fs::write(place.path().join("outside/secret"), "secret").unwrap();
    symlink("../outside/secret", inside.join("link")).unwrap();
    symlink("../outside", inside.join("linked")).unwrap();
    fs::hard_link(place.path().join("outside/secret"), inside.join("twice")).unwrap();
    fs::create_dir(inside.join("folder")).unwrap();
    pipe(&inside.join("pipe"));
    drop(UnixListener::bind(inside.join("socket")).unwrap());
    let folder = Folder::open(&inside).unwrap();
    (place, folder)
}

const PLANTED: [&str; 6] = ["link", "twice", "folder", "pipe", "socket", "linked/secret"];

#[test]
fn nothing_planted_is_read_written_or_locked() {
    let (place, folder) = planted();
    for name in PLANTED {
        refused(folder.read(name, 100));
        refused(folder.open_or_create(name, 0o644));
        refused(take_lock(&folder, name));
    }
    assert_eq!(refused(folder.read("link", 100)), Refused::Link);
    assert_eq!(refused(folder.read("twice", 100)), Refused::Names(2));
    assert_eq!(
        refused(folder.read("pipe", 100)),
        Refused::Kind("a named pipe")
    );
    assert_eq!(refused(folder.read("linked/secret", 100)), Refused::Link);
    for name in ["../outside/secret", "/dev/zero", "a/../../outside/secret"] {
        assert!(matches!(refused(folder.read(name, 100)), Refused::Name(_)));
    }
    let secret = fs::read_to_string(place.path().join("outside/secret"));
    assert_eq!(secret.unwrap(), "secret");
}

#[test]
fn what_is_replaced_was_never_written_to() {
    let (place, folder) = planted();
    for name in ["link", "twice", "pipe", "new"] {
        folder.replace(name, b"ours", 0o600).unwrap();
        assert_eq!(folder.read(name, 4).unwrap(), b"ours");
        let mode = fs::symlink_metadata(folder.path().join(name))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    let secret = fs::read_to_string(place.path().join("outside/secret"));
    assert_eq!(secret.unwrap(), "secret");
    assert!(
        folder
            .names()
            .unwrap()
            .iter()
            .all(|name| !Folder::is_half_written(name))
    );
}

#[test]
fn a_size_is_judged_before_anything_is_read() {
    let (_place, folder) = planted();
    let sparse = folder.create("sparse", 0o644).unwrap();
    sparse.set_len(3 << 30).unwrap();
    let large = Refused::Large {
        found: 3 << 30,
        most: 1000,
    };
    assert_eq!(refused(folder.read("sparse", 1000)), large);
    let path = folder.path().join("sparse");
    assert_eq!(refused(read_named(&path, 1000)), large);
    // Of /proc no file has a size.
    assert!(matches!(
        refused(read_named(Path::new("/proc/self/maps"), 10)),
        Refused::Large { most: 10, .. }
    ));
}

#[test]
fn what_a_person_names_may_be_a_link_but_must_end() {
    let (place, folder) = planted();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(read_named(&at("link"), 6).unwrap(), b"secret");
    for name in ["pipe", "socket", "folder"] {
        refused(open_named(&at(name)));
        refused(read_named(&at(name), 100));
    }
    refused(open_named(Path::new("/dev/zero")));
    // What a shell makes of <(command).
    let (reader, writer) = std::io::pipe().unwrap();
    let by_shell = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    let file = open_named(Path::new(&by_shell)).unwrap();
    std::io::Write::write_all(&mut { writer }, b"hello").unwrap();
    assert_eq!(std::io::read_to_string(file).unwrap(), "hello");
    // Writing: our own link leads on.
    write_named(&at("link"), b"new").unwrap();
    assert!(at("link").is_symlink());
    let secret = fs::read_to_string(place.path().join("outside/secret"));
    assert_eq!(secret.unwrap(), "new");
    write_named(Path::new("/dev/null"), b"new").unwrap();
    assert!(!Path::new("/dev/null").is_file());
}

#[test]
fn a_lock_that_was_removed_is_known_to_be() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    fs::write(place.path().join("lock"), "\x1b[31mnobody").unwrap();
    let Locked::Taken(first) = take_lock(&folder, "lock").unwrap() else {
        panic!("nobody has it");
    };
    let own = std::process::id();
    assert_eq!(
        fs::read_to_string(place.path().join("lock")).unwrap(),
        own.to_string()
    );
    let mode = fs::metadata(place.path().join("lock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(take_lock(&folder, "lock").unwrap(), Locked::Held(Some(pid)) if pid == own));
    // Whatever is written there, nothing but digits is told.
    fs::write(place.path().join("lock"), "\x1b]0;title\x07 1").unwrap();
    assert!(matches!(
        take_lock(&folder, "lock").unwrap(),
        Locked::Held(None)
    ));
    assert!(first.is_in_place());
    fs::remove_file(place.path().join("lock")).unwrap();
    assert!(!first.is_in_place());
    let Locked::Taken(second) = take_lock(&folder, "lock").unwrap() else {
        panic!("its file is new");
    };
    assert!(second.is_in_place() && !first.is_in_place());
}

#[test]
fn files_and_folders_of_others_are_refused() {
    if !is_root() {
        println!("SKIPPED files_and_folders_of_others_are_refused: only root can give files away");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    assert_eq!(folder.check_ours(), Ok(()));
    folder.replace("theirs", b"x", 0o644).unwrap();
    chown(place.path().join("theirs"), Some(SOMEBODY), None).unwrap();
    assert!(matches!(
        refused(folder.read("theirs", 10)),
        Refused::Owner {
            owner: SOMEBODY,
            ..
        }
    ));
    refused(take_lock(&folder, "theirs"));
    symlink("theirs", place.path().join("planted")).unwrap();
    std::os::unix::fs::lchown(place.path().join("planted"), Some(SOMEBODY), None).unwrap();
    assert_eq!(
        refused(write_named(&place.path().join("planted"), b"y")),
        Refused::Link
    );
    // In a folder of theirs their files are what one expects, to read.
    chown(place.path(), Some(SOMEBODY), None).unwrap();
    let folder = Folder::open(place.path()).unwrap();
    assert_eq!(folder.read("theirs", 10).unwrap(), b"x");
    assert!(matches!(folder.check_ours(), Err(Refused::Owner { .. })));
}

#[test]
fn a_folder_that_others_write_into_is_not_ours() {
    let place = tempfile::tempdir().unwrap();
    for mode in [0o777, 0o1777, 0o775] {
        fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).unwrap();
        let folder = Folder::open(place.path()).unwrap();
        assert_eq!(folder.check_ours(), Err(Refused::Writable { mode }));
    }
}

#[test]
fn removing_follows_no_link() {
    let (place, folder) = planted();
    assert_eq!(refused(folder.remove_folder("linked")), Refused::Link);
    symlink("../../outside", folder.path().join("folder/out")).unwrap();
    folder.remove_folder("folder").unwrap();
    assert!(!folder.has("folder").unwrap());
    assert!(place.path().join("outside/secret").is_file());
}
