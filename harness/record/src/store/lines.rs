//! Files of one JSON value a line: read whole, appended line by line, each line on disk before the next is begun.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{RunDir, StoreError, decode, io_error, named, readable_again};
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

    /// The folders and files of the run that it names.
    fn named(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl Line for Trial {
    const FILE: &'static str = "trials.jsonl";
    const WHAT: &'static str = "trial";
    const FORMAT: u32 = TRIAL_FORMAT;

    fn name(&self) -> String {
        format!("trial {}", self.id)
    }

    fn named(&self) -> Vec<&str> {
        let raw = Some(self.raw.as_str()).filter(|raw| !raw.is_empty());
        raw.into_iter().chain([self.cell.as_str()]).collect()
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

/// A trial of many windows takes some 50 KB.
const LARGEST_BYTES: u64 = 2 << 30;
/// Others may read them.
const MODE: u32 = 0o644;

/// Every complete line of a folder's file; none where there is no file.
pub(super) fn read<T: Line>(dir: &RunDir) -> Result<Vec<T>, StoreError> {
    let path = dir.path().join(T::FILE);
    let bytes = dir.evidence(T::FILE, LARGEST_BYTES)?.unwrap_or_default();
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
        .map(|(at, line)| line_of(&path, at + 1, line))
        .collect()
}

fn line_of<T: Line>(path: &Path, at: usize, line: &str) -> Result<T, StoreError> {
    let value: T = decode(path, at, T::WHAT, T::FORMAT, line)?;
    for name in value.named() {
        named(path, at, T::WHAT, name)?;
    }
    Ok(value)
}

/// Appends lines to a run.
#[derive(Debug)]
pub struct LineWriter<T> {
    file: File,
    path: PathBuf,
    lines_of: PhantomData<T>,
}

impl<T: Line> LineWriter<T> {
    pub(super) fn open(dir: &RunDir) -> Result<LineWriter<T>, StoreError> {
        let path = dir.path().join(T::FILE);
        let folder = dir.folder()?;
        let mut file = folder
            .open_or_create(T::FILE, MODE)
            .map_err(io_error("open", &path))?;
        let mut text = Vec::new();
        (&mut file)
            .take(LARGEST_BYTES)
            .read_to_end(&mut text)
            .map_err(io_error("read", &path))?;
        let complete = complete_bytes(&text);
        if complete < text.len() {
            file.set_len(complete as u64)
                .map_err(io_error("truncate", &path))?;
        }
        file.seek(SeekFrom::Start(complete as u64))
            .map_err(io_error("read", &path))?;
        // The file may be new: its name must survive a power cut as well.
        folder.sync().map_err(io_error("sync", dir.path()))?;
        Ok(LineWriter {
            file,
            path,
            lines_of: PhantomData,
        })
    }

    /// Appends one line; when this returns it is on disk.
    ///
    /// # Errors
    /// The file system's, or [`StoreError::Unstorable`] for a value
    /// that could not be read again: JSON has no word for NaN, and one such line
    /// would take the whole run with it. Nothing is written then.
    pub fn write(&mut self, value: &T) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(value).expect("a line is plain data");
        readable_again::<T>(&self.path, &value.name(), &line)?;
        line.push(b'\n');
        let begin = self.file.stream_position();
        let begin = begin.map_err(io_error("write", &self.path))?;
        let written = self
            .file
            .write_all(&line)
            .and_then(|()| self.file.sync_data());
        if written.is_err() {
            // What a full disk took of the line is no line; the next open would cut it off as well.
            let _ = self.file.set_len(begin);
            let _ = self.file.seek(SeekFrom::Start(begin));
        }
        written.map_err(io_error("write", &self.path))
    }
}

/// Length of the complete lines.
fn complete_bytes(text: &[u8]) -> usize {
    let last = text.iter().rposition(|&byte| byte == b'\n');
    last.map_or(0, |at| at + 1)
}
