//! Judges whether a run's figures can be taken for the server's.
//!
//! The main function is [`judge`]. It judges the measurement and not how good the server is: a slow
//! server measured well is VALID. One that does not answer, or not as expected, has not been measured
//! at its work.

use crate::backlog;
use crate::errors::ErrorClass;
use crate::outcome::{Interval, LoadOutcome};
use crate::spec::LoadSpec;
use crate::validity::{LoadVerdict, Stretch, VerdictLimits};

/// A machine that slept for longer than this, in seconds, did sleep: the two clocks that tell are read
/// one after the other.
const SUSPENDED_S: f64 = 0.001;

/// Judges a run. The generator is looked at first: when it was late, an apparent overload may
/// be its own.
pub(crate) fn judge(outcome: &LoadOutcome, spec: &LoadSpec) -> LoadVerdict {
    let limits = &spec.limits;
    let whole = Stretch {
        from_s: 0.0,
        to_s: outcome.elapsed.as_secs_f64(),
    };
    generator_bound(outcome, limits, whole)
        .or_else(|| failed(outcome, whole))
        .or_else(|| overloaded(outcome, spec, whole))
        .or_else(|| noisy(outcome, limits, whole))
        .unwrap_or(LoadVerdict::Valid)
}

fn generator_bound(
    outcome: &LoadOutcome,
    limits: &VerdictLimits,
    whole: Stretch,
) -> Option<LoadVerdict> {
    if let Some(reason) = ran_out(outcome) {
        return Some(LoadVerdict::GeneratorBound {
            interval: whole,
            reason,
        });
    }
    if outcome.generator.suspended_s > SUSPENDED_S {
        return Some(LoadVerdict::GeneratorBound {
            interval: whole,
            reason: format!(
                "the machine was suspended for {:.1} s",
                outcome.generator.suspended_s
            ),
        });
    }
    let stall = outcome.generator.longest_stall;
    if let Some(stall) = stall.filter(|stall| stall.length_s() > limits.stall_s) {
        return Some(LoadVerdict::GeneratorBound {
            interval: stall,
            reason: format!(
                "the generator did not run for {:.0} ms: it, or its machine, was stopped or had no CPU; \
                 requests due then were sent late{}",
                stall.length_s() * 1e3,
                meanwhile(outcome, limits, whole)
            ),
        });
    }
    let lag_ns = outcome.generator_lag.value_at_quantile(0.99);
    if lag_ns > limits.generator_lag_p99_ns {
        return Some(LoadVerdict::GeneratorBound {
            interval: worst_stretch(outcome).unwrap_or(whole),
            reason: format!(
                "{} of {} requests were sent {:.1} ms or more late although a connection was free{}",
                outcome.generator_lag.count_between(lag_ns, u64::MAX),
                outcome.generator_lag.len(),
                lag_ns as f64 / 1e6,
                meanwhile(outcome, limits, whole)
            ),
        });
    }
    let share = outcome.generator.busiest_thread_share;
    (share > limits.cpu_share).then(|| LoadVerdict::GeneratorBound {
        interval: whole,
        reason: format!(
            "a generator thread used {:.0} % of a CPU; give it more threads or cores",
            share * 100.0
        ),
    })
}

/// What our own side had too little of, in words: the load was not the one that was asked for.
fn ran_out(outcome: &LoadOutcome) -> Option<String> {
    let class = outcome.ran_out()?;
    let failed = outcome.errors.get(&class);
    let refused = outcome.connections.failed.get(&class);
    let (what, count) = match (failed, refused) {
        (Some(failed), _) => ("requests failed", failed.count),
        (None, refused) => (
            "connections could not be opened",
            refused.copied().unwrap_or(0),
        ),
    };
    let lacked = match class {
        ErrorClass::FdExhausted => "file descriptors",
        ErrorClass::PortsExhausted => "local ports",
        _ => "memory for sockets",
    };
    Some(format!(
        "{count} {what} for want of {lacked} on the generator's side ({class})"
    ))
}

/// Nothing of the service was measured when most of what it answered was wrong, or when it answered
/// nothing, at all or any more. In an open loop the last is an overload without end, and told as such.
fn failed(outcome: &LoadOutcome, whole: Stretch) -> Option<LoadVerdict> {
    let ledger = &outcome.ledger;
    let verdict = |from_s, reason| {
        Some(LoadVerdict::Failed {
            interval: Stretch {
                from_s,
                to_s: whole.to_s,
            },
            reason,
        })
    };
    if ledger.scheduled == 0 {
        return verdict(0.0, "no request was due within the run".to_owned());
    }
    if ledger.failed + ledger.timed_out > ledger.completed {
        let classes = outcome.errors.iter();
        let classes: Vec<_> = classes
            .map(|(class, error)| format!("{} {class}", error.count))
            .collect();
        let due = ledger.due();
        let reason = format!(
            "{} of {due} requests were not answered as expected ({})",
            ledger.errors(),
            classes.join(", ")
        );
        return verdict(0.0, reason);
    }
    if ledger.completed == 0 {
        let reason = format!(
            "not one of {} requests was answered within the run",
            ledger.scheduled
        );
        return verdict(0.0, reason);
    }
    let stopped_at_s = outcome.stopped_at_s?;
    if outcome.requested_rate_per_s.is_some() {
        return None;
    }
    let reason = format!(
        "the service answered nothing from {stopped_at_s:.1} s on; {} requests waited for it",
        ledger.unanswered
    );
    verdict(stopped_at_s, reason)
}

/// The server did not keep up when its backlog grew, or when too much of the schedule was left
/// undone at the end. Only the first sees an overload whose requests all wait within the server:
/// it lengthens the service's own time, by which the second excuses what is under way.
fn overloaded(outcome: &LoadOutcome, spec: &LoadSpec, whole: Stretch) -> Option<LoadVerdict> {
    outcome.requested_rate_per_s?;
    let ledger = &outcome.ledger;
    let few = few_requests(outcome, &spec.limits);
    let growth = backlog::overload(outcome, &spec.arrival).filter(|growth| growth.to.undone > few);
    let owed = ledger.unanswered as f64 > ledger.scheduled as f64 * spec.limits.unanswered_share;
    if growth.is_none() && !owed && !leaves_too_much(outcome, few) {
        return None;
    }
    let (from_s, grew) = match growth {
        None => (backlog_start_s(outcome), String::new()),
        Some(growth) => (
            growth.from.at_s,
            format!(
                "the backlog grew from {:.0} requests to {:.0}; ",
                growth.from.undone, growth.to.undone
            ),
        ),
    };
    Some(LoadVerdict::Overloaded {
        interval: Stretch {
            from_s,
            to_s: whole.to_s,
        },
        reason: format!(
            "{grew}{} of {} requests were unanswered at the end ({} sent, {} not); \
             the server {}",
            ledger.in_flight + ledger.never_sent,
            ledger.scheduled,
            ledger.in_flight,
            ledger.never_sent,
            match outcome.stopped_at_s {
                Some(stopped_at_s) => format!("answered nothing from {stopped_at_s:.1} s on"),
                None => "did not keep up".to_owned(),
            }
        ),
    })
}

/// Whether more was left undone at the end than is at any time in a run without backlog, with
/// room for bursts. A service that takes its time excuses what it has been sent, and nothing
/// that waited for a connection.
fn leaves_too_much(outcome: &LoadOutcome, few: f64) -> bool {
    let ledger = &outcome.ledger;
    let rate = ledger.scheduled as f64 / outcome.elapsed.as_secs_f64();
    let usual = rate * outcome.latency.service.value_at_quantile(0.5) as f64 / 1e9;
    let unanswered = (ledger.in_flight + ledger.never_sent) as f64;
    ledger.never_sent as f64 > few || unanswered > few.max(3.0 * usual)
}

/// Requests undone that say nothing of a server: a host that gets busier takes some too.
fn few_requests(outcome: &LoadOutcome, limits: &VerdictLimits) -> f64 {
    (outcome.ledger.scheduled as f64 * limits.unanswered_share).max(16.0)
}

/// The interval whose requests were the most late.
fn worst_stretch(outcome: &LoadOutcome) -> Option<Stretch> {
    outcome
        .intervals
        .iter()
        .max_by_key(|interval| interval.generator_lag_p99_ns)
        .map(|worst| Stretch {
            from_s: worst.start_s,
            to_s: worst.start_s + worst.length_s,
        })
}

/// Where the run of intervals with unsent or ever more unanswered requests, that lasts to the
/// end, begins.
fn backlog_start_s(outcome: &LoadOutcome) -> f64 {
    let behind =
        |interval: &&Interval| interval.backlog_age_ns > 0 || interval.started > interval.completed;
    let last = outcome.intervals.last();
    let first_behind = outcome
        .intervals
        .iter()
        .rev()
        .skip(1)
        .take_while(behind)
        .last();
    first_behind
        .or(last)
        .map_or(0.0, |interval| interval.start_s)
}

fn noisy(outcome: &LoadOutcome, limits: &VerdictLimits, whole: Stretch) -> Option<LoadVerdict> {
    let noisy = |interval, reason| Some(LoadVerdict::Noisy { interval, reason });
    if let Some((stolen, share)) = stolen(outcome, limits, whole) {
        return noisy(
            stolen,
            format!(
                "the hypervisor gave {:.1} % of the CPUs' time to other machines{}",
                share * 100.0,
                pressure(outcome)
            ),
        );
    }
    let delay = outcome.generator.run_delay_seconds?;
    let share = delay / (whole.to_s * outcome.generator.threads as f64);
    if share <= limits.run_delay_share {
        return None;
    }
    noisy(
        whole,
        format!(
            "generator threads waited {:.1} % of the time for a CPU; something else uses theirs{}",
            share * 100.0,
            pressure(outcome)
        ),
    )
}

/// Where the hypervisor took too much, and how much: from the first interval in which it did to
/// the last, where it did over the run as a whole.
fn stolen(outcome: &LoadOutcome, limits: &VerdictLimits, whole: Stretch) -> Option<(Stretch, f64)> {
    let share = outcome.host?.steal;
    if share <= limits.steal_share {
        return None;
    }
    let is_hit = |interval: &&Interval| {
        interval
            .host
            .is_some_and(|host| host.steal > limits.steal_share)
    };
    let first = outcome.intervals.iter().find(is_hit);
    let last = outcome.intervals.iter().rfind(is_hit);
    let stretch = first.zip(last).map_or(whole, |(first, last)| Stretch {
        from_s: first.start_s,
        to_s: last.start_s + last.length_s,
    });
    Some((stretch, share))
}

/// The pressure on the host's CPUs, in words: it supports a finding, and makes none, since the
/// server's own threads count in it.
fn pressure(outcome: &LoadOutcome) -> String {
    let share = outcome.host.and_then(|host| host.cpu_pressure);
    share.map_or_else(String::new, |share| {
        format!(
            "; tasks of this host waited for a CPU {:.0} % of the time",
            share.min(1.0) * 100.0
        )
    })
}

/// What the host did to a generator that was late, in words.
fn meanwhile(outcome: &LoadOutcome, limits: &VerdictLimits, whole: Stretch) -> String {
    match noisy(outcome, limits, whole) {
        Some(LoadVerdict::Noisy { reason, .. }) => format!("; meanwhile {reason}"),
        _ => String::new(),
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
