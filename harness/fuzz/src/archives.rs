//! Archives of toolchains, unpacked onto the disk.

use std::fs;
use std::path::Path;

use toolchain::ToolchainError;
use toolchain::unpack::{self, Contents, Limits};

use crate::go::gzip;

/// As for a toolchain, but for what would only cost time.
const LIMITS: Limits = Limits {
    files: 500,
    bytes: 1 << 20,
    ..Limits::TOOLCHAIN
};

type Unpack = fn(&Path, &Path, Limits, &dyn Fn(u64)) -> Result<Contents, ToolchainError>;

pub(crate) fn tar(bytes: &[u8]) {
    unpacks_inside(&gzip(bytes), unpack::tar_gz);
}

pub(crate) fn zip(bytes: &[u8]) {
    unpacks_inside(bytes, unpack::zip);
}

/// Whatever an archive holds: only files and folders come of it, inside the folder and no more than allowed; and if it
/// is accepted, those that are reported.
fn unpacks_inside(bytes: &[u8], unpack: Unpack) {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().join("archive");
    let into = place.path().join("into");
    fs::write(&archive, bytes).expect("a temporary file");
    fs::create_dir(&into).expect("a temporary folder");
    let unpacked = unpack(&archive, &into, LIMITS, &|_| {});
    let mut beside: Vec<_> = fs::read_dir(place.path())
        .expect("our own folder")
        .map(|entry| entry.expect("our own folder").file_name())
        .collect();
    beside.sort();
    assert_eq!(
        beside,
        ["archive", "into"],
        "it wrote outside of its folder"
    );
    let mut found = Found::default();
    found.gather(&into);
    // One file may have been cut off behind the limit.
    assert!(found.files <= LIMITS.files && found.bytes <= LIMITS.bytes + 1);
    if let Ok(contents) = unpacked {
        assert_eq!(contents.len() as u64, found.files);
        for (name, written) in contents {
            let file = fs::metadata(into.join(&name)).expect("a file that is reported");
            assert_eq!(file.len(), written.bytes, "{name}");
        }
    }
}

#[derive(Default)]
struct Found {
    files: u64,
    bytes: u64,
}

impl Found {
    fn gather(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("our own folder") {
            let path = entry.expect("our own folder").path();
            let metadata = fs::symlink_metadata(&path).expect("what was just listed");
            if metadata.is_dir() {
                self.gather(&path);
                continue;
            }
            assert!(
                metadata.is_file(),
                "{} is neither file nor folder",
                path.display()
            );
            self.files += 1;
            self.bytes += metadata.len();
        }
    }
}
