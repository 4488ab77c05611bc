//! Figures of a trial or a build that an upgrade is judged by, besides the objectives.

use super::{Direction, Objective, value};
use crate::trial::Trial;

/// A figure that an upgrade of Go is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Heap objects allocated per request at the constant rate.
    ObjectsPerReq,
    /// Size of the program, bytes: of the build, not of a trial.
    BinarySize,
    /// From the start of the process to its first ready answer, ms.
    Ready,
    /// Resident set at the end of the constant window, bytes.
    RssSettled,
    /// Live heap after the last mark of the constant window, bytes.
    HeapLive,
    /// What cells are ranked by, too.
    Objective(Objective),
}

impl Figure {
    /// Every figure, the one that noise reaches least first: counters, then builds and start-up, then memory and CPU
    /// time, then throughput and latency.
    pub const ALL: [Figure; 13] = [
        Figure::ObjectsPerReq,
        Figure::Objective(Objective::AllocPerReq),
        Figure::Objective(Objective::GcPerKreq),
        Figure::BinarySize,
        Figure::Ready,
        Figure::Objective(Objective::Rss),
        Figure::RssSettled,
        Figure::HeapLive,
        Figure::Objective(Objective::CpuPerReq),
        Figure::Objective(Objective::Qps),
        Figure::Objective(Objective::P50),
        Figure::Objective(Objective::P99),
        Figure::Objective(Objective::ErrorRate),
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Figure::ObjectsPerReq => "objects_per_req",
            Figure::BinarySize => "binary_size",
            Figure::Ready => "ready",
            Figure::RssSettled => "rss_settled",
            Figure::HeapLive => "heap_live",
            Figure::Objective(objective) => objective.name(),
        }
    }

    /// The heading in tables.
    pub fn heading(self) -> &'static str {
        match self {
            Figure::ObjectsPerReq => "objects/req",
            Figure::BinarySize => "binary size",
            Figure::Ready => "start to ready",
            Figure::RssSettled => "RSS settled",
            Figure::HeapLive => "live heap",
            Figure::Objective(objective) => objective.heading(),
        }
    }

    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        match self {
            Figure::ObjectsPerReq => "objects/request",
            Figure::BinarySize | Figure::RssSettled | Figure::HeapLive => "bytes",
            Figure::Ready => "ms",
            Figure::Objective(objective) => objective.unit(),
        }
    }

    /// The relative change that is worth noticing.
    pub fn margin(self) -> f64 {
        match self {
            Figure::Ready | Figure::BinarySize => 0.10,
            Figure::Objective(objective) => objective.default_margin(),
            _ => 0.05,
        }
    }

    /// Which way is better.
    pub fn direction(self) -> Direction {
        match self {
            Figure::Objective(objective) => objective.direction(),
            _ => Direction::LowerIsBetter,
        }
    }

    /// Whether the verdict on an upgrade goes by it. The others are shown: binary size and start-up change with most
    /// releases and stop nobody, and settled figures follow the peak.
    pub fn decides(self) -> bool {
        match self {
            Figure::Objective(objective) => objective != Objective::P50,
            Figure::ObjectsPerReq => true,
            _ => false,
        }
    }

    /// The figure of one trial; `None` where it was not observed, or is of the build.
    pub fn value(self, trial: &Trial) -> Option<f64> {
        let constant = trial.constant.as_ref();
        let found = match self {
            Figure::Objective(objective) => return value(trial, objective),
            Figure::BinarySize => None,
            Figure::Ready => Some(trial.process.as_ref()?.ready_ms),
            Figure::RssSettled => Some(constant?.process.as_ref()?.rss_bytes as f64),
            Figure::HeapLive => Some(constant?.runtime.as_ref()?.heap_live_bytes as f64),
            Figure::ObjectsPerReq => {
                let ledger = &constant?.ledger;
                let requests = ledger.completed + ledger.failed + ledger.timed_out;
                let objects = constant?.runtime.as_ref()?.alloc_objects;
                (requests > 0).then(|| objects as f64 / requests as f64)
            }
        };
        // What cannot be zero and is was not read.
        found.filter(|value| value.is_finite() && *value > 0.0)
    }
}
