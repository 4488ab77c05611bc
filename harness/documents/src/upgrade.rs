//! The upgrade document: what `gosweep upgrade --json` prints, and all that its page is made of.
//!
//! Ratios are new ÷ old. Two comparisons are told apart everywhere: the toolchain alone, under the module's own go line,
//! and the full upgrade, with the go line raised to that of the new toolchain. What was not observed is null.

use serde::{Deserialize, Serialize};

use crate::warning::Warning;

/// The version of the upgrade document.
pub const UPGRADE_FORMAT: u32 = 1;

/// What an upgrade of Go came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Upgrade {
    /// The version of this format.
    pub format: u32,
    /// The most severe verdict over all targets and versions.
    pub verdict: UpgradeVerdict,
    /// The Go of now, as it was asked for.
    pub from: String,
    /// The versions asked about.
    pub to: Vec<String>,
    /// One for each target and version.
    pub targets: Vec<TargetUpgrade>,
    /// Caveats on the run, the most severe first.
    pub warnings: Vec<Warning>,
    /// How the figures were made, in sentences.
    pub method: Vec<String>,
    /// Where they come from.
    pub origin: Origin,
    /// Each trial's figures, for programs that judge by themselves; not part of the JSON.
    #[serde(skip)]
    pub samples: Vec<UpgradeSample>,
}

/// One trial.
#[derive(Debug, Clone, PartialEq)]
pub struct UpgradeSample {
    /// The target.
    pub target: String,
    /// The Go that built it, as it calls itself.
    pub go_version: String,
    /// The go line as the matrix names it.
    pub go_line: String,
    /// Figures with their unit in Go's benchmark format.
    pub values: Vec<(&'static str, f64)>,
}

/// Where the figures of an upgrade come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Origin {
    /// The run.
    pub run: String,
    /// Wall clock at its start, RFC 3339, UTC.
    pub started: String,
    /// Complete blocks of it.
    pub blocks: usize,
    /// The command that measures again, quoted for a POSIX shell.
    pub command: String,
    /// The host for a person.
    pub host: String,
    /// Version and revision of the gosweep that judged.
    pub tool: String,
}

/// Whether an upgrade may be made.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UpgradeVerdict {
    /// Better beyond the margin somewhere, and worse nowhere.
    Improved,
    /// Worse nowhere, by more than the margin.
    Safe,
    /// The data do not decide.
    Inconclusive,
    /// There are no valid trials to judge by.
    Invalid,
    /// Worse beyond the margin somewhere.
    Regressed,
}

impl UpgradeVerdict {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Improved => "IMPROVED",
            Self::Safe => "SAFE",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Invalid => "INVALID",
            Self::Regressed => "REGRESSED",
        }
    }
}

/// One target under one new version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetUpgrade {
    /// The target.
    pub target: String,
    /// The old Go, as it calls itself.
    pub from: String,
    /// The new one.
    pub to: String,
    /// The verdict: of the full upgrade, or of the toolchain alone where only that was measured.
    pub verdict: UpgradeVerdict,
    /// Why, in a sentence.
    pub reason: String,
    /// What would decide, or what to do next; may be empty.
    pub next: String,
    /// Which of the two comparisons the verdict and the objectives are of.
    pub comparison: ComparisonKind,
    /// The figures of that comparison, the surest first.
    pub objectives: Vec<UpgradeObjective>,
    /// The other comparison, where both were measured.
    pub toolchain_only: Option<OtherComparison>,
    /// What carries the difference; empty where nothing was named.
    pub attribution: Vec<Attribution>,
    /// What was tried, or why nothing was, in a sentence.
    pub attribution_text: String,
    /// Every switch that was tried.
    pub switches_tried: Vec<SwitchTried>,
    /// Defaults that change with this upgrade.
    pub defaults_changed: Vec<DefaultChanged>,
    /// What needs no run to be seen.
    pub scan: Vec<ScanFinding>,
    /// Scheduling latencies and pauses of both sides.
    pub latencies: Vec<LatencyComparison>,
    /// The builds of both sides.
    pub builds: Vec<BuildFact>,
    /// Settings to have under the new version, as lines to paste; may be empty.
    pub recommended: Vec<String>,
    /// How to go back, as lines to paste.
    pub undo: Vec<String>,
}

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonKind {
    /// Another toolchain under the same go line.
    ToolchainOnly,
    /// Another toolchain and its go line.
    FullUpgrade,
}

impl ComparisonKind {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            Self::ToolchainOnly => "toolchain only",
            Self::FullUpgrade => "full upgrade",
        }
    }
}

/// The comparison that the verdict is not of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OtherComparison {
    /// Its verdict.
    pub verdict: UpgradeVerdict,
    /// Why, in a sentence.
    pub reason: String,
    /// Its figures.
    pub objectives: Vec<UpgradeObjective>,
}

/// One figure, old against new.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UpgradeObjective {
    /// Its name, as `--by` takes it where it is an objective.
    pub name: String,
    /// The heading in tables.
    pub heading: String,
    /// New ÷ old; null where it was not observed or a zero forbids a ratio.
    pub ratio: Option<f64>,
    /// Its interval, [low, high].
    pub interval: Option<[f64; 2]>,
    /// The relative change that matters.
    pub margin: f64,
    /// In one word of `regressed`, `no_worse`, `improved`, `inconclusive`; null where nothing was observed.
    pub verdict: Option<ObjectiveVerdict>,
    /// Whether the verdict of the target goes by it.
    pub decides: bool,
    /// The unit of the values.
    pub unit: String,
    /// Median of the old side.
    pub old: Option<f64>,
    /// Median of the new side.
    pub new: Option<f64>,
    /// How far the old side may be from its own duplicate, as a ratio − 1.
    pub noise: Option<f64>,
    /// Blocks.
    pub n: usize,
    /// How many more blocks would decide.
    pub more_blocks: Option<usize>,
    /// Why it cannot be told, where it cannot.
    pub why_not: Option<String>,
}

/// What became of one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveVerdict {
    /// Better beyond the margin.
    Improved,
    /// Not worse than the margin allows.
    NoWorse,
    /// The data do not decide.
    Inconclusive,
    /// Worse beyond the margin.
    Regressed,
}

impl ObjectiveVerdict {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Improved => "IMPROVED",
            Self::NoWorse => "NO WORSE",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Regressed => "REGRESSED",
        }
    }
}

/// A switch that carries a difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Attribution {
    /// The switch, e.g. `GOEXPERIMENT=nogreenteagc`.
    pub switch: String,
    /// The share of the difference that is gone with it, on the log scale: 1 is all of it.
    pub share: f64,
    /// Its interval, [low, high].
    pub interval: [f64; 2],
    /// The figure whose difference it is.
    pub objective: String,
}

/// A switch that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SwitchTried {
    /// The switch.
    pub switch: String,
    /// The figure whose difference was asked about.
    pub objective: String,
    /// New with the switch ÷ new.
    pub ratio: Option<f64>,
    /// Its interval, corrected for the number of switches and figures.
    pub interval: Option<[f64; 2]>,
    /// The share of the difference that is gone with it.
    pub share: Option<f64>,
    /// Whether it was shown to carry the difference.
    pub carries: bool,
}

/// A default that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DefaultChanged {
    /// The GODEBUG key or experiment.
    pub key: String,
    /// What the old side has.
    pub from: String,
    /// What the new one has.
    pub to: String,
    /// Why.
    pub why: String,
    /// What it is about.
    pub effect: String,
    /// What brings the old back; null where nothing does.
    pub switch_back: Option<String>,
}

/// Something that needs no run to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScanFinding {
    /// `severe`, `warning` or `note`.
    pub severity: ScanSeverity,
    /// What it is and what to do.
    pub what: String,
    /// The file and line, variable or setting.
    pub r#where: String,
}

/// How much a finding matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ScanSeverity {
    /// The new Go does not build or start with it.
    Severe,
    /// It no longer does what it says.
    Warning,
    /// Good to know.
    Note,
}

impl ScanSeverity {
    /// As reports print it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Severe => "severe",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A distribution of the runtime's, side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LatencyComparison {
    /// The metric, e.g. `/sched/latencies:seconds`.
    pub metric: String,
    /// The quantiles of the old side: upper bounds of the runtime's buckets, in seconds.
    pub old: Option<LatencyQuantiles>,
    /// Those of the new one.
    pub new: Option<LatencyQuantiles>,
    /// Why the two cannot be compared, where they cannot: then no change is shown.
    pub not_comparable: Option<String>,
}

/// Quantiles of a histogram's difference over the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LatencyQuantiles {
    /// Median, seconds.
    pub p50: f64,
    /// 99th percentile, seconds.
    pub p99: f64,
    /// 99.9th percentile, seconds.
    pub p999: f64,
    /// Samples.
    pub count: u64,
}

/// A fact about the builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BuildFact {
    /// What: go line, DefaultGODEBUG, collector.
    pub what: String,
    /// Of the old side.
    pub old: String,
    /// Of the new one.
    pub new: String,
}
