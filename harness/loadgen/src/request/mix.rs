//! The request mix as callers write it.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::errors::LoadError;

/// Requests with weights, and the rows that their templates may name.
#[derive(Debug, Clone, Default)]
pub struct RequestMix {
    /// The request classes; at least one.
    pub requests: Vec<RequestSpec>,
    /// Data for `{{csv:COLUMN}}`; request `k` uses row `k` modulo the number of rows.
    pub rows: Option<CsvRows>,
}

impl RequestMix {
    /// One request, every time.
    pub fn single(request: RequestSpec) -> Self {
        Self {
            requests: vec![request],
            rows: None,
        }
    }

    /// `GET target`, every time.
    pub fn get(target: impl Into<String>) -> Self {
        Self::single(RequestSpec::get(target))
    }
}

/// One class of requests. Target, header values and [`Body::Template`] may hold placeholders:
/// see [`crate::Template`].
#[derive(Debug, Clone)]
pub struct RequestSpec {
    /// The class's name in reports.
    pub name: String,
    /// Its share of the mix, relative to the others.
    pub weight: f64,
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Further headers. `host`, `content-length` and `connection` are added where missing.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// What the answer must be.
    pub expect: Expect,
}

impl RequestSpec {
    /// A plain `GET` that must be answered with a status below 400.
    pub fn get(target: impl Into<String>) -> Self {
        let target = target.into();
        Self {
            name: format!("GET {target}"),
            weight: 1.0,
            method: "GET".into(),
            target,
            headers: Vec::new(),
            body: Body::Empty,
            expect: Expect::default(),
        }
    }
}

/// The largest file that is sent as a body; every connection sends it again.
pub const LARGEST_BODY_BYTES: u64 = 256 << 20;

/// A request body.
#[derive(Debug, Clone, Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The content of this file, read once before the run.
    File(PathBuf),
    /// A template, rendered for every request.
    Template(String),
}

/// What an answer must be; anything else is an error, however fast.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// The status.
    pub status: StatusExpectation,
    /// The length of the decoded body in bytes.
    pub length: Option<u64>,
    /// The SHA-256 of the decoded body.
    pub sha256: Option<[u8; 32]>,
}

/// Which statuses count as an answer.
#[derive(Debug, Clone, Default)]
pub enum StatusExpectation {
    /// 200 to 399, as wrk counts.
    #[default]
    Success,
    /// One of these.
    OneOf(Vec<u16>),
    /// Any status.
    Any,
}

impl StatusExpectation {
    /// Whether `status` is expected.
    #[inline]
    pub fn accepts(&self, status: u16) -> bool {
        match self {
            Self::Success => (200..400).contains(&status),
            Self::OneOf(list) => list.contains(&status),
            Self::Any => true,
        }
    }
}

/// Rows of a CSV file with a header line.
#[derive(Debug, Clone, Default)]
pub struct CsvRows {
    columns: Vec<String>,
    /// All fields behind one another, row by row.
    text: String,
    /// Where each field ends in `text`.
    ends: Vec<u32>,
}

/// A row is some tens of bytes, and a million rows are more than a run asks for.
const LARGEST_CSV_BYTES: u64 = 64 << 20;

impl CsvRows {
    /// Reads a CSV file whose first line names the columns.
    ///
    /// # Errors
    /// [`LoadError::File`] when the file cannot be read or is not CSV, or has no rows.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let fail = |source: std::io::Error| LoadError::File {
            path: path.display().to_string(),
            source,
        };
        let file = safefile::open_named(path).map_err(fail)?;
        Self::parse(file).map_err(|message| fail(std::io::Error::other(message)))
    }

    /// Reads CSV text whose first line names the columns; the error is a plain fragment.
    ///
    /// # Errors
    /// When the text is not CSV, has no rows or more than 64 MiB.
    pub fn parse(text: impl Read) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text.take(LARGEST_CSV_BYTES + 1));
        let columns: Vec<String> = reader
            .headers()
            .map_err(|error| error.to_string())?
            .iter()
            .map(str::to_owned)
            .collect();
        let mut rows = Self {
            columns,
            ..Self::default()
        };
        let mut record = csv::StringRecord::new();
        let ended = loop {
            match reader.read_record(&mut record) {
                Ok(true) => rows.push(&record),
                Ok(false) => break Ok(()),
                Err(error) => break Err(error.to_string()),
            }
        };
        // Cut off there, it may also end in the middle of a row.
        if reader.position().byte() > LARGEST_CSV_BYTES {
            return Err(format!(
                "it has more than {} MiB; give a part of it",
                LARGEST_CSV_BYTES >> 20
            ));
        }
        ended?;
        if rows.ends.is_empty() {
            return Err("no rows below the header line".into());
        }
        Ok(rows)
    }

    fn push(&mut self, record: &csv::StringRecord) {
        for field in record {
            self.text.push_str(field);
            self.ends.push(self.text.len() as u32);
        }
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    #[inline]
    pub(crate) fn value(&self, request: u64, column: usize) -> &str {
        let width = self.columns.len();
        let row = (request % (self.ends.len() / width) as u64) as usize;
        let at = row * width + column;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin as usize..self.ends[at] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_stands_in_the_file() {
        let rows = CsvRows::parse("id,name\n,ann\n8,\n9,\"é,\"\n".as_bytes()).unwrap();
        let found: Vec<_> = (0..4)
            .map(|request| [rows.value(request, 0), rows.value(request, 1)])
            .collect();
        assert_eq!(found, [["", "ann"], ["8", ""], ["9", "é,"], ["", "ann"]]);
    }

    #[test]
    fn a_csv_has_a_budget() {
        let endless = "id\n".as_bytes().chain(std::io::repeat(b'1'));
        let error = CsvRows::parse(endless).unwrap_err();
        assert_eq!(error, "it has more than 64 MiB; give a part of it");
    }
}
