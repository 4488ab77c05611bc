//! Files of one JSON value a line: read whole, appended line by line, each line on disk before the next is begun.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreError, decode, io_error, readable_again, sync_folder};
use crate::decision::{DECISION_FORMAT, Decision};
use crate::trial::{TRIAL_FORMAT, Trial};

/// What is stored as lines.
pub trait Line: Serialize + DeserializeOwned {
    /// The file within the run's folder.
    const FILE: &'static str;
    /// What one line holds, for messages.
    const WHAT: &'static str;
    /// The newest format that we read.
    const FORMAT: u32;

    /// Which one this is, for messages.
    fn name(&self) -> String;
}

impl Line for Trial {
    const FILE: &'static str = "trials.jsonl";
    const WHAT: &'static str = "trial";
    const FORMAT: u32 = TRIAL_FORMAT;

    fn name(&self) -> String {
        format!("trial {}", self.id)
    }
}

impl Line for Decision {
    const FILE: &'static str = "decisions.jsonl";
    const WHAT: &'static str = "decision";
    const FORMAT: u32 = DECISION_FORMAT;

    fn name(&self) -> String {
        format!("the decision after block {}", self.blocks)
    }
}

/// Every complete line of a folder's file; none where there is no file.
pub(super) fn read<T: Line>(folder: &Path) -> Result<Vec<T>, StoreError> {
    let path = folder.join(T::FILE);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(io_error("read", &path))?,
    };
    // A half-written line may end inside a character, so it goes first.
    let complete = &bytes[..complete_bytes(&bytes)];
    let text = std::str::from_utf8(complete).map_err(|error| StoreError::Corrupt {
        path: path.clone(),
        line: complete[..error.valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1,
        what: T::WHAT,
        reason: error.to_string(),
    })?;
    text.lines()
        .enumerate()
        .map(|(at, line)| decode(&path, at + 1, T::WHAT, T::FORMAT, line))
        .collect()
}

/// Appends lines to a run.
#[derive(Debug)]
pub struct LineWriter<T> {
    file: File,
    path: PathBuf,
    lines_of: PhantomData<T>,
}

impl<T: Line> LineWriter<T> {
    pub(super) fn open(folder: &Path) -> Result<LineWriter<T>, StoreError> {
        let path = folder.join(T::FILE);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io_error("open", &path))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(io_error("read", &path))?;
        file.set_len(complete_bytes(&text) as u64)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .map_err(io_error("truncate", &path))?;
        // The file may be new: its name must survive a power cut as well.
        sync_folder(folder)?;
        Ok(LineWriter {
            file,
            path,
            lines_of: PhantomData,
        })
    }

    /// Appends one line; when this returns it is on disk.
    ///
    /// # Errors
    /// The file system's, or [`StoreError::Io`] with `InvalidData` for a value that could not be read again: JSON has
    /// no word for NaN, and one such line would take the whole run with it. Nothing is written then.
    pub fn write(&mut self, value: &T) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(value).expect("a line is plain data");
        readable_again::<T>(&self.path, &value.name(), &line)?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .and_then(|()| self.file.sync_data())
            .map_err(io_error("write", &self.path))
    }
}

/// Length of the complete lines.
fn complete_bytes(text: &[u8]) -> usize {
    let last = text.iter().rposition(|&byte| byte == b'\n');
    last.map_or(0, |at| at + 1)
}
