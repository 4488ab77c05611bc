//! A ready-made binary, kept like one that we built: what is measured is a copy that nobody writes to, whatever becomes
//! of the original meanwhile.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use toolchain::{Store, ToolchainError, Watch, digest};

use super::cache::{self, Entry};

/// Goes into every key.
const KEY_FORMAT: &str = "gosweep binary 1";

/// Where a ready-made binary is: relative to the target file, or for a plain name that is not there, in PATH.
pub fn place_of_binary(folder: &Path, named: &str) -> PathBuf {
    let beside = folder.join(named);
    if named.contains('/') || beside.exists() {
        return beside;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(named));
    found.find(|file| file.is_file()).unwrap_or(beside)
}

/// A copy of a ready-made binary in our cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The copy.
    pub path: PathBuf,
    /// SHA-256 of the copy.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
}

/// Copies `binary` into the cache, unless the same bytes are there already.
///
/// # Errors
/// It is no executable regular file, or it cannot be copied.
pub fn pin(binary: &Path, store: &Store, watch: Watch<'_>) -> Result<Pinned, ToolchainError> {
    let failed = |action| move |error| ToolchainError::io(action, binary, error);
    let meta = fs::metadata(binary).map_err(failed("find"))?;
    let name = binary.file_name().and_then(|name| name.to_str());
    let name = match name {
        Some(name) if meta.is_file() && meta.permissions().mode() & 0o111 != 0 => name,
        _ => {
            let reason = "it is no executable file with a name in UTF-8";
            return Err(ToolchainError::refused(binary.display(), reason));
        }
    };
    let sum = digest::of_file(binary).map_err(failed("hash"))?;
    let key = digest::of_bytes(format!("{KEY_FORMAT} {name} {sum}").as_bytes());
    let folder = cache::folder(store, &key);
    let _lock = store.lock(&format!("artifact-{key}"), watch)?;
    if let Some(entry) = cache::read(&folder, name) {
        return Ok(pinned(&folder, entry));
    }
    let staging = cache::staging(store, &key)?;
    let copy = staging.path().join(name);
    let original = File::open(binary).map_err(failed("open"))?;
    let mut to = File::create_new(&copy).map_err(failed("copy"))?;
    // No further than its size of before: it may be growing.
    let bytes = io::copy(&mut original.take(meta.len() + 1), &mut to).map_err(failed("copy"))?;
    to.set_permissions(fs::Permissions::from_mode(0o555))
        .and_then(|()| to.sync_all())
        .map_err(failed("copy"))?;
    // The copy is hashed, not the original: it is what runs.
    if digest::of_file(&copy).map_err(failed("hash"))? != sum {
        let reason = "it changed while it was being copied; wait until its build has ended";
        return Err(ToolchainError::refused(binary.display(), reason));
    }
    let entry = Entry {
        format_version: Entry::FORMAT,
        target: name.to_owned(),
        toolchain: String::new(),
        sha256: sum,
        size_bytes: bytes,
        command: String::new(),
        environment: Vec::new(),
        build_ns: 0,
        built_at: jiff::Timestamp::now().to_string(),
        go_version_m: String::new(),
    };
    let inputs = format!("{KEY_FORMAT}\ncopied from {}\n", binary.display());
    cache::commit(staging, &folder, &entry, &inputs)?;
    Ok(pinned(&folder, entry))
}

fn pinned(folder: &Path, entry: Entry) -> Pinned {
    Pinned {
        path: folder.join(entry.target),
        sha256: entry.sha256,
        size_bytes: entry.size_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_original_does_not_reach_the_copy() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::at(place.path().join("cache"));
        let binary = place.path().join("api");
        let write = |text: &str| {
            let _ = fs::remove_file(&binary);
            fs::write(&binary, text).unwrap();
            fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("one");
        let first = pin(&binary, &store, Watch::silent()).unwrap();
        write("two");
        assert_eq!(fs::read(&first.path).unwrap(), b"one");
        assert_eq!(first.sha256, digest::of_bytes(b"one"));
        assert!(first.path.starts_with(store.artifacts()));
        let mode = fs::metadata(&first.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o555);
        let second = pin(&binary, &store, Watch::silent()).unwrap();
        assert_ne!(first.path, second.path);
        write("one");
        assert_eq!(pin(&binary, &store, Watch::silent()).unwrap(), first);
    }

    #[test]
    fn a_copy_that_was_altered_is_made_again() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::at(place.path().join("cache"));
        let binary = place.path().join("api");
        fs::write(&binary, "one").unwrap();
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
        let first = pin(&binary, &store, Watch::silent()).unwrap();
        fs::remove_file(&first.path).unwrap();
        fs::write(&first.path, "bad").unwrap();
        assert_eq!(pin(&binary, &store, Watch::silent()).unwrap(), first);
        assert_eq!(fs::read(&first.path).unwrap(), b"one");
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_name() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::at(place.path().join("cache"));
        let text = place.path().join("notes");
        fs::write(&text, "x").unwrap();
        for path in [text.as_path(), place.path(), Path::new("/dev/zero")] {
            let error = pin(path, &store, Watch::silent()).unwrap_err().to_string();
            assert!(error.contains(&path.display().to_string()), "{error}");
            assert!(error.contains("no executable file"), "{error}");
        }
    }

    #[test]
    fn a_plain_name_that_is_not_beside_the_target_file_is_looked_up_in_path() {
        let place = tempfile::tempdir().unwrap();
        let beside = place.path().join("sh");
        assert!(place_of_binary(place.path(), "sh").is_absolute());
        assert_ne!(place_of_binary(place.path(), "sh"), beside);
        std::fs::write(&beside, "").unwrap();
        assert_eq!(place_of_binary(place.path(), "sh"), beside);
        let other = place_of_binary(place.path(), "./none");
        assert_eq!(other, place.path().join("./none"));
        let none = place_of_binary(place.path(), "no-such-program-anywhere");
        assert_eq!(none, place.path().join("no-such-program-anywhere"));
    }
}
