//! The run: what was asked, on what, with what. `run.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell::CellId;
use crate::decision::Decision;
use crate::objective::Objective;

/// The version of the run's format.
pub const RUN_FORMAT: u32 = 1;

/// The record of a run, written before its first trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The version of this format.
    pub format: u32,
    /// The run's name, also its folder's.
    pub id: String,
    /// gosweep's version and source revision.
    pub tool: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The folder in which the command was given: relative paths of matrix and targets start there. `None` in records
    /// from before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_folder: Option<String>,
    /// Wall clock at the start, RFC 3339, UTC.
    pub started: String,
    /// The matrix file.
    pub matrix: SourceFile,
    /// The target files, by target name.
    pub targets: BTreeMap<String, SourceFile>,
    /// Seed of the order of trials.
    pub seed: u64,
    /// Blocks planned: of the search, at most.
    pub blocks: u32,
    /// What decides on the number of blocks; `None` in runs of a gosweep that ran every block of every cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design: Option<Design>,
    /// The host.
    pub host: Host,
    /// Toolchains in use.
    pub toolchains: Vec<Toolchain>,
    /// What was built.
    pub artifacts: Vec<Artifact>,
    /// The cells, per target the control first.
    pub cells: Vec<Cell>,
    /// Cells that are not run, with the reason.
    pub dropped: Vec<DroppedCell>,
    /// The rate of the constant window, by target.
    pub calibration: BTreeMap<String, Calibration>,
    /// What was decided as it went, in order. Kept in `decisions.jsonl`, from where [`crate::store::RunDir::read_run`]
    /// adds it.
    #[serde(skip)]
    pub decisions: Vec<Decision>,
}

/// What decides on the number of blocks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// Before so many search blocks nothing is judged.
    pub min_blocks: u32,
    /// Half-widths of the intervals to reach, relative, by objective; empty where the search does not stop on
    /// precision.
    pub precision: BTreeMap<Objective, f64>,
    /// Whether cells that cannot reach the top group are dropped.
    pub race: bool,
    /// Fresh blocks for the finalists and the control; 0 for none.
    pub confirm_blocks: u32,
}

/// A file as it was, verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The path as it was given.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// The host that a run was measured on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Host {
    /// Hash over what makes hosts comparable: CPU model, topology, memory, kernel release, CPU quota.
    pub fingerprint: String,
    /// Hash over the machine's id (machine-id(5)), which no other has; records of before do not
    /// have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// CPU model.
    pub cpu: String,
    /// Logical CPUs that we may use.
    pub cpus: usize,
    /// One line on packages, cores, threads, nodes.
    pub topology: String,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// Kernel release.
    pub kernel: String,
    /// Distribution.
    pub os: String,
    /// Hypervisor or container, where known.
    pub virtualization: Option<String>,
    /// Findings of the readiness check that were not good.
    pub findings: Vec<String>,
}

/// A Go toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Toolchain {
    /// As the matrix names it.
    pub spec: String,
    /// What it says it is, e.g. `go1.26.8`.
    pub version: String,
    /// Its GOROOT.
    pub goroot: String,
    /// Where it came from.
    pub source: String,
    /// SHA-256 of the archive it came in, or of its `go` binary.
    pub sha256: Option<String>,
    /// How that was verified.
    pub verified_by: String,
}

/// A built or given program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Artifact {
    /// The target.
    pub target: String,
    /// The toolchain as the matrix names it; `None` for a given binary.
    pub toolchain: Option<String>,
    /// GOAMD64, GOEXPERIMENT and others that were set, by name.
    pub build: BTreeMap<String, String>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// `go version -m` of it, verbatim: the ground truth of the build.
    pub go_version_m: String,
    /// The command that built it; empty for a given binary.
    pub command: String,
}

/// A cell of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Its id.
    pub id: CellId,
    /// Its target.
    pub target: String,
    /// Its value on every axis, by the axis's name.
    pub axes: BTreeMap<String, String>,
    /// Whether it is the control of its target.
    pub control: bool,
    /// SHA-256 of the artifact it runs.
    pub artifact: String,
    /// CPUs of the target.
    pub target_cpus: String,
    /// CPUs of the generator.
    pub generator_cpus: String,
    /// NUMA node of its memory, where bound.
    pub memory_node: Option<u32>,
    /// Remarks of placement and plan.
    pub notes: Vec<String>,
}

/// A cell that is not run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DroppedCell {
    /// Its target.
    pub target: String,
    /// Its value on every axis.
    pub axes: BTreeMap<String, String>,
    /// Why it is not run.
    pub reason: String,
}

/// How a target's constant rate came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Calibration {
    /// Requests per second of the control at saturation; `None` where the matrix gives the rate.
    pub control_capacity_per_s: Option<f64>,
    /// The rate that every cell gets, requests per second.
    pub rate_per_s: f64,
}
