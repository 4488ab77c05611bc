//! What the host did, as the caller tells it, and what the verdict makes of it. The evidence is
//! made up: no test can order a hypervisor to take a CPU away.

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::{assert_sound, spec};
use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{
    Arrival, EngineChoice, Hooks, HostCounters, LoadOutcome, LoadSpec, LoadVerdict, VerdictLimits,
    run,
};

/// Limits that a busy machine does not reach: only the evidence is to decide.
fn lenient() -> VerdictLimits {
    VerdictLimits {
        generator_lag_p99_ns: u64::MAX,
        stall_s: f64::INFINITY,
        cpu_share: f64::INFINITY,
        unanswered_share: 1.0,
        run_delay_share: f64::INFINITY,
        ..VerdictLimits::default()
    }
}

/// A run of five intervals in which the host is said to take this share of every interval's time.
fn outcome_with(steal: [u64; 5], change: impl Fn(&mut LoadSpec)) -> LoadOutcome {
    let server = ReferenceServer::start(Behaviour::default()).expect("a port is free");
    let mut spec = spec(&server, EngineChoice::H1Fast);
    spec.arrival = Arrival::Constant { rate_per_s: 200.0 };
    spec.duration = Duration::from_millis(500);
    spec.interval = Duration::from_millis(100);
    spec.limits = lenient();
    change(&mut spec);
    let looks = Cell::new(0);
    let counters = Cell::new(HostCounters {
        cpu_pressure_us: Some(0),
        ..HostCounters::default()
    });
    let host = || {
        let look = looks.replace(looks.get() + 1);
        let mut now = counters.get();
        if look > 0 {
            now.total_ticks += 100;
            now.steal_ticks += steal.get(look - 1).copied().unwrap_or(0);
            now.cpu_pressure_us = now.cpu_pressure_us.map(|us| us + 1);
        }
        counters.set(now);
        Some(now)
    };
    let hooks = Hooks {
        host: Some(&host),
        ..Hooks::default()
    };
    let outcome = run(&spec, &hooks).expect("the run can be made");
    assert_sound(&outcome);
    assert_eq!(looks.get(), outcome.intervals.len() + 1);
    outcome
}

#[test]
fn a_host_that_takes_the_cpu_away_makes_a_run_noisy_and_names_the_time() {
    let outcome = outcome_with([0, 40, 40, 0, 0], |_| {});
    // A generator that a busy machine holds up has fewer and longer intervals.
    let hit: Vec<_> = outcome
        .intervals
        .iter()
        .filter(|i| i.host.unwrap().steal > 0.3)
        .collect();
    let LoadVerdict::Noisy { interval, reason } = &outcome.verdict else {
        panic!("{:?}", outcome.verdict);
    };
    let last = hit.last().unwrap();
    assert_eq!(interval.from_s, hit[0].start_s);
    assert_eq!(interval.to_s, last.start_s + last.length_s);
    assert!(reason.starts_with("the hypervisor gave "), "{reason}");
    assert!(
        reason.contains("tasks of this host waited for a CPU 0 % of the time"),
        "{reason}"
    );
}

#[test]
fn a_calm_host_and_one_that_tells_nothing_leave_the_verdict_alone() {
    let outcome = outcome_with([1, 0, 2, 0, 1], |_| {});
    assert_eq!(outcome.verdict, LoadVerdict::Valid);
    assert!(outcome.host.unwrap().steal < 0.03);

    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    let mut spec = spec(&server, EngineChoice::H1Fast);
    spec.limits = lenient();
    let silent = || None;
    let hooks = Hooks {
        host: Some(&silent),
        ..Hooks::default()
    };
    let outcome = run(&spec, &hooks).unwrap();
    assert_eq!(
        (&outcome.verdict, outcome.host),
        (&LoadVerdict::Valid, None)
    );
}

#[test]
fn a_generator_that_was_late_is_blamed_with_what_the_host_did_to_it() {
    let outcome = outcome_with([40; 5], |spec| spec.limits.generator_lag_p99_ns = 0);
    let LoadVerdict::GeneratorBound { reason, .. } = &outcome.verdict else {
        panic!("{:?}", outcome.verdict);
    };
    assert!(
        reason.contains("; meanwhile the hypervisor gave 40.0 %"),
        "{reason}"
    );
}
