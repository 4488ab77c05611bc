//! The advice document: what `gosweep advise --json` prints, and all that its texts are made of.
//!
//! Main type: [`Advice`]. Nothing here is computed.

use record::objective::Objective;
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::figures::counted;
use crate::finding::{Finding, Judgement};

/// The version of the advice document.
pub const ADVICE_FORMAT: u32 = 1;

/// What a run says of its services, and what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Advice {
    /// The version of this format.
    pub format: u32,
    /// The run.
    pub run: String,
    /// Its matrix.
    pub matrix: String,
    /// Host, Go and load that all of it holds for, one line each.
    pub conditions: Vec<String>,
    /// One entry per target.
    pub targets: Vec<TargetAdvice>,
}

/// The advice on one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetAdvice {
    /// The target.
    pub target: String,
    /// The cell that limits and findings are told of: the control, unless another was asked for.
    pub about: CellName,
    /// What limits it, at saturation and at the constant rate.
    pub limits: Vec<Limit>,
    /// Why it has no valid trial, the most frequent reason first; empty where it has one.
    #[serde(rename = "spoilt_by", default, skip_serializing_if = "Vec::is_empty")]
    pub invalidated_by: Vec<InvalidatedBy>,
    /// The findings that matter most, at most three.
    pub top: Vec<Finding>,
    /// The setting worth changing, or why none is.
    pub setting: SettingAdvice,
    /// Cells that were tried and are shown to make no difference.
    pub no_difference: Vec<Tried>,
    /// Cells that were tried and that the run can tell from the control neither way; in documents made before these were
    /// kept apart they are among `no_difference`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Tried>,
    /// What would need a change of the code.
    pub code: Vec<CodeChange>,
    /// What shows over all cells only.
    pub whole: Judgement,
    /// Every cell by the whole catalogue.
    pub cells: Vec<CellAdvice>,
}

/// Why trials do not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InvalidatedBy {
    /// The rule of validity, e.g. `V2`; null for trials that failed.
    pub rule: Option<String>,
    /// Trials that it spoke against; one trial may have several.
    pub trials: usize,
    /// The last of them, in words.
    pub example: String,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CellName {
    /// Its id.
    pub id: String,
    /// Its settings on the axes that vary.
    pub label: String,
    /// Whether it is the control.
    pub control: bool,
}

/// What limits a service in one kind of window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Limit {
    /// `at saturation`, `at the constant rate`.
    pub at: String,
    /// What it is.
    pub by: LimitedBy,
    /// In a sentence, with the numbers.
    pub because: String,
}

/// What can limit a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// Its CPUs, with its own work.
    Cpu,
    /// A lock.
    Lock,
    /// Garbage collection.
    Gc,
    /// Its memory limit.
    Memory,
    /// System calls.
    Syscalls,
    /// Something that it waits for.
    Downstream,
    /// The host: a quota, neighbours.
    Host,
    /// The load generator.
    Generator,
    /// Nothing at this load.
    Nothing,
    /// What was observed does not say.
    Unknown,
}

/// What to set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SettingAdvice {
    /// In one line: what to do.
    pub action: String,
    /// Why nothing is recommended although a cell ranks first: a failed validity rule.
    pub refused: Option<String>,
    /// The recommendation, where there is one.
    pub change: Option<Recommendation>,
    /// A cell whose gain is shown while a loss is open: no recommendation, but an export may be asked for by name.
    #[serde(default)]
    pub proposal: Option<Recommendation>,
}

/// A cell worth changing to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Recommendation {
    /// The cell.
    pub cell: CellName,
    /// What to set, as lines of a shell or of the build.
    pub set: Vec<String>,
    /// How to take it back, likewise.
    pub undo: Vec<String>,
    /// The same by axis: what an export is made of. Empty in documents of a gosweep that had none.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// Its measured effect on every objective, against the control of the same block.
    pub effects: Vec<MeasuredEffect>,
    /// How it comes about, in numbers; null where that was not observed.
    pub mechanism: Option<String>,
    /// What got worse.
    pub worse: Vec<String>,
    /// The cells that tie with it on the first objective.
    pub tied: Vec<String>,
    /// The same with one setting taken back at a time, where such cells were measured.
    pub ablation: Vec<Ablation>,
    /// Where it stops being valid.
    pub valid_for: Vec<String>,
    /// The same in figures.
    #[serde(default)]
    pub validity: Validity,
    /// How to roll it out.
    pub rollout: String,
    /// When to take it back.
    pub rollback: String,
}

/// One setting of the recommended cell that is not the default, or not the control's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Setting {
    /// The axis.
    pub axis: String,
    /// In the control.
    pub from: String,
    /// In the recommended cell; the same as `from` where the control has it too.
    pub to: String,
    /// The changes of the cell that has this one alone against the control, on the ranked objectives; null where the
    /// grid has no such cell, or where it is the only change.
    pub alone: Option<Vec<String>>,
    /// The changes of the recommended cell without this one, likewise.
    pub without: Option<Vec<String>>,
}

/// What a recommendation was measured under. Null for what was not observed, and for limits that there were not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Validity {
    /// Least and most live heap, bytes.
    pub live_heap_bytes: Option<[f64; 2]>,
    /// Requests per second of the constant window.
    pub rate_per_s: Option<f64>,
    /// Requests per second of the control at saturation.
    pub capacity_per_s: Option<f64>,
    /// CPUs that the service might use.
    pub cpus: Option<usize>,
    /// The CPU model.
    pub cpu: Option<String>,
    /// Its CPU quota, in CPUs.
    pub quota_cpus: Option<f64>,
    /// Its memory cap, bytes.
    pub memory_cap_bytes: Option<u64>,
    /// Its Go version, e.g. `go1.26.8`.
    pub go: Option<String>,
}

/// An effect on one objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MeasuredEffect {
    /// The objective.
    pub objective: Objective,
    /// Whether the ranking goes by it.
    pub ranked: bool,
    /// Better, worse, within the margin, unclear.
    pub effect: Effect,
    /// Control and cell, for a person.
    pub from: String,
    /// See `from`.
    pub to: String,
    /// The change with its interval.
    pub change: String,
    /// Blocks.
    pub n: usize,
    /// The control's median, in the objective's unit.
    #[serde(default)]
    pub control: Option<f64>,
    /// The cell's median, likewise.
    #[serde(default)]
    pub value: Option<f64>,
    /// The interval of cell ÷ control; null where zeros forbid it.
    #[serde(default)]
    pub ratio_interval: Option<[f64; 2]>,
    /// The margin applied, relative; for the error rate absolute.
    #[serde(default)]
    pub margin: Option<f64>,
}

/// A cell that made no difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tried {
    /// Its settings.
    pub label: String,
    /// Whether the run shows that there is none, rather than being unable to tell.
    pub shown: bool,
    /// Its changes on the ranked objectives.
    pub changes: Vec<String>,
}

/// The recommended cell with one setting as in the control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ablation {
    /// What is taken back: `gogc=100`.
    pub without: String,
    /// Its changes against the control on the ranked objectives; null where the grid has no such cell.
    pub changes: Option<Vec<String>>,
}

/// A change of the code that a finding asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CodeChange {
    /// The rule.
    pub rule: String,
    /// What to do.
    pub what: String,
}

/// One cell by the whole catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CellAdvice {
    /// The cell.
    pub cell: CellName,
    /// Trials and windows behind it.
    pub samples: usize,
    /// What the catalogue says.
    pub judgement: Judgement,
}

impl TargetAdvice {
    /// Why there is no valid trial, and what to do about it; `None` where there is one.
    pub fn without_trial(&self) -> Option<String> {
        if self.invalidated_by.is_empty() {
            let nothing = "no trial yet: go on with the run in the same folder".to_owned();
            return self.limits.is_empty().then_some(nothing);
        }
        let reasons = self.invalidated_by.iter().map(InvalidatedBy::words);
        let mut fixes: Vec<&str> = self.invalidated_by.iter().map(InvalidatedBy::fix).collect();
        fixes.dedup();
        Some(format!(
            "no valid trial: {}. {}.",
            reasons.collect::<Vec<_>>().join("; "),
            fixes.join(". ")
        ))
    }

    /// What stands where no finding leads.
    pub fn without_findings(&self) -> &'static str {
        if self.without_trial().is_some() {
            return "nothing can be said of the service without a valid trial";
        }
        let own = self.cells.iter().find(|own| own.cell == self.about);
        let own = own.map(|own| &own.judgement);
        let has_caveats = own
            .into_iter()
            .chain([&self.whole])
            .any(|judgement| !judgement.findings.is_empty());
        if has_caveats {
            "nothing of the service itself: what fired is a caveat about the figures"
        } else {
            "nothing: no rule fired for this cell"
        }
    }
}

impl InvalidatedBy {
    fn words(&self) -> String {
        let trials = counted(self.trials, "trial");
        match &self.rule {
            Some(rule) => format!("{rule} in {trials}, e.g. {}", self.example),
            None => format!("{trials} failed, e.g. {}", self.example),
        }
    }

    /// What to do, by whose fault it is.
    fn fix(&self) -> &'static str {
        match self.rule.as_deref() {
            None => "Mend what made it fail",
            Some("V2") => {
                "Let the settings reach the service: look for a wrapper, or the program itself, that sets them afresh"
            }
            Some("V3") => {
                "Give the load driver more CPUs, a lower rate or a calmer host (`gosweep host`)"
            }
            Some(_) => "Run it on a calmer host (`gosweep host` shows what disturbs)",
        }
    }
}

impl LimitedBy {
    /// The words for it.
    pub fn word(self) -> &'static str {
        match self {
            LimitedBy::Cpu => "CPU",
            LimitedBy::Lock => "a lock",
            LimitedBy::Gc => "garbage collection",
            LimitedBy::Memory => "the memory limit",
            LimitedBy::Syscalls => "system calls",
            LimitedBy::Downstream => "something it waits for",
            LimitedBy::Host => "the host",
            LimitedBy::Generator => "the load generator",
            LimitedBy::Nothing => "nothing at this load",
            LimitedBy::Unknown => "unknown",
        }
    }
}

impl Ablation {
    /// Its changes, or that there is no such cell.
    pub fn words(&self) -> String {
        match &self.changes {
            Some(changes) => changes.join(", "),
            None => "not measured: the grid has no such cell".to_owned(),
        }
    }
}

impl Tried {
    /// What the run knows of it.
    pub fn how(&self) -> &'static str {
        if self.shown {
            "within the margin"
        } else {
            "cannot be told from the control"
        }
    }
}
