//! The request mix as callers write it.

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
    rows: Vec<Vec<String>>,
}

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
    /// When the text is not CSV or has no rows.
    pub fn parse(text: impl std::io::Read) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text);
        let columns = reader
            .headers()
            .map_err(|error| error.to_string())?
            .iter()
            .map(str::to_owned)
            .collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            rows.push(record.iter().map(str::to_owned).collect());
        }
        if rows.is_empty() {
            return Err("no rows below the header line".into());
        }
        Ok(Self { columns, rows })
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    #[inline]
    pub(crate) fn value(&self, request: u64, column: usize) -> &str {
        &self.rows[(request % self.rows.len() as u64) as usize][column]
    }
}
