//! From a stored trial to the one number per objective that is compared.
//!
//! The trial keeps counts and times; what follows from them is derived here and nowhere else. What was not observed has
//! no value: it is `None`, never zero.

use super::Objective;
use crate::trial::{Ledger, Phase, Quantiles, Trial};

/// The figure of one trial, in the unit that [`Objective::unit`] names; `None` where it was not observed.
///
/// QPS comes from the closed loop; latency and everything per request from the constant window, because a quantile of a
/// saturated closed loop measures the load driver's concurrency rather than the service (METHODOLOGY, design of an
/// experiment).
pub fn value(trial: &Trial, objective: Objective) -> Option<f64> {
    let constant = trial.constant.as_ref();
    let value = match objective {
        Objective::Qps => qps(trial.saturate.as_ref()?),
        Objective::P50 => quantile(constant?, |response| response.p50),
        Objective::P99 => quantile(constant?, |response| response.p99),
        Objective::P999 => quantile(constant?, |response| response.p999),
        Objective::GcPerKreq => {
            let phase = constant?;
            share(gc_cycles(phase)? * 1e3, answered(&phase.ledger))
        }
        Objective::GcPerS => share(gc_cycles(constant?)?, constant?.seconds),
        Objective::GcCpu => share(gc_cpu_seconds(constant?)?, cpu_seconds(constant?)?),
        Objective::Rss => peak_rss_bytes(trial),
        Objective::CpuPerReq => {
            let phase = constant?;
            share(cpu_seconds(phase)? * 1e6, answered(&phase.ledger))
        }
        Objective::AllocPerReq => {
            let phase = constant?;
            share(allocated_bytes(phase)? as f64, answered(&phase.ledger))
        }
        Objective::ErrorRate => error_rate(trial),
    }?;
    (value.is_finite() && value >= 0.0).then_some(value)
}

/// GC cycles in a window: the runtime's own count, else gctrace's.
pub fn gc_cycles(phase: &Phase) -> Option<f64> {
    match (&phase.runtime, &phase.gctrace) {
        (Some(runtime), _) => Some(runtime.gc_cycles as f64),
        (None, Some(gctrace)) => Some(gctrace.cycles as f64),
        (None, None) => None,
    }
}

/// Heap bytes allocated in a window: the runtime's own count, else what the service's page of metrics counted.
fn allocated_bytes(phase: &Phase) -> Option<u64> {
    match (&phase.runtime, &phase.allocated) {
        (Some(runtime), _) => Some(runtime.alloc_bytes),
        (None, Some(allocated)) => Some(allocated.bytes),
        (None, None) => None,
    }
}

/// Requests that the service had to work on.
fn answered(ledger: &Ledger) -> f64 {
    (ledger.completed + ledger.failed + ledger.timed_out) as f64
}

fn qps(phase: &Phase) -> Option<f64> {
    share(phase.ledger.completed as f64, phase.seconds)
}

fn quantile(phase: &Phase, pick: impl Fn(&Quantiles) -> f64) -> Option<f64> {
    (phase.response_ms.count > 0).then(|| pick(&phase.response_ms))
}

/// GC CPU time without idle workers, which take only what nobody else wanted. The denominator is the process's CPU
/// time, since `/cpu/classes/total` is GOMAXPROCS x wall and understates the share when a quota is lower
/// (runtime/metrics documentation of `/cpu/classes`).
fn gc_cpu_seconds(phase: &Phase) -> Option<f64> {
    match (&phase.runtime, &phase.gctrace) {
        (Some(runtime), _) => Some((runtime.gc_cpu_seconds - runtime.gc_idle_cpu_seconds).max(0.0)),
        (None, Some(gctrace)) => Some(gctrace.cpu_seconds),
        (None, None) => None,
    }
}

fn cpu_seconds(phase: &Phase) -> Option<f64> {
    let process = phase.process.as_ref()?;
    Some(process.user_seconds + process.system_seconds)
}

fn peak_rss_bytes(trial: &Trial) -> Option<f64> {
    let bytes = trial.process.as_ref()?.peak_rss_bytes;
    // A live process has resident pages; zero is a /proc that could not be read.
    (bytes > 0).then_some(bytes as f64)
}

/// The share of what was due an answer: a service that answers nothing has no failed request and
/// nothing but errors.
fn error_rate(trial: &Trial) -> Option<f64> {
    let phases = [trial.saturate.as_ref(), trial.constant.as_ref()];
    let (bad, all) = phases
        .into_iter()
        .flatten()
        .fold((0.0, 0.0), |(bad, all), phase| {
            let ledger = &phase.ledger;
            (bad + ledger.errors() as f64, all + ledger.due() as f64)
        });
    share(bad, all)
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_answers_nothing_has_nothing_but_errors() {
        let ledger = |unanswered| Ledger {
            scheduled: 240,
            completed: 46,
            in_flight: 64,
            never_sent: 130,
            unanswered,
            ..Ledger::default()
        };
        // As told, and in a record from before it was.
        for ledger in [ledger(Some(194)), ledger(None)] {
            assert_eq!((ledger.errors(), ledger.due()), (194, 240));
        }
        // What was only just due when the window ended is no error.
        let kept_up = Ledger {
            scheduled: 1_000,
            completed: 997,
            in_flight: 2,
            never_sent: 1,
            ..Ledger::default()
        };
        assert_eq!((kept_up.errors(), kept_up.due()), (0, 997));
    }
}
