//! What rules answer: the document of one subject.
//!
//! Main type: [`Judgement`].

use serde::{Deserialize, Serialize};

/// What the catalogue says of one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Judgement {
    /// The cell's label or the file's name.
    pub subject: String,
    /// Whether it may support a recommendation: no critical finding of a validity rule.
    pub valid: bool,
    /// What fired, validity first, then the most severe.
    pub findings: Vec<Finding>,
    /// Rules whose signals were there and that found nothing.
    pub quiet: Vec<String>,
    /// Rules that held in fewer samples than a finding needs.
    pub once: Vec<Once>,
    /// Rules that could not be judged, with what they miss.
    pub not_judged: Vec<NotJudged>,
    /// Rules whose figures another finding explains; none in documents made before these were kept apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<Explained>,
}

/// A rule that would have fired, had another one not named the cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Explained {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What it saw.
    pub shows: String,
    /// The rule that names the cause.
    pub by: String,
}

/// A rule that fired, with what it saw and what to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// The rule, e.g. `G1`.
    pub rule: String,
    /// Its family.
    pub family: Family,
    /// What it says, e.g. `GC runs too often`.
    pub title: String,
    /// How severe.
    pub severity: Severity,
    /// The middle sample in numbers, with the bound it is beyond.
    pub signal: String,
    /// In how many samples of how many it held.
    pub held: Held,
    /// The samples that show it, the worst first; at most eight.
    pub evidence: Vec<Seen>,
    /// The likely cause.
    pub cause: String,
    /// What to try, the cheapest first.
    pub tries: Vec<Try>,
    /// When this advice does not apply.
    pub does_not_apply: String,
    /// Other causes of the same figures that nothing given rules out, with what would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_ruled_out: Vec<String>,
    /// Go versions that it holds for.
    pub versions: String,
    /// Where that is known from.
    pub source: String,
}

/// How often a rule held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Held {
    /// Samples in which it held.
    pub samples: usize,
    /// Samples that could be judged.
    pub of: usize,
    /// Trials or files that these belong to.
    pub origins: usize,
}

/// One sample's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Seen {
    /// The sample: trial id and window, or a time range.
    pub sample: String,
    /// What it shows.
    pub shows: String,
}

/// Something to try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Try {
    /// What kind of change it is.
    pub kind: TryKind,
    /// What to do.
    pub what: String,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TryKind {
    /// An environment variable or a limit: undone in one line.
    Setting,
    /// The program's code.
    Code,
    /// The host or the deployment.
    Host,
    /// Another measurement.
    Measure,
}

/// A rule that was seen, but not often enough to be told from chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Once {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// How severe it was where it held, at most; `None` in documents made before this was written down.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Samples in which it held.
    pub evidence: Vec<Seen>,
}

/// A rule without its signals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NotJudged {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What it would need.
    pub missing: Vec<String>,
}

/// How severe a finding or a warning is. The words of warnings are read as well.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    #[serde(alias = "note")]
    Info,
    /// Worth acting on; of figures: they are weaker than they look.
    #[serde(alias = "caution")]
    Warn,
    /// Act on it first; of figures: they mean something other than their names say.
    #[serde(alias = "serious")]
    Critical,
}

/// The families of rules, in the order in which they are judged.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Whether the figures may be believed at all.
    Validity,
    /// The Go scheduler.
    Scheduler,
    /// Locks.
    Locks,
    /// Garbage collection.
    Gc,
    /// Memory.
    Memory,
    /// The host and its limits.
    Host,
    /// Scaling and the search itself.
    Scaling,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warn => "warn",
            Severity::Critical => "critical",
        }
    }
}

impl TryKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            TryKind::Setting => "setting",
            TryKind::Code => "code",
            TryKind::Host => "host",
            TryKind::Measure => "measure",
        }
    }
}

impl Try {
    /// An environment variable or a limit.
    pub fn setting(what: impl Into<String>) -> Try {
        Try::of(TryKind::Setting, what)
    }

    /// The program's code.
    pub fn code(what: impl Into<String>) -> Try {
        Try::of(TryKind::Code, what)
    }

    /// The host or the deployment.
    pub fn host(what: impl Into<String>) -> Try {
        Try::of(TryKind::Host, what)
    }

    /// Another measurement.
    pub fn measure(what: impl Into<String>) -> Try {
        Try::of(TryKind::Measure, what)
    }

    fn of(kind: TryKind, what: impl Into<String>) -> Try {
        Try {
            kind,
            what: what.into(),
        }
    }
}
