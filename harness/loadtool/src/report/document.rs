//! What every form of a report says.

use loadgen::{EngineChoice, LoadOutcome, Protocol, SearchOutcome};

use super::warnings;
use crate::job::Job;
use crate::threshold::Finding;

/// What all forms of the result say.
pub(crate) struct Report<'a> {
    pub(crate) job: &'a Job,
    /// The run, or the best one of a search.
    pub(crate) outcome: &'a LoadOutcome,
    pub(crate) search: Option<&'a SearchOutcome>,
    /// What the thresholds came to, in their order.
    pub(crate) findings: Vec<Finding>,
    /// Caveats about the figures, each with the next step.
    pub(crate) warnings: Vec<String>,
    pub(crate) was_interrupted: bool,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        job: &'a Job,
        outcome: &'a LoadOutcome,
        search: Option<&'a SearchOutcome>,
        was_interrupted: bool,
    ) -> Self {
        Self {
            job,
            outcome,
            search,
            findings: job
                .thresholds
                .iter()
                .map(|threshold| threshold.judge(outcome))
                .collect(),
            warnings: warnings::of(job, outcome, search),
            was_interrupted,
        }
    }

    /// Why the engine is the one that it is.
    pub(super) fn engine_reason(&self) -> &'static str {
        let used = self.outcome.generator.engine;
        match (self.job.spec.engine, self.job.spec.protocol) {
            (EngineChoice::Auto, Protocol::Http1) if used == EngineChoice::Hyper => {
                "auto: the named client of the field, and the rate leaves it CPU to spare"
            }
            (EngineChoice::Auto, Protocol::Http1) => {
                "auto: it costs the least per request of those that speak HTTP/1.1"
            }
            (EngineChoice::Auto, Protocol::Http2) => "auto: it is the one that speaks HTTP/2",
            _ => "as asked for",
        }
    }
}
