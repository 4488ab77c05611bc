//! The two answers of an environment check.

use std::fmt;

use strsim::damerau_levenshtein;

/// Why a setting must not be used as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort of problem; decides whether a matrix is wrong or only a cell impossible.
    pub kind: ProblemKind,
    /// What is wrong: a lower-case fragment that names the setting.
    pub message: String,
    /// What to do about it.
    pub cure: String,
    /// The likely intended text, ready to be put in place of the given one.
    pub suggestion: Option<String>,
}

/// The sorts of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// No Go version knows this name.
    Unknown,
    /// The name exists, but not in the Go version asked about: the cell cannot be measured.
    AbsentInVersion,
    /// Go would ignore the value and silently run with its default.
    SilentlyIgnored,
    /// The process would end at start.
    AbortsAtStart,
    /// The build would fail.
    BuildFails,
    /// It changes what is printed, not what is measured: the harness sets such keys itself.
    Observation,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.message, self.cure)
    }
}

impl std::error::Error for Problem {}

/// A setting that Go accepts and acts upon, with what a reader of the results must know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingVerdict {
    /// Plain sentences; empty if there is nothing to say.
    pub notes: Vec<String>,
    /// True for settings that exist for debugging Go itself and distort measurements.
    pub discouraged: bool,
}

impl Problem {
    pub(super) fn new(
        kind: ProblemKind,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            cure: cure.into(),
            suggestion: None,
        }
    }

    pub(super) fn suggesting(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

/// The candidate nearest to a misspelt word, if it is near enough to be meant.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // No name is near this length, and the distance costs the product of both lengths.
    const LONGEST_NAME: usize = 64;
    if word.len() > LONGEST_NAME {
        return None;
    }
    // One slip per three letters: `gctrase` is meant, `foo` is not `fips140`.
    let tolerance = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min()
        .map(|(_, candidate)| candidate)
}
