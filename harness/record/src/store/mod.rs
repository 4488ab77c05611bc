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

mod lines;

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

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

impl RunDir {
    /// Creates the folder (and its parents) if it is not there.
    ///
    /// # Errors
    /// The file system's.
    pub fn create(path: &Path) -> Result<RunDir, StoreError> {
        let raw = path.join("raw");
        make_folder(&raw)?;
        Ok(RunDir {
            path: path.to_owned(),
        })
    }

    /// Opens a folder that holds a run.
    ///
    /// # Errors
    /// [`StoreError::NotARun`] where there is no `run.json`.
    pub fn open(path: &Path) -> Result<RunDir, StoreError> {
        if !path.join("run.json").is_file() {
            return Err(StoreError::NotARun(path.to_owned()));
        }
        Ok(RunDir {
            path: path.to_owned(),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of raw evidence.
    pub fn raw(&self) -> PathBuf {
        self.path.join("raw")
    }

    /// Reads `run.json`, and `decisions.jsonl` into the run.
    ///
    /// # Errors
    /// Not there, not readable, or of a newer format.
    pub fn read_run(&self) -> Result<Run, StoreError> {
        let path = self.path.join("run.json");
        let text = fs::read_to_string(&path).map_err(io_error("read", &path))?;
        let mut run: Run = decode(&path, 1, "run", RUN_FORMAT, &text)?;
        run.decisions = lines::read(&self.path)?;
        Ok(run)
    }

    /// Writes `run.json`: to a temporary file, fsynced, renamed into place.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_run(&self, run: &Run) -> Result<(), StoreError> {
        let path = self.path.join("run.json");
        let mut text = serde_json::to_string_pretty(run).expect("a run is plain data");
        readable_again::<Run>(&path, "the run", text.as_bytes())?;
        text.push('\n');
        let temporary = self.path.join("run.json.new");
        let mut file = File::create(&temporary).map_err(io_error("create", &temporary))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(io_error("write", &temporary))?;
        fs::rename(&temporary, &path).map_err(io_error("rename", &path))?;
        sync_folder(&self.path)
    }

    /// Reads every complete trial; a half-written last line is left out.
    ///
    /// # Errors
    /// Not readable, a corrupt line, or a newer format.
    pub fn read_trials(&self) -> Result<Vec<Trial>, StoreError> {
        lines::read(&self.path)
    }

    /// Opens `trials.jsonl` for appending and cuts off a half-written line.
    ///
    /// # Errors
    /// The file system's.
    pub fn append(&self) -> Result<LineWriter<Trial>, StoreError> {
        LineWriter::open(&self.path)
    }

    /// Opens `decisions.jsonl` for appending and cuts off a half-written line.
    ///
    /// # Errors
    /// The file system's.
    pub fn append_decisions(&self) -> Result<LineWriter<Decision>, StoreError> {
        LineWriter::open(&self.path)
    }
}

/// Makes a folder of a run and those above it, if they are not there. Whatever the umask, nobody but the owner may
/// write into it.
///
/// # Errors
/// The file system's.
pub fn make_folder(path: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(io_error("create", path))
}

/// Makes a rename in this folder survive a power cut.
///
/// # Errors
/// The file system's.
pub fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error("sync", path))
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
    let reason = format!("{what} would not be readable: {error}; is a figure not a finite number?");
    Err(io_error("store into", path)(io::Error::new(
        io::ErrorKind::InvalidData,
        reason,
    )))
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
