//! A search: probes until the border between good rates and bad ones is known closely enough.

use std::sync::atomic::Ordering;

use super::bracket::Bracket;
use super::options::SearchOptions;
use crate::arrival::Arrival;
use crate::backlog;
use crate::errors::LoadError;
use crate::objective::LatencyTarget;
use crate::outcome::LoadOutcome;
use crate::run::run;
use crate::spec::{Hooks, LoadSpec};
use crate::validity::LoadVerdict;

/// One rate that was tried.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The rate asked for; none for the closed run that gives the scale.
    pub rate_per_s: Option<f64>,
    /// Whether the rate was good.
    pub is_good: bool,
    /// What the run came to.
    pub outcome: LoadOutcome,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct SearchOutcome {
    /// The highest rate that was tried and good; none when none was.
    pub best_rate_per_s: Option<f64>,
    /// The lowest rate that was tried and not good; none when all were.
    pub worst_rate_per_s: Option<f64>,
    /// Whether the two are as close as was asked for.
    pub is_converged: bool,
    /// Whether a rate was refused because of the generator: the server may be capable of more.
    pub is_generator_bound: bool,
    /// Whether the caller stopped the search before it was done; what it had found stands.
    pub is_cancelled: bool,
    /// Every run that was made to its end, in order; the first one, which gives the scale, also
    /// when it was stopped.
    pub probes: Vec<Probe>,
}

impl SearchOutcome {
    /// The answer: the middle of the bracket, or the bound that there is.
    pub fn rate_per_s(&self) -> Option<f64> {
        match (self.best_rate_per_s, self.worst_rate_per_s) {
            (Some(best), Some(worst)) => Some((best * worst).sqrt()),
            (best, _) => best,
        }
    }
}

/// Finds the knee: the highest rate that the server keeps up with, with no more errors than
/// [`SearchOptions::max_error_share`].
///
/// # Errors
/// What [`run`] fails for.
pub fn find_knee(
    spec: &LoadSpec,
    options: &SearchOptions,
    hooks: &Hooks<'_>,
) -> Result<SearchOutcome, LoadError> {
    find_highest_rate(spec, &[], options, hooks)
}

/// Finds the highest rate at which the server keeps up and all of `objectives` are met.
///
/// # Errors
/// What [`run`] fails for.
pub fn find_highest_rate(
    spec: &LoadSpec,
    objectives: &[LatencyTarget],
    options: &SearchOptions,
    hooks: &Hooks<'_>,
) -> Result<SearchOutcome, LoadError> {
    // One engine for all probes, at whatever rates they will be: that of the highest.
    let spec = &LoadSpec {
        engine: spec.saturating_engine(),
        ..spec.clone()
    };
    let mut search = Search {
        spec,
        objectives,
        options,
        hooks,
        probes: Vec::new(),
        is_generator_bound: false,
    };
    let scale = search.probe(None)?.map_or(0.0, |probe| probe.rate_per_s);
    let bracket = Bracket::narrow(scale, options, |rate| {
        let probe = search.probe(Some(rate))?;
        Ok::<_, LoadError>(probe.map(|probe| probe.is_good))
    })?;
    Ok(SearchOutcome {
        best_rate_per_s: bracket.good,
        worst_rate_per_s: bracket.bad,
        is_converged: bracket.is_narrow(options.precision),
        is_generator_bound: search.is_generator_bound,
        is_cancelled: search.is_cancelled(),
        probes: search.probes,
    })
}

/// A search under way.
struct Search<'a> {
    spec: &'a LoadSpec,
    objectives: &'a [LatencyTarget],
    options: &'a SearchOptions,
    hooks: &'a Hooks<'a>,
    probes: Vec<Probe>,
    is_generator_bound: bool,
}

/// What a probe says of its rate.
struct Answer {
    is_good: bool,
    /// What was achieved.
    rate_per_s: f64,
}

impl Search<'_> {
    /// Tries a rate; none when the caller stopped it, for half a probe says nothing of a rate.
    fn probe(&mut self, rate_per_s: Option<f64>) -> Result<Option<Answer>, LoadError> {
        let mut spec = self.spec.clone();
        spec.duration = self.options.probe;
        spec.hlog = None;
        spec.arrival = match rate_per_s {
            None => Arrival::Closed,
            Some(rate_per_s) => Arrival::Constant { rate_per_s },
        };
        let outcome = match run(&spec, self.hooks) {
            // Stopped between two probes: those that were made stand.
            Err(LoadError::Cancelled) if !self.probes.is_empty() => return Ok(None),
            outcome => outcome?,
        };
        if self.is_cancelled() && rate_per_s.is_some() {
            return Ok(None);
        }
        let is_late = matches!(outcome.verdict, LoadVerdict::GeneratorBound { .. });
        let is_good = rate_per_s.is_none()
            || is_good(&outcome, self.objectives, self.options.max_error_share);
        self.is_generator_bound |= is_late && !is_good;
        let answer = Answer {
            is_good,
            rate_per_s: outcome.achieved_rate_per_s,
        };
        self.probes.push(Probe {
            rate_per_s,
            is_good,
            outcome,
        });
        Ok((!self.is_cancelled()).then_some(answer))
    }

    fn is_cancelled(&self) -> bool {
        let cancel = self.hooks.cancel;
        cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }
}

/// Whether a rate is good by its run.
fn is_good(outcome: &LoadOutcome, objectives: &[LatencyTarget], max_error_share: f64) -> bool {
    let bounds_errors =
        |objective: &LatencyTarget| matches!(objective, LatencyTarget::ErrorRate { .. });
    let has_few_errors =
        outcome.ledger.error_rate() <= max_error_share || objectives.iter().any(bounds_errors);
    backlog::is_steady(outcome)
        && has_few_errors
        && objectives
            .iter()
            .all(|objective| objective.is_met_by(outcome))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::Ledger;
    use crate::outcome::made_up;

    #[test]
    fn a_rate_at_which_the_server_refuses_requests_is_not_good() {
        // What a server that answers 503 above 200/s came to at 254.8/s.
        let mut outcome = made_up();
        outcome.ledger = Ledger {
            scheduled: 102,
            completed: 81,
            failed: 21,
            ..Ledger::default()
        };
        let share = SearchOptions::default().max_error_share;
        assert!(!is_good(&outcome, &[], share));
        let slow = LatencyTarget::Response {
            quantile: 0.99,
            below: Duration::from_secs(1),
        };
        assert!(
            !is_good(&outcome, &[slow], share),
            "an objective of latency excuses no error"
        );
        let many = LatencyTarget::ErrorRate { below: 0.3 };
        assert!(
            is_good(&outcome, &[slow, many], share),
            "the person's own bound holds"
        );
        let few = LatencyTarget::ErrorRate { below: 0.05 };
        assert!(!is_good(&outcome, &[few], share));
        outcome.ledger = Ledger {
            scheduled: 1_000,
            completed: 995,
            timed_out: 5,
            ..Ledger::default()
        };
        assert!(is_good(&outcome, &[], share));
    }
}
