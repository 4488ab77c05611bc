//! The real code path against a local server that stands for go.dev.

use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::install::install;
use crate::store::Store;
use crate::testing::{fake_archive, serve_in_parts};
use crate::toolbox::Toolbox;
use crate::verify::verify;
use crate::{Origin, Source};

/// What the server says of its archive of 1.99.1, true or not.
struct Site {
    sha256: String,
    size: usize,
    declared: usize,
    body: Vec<u8>,
}

impl Site {
    fn honest() -> Self {
        let body = fake_archive("1.99.1");
        Self {
            sha256: digest::of_bytes(&body),
            size: body.len(),
            declared: body.len(),
            body,
        }
    }

    fn up(self) -> String {
        self.up_in_parts(usize::MAX)
    }

    /// The list comes whole, the archive in answers of so many bytes at most.
    fn up_in_parts(self, most: usize) -> String {
        let arch = goarch().unwrap();
        let name = format!("go1.99.1.linux-{arch}.tar.gz");
        let file = |version: &str, sha256: &str, size: usize| {
            format!(
                r#"{{"version":"go{version}","stable":true,"files":[
                {{"filename":"go{version}.src.tar.gz","os":"","arch":"","version":"go{version}","sha256":"","size":1,"kind":"source"}},
                {{"filename":"go{version}.linux-{arch}.tar.gz","os":"linux","arch":"{arch}","version":"go{version}","sha256":"{sha256}","size":{size},"kind":"archive"}}]}}"#
            )
        };
        let other = "0".repeat(64);
        let list = format!(
            "[{},{},{}]",
            file("1.100rc1", &other, 9),
            file("1.99.1", &self.sha256, self.size),
            file("1.99.0", &other, 9)
        );
        assert!(most > list.len());
        serve_in_parts(
            HashMap::from([
                (
                    "/dl/?mode=json&include=all".to_owned(),
                    (list.len(), list.into_bytes()),
                ),
                (format!("/dl/{name}"), (self.declared, self.body)),
            ]),
            most,
        )
    }
}

fn toolbox(folder: &tempfile::TempDir, godev: String) -> Toolbox {
    Toolbox {
        store: Store::at(folder.path()),
        order: "cache,godev".parse().unwrap(),
        search_path: None,
        godev,
        offline: false,
        locked: false,
    }
}

fn refusal(site: Site) -> String {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(&folder, site.up());
    let error = install(&"1.99.1".parse().unwrap(), &toolbox, Watch::silent()).unwrap_err();
    let left: Vec<_> = std::fs::read_dir(folder.path().join("toolchains"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "something was left behind: {left:?}");
    error.to_string()
}

#[test]
fn a_good_archive_is_installed_recorded_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(&folder, Site::honest().up());
    let told = Mutex::new(Vec::new());
    let progress = |event| told.lock().unwrap().push(event);
    let toolchain = install(&"1.99".parse().unwrap(), &toolbox, Watch::new(&progress)).unwrap();
    assert_eq!(toolchain.version.number(), "1.99.1");
    assert_eq!(
        (toolchain.origin, toolchain.from_cache),
        (Origin::GoDev, false)
    );
    assert_eq!(toolchain.resolution(), "1.99 is go1.99.1 (godev)");
    assert_eq!(
        toolchain.archive_sha256,
        Some(digest::of_bytes(&fake_archive("1.99.1")))
    );
    assert_eq!(toolchain.passed_over.len(), 1);
    assert_eq!(toolchain.passed_over[0].source, Source::Cache);
    let told = told.into_inner().unwrap();
    let bytes = fake_archive("1.99.1").len() as u64;
    assert!(
        told.iter().any(|event| matches!(event,
        Progress::Downloading { bytes: now, total, .. } if *now == bytes && *total == Some(bytes)))
    );

    let again = install(&"1.99.1".parse().unwrap(), &toolbox, Watch::silent()).unwrap();
    assert!(again.from_cache);
    assert_eq!(
        again.resolution(),
        "1.99.1 is go1.99.1 (cache, first installed by godev)"
    );
    let verification = verify(&again, &toolbox, Watch::silent()).unwrap();
    assert!(verification.is_good(), "{verification:?}");
    assert!(
        verification
            .checks
            .iter()
            .all(|check| check.outcome == crate::Outcome::Passed)
    );
}

/// An archive that takes several answers.
fn large() -> Site {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let mut tar = tar::Builder::new(encoder);
    let mut files = crate::testing::fake_goroot("1.99.1");
    files.push(("go/src/large.go".to_owned(), 0o644, vec![b'x'; 20_000]));
    for (name, mode, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        tar.append_data(&mut header, name, content.as_slice())
            .unwrap();
    }
    let body = tar.into_inner().unwrap().finish().unwrap();
    Site {
        sha256: digest::of_bytes(&body),
        size: body.len(),
        declared: body.len(),
        body,
    }
}

#[test]
fn a_broken_connection_goes_on_where_it_broke() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(&folder, large().up_in_parts(6_000));
    let told = Mutex::new(Vec::new());
    let progress = |event| told.lock().unwrap().push(event);
    let found = install(&"1.99.1".parse().unwrap(), &toolbox, Watch::new(&progress)).unwrap();
    assert!(found.goroot.join("src/large.go").is_file());
    assert_eq!(
        std::fs::read_dir(toolbox.store.downloads())
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn the_next_call_goes_on_with_what_has_come_and_trusts_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let site = large();
    let (body, part) = (site.body.clone(), format!("{}.part", site.sha256));
    let toolbox = toolbox(&folder, site.up_in_parts(body.len() / 2));
    let downloads = toolbox.store.downloads();
    std::fs::create_dir_all(&downloads).unwrap();
    let install = || install(&"1.99.1".parse().unwrap(), &toolbox, Watch::silent());
    // More than half is there, so one answer of half the archive does.
    std::fs::write(downloads.join(&part), &body[..body.len() * 2 / 3]).unwrap();
    install().unwrap();
    std::fs::remove_dir_all(folder.path().join("toolchains")).unwrap();
    // A part that was altered fails the checksum of the whole, and is gone then.
    std::fs::write(downloads.join(&part), vec![0; body.len() * 2 / 3]).unwrap();
    assert!(install().unwrap_err().to_string().contains("SHA-256 is"));
    assert_eq!(std::fs::read_dir(&downloads).unwrap().count(), 0);
    install().unwrap();
}

#[test]
fn the_default_is_the_newest_stable_release() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(&folder, Site::honest().up());
    let toolchain = install(&"default".parse().unwrap(), &toolbox, Watch::silent()).unwrap();
    assert_eq!(toolchain.version.number(), "1.99.1");
}

#[test]
fn a_wrong_checksum_is_refused() {
    let wrong = Site {
        sha256: "1".repeat(64),
        ..Site::honest()
    };
    let text = refusal(wrong);
    assert!(
        text.contains("SHA-256 is ") && text.contains("says 1111"),
        "{text}"
    );
}

#[test]
fn a_wrong_size_is_refused_before_it_fills_the_disk() {
    let honest = Site::honest();
    let text = refusal(Site {
        size: honest.size - 1,
        ..honest
    });
    assert!(text.contains("got at least"), "{text}");
    let honest = Site::honest();
    let text = refusal(Site {
        size: honest.size + 1,
        ..honest
    });
    assert!(text.contains("got only"), "{text}");
}

#[test]
fn a_connection_that_breaks_off_is_an_error() {
    let mut cut = Site::honest();
    cut.body.truncate(cut.body.len() / 2);
    let text = refusal(cut);
    assert!(text.contains("godev: http://127.0.0.1"), "{text}");
}

#[test]
fn an_archive_of_another_release_is_refused() {
    let body = fake_archive("1.98.7");
    let other = Site {
        sha256: digest::of_bytes(&body),
        size: body.len(),
        declared: body.len(),
        body,
    };
    let text = refusal(other);
    assert!(
        text.contains("asked for go1.99.1, VERSION says go1.98.7"),
        "{text}"
    );
}

#[test]
fn a_release_that_is_not_there_is_named_with_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let toolbox = toolbox(&folder, Site::honest().up());
    let text = |spec: &str| {
        install(&spec.parse().unwrap(), &toolbox, Watch::silent())
            .unwrap_err()
            .to_string()
    };
    assert!(text("1.99.7").contains("does not have 1.99.7; it has 1.99.1, 1.99.0"));
    assert!(text("1.42").contains("it has nothing of that minor; its newest is 1.99.1"));
}

#[test]
fn checksums_are_not_taken_over_a_plain_connection() {
    let error = offer(&"1.99.1".parse().unwrap(), "http://go.example/dl/").unwrap_err();
    assert!(error.to_string().contains("is not https"));
}

#[test]
fn an_unreachable_site_is_one_clear_line() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = offer(
        &"1.99.1".parse().unwrap(),
        &format!("http://127.0.0.1:{port}/dl/"),
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("http://127.0.0.1:") && text.contains("onnection"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1);
}
