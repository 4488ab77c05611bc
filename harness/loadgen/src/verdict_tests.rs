//! Verdicts over made-up figures.

use std::time::Duration;

use super::*;
use crate::arrival::Arrival;
use crate::endpoint::Endpoint;
use crate::ledger::Ledger;
use crate::outcome::BacklogLook;
use crate::outcome::made_up;
use crate::request::RequestMix;

fn at_constant_rate() -> LoadSpec {
    let endpoint = Endpoint::tcp(([127, 0, 0, 1], 1).into());
    let mut spec = LoadSpec::new(endpoint, RequestMix::get("/"));
    spec.arrival = Arrival::Constant {
        rate_per_s: 1_000.0,
    };
    spec
}

/// Two seconds at 1,000/s with what is undone at any moment, and nothing else amiss.
fn run_of(undone: impl Fn(f64) -> f64, never_sent: u64, service_ms: u64) -> LoadOutcome {
    let mut outcome = made_up();
    outcome.elapsed = Duration::from_secs(2);
    let look = |k: u32| {
        let at_s = f64::from(k) / 20.0;
        BacklogLook {
            at_s,
            undone: undone(at_s),
        }
    };
    outcome.backlog = (1..40).map(look).collect();
    let left = undone(2.0) as u64;
    outcome.ledger = Ledger {
        scheduled: 2_000,
        completed: 2_000 - left,
        in_flight: left - never_sent,
        never_sent,
        ..Ledger::default()
    };
    let service = &mut outcome.latency.service;
    service.saturating_record_n(service_ms * 1_000_000, 2_000 - never_sent);
    outcome
}

#[test]
fn twice_the_capacity_is_an_overload_however_long_its_queue_makes_the_service() {
    let spec = at_constant_rate();
    // At 50, 200 and 2,000 connections, the last of which hold the whole queue.
    for (never_sent, service_ms) in [(950, 100), (801, 400), (0, 500)] {
        let outcome = run_of(|at_s| 500.0 * at_s, never_sent, service_ms);
        let LoadVerdict::Overloaded { interval, reason } = judge(&outcome, &spec) else {
            panic!(
                "{never_sent} never sent is no {}",
                judge(&outcome, &spec).name()
            );
        };
        assert_eq!(interval.to_s, 2.0);
        assert!(reason.starts_with("the backlog grew from "), "{reason}");
        let ending = format!(
            "({} sent, {never_sent} not); the server did not keep up",
            1_000 - never_sent
        );
        assert!(reason.ends_with(&ending), "{reason}");
    }
}

#[test]
fn a_slow_server_that_keeps_up_is_measured_well() {
    let slow = run_of(|at_s| 1_000.0 * at_s.min(0.6), 0, 600);
    assert_eq!(judge(&slow, &at_constant_rate()), LoadVerdict::Valid);
}

#[test]
fn a_few_requests_more_at_the_end_are_no_overload() {
    let busier = run_of(|at_s| 1.0 + 7.0 * at_s, 0, 8);
    assert_eq!(judge(&busier, &at_constant_rate()), LoadVerdict::Valid);
    let overloaded = run_of(|at_s| 1.0 + 20.0 * at_s, 0, 20);
    assert!(!judge(&overloaded, &at_constant_rate()).is_valid());
}

#[test]
fn a_stall_that_was_made_good_for_is_measured_well() {
    let stall = |at_s: f64| match at_s {
        1.3..1.8 => 1_000.0 * (at_s - 1.3),
        _ => 1.0,
    };
    let stalled = run_of(stall, 0, 1);
    assert_eq!(judge(&stalled, &at_constant_rate()), LoadVerdict::Valid);
}

#[test]
fn a_stall_across_the_end_is_an_overload() {
    let stall = |at_s: f64| {
        if at_s > 1.97 {
            1_000.0 * (at_s - 1.9)
        } else {
            1.0
        }
    };
    let stalled = run_of(stall, 92, 1);
    assert!(matches!(
        judge(&stalled, &at_constant_rate()),
        LoadVerdict::Overloaded { .. }
    ));
}

#[test]
fn a_stall_that_no_request_fell_into_makes_no_generator_late() {
    let spec = at_constant_rate();
    let mut outcome = run_of(|_| 0.0, 0, 1);
    outcome.generator_lag.saturating_record_n(0, 8);
    outcome.generator.longest_stall = Some(Stretch {
        from_s: 0.1,
        to_s: 0.1084,
    });
    assert_eq!(judge(&outcome, &spec), LoadVerdict::Valid);
    outcome.generator_lag.saturating_record_n(8_400_000, 2);
    let LoadVerdict::GeneratorBound { reason, .. } = judge(&outcome, &spec) else {
        panic!("requests were late");
    };
    assert!(
        reason.starts_with("2 of 10 requests were sent 8.4 ms"),
        "{reason}"
    );
}

/// A second of answers, of which `failed` were not as expected.
fn answered(completed: u64, failed: u64) -> LoadOutcome {
    let mut outcome = made_up();
    outcome.ledger = Ledger {
        scheduled: completed + failed,
        completed,
        failed,
        ..Ledger::default()
    };
    if failed > 0 {
        let error = crate::outcome::ErrorCount {
            count: failed,
            latency: crate::histogram::new_histogram(),
        };
        outcome.errors.insert(ErrorClass::WrongStatus, error);
    }
    outcome
}

#[test]
fn most_answers_wrong_or_none_at_all_are_no_figures_of_a_service() {
    let spec = at_constant_rate();
    assert_eq!(judge(&answered(1_000, 0), &spec), LoadVerdict::Valid);
    assert_eq!(judge(&answered(800, 200), &spec), LoadVerdict::Valid);
    for (completed, failed) in [(200, 800), (0, 1_000)] {
        let LoadVerdict::Failed { reason, .. } = judge(&answered(completed, failed), &spec) else {
            panic!("{completed} of 1000 answers are enough");
        };
        let expected = format!(
            "{failed} of 1000 requests were not answered as expected ({failed} wrong_status)"
        );
        assert_eq!(reason, expected);
    }
    let mut silent = answered(0, 0);
    silent.ledger = Ledger {
        scheduled: 1_000,
        in_flight: 64,
        never_sent: 936,
        unanswered: 1_000,
        ..Ledger::default()
    };
    assert_eq!(judge(&silent, &spec).name(), "FAILED");
    assert_eq!(judge(&answered(0, 0), &spec).name(), "FAILED");
}

#[test]
fn a_service_that_stops_answering_is_told_in_both_loops() {
    let mut outcome = answered(46, 0);
    outcome.ledger.scheduled = 240;
    outcome.ledger.in_flight = 194;
    outcome.ledger.unanswered = 194;
    outcome.stopped_at_s = Some(0.4);
    // What is in flight has waited so long that it would excuse itself as usual.
    outcome
        .latency
        .service
        .saturating_record_n(900_000_000, 240);
    let LoadVerdict::Overloaded { reason, .. } = judge(&outcome, &at_constant_rate()) else {
        panic!("{:?}", judge(&outcome, &at_constant_rate()));
    };
    assert!(
        reason.ends_with("answered nothing from 0.4 s on"),
        "{reason}"
    );
    outcome.requested_rate_per_s = None;
    let mut spec = at_constant_rate();
    spec.arrival = Arrival::Closed;
    let LoadVerdict::Failed { interval, .. } = judge(&outcome, &spec) else {
        panic!("{:?}", judge(&outcome, &spec));
    };
    assert_eq!(interval.from_s, 0.4);
}

#[test]
fn what_our_own_side_lacks_is_the_generators() {
    let spec = at_constant_rate();
    let mut outcome = answered(1_000, 0);
    outcome
        .connections
        .failed
        .insert(ErrorClass::FdExhausted, 3);
    let LoadVerdict::GeneratorBound { reason, .. } = judge(&outcome, &spec) else {
        panic!("{:?}", judge(&outcome, &spec));
    };
    assert!(reason.starts_with("3 connections could not be opened for want of file"));
}

#[test]
fn a_machine_that_slept_measured_nothing() {
    let mut outcome = answered(1_000, 0);
    outcome.generator.suspended_s = 7.0;
    assert_eq!(
        judge(&outcome, &at_constant_rate()).name(),
        "GENERATOR_BOUND"
    );
}
