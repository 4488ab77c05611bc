//! A folder is ours before anything in it is touched: which one is taken for a run, and what in it is
//! swept away.

use std::io;
use std::path::Path;

use safefile::Folder;

use super::{RAW, RUN, RunDir, StoreError, io_error};

/// What a run leaves before it has a record: its preparation was interrupted.
const BEFORE_A_RECORD: [&str; 3] = ["lock", RAW, "pgo"];
/// How the folder of a trial or a diagnosis under way begins.
const UNFINISHED: &str = "unfinished-";

/// How the folder of a calibration begins, below `raw/`; it is removed when it has ended.
pub const CALIBRATION: &str = "unfinished-calibration-";
/// How the folder begins in which the profile of a control is taken, below `raw/`; it is removed
/// when the profile has its place.
pub const PROFILE: &str = "unfinished-profile-";

fn is_preparation(name: &str) -> bool {
    name.starts_with(CALIBRATION) || name.starts_with(PROFILE)
}

/// Whether a folder below `raw/` is that of a trial under way: `unfinished-03-05`,
/// `unfinished-03-05-r1`, or of a preparation.
fn is_unfinished(name: &str) -> bool {
    if is_preparation(name) {
        return true;
    }
    let Some(rest) = name.strip_prefix(UNFINISHED) else {
        return false;
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = rest.split('-').collect();
    match parts.as_slice() {
        [block, place] => digits(block) && digits(place),
        [block, place, retry] => {
            digits(block) && digits(place) && retry.strip_prefix('r').is_some_and(digits)
        }
        _ => false,
    }
}

impl RunDir {
    /// Takes a folder for a run: one that holds a run already, or an empty or
    /// new one, which is made with its parents. Whatever the umask, nobody but
    /// the owner may write into it.
    ///
    /// # Errors
    /// [`StoreError::NotOurs`] and [`StoreError::NoRecord`], before anything in
    /// it is touched, and the file system's.
    pub fn create(path: &Path) -> Result<RunDir, StoreError> {
        RunDir::check_free(path)?;
        let folder = Folder::make(path).map_err(io_error("create", path))?;
        folder
            .make_folder(RAW)
            .map_err(io_error("create", &path.join(RAW)))?;
        Ok(RunDir {
            path: path.to_owned(),
        })
    }

    /// Checks that [`RunDir::create`] would take a folder; touches nothing.
    ///
    /// # Errors
    /// As [`RunDir::create`].
    pub fn check_free(path: &Path) -> Result<(), StoreError> {
        let folder = match Folder::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(io_error("look into", path))?,
        };
        let look = |name: &str| folder.has(name).map_err(io_error("look into", path));
        if look(RUN)? {
            return Ok(());
        }
        for name in ["trials.jsonl", "decisions.jsonl", "diagnosis"] {
            if look(name)? {
                return Err(StoreError::NoRecord {
                    path: path.to_owned(),
                    found: name.to_owned(),
                });
            }
        }
        let names = folder.names().map_err(io_error("look into", path))?;
        let foreign = |name: &String| {
            !BEFORE_A_RECORD.contains(&name.as_str()) && !Folder::is_half_written(name)
        };
        // What a killed preparation left; nothing else is there yet.
        let raw = folder.folder(RAW).and_then(|raw| raw.names());
        let raw = match raw {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(io_error("look into", &path.join(RAW)))?,
        };
        let in_raw = raw
            .iter()
            .find(|name| !is_preparation(name))
            .map(|name| format!("{RAW}/{name}"));
        // The lock is made first of all that has anything in it.
        let unmarked = || {
            let ours = names.iter().any(|name| name == "lock");
            let filled = names.iter().find(|name| *name == "pgo" || !raw.is_empty());
            filled.filter(|_| !ours).cloned()
        };
        let found = names.iter().find(|name| foreign(name)).cloned();
        match found.or(in_raw).or_else(unmarked) {
            Some(found) => Err(StoreError::NotOurs {
                path: path.to_owned(),
                found,
            }),
            None => Ok(()),
        }
    }

    /// Removes what a killed process left: the evidence of its trial, and files
    /// that it had not finished. Only what has a name that we give.
    ///
    /// # Errors
    /// The file system's, for what is to be removed.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let folder = self.folder()?;
        let names = folder.names().map_err(io_error("look into", &self.path))?;
        for name in names.iter().filter(|name| Folder::is_half_written(name)) {
            folder
                .remove_file(name)
                .map_err(io_error("remove", &self.path.join(name)))?;
        }
        let raw = folder.folder(RAW).and_then(|raw| raw.names());
        let raw = raw.map_err(io_error("look into", &self.raw()))?;
        for name in raw.iter().filter(|name| is_unfinished(name)) {
            folder
                .remove_folder(&format!("{RAW}/{name}"))
                .map_err(io_error("remove", &self.raw().join(name)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_names_that_we_give_are_swept() {
        for name in [
            "unfinished-03-05",
            "unfinished-103-05-r12",
            "unfinished-calibration-x7",
            "unfinished-profile-x7",
        ] {
            assert!(is_unfinished(name), "{name}");
        }
        for name in [
            "unfinished-album",
            "unfinished-",
            "unfinished-03",
            "unfinished-03-05-x1",
            "unfinished-03-05-r1-2",
            "0123456789ab",
        ] {
            assert!(!is_unfinished(name), "{name}");
        }
    }

    #[test]
    fn a_preparation_that_was_killed_is_gone_on_with() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        RunDir::create(&at("run")).unwrap();
        RunDir::create(&at("run")).unwrap();
        fs::write(at("run/lock"), "1").unwrap();
        fs::create_dir_all(at("run/raw/unfinished-calibration-x")).unwrap();
        fs::create_dir_all(at("run/pgo/service")).unwrap();
        RunDir::create(&at("run")).unwrap();
        // Without the lock that is made first it is somebody else's.
        fs::remove_file(at("run/lock")).unwrap();
        let error = RunDir::create(&at("run")).unwrap_err();
        assert!(matches!(error, StoreError::NotOurs { .. }), "{error}");
    }
}
