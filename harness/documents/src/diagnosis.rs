//! The diagnoses of a run as one document: what profiles and the scheduler show of its cells.

use record::diagnosis::Missing;
use serde::Serialize;

use crate::profile::{FlameGraph, LockCheck, TopTable};

/// The diagnoses of a run. Its pictures are left out of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Diagnoses {
    /// The run.
    pub run: String,
    /// The cells, in the run's order.
    pub cells: Vec<CellDiagnosis>,
    /// Control against the others, target by target.
    pub differences: Vec<Difference>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CellDiagnosis {
    /// The cell's id.
    pub cell: String,
    /// Its target.
    pub target: String,
    /// Its settings.
    pub label: String,
    /// Why this cell: `control`, `winner`, or as it was asked for.
    pub chosen: Vec<String>,
    /// How the target failed, where it did.
    pub failure: Option<String>,
    /// The load under which profiles were taken, in words.
    pub load: Option<String>,
    /// The profiled window, seconds.
    pub profiled_seconds: f64,
    /// Answered requests within it, from the load's mean rate.
    pub profiled_requests: Option<f64>,
    /// Locks, by four profiles.
    pub locks: LockCheck,
    /// What goroutines waited for.
    pub scheduler: Option<Scheduler>,
    /// The profiles.
    pub profiles: Vec<Shown>,
    /// What could not be taken or read.
    pub missing: Vec<Missing>,
}

/// One profile.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Shown {
    /// `cpu`, `mutex`, …
    pub kind: String,
    /// How to read it.
    pub reading: &'static str,
    /// Where it comes from; `None` where it holds nothing.
    pub table: Option<TopTable>,
    /// Its flame graph.
    #[serde(skip)]
    pub picture: Option<FlameGraph>,
}

/// One profile of the control against the same of another cell.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Difference {
    /// The target.
    pub target: String,
    /// `cpu` or `allocs`.
    pub kind: String,
    /// The control's settings.
    pub before: String,
    /// The other's.
    pub after: String,
    /// The differential flame graph.
    #[serde(skip)]
    pub picture: FlameGraph,
}

/// Means over the scheduler's blocks of a diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Scheduler {
    /// Blocks.
    pub samples: usize,
    /// GOMAXPROCS of the last.
    pub gomaxprocs: u32,
    /// Mean of idle Ps.
    pub idle_processors: f64,
    /// Mean of runnable goroutines, all queues.
    pub runnable: f64,
    /// Mean of goroutines in a system call.
    pub in_system_calls: f64,
    /// Mean of threads.
    pub threads: f64,
    /// Mean of goroutines that wait, by reason, the most frequent first; without the runtime's own idle ones.
    pub waiting: Vec<(String, f64)>,
    /// Mean of those with a reason further down.
    pub waiting_otherwise: f64,
}
