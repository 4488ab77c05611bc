//! Whether a server kept up with a rate: what was left undone did not grow.
//!
//! The main functions are [`is_steady`], which the search asks, and [`overload`], which the verdict
//! asks. How much is undone at a moment says little: it depends on the service's own time, which
//! a queue lengthens, so that an overload would excuse itself. Whether it grows does not depend
//! on it. At a rate of 101 % of a capacity it grows by 1 % of what becomes due, whatever queues
//! there are. Latency is deliberately absent: objectives are for it.

use crate::arrival::Arrival;
use crate::outcome::{BacklogLook, LoadOutcome};

/// Looks at the backlog in one run, evenly spaced.
const LOOKS: u64 = 40;
/// The growth that is still none, as a share of what became due meanwhile.
const MOST_GROWTH: f64 = 0.005;
/// And in requests, which come and go one at a time.
const FEW: f64 = 2.0;
/// How far a Poisson process may be from its mean, in standard deviations: it has counts of a
/// variance equal to their mean (D. R. Cox and V. Isham, "Point Processes", 1980, section 1.1).
const CHANCE: f64 = 3.0;
/// Where the looks that count begin, as a share of the run: a service takes its time to come to
/// rest, and to give its first answers at all.
const EARLIEST: f64 = 0.25;
const LATEST: f64 = 0.5;

/// What one thread sees of the backlog: its looks are few, whatever the run's length.
pub(crate) struct BacklogWatch {
    every_ns: u64,
    /// By number; none where the thread did not run at the time.
    looks: Vec<Option<ThreadLook>>,
}

#[derive(Debug, Clone, Copy)]
struct ThreadLook {
    at_ns: u64,
    in_flight: u64,
    age_ns: u64,
}

impl BacklogWatch {
    pub(crate) fn new(duration_ns: u64) -> Self {
        Self {
            every_ns: (duration_ns / LOOKS).max(1),
            looks: Vec::with_capacity(LOOKS as usize),
        }
    }

    /// Takes a look if one is due at `now`: requests in flight, and the age of the oldest that is
    /// due and was not sent.
    pub(crate) fn look(&mut self, now: u64, state: impl FnOnce() -> (u64, u64)) {
        // The first one, at the start, would tell of nothing.
        let number = (now / self.every_ns).min(LOOKS) as usize;
        if number <= self.looks.len() {
            return;
        }
        let (in_flight, age_ns) = state();
        self.looks.resize(number - 1, None);
        self.looks.push(Some(ThreadLook {
            at_ns: now,
            in_flight,
            age_ns,
        }));
    }
}

/// Puts the looks of all threads together; those that all of them took. Empty for loops without
/// one rate that lasts, whose backlog comes and goes with it.
pub(crate) fn looks_of(arrival: &Arrival, threads: &[&BacklogWatch]) -> Vec<BacklogLook> {
    let (Arrival::Constant { rate_per_s } | Arrival::Poisson { rate_per_s }) = arrival else {
        return Vec::new();
    };
    let share_per_s = rate_per_s / threads.len() as f64;
    let together = |number: usize| {
        let mut sum = BacklogLook {
            at_s: 0.0,
            undone: 0.0,
        };
        for thread in threads {
            let look = (*thread.looks.get(number)?)?;
            sum.at_s += look.at_ns as f64 / 1e9 / threads.len() as f64;
            sum.undone += look.in_flight as f64 + share_per_s * look.age_ns as f64 / 1e9;
        }
        Some(sum)
    };
    (0..LOOKS as usize).filter_map(together).collect()
}

/// Whether the server of a run at a constant rate kept up with it.
pub(crate) fn is_steady(outcome: &LoadOutcome) -> bool {
    let rate_per_s = outcome.ledger.scheduled as f64 / outcome.elapsed.as_secs_f64();
    let counted = settled(&outcome.backlog, 1.5 * service_s(outcome));
    outcome.ledger.completed > 0 && growth(counted, rate_per_s, 0.0).is_none()
}

/// How the backlog grew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    pub(crate) from: BacklogLook,
    pub(crate) to: BacklogLook,
}

/// The growth of the backlog of a run whose server did not keep up. More is asked than by a search,
/// which goes on to other rates: the backlog must have grown to the end and still be there, since a
/// pause that the server has made good for, or one that it has got slower by, is no overload.
pub(crate) fn overload(outcome: &LoadOutcome, arrival: &Arrival) -> Option<Growth> {
    let rate_per_s = outcome.requested_rate_per_s?;
    let chance = match arrival {
        Arrival::Poisson { .. } => CHANCE,
        _ => 0.0,
    };
    overload_of(
        &outcome.backlog,
        rate_per_s,
        chance,
        1.5 * service_s(outcome),
    )
}

fn overload_of(
    looks: &[BacklogLook],
    rate_per_s: f64,
    chance: f64,
    settled_s: f64,
) -> Option<Growth> {
    let counted = settled(looks, settled_s);
    let whole = growth(counted, rate_per_s, chance)?;
    growth(&counted[counted.len() / 2..], rate_per_s, chance)?;
    let last = *counted.last()?;
    is_more(whole.from, last, rate_per_s, chance).then_some(Growth {
        from: whole.from,
        to: last,
    })
}

fn service_s(outcome: &LoadOutcome) -> f64 {
    outcome.latency.service.value_at_quantile(0.5) as f64 / 1e9
}

/// The looks that count, when the service needs `settled_s` to come to rest.
fn settled(looks: &[BacklogLook], settled_s: f64) -> &[BacklogLook] {
    let Some(last) = looks.last() else {
        return looks;
    };
    let from_s = settled_s.clamp(EARLIEST * last.at_s, LATEST * last.at_s);
    &looks[looks.partition_point(|look| look.at_s < from_s)..]
}

/// The median of the earlier looks and that of the later ones, if the latter is higher by more
/// than chance: medians, since one pause of the service must not decide.
fn growth(looks: &[BacklogLook], rate_per_s: f64, chance: f64) -> Option<Growth> {
    let (earlier, later) = looks.split_at(looks.len() / 2);
    let (from, to) = (median(earlier)?, median(later)?);
    is_more(from, to, rate_per_s, chance).then_some(Growth { from, to })
}

/// Whether `to` has more undone than `from` by more than comes and goes.
fn is_more(from: BacklogLook, to: BacklogLook, rate_per_s: f64, chance: f64) -> bool {
    let due = rate_per_s * (to.at_s - from.at_s);
    to.undone - from.undone > MOST_GROWTH * due + FEW + chance * due.max(0.0).sqrt()
}

/// The medians of time and backlog.
fn median(looks: &[BacklogLook]) -> Option<BacklogLook> {
    let middle = |of: fn(&BacklogLook) -> f64| {
        let mut values: Vec<f64> = looks.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        Some((values.get((values.len().max(1) - 1) / 2)? + values.get(values.len() / 2)?) / 2.0)
    };
    Some(BacklogLook {
        at_s: middle(|look| look.at_s)?,
        undone: middle(|look| look.undone)?,
    })
}

#[cfg(test)]
#[path = "backlog_tests.rs"]
mod tests;
