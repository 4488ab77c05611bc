//! A search: probes until the border between good rates and bad ones is known closely enough.

use std::time::Duration;

use super::backlog;
use super::bracket::Bracket;
use crate::arrival::Arrival;
use crate::errors::LoadError;
use crate::objective::Objective;
use crate::outcome::LoadOutcome;
use crate::run::run;
use crate::spec::{Hooks, LoadSpec};
use crate::verdict::Verdict;

/// How a search is made.
#[derive(Debug, Clone, Copy)]
pub struct SearchOptions {
    /// Length of each probe.
    pub probe: Duration,
    /// Runs at most, the first closed one included.
    pub max_probes: usize,
    /// Relative width to which the answer is narrowed down.
    pub precision: f64,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            probe: Duration::from_secs(2),
            max_probes: 10,
            precision: 0.03,
        }
    }
}

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
    /// Every run, in order.
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

/// Finds the knee: the highest rate that the server keeps up with.
///
/// # Errors
/// What [`run`] fails for.
pub fn find_knee(
    spec: &LoadSpec,
    options: &SearchOptions,
    hooks: &Hooks<'_>,
) -> Result<SearchOutcome, LoadError> {
    search(spec, options, hooks, &backlog::is_steady)
}

/// Finds the highest rate at which the server keeps up and all of `objectives` are met.
///
/// # Errors
/// What [`run`] fails for.
pub fn find_highest_rate(
    spec: &LoadSpec,
    objectives: &[Objective],
    options: &SearchOptions,
    hooks: &Hooks<'_>,
) -> Result<SearchOutcome, LoadError> {
    search(spec, options, hooks, &|outcome| {
        backlog::is_steady(outcome)
            && objectives
                .iter()
                .all(|objective| objective.is_met_by(outcome))
    })
}

fn search(
    spec: &LoadSpec,
    options: &SearchOptions,
    hooks: &Hooks<'_>,
    is_good: &dyn Fn(&LoadOutcome) -> bool,
) -> Result<SearchOutcome, LoadError> {
    let mut probes = Vec::new();
    let mut is_generator_bound = false;
    let mut probe = |rate_per_s: Option<f64>| -> Result<(bool, f64), LoadError> {
        let mut spec = spec.clone();
        spec.duration = options.probe;
        spec.hlog = None;
        spec.interval = backlog::interval_of(options.probe).min(spec.interval);
        spec.arrival = match rate_per_s {
            None => Arrival::Closed,
            Some(rate_per_s) => Arrival::Constant { rate_per_s },
        };
        let outcome = run(&spec, hooks)?;
        let is_late = matches!(outcome.verdict, Verdict::GeneratorBound { .. });
        let good = rate_per_s.is_none() || is_good(&outcome);
        is_generator_bound |= is_late && !good;
        let achieved = outcome.achieved_rate_per_s;
        probes.push(Probe {
            rate_per_s,
            is_good: good,
            outcome,
        });
        Ok((good, achieved))
    };
    let (_, scale) = probe(None)?;
    let bracket = Bracket::narrow(scale, options, |rate| Ok(probe(Some(rate))?.0))?;
    Ok(SearchOutcome {
        best_rate_per_s: bracket.good,
        worst_rate_per_s: bracket.bad,
        is_converged: bracket.is_narrow(options.precision),
        is_generator_bound,
        probes,
    })
}
