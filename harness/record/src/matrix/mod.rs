//! The matrix: what to run, as a person wrote it.
//!
//! [`Matrix::parse`] checks everything that can be known from the file alone and reports all that is wrong at once.
//! What needs a Go version, a target or the host is checked by the orchestrator's plan, which points at the same places
//! through [`Located`] and adds to the findings of [`Matrix::examine`].

mod axes;
mod check;
pub(crate) mod decode;
pub(crate) mod design;
pub(crate) mod diagnose;
mod expand;
pub(crate) mod load;
mod objectives;
mod values;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

pub use expand::{CellSpec, Dropped, Expansion};

use crate::axis::{Axis, Settings};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::objective::Objective;
use crate::quantity::Rate;
use crate::threshold::Thresholds;
use crate::word::words;

/// A value and the bytes of the file where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The byte range in the matrix file.
    pub span: Range<usize>,
}

/// A checked matrix file.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The path as the person gave it.
    pub file: String,
    /// The whole text, kept verbatim in the run's record.
    pub text: String,
    /// The name of the matrix.
    pub name: String,
    /// Why it is run, and what to look at.
    pub why: Option<String>,
    /// Names of folders under `targets/`, or paths of target files.
    pub targets: Vec<Located<String>>,
    /// The axes with their values in canonical form, in the order of the file.
    pub axes: Vec<AxisValues>,
    /// Cells that match any of these are left out.
    pub exclude: Vec<Rule>,
    /// If there are any, only cells that match one of these are kept.
    pub only: Vec<Rule>,
    /// What the control cell has; other axes take their only value or default.
    pub control: Vec<(Axis, Located<String>)>,
    /// The load of every trial.
    pub load: Load,
    /// Blocks to run.
    pub blocks: Blocks,
    /// Half-widths of the intervals at which the search may stop, relative, by objective.
    pub precision: BTreeMap<Objective, f64>,
    /// Whether cells that cannot reach the top group any more are dropped.
    pub race: bool,
    /// Fresh blocks for the finalists and the control; 0 for none.
    pub confirm: u32,
    /// Load before the measured windows.
    pub warmup: Warmup,
    /// Seed of the order of trials and of every random choice; `None` where each run draws its own.
    pub seed: Option<u64>,
    /// Objectives, the most important first.
    pub rank_by: Vec<Objective>,
    /// Weight of each of them where `rank_by` is a mapping: cells are then ranked by one score. Empty for a list.
    pub weights: BTreeMap<Objective, f64>,
    /// Limits that a cell must keep to be recommended.
    pub constraints: BTreeMap<Objective, f64>,
    /// What the advisor's rules are compared with.
    pub thresholds: Thresholds,
    /// Options by target, the same for every cell.
    pub options: BTreeMap<String, BTreeMap<String, Located<String>>>,
    /// Where toolchains may come from, in order; empty for the default order.
    pub toolchain_sources: Vec<Located<String>>,
    /// Whether the target's memory is bound to the NUMA node of its CPUs.
    pub bind_memory: bool,
    /// Cells that get a diagnosis trial after the blocks.
    pub diagnose: Option<Diagnose>,
}

/// Which cells are looked at closely once all blocks are done, and for how long. A diagnosis trial is never ranked: its
/// profiles disturb it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnose {
    /// The cells; every one once, however often it is named.
    pub cells: Vec<Diagnosed>,
    /// Length of the profiled window.
    pub duration: Duration,
}

impl Diagnose {
    /// The window when nothing is said: 500 samples of a busy CPU.
    pub const DEFAULT_DURATION: Duration = Duration::from_secs(5);

    /// Whether a window is one that profiles can be taken over: from 1 s (of a CPU profile, 100 samples) to 5 min
    /// (profiles are kept whole).
    ///
    /// # Errors
    /// The fix.
    pub fn fits(duration: Duration) -> Result<(), String> {
        let window = Duration::from_secs(1)..=Duration::from_secs(300);
        match window.contains(&duration) {
            true => Ok(()),
            false => Err("write a time from `1s` to `5m`".to_owned()),
        }
    }
}

impl Default for Diagnose {
    fn default() -> Diagnose {
        Diagnose {
            cells: vec![Diagnosed::Control, Diagnosed::Winner],
            duration: Diagnose::DEFAULT_DURATION,
        }
    }
}

/// A cell, or several, as `diagnose` names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosed {
    /// The control of every target.
    Control,
    /// The recommended cell of every target, or its best where none is.
    Winner,
    /// The cells that match.
    Matching(Rule),
}

/// An axis and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AxisValues {
    /// The axis.
    pub axis: Axis,
    /// Where its name stands.
    pub span: Range<usize>,
    /// Its values in canonical form; never empty, no value twice.
    pub values: Vec<Located<String>>,
}

/// A pattern over cells: matches where every named axis has one of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where the rule stands.
    pub span: Range<usize>,
    /// The axis values; never empty.
    pub axes: Vec<(Axis, Vec<String>)>,
    /// The targets it is limited to; empty for all.
    pub targets: Vec<String>,
}

words! {
    /// Which HTTP client the load driver uses.
    pub enum Engine {
        /// The fastest that speaks the target's protocol.
        Auto = "auto",
        /// hyper: HTTP/1.1 and HTTP/2.
        Hyper = "hyper",
        /// Our own for HTTP/1.1, with requests serialised beforehand.
        H1Fast = "h1-fast",
    }
}

/// The load that every trial gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Connections, opened before the clock starts.
    pub connections: usize,
    /// Generator threads; `None` for one per generator CPU.
    pub threads: Option<usize>,
    /// The load driver's HTTP client.
    pub engine: Engine,
    /// Time for one request before it counts as timed out.
    pub timeout: Duration,
    /// How long to saturate (closed loop) for QPS.
    pub saturate: Option<Duration>,
    /// The constant-rate window for latency and GC figures.
    pub constant: Option<ConstantLoad>,
}

/// The open-loop window: the same rate for every cell of a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConstantLoad {
    /// The offered rate.
    pub rate: Rate,
    /// For how long.
    pub duration: Duration,
    /// Whether gaps are exponential (seeded) instead of equal.
    pub poisson: bool,
}

/// How many blocks a run may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    /// Before so many nothing is judged: no stop on precision, no race.
    pub min: u32,
    /// At most so many.
    pub max: u32,
}

/// Load before the clock: at least this long and at least so many GC cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warmup {
    /// The fixed floor in time.
    pub duration: Duration,
    /// GC cycles to wait for; not waited for where the collector is off.
    pub gc_cycles: u32,
}

impl Matrix {
    /// The seed in force. A run puts the one that it drew into its matrix; a plan of none shows the order of seed 1.
    pub fn seed_in_force(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    /// Parses and checks a matrix file. `file` is the name shown in findings.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Matrix, Diagnostics> {
        match Matrix::examine(file, text) {
            (Some(matrix), findings) if findings.is_empty() => Ok(matrix),
            (_, findings) => Err(Diagnostics::new(file, text, findings)),
        }
    }

    /// Reads a matrix file as far as it goes, for callers that have more to check and want to report everything at
    /// once. Where there are findings the matrix is fit for nothing but further checks: what could not be read is
    /// missing from it.
    pub fn examine(file: &str, text: &str) -> (Option<Matrix>, Vec<Diagnostic>) {
        decode::matrix(file, text)
    }

    /// The findings as the errors of this file.
    pub fn diagnostics(&self, findings: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics::new(&self.file, &self.text, findings)
    }

    /// Calls a target by another name everywhere: the matrix may have named it by its path.
    pub fn rename_target(&mut self, from: &str, to: &str) {
        let diagnosed = self
            .diagnose
            .iter_mut()
            .flat_map(|wanted| &mut wanted.cells);
        let diagnosed = diagnosed.filter_map(|cell| match cell {
            Diagnosed::Matching(rule) => Some(rule),
            Diagnosed::Control | Diagnosed::Winner => None,
        });
        let rules = self
            .exclude
            .iter_mut()
            .chain(&mut self.only)
            .chain(diagnosed);
        let names = self
            .targets
            .iter_mut()
            .map(|target| &mut target.value)
            .chain(rules.flat_map(|rule| &mut rule.targets));
        for name in names.filter(|name| *name == from) {
            to.clone_into(name);
        }
        if let Some(options) = self.options.remove(from) {
            self.options.insert(to.to_owned(), options);
        }
    }

    /// All cells per target, the control first, and what the rules left out.
    pub fn expand(&self) -> Expansion {
        expand::expand(self)
    }

    /// The settings of the control cell.
    pub fn control_settings(&self) -> Settings {
        expand::control_settings(self)
    }
}
