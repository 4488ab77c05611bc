//! The folder of a run: `run.json`, `trials.jsonl`, `decisions.jsonl`, `raw/`.
//!
//! A trial is appended as one line, flushed and fsynced after its raw evidence was renamed into place. A line that a
//! killed process left half written is recognised by its missing newline and cut off on the next open. Decisions are
//! kept in the same way.
//!
//! # How the formats may grow
//! Each file states its format version. Within a version only fields that may be missing are added: an `Option`, or one
//! with `#[serde(default)]`. So an older gosweep passes over what it does not know, and a newer one reads what an older
//! one wrote. Anything else (a field that must be there, a new meaning or unit, a new word of an enum) needs a new
//! version; a newer version than our own is refused by name. `tests/fixtures/format-1` must stay readable.

mod claim;
mod lines;

use std::io;
use std::path::{Path, PathBuf};

use safefile::{Folder, Refused, check_name};
use serde::Deserialize;

pub use claim::{CALIBRATION, PROFILE};
pub use lines::{Line, LineWriter};

use crate::decision::Decision;
use crate::run::{RUN_FORMAT, Run};
use crate::trial::Trial;

/// What can go wrong with a run's folder.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system said no.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds no run.
    #[error("{} is no run folder: it has no run.json; name a folder under results/", .0.display())]
    NotARun(PathBuf),
    /// The folder holds what no run of ours left there.
    #[error(
        "{} is no run folder, and holds `{found}`, which is no run's: name a new folder, or an empty one",
        path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// What is in it.
        found: String,
    },
    /// What a run left is there, but not what it was a run of.
    #[error(
        "{} holds `{found}` of a run, but no run.json: nothing says under what calibration it was measured; put its run.json back, or name a new folder",
        path.display()
    )]
    NoRecord {
        /// The folder.
        path: PathBuf,
        /// What is left of the run.
        found: String,
    },
    /// A folder of somebody else.
    #[error("{}: {why}; if you know who made it and what is in it, say --trust", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Why it is not ours.
        why: Refused,
    },
    /// A folder that another machine made.
    #[error(
        "{} was made on another machine: what it describes would be built and started here; if you know who made it and what is in it, say --trust",
        path.display()
    )]
    Elsewhere {
        /// The folder.
        path: PathBuf,
    },
    /// A file is not what it should be.
    #[error("{}:{line}: not readable as a {what}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        what: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// What was to be written could not be read again; nothing was written.
    #[error("cannot store into {}: {reason}", path.display())]
    Unstorable {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// The file was written by a newer gosweep.
    #[error("{} has format {found}, this gosweep reads up to {known}: use a newer gosweep", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest we read.
        known: u32,
    },
}

/// A run's folder on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// The folder of the trials' raw evidence, in a run's folder.
const RAW: &str = "raw";
/// The record itself.
const RUN: &str = "run.json";
/// Whoever can read the record can make a folder that passes for one of ours.
const RUN_MODE: u32 = 0o600;
/// A run of thousands of cells takes some megabytes.
const LARGEST_RUN_BYTES: u64 = 256 << 20;
impl RunDir {
    /// Opens a folder that holds a run.
    ///
    /// # Errors
    /// [`StoreError::NotARun`] where there is no `run.json`, and what the file
    /// system says where that cannot be told.
    pub fn open(path: &Path) -> Result<RunDir, StoreError> {
        use io::ErrorKind::{NotADirectory, NotFound};
        let found = Folder::open(path).and_then(|folder| folder.has(RUN));
        match found {
            Ok(true) => Ok(RunDir {
                path: path.to_owned(),
            }),
            Ok(false) => Err(StoreError::NotARun(path.to_owned())),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => {
                Err(StoreError::NotARun(path.to_owned()))
            }
            Err(error) => Err(io_error("look into", path)(error)),
        }
    }

    /// Checks that the folder is ours: what is in it decides what is run.
    ///
    /// # Errors
    /// [`StoreError::Foreign`].
    pub fn check_ours(&self) -> Result<(), StoreError> {
        self.folder()?
            .check_ours()
            .map_err(|why| StoreError::Foreign {
                path: self.path.clone(),
                why,
            })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder, held open, for whoever writes into it.
    ///
    /// # Errors
    /// The file system's.
    pub fn folder(&self) -> Result<Folder, StoreError> {
        Folder::open(&self.path).map_err(io_error("look into", &self.path))
    }

    /// The folder of raw evidence.
    pub fn raw(&self) -> PathBuf {
        self.path.join(RAW)
    }

    /// Makes a folder of the run, by its name in it, and what is missing above
    /// it, for nobody but the owner to write into.
    ///
    /// # Errors
    /// The file system's, or there is a link or a file of that name.
    pub fn make_folder(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.path.join(name);
        self.folder()?
            .make_folder(name)
            .map_err(io_error("create", &path))?;
        Ok(path)
    }

    /// Gives a folder or file of the run its final name, in place of what has
    /// it, and waits until that is on disk.
    ///
    /// # Errors
    /// The file system's.
    pub fn put_in_place(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let folder = self.folder()?;
        if folder.has_folder(to) {
            folder
                .remove_folder(to)
                .map_err(io_error("replace", &self.path.join(to)))?;
        }
        folder
            .rename(from, to)
            .map_err(io_error("rename", &self.path.join(from)))
    }

    /// Reads evidence by its name in the folder; `None` where there is none.
    ///
    /// # Errors
    /// A name that leaves the folder; a link, pipe or device; more than `most`
    /// bytes; the file system's.
    pub fn evidence(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self.folder()?.read(name, most) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other
                .map(Some)
                .map_err(io_error("read", &self.path.join(name))),
        }
    }

    /// Reads `run.json`, and `decisions.jsonl` into the run.
    ///
    /// # Errors
    /// Not there, not readable, or of a newer format.
    pub fn read_run(&self) -> Result<Run, StoreError> {
        let path = self.path.join(RUN);
        let text = self.folder()?.read_text(RUN, LARGEST_RUN_BYTES);
        let text = text.map_err(io_error("read", &path))?;
        let mut run: Run = decode(&path, 1, "run", RUN_FORMAT, &text)?;
        for cell in &run.cells {
            named(&path, 1, "run", cell.id.as_str())?;
        }
        run.decisions = lines::read(self)?;
        Ok(run)
    }

    /// Writes `run.json`: to a temporary file, fsynced, renamed into place, for
    /// nobody but the owner to read.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_run(&self, run: &Run) -> Result<(), StoreError> {
        let path = self.path.join(RUN);
        let mut text = serde_json::to_string_pretty(run).expect("a run is plain data");
        readable_again::<Run>(&path, "the run", text.as_bytes())?;
        text.push('\n');
        self.folder()?
            .replace(RUN, text.as_bytes(), RUN_MODE)
            .map_err(io_error("write", &path))
    }

    /// Reads every complete trial; a half-written last line is left out.
    ///
    /// # Errors
    /// Not readable, a corrupt line, evidence that is named outside the
    /// folder, or a newer format.
    pub fn read_trials(&self) -> Result<Vec<Trial>, StoreError> {
        lines::read(self)
    }

    /// Opens `trials.jsonl` for appending and cuts off a half-written line.
    ///
    /// # Errors
    /// The file system's.
    pub fn append(&self) -> Result<LineWriter<Trial>, StoreError> {
        LineWriter::open(self)
    }

    /// Opens `decisions.jsonl` for appending and cuts off a half-written line.
    ///
    /// # Errors
    /// The file system's.
    pub fn append_decisions(&self) -> Result<LineWriter<Decision>, StoreError> {
        LineWriter::open(self)
    }
}

/// Checks a name that a record gives to a folder or file of the run.
pub(crate) fn named(
    path: &Path,
    line: usize,
    what: &'static str,
    name: &str,
) -> Result<(), StoreError> {
    check_name(name).map_err(|refused| StoreError::Corrupt {
        path: path.to_owned(),
        line,
        what,
        reason: refused.to_string(),
    })
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        action,
        path,
        source,
    }
}

/// Whether what is about to be written can be read.
pub(crate) fn readable_again<T: for<'de> Deserialize<'de>>(
    path: &Path,
    what: &str,
    json: &[u8],
) -> Result<(), StoreError> {
    let Err(error) = serde_json::from_slice::<T>(json) else {
        return Ok(());
    };
    Err(StoreError::Unstorable {
        path: path.to_owned(),
        reason: format!("{what} would not be readable: {error}; is a figure not a finite number?"),
    })
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

/// Decodes a file of ours, or a line of one, and refuses a newer format by name.
pub(crate) fn decode<T: for<'de> Deserialize<'de>>(
    path: &Path,
    line: usize,
    what: &'static str,
    known: u32,
    text: &str,
) -> Result<T, StoreError> {
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        path: path.to_owned(),
        line,
        what,
        reason: error.to_string(),
    };
    let format: FormatOnly = serde_json::from_str(text).map_err(corrupt)?;
    if format.format > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: format.format,
            known,
        });
    }
    serde_json::from_str(text).map_err(corrupt)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cell::CellId;
    use crate::decision::{Stop, StopReason};
    use crate::trial::{Outcome, ProcessLife, Role, Stage, TRIAL_FORMAT};

    fn trial(block: u32) -> Trial {
        Trial {
            format: TRIAL_FORMAT,
            id: format!("b{block:02}-00"),
            cell: CellId::of(["x"]),
            block,
            position: 0,
            role: Role::Measured,
            stage: Stage::Search,
            attempt: 0,
            started: "2026-01-01T00:00:00Z".into(),
            outcome: Outcome::Ok,
            saturate: None,
            constant: None,
            process: None,
            cgroup: None,
            readback: None,
            clock_probe: None,
            warnings: Vec::new(),
            raw: String::new(),
        }
    }

    #[test]
    fn a_half_written_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        run.append().unwrap().write(&trial(0)).unwrap();
        let path = folder.path().join("trials.jsonl");
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"format\":1,\"id\":\"b0");
        fs::write(&path, text).unwrap();
        assert_eq!(run.read_trials().unwrap(), [trial(0)]);
        run.append().unwrap().write(&trial(1)).unwrap();
        assert_eq!(run.read_trials().unwrap(), [trial(0), trial(1)]);
    }

    #[test]
    fn a_line_cut_inside_a_character_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        run.append().unwrap().write(&trial(0)).unwrap();
        let path = folder.path().join("trials.jsonl");
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(&"{\"id\":\"µ".as_bytes()[..8]);
        fs::write(&path, text).unwrap();
        assert_eq!(run.read_trials().unwrap(), [trial(0)]);
    }

    #[test]
    fn a_complete_line_of_no_text_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        run.append().unwrap().write(&trial(0)).unwrap();
        let path = folder.path().join("trials.jsonl");
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(b"\xff\n");
        fs::write(&path, text).unwrap();
        let error = run.read_trials().unwrap_err().to_string();
        assert!(error.contains("trials.jsonl:2:"), "{error}");
    }

    #[test]
    fn a_figure_that_json_cannot_hold_is_refused_before_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        let mut bad = trial(0);
        bad.process = Some(ProcessLife {
            ready_ms: f64::NAN,
            ..ProcessLife::default()
        });
        let error = run.append().unwrap().write(&bad).unwrap_err().to_string();
        assert!(
            error.contains("trial b00-00 would not be readable"),
            "{error}"
        );
        assert_eq!(run.read_trials().unwrap(), []);
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        fs::write(folder.path().join("run.json"), "{\"format\": 99}").unwrap();
        let error = run.read_run().unwrap_err().to_string();
        assert!(
            error.contains("has format 99, this gosweep reads up to 1"),
            "{error}"
        );
    }

    #[test]
    fn a_corrupt_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        fs::write(folder.path().join("trials.jsonl"), "{}\n").unwrap();
        let error = run.read_trials().unwrap_err().to_string();
        assert!(error.contains("trials.jsonl:1:"), "{error}");
    }

    #[test]
    fn a_folder_without_a_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            RunDir::open(folder.path()),
            Err(StoreError::NotARun(_))
        ));
    }

    #[test]
    fn decisions_are_kept_line_by_line_and_come_with_the_run() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
        let sample = RunDir::open(&fixture).unwrap().read_run().unwrap();
        assert_eq!(sample.decisions, []);
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::create(folder.path()).unwrap();
        dir.write_run(&sample).unwrap();
        let decision = Decision {
            stop: Some(Stop {
                reason: StopReason::Blocks,
                words: "all 6 blocks are done".to_owned(),
            }),
            ..Decision::nothing(6)
        };
        dir.append_decisions().unwrap().write(&decision).unwrap();
        let path = folder.path().join("decisions.jsonl");
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"format\":1,\"blo");
        fs::write(&path, text).unwrap();
        assert_eq!(
            dir.read_run().unwrap().decisions,
            std::slice::from_ref(&decision)
        );
        let next = Decision::nothing(7);
        dir.append_decisions().unwrap().write(&next).unwrap();
        assert_eq!(dir.read_run().unwrap().decisions, [decision, next]);
    }
}
