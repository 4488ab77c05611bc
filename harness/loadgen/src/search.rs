//! The knee, and the highest rate that meets an objective: a few runs, put together.
//!
//! The main functions are [`find_knee`] and [`find_highest_rate`]. Both ask the same question
//! of one rate after the other, "is this one good?", and differ in what is good. Nothing here
//! knows how a run is made beyond calling [`run`].

use std::time::Duration;

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
    search(spec, options, hooks, &keeps_up)
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
        keeps_up(outcome)
            && objectives
                .iter()
                .all(|objective| objective.is_met_by(outcome))
    })
}

/// Whether no more was left undone at the end than is under way at any time.
fn keeps_up(outcome: &LoadOutcome) -> bool {
    let ledger = &outcome.ledger;
    let rate = ledger.scheduled as f64 / outcome.elapsed.as_secs_f64();
    let usual = rate * outcome.latency.service.value_at_quantile(0.5) as f64 / 1e9;
    let limit = (ledger.scheduled as f64 * 0.01).max(2.0 * usual + 3.0);
    ledger.completed > 0 && ((ledger.in_flight + ledger.never_sent) as f64) <= limit
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

/// What is known of the border between good rates and bad ones.
#[derive(Debug, Clone, Copy, Default)]
struct Bracket {
    good: Option<f64>,
    bad: Option<f64>,
}

impl Bracket {
    /// Narrows the border down, starting around `scale`, which the closed loop achieved.
    fn narrow<E>(
        scale: f64,
        options: &SearchOptions,
        mut is_good: impl FnMut(f64) -> Result<bool, E>,
    ) -> Result<Self, E> {
        let mut bracket = Self::default();
        if scale.is_nan() || scale <= 0.0 {
            return Ok(bracket);
        }
        let step = 1.0 + options.precision / 2.0;
        let mut stride = step;
        // The closed run took the first of the probes.
        for _ in 1..options.max_probes {
            if bracket.is_narrow(options.precision) {
                break;
            }
            let rate = match (bracket.good, bracket.bad) {
                // A bit below what the closed loop reached: most likely good.
                (None, None) => scale / step,
                (Some(good), Some(bad)) => (good * bad).sqrt(),
                // Away from the one bound, twice as far each time in the logarithm.
                (Some(good), None) => good * stride,
                (None, Some(bad)) => bad / stride,
            };
            if bracket.good.is_none() || bracket.bad.is_none() {
                stride *= stride;
            }
            if is_good(rate)? {
                bracket.good = Some(rate);
            } else {
                bracket.bad = Some(rate);
            }
        }
        Ok(bracket)
    }

    fn is_narrow(&self, precision: f64) -> bool {
        // A hair of slack: the bounds of a first step are rounded floats.
        let within = |good: f64, bad: f64| bad / good <= 1.0 + precision * 1.02;
        self.good
            .zip(self.bad)
            .is_some_and(|(good, bad)| within(good, bad))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn narrow(border: f64, scale: f64) -> (Bracket, usize) {
        let mut probes = 1;
        let bracket = Bracket::narrow(scale, &SearchOptions::default(), |rate| {
            probes += 1;
            Ok::<_, LoadError>(rate <= border)
        })
        .unwrap();
        (bracket, probes)
    }

    proptest! {
        #[test]
        fn a_border_near_the_closed_rate_is_found_within_three_percent_in_ten_probes(
            border in 10.0f64..1e6, error in 0.9f64..1.1
        ) {
            let (bracket, probes) = narrow(border, border * error);
            prop_assert!(probes <= 10);
            let (good, bad) = (bracket.good.unwrap(), bracket.bad.unwrap());
            prop_assert!(good <= border && border < bad);
            prop_assert!(((good * bad).sqrt() / border - 1.0).abs() < 0.03, "{good} {bad} {border}");
        }

        #[test]
        fn the_bracket_always_holds_the_border(border in 1.0f64..1e6, scale in 1.0f64..1e6) {
            let (bracket, _) = narrow(border, scale);
            prop_assert!(bracket.good.is_none_or(|good| good <= border));
            prop_assert!(bracket.bad.is_none_or(|bad| bad > border));
        }
    }

    #[test]
    fn without_a_scale_nothing_is_tried() {
        let (bracket, probes) = narrow(10.0, 0.0);
        assert_eq!((bracket.good, bracket.bad, probes), (None, None, 1));
    }
}
