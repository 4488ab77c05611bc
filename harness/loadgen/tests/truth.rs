//! What the driver says of servers and generators whose truth is known from the same run.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{ENGINES, assert_sound, spec};
use loadgen::reference::{Behaviour, ReferenceServer, Reply, Stall};
use loadgen::{
    Arrival, Endpoint, Hooks, LoadError, LoadOutcome, LoadSpec, LoadVerdict, RequestMix,
    SearchOptions, SearchOutcome, Spacing, Stage, find_knee, run,
};

const RATE: f64 = 1_000.0;

fn stalled(after_ms: u64, length_ms: u64) -> ReferenceServer {
    let stall = Stall {
        after: Duration::from_millis(after_ms),
        length: Duration::from_millis(length_ms),
    };
    let reply = Reply {
        stall: Some(stall),
        ..Reply::default()
    };
    ReferenceServer::start(Behaviour::Answer(reply)).expect("a port is free")
}

/// Other tests and a busy machine hold the generator up too; where that is not what a test is
/// about, the verdict is not to be about it either.
fn blame_nothing_on_the_generator(spec: &mut LoadSpec) {
    spec.limits.generator_lag_p99_ns = u64::MAX;
    spec.limits.stall_s = f64::INFINITY;
    spec.limits.cpu_share = f64::INFINITY;
}

/// When the server wrote its answers. It notes an answer after writing it, so the last ones can
/// be with the driver before they are in the log.
fn all_answers_ns(server: &ReferenceServer, expected: u64) -> Vec<u64> {
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let answers = server.log().answers_ns();
        if answers.len() as u64 == expected || Instant::now() > patience {
            assert_eq!(answers.len() as u64, expected);
            return answers;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The quantile of the response times as the server knows them: the k-th answer that it wrote
/// against the time at which the k-th request was due.
fn true_quantile_ns(server: &ReferenceServer, outcome: &LoadOutcome, quantile: f64) -> f64 {
    let ledger = outcome.ledger;
    let mut answers = all_answers_ns(server, ledger.scheduled - ledger.never_sent);
    answers.sort_unstable();
    let due_ns = |k: usize| outcome.started_monotonic_ns as f64 + k as f64 / RATE * 1e9;
    let mut waits: Vec<f64> = answers
        .iter()
        .enumerate()
        .map(|(k, at_ns)| *at_ns as f64 - due_ns(k))
        .collect();
    // The last few may not have been sent by a generator that a busy machine held up: they had
    // just become due.
    waits.resize(ledger.scheduled as usize, 0.0);
    waits.sort_by(f64::total_cmp);
    waits[((waits.len() as f64 * quantile).ceil() as usize).clamp(1, waits.len()) - 1]
}

#[test]
fn a_stall_of_the_server_is_told_in_full() {
    for engine in ENGINES {
        let server = stalled(1_000, 1_000);
        let mut spec = spec(&server, engine);
        spec.connections = 32;
        spec.duration = Duration::from_secs(4);
        spec.drain = Duration::from_secs(1);
        spec.arrival = Arrival::Constant { rate_per_s: RATE };
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.ledger.scheduled, 4_000);
        assert_eq!(outcome.latency.response.len(), 4_000);
        for quantile in [0.95, 0.99, 0.999] {
            let truth = true_quantile_ns(&server, &outcome, quantile);
            // The stall itself: a fifth of it lies above the 95th percentile.
            assert!(truth > 0.7e9, "{truth}");
            let measured = outcome.latency.response.value_at_quantile(quantile) as f64;
            // From the server's socket to the driver's clock is what an unstalled request takes.
            let floor = outcome.intervals[0].response_p99_ns as f64;
            let error = measured - truth;
            assert!(
                error > -0.01 * truth && error < 0.01 * truth + floor,
                "{engine:?} q{quantile}: measured {measured} truth {truth} floor {floor}"
            );
        }
        // All but the requests that were caught by the stall on a connection were served fast.
        let service_p95 = outcome.latency.service.value_at_quantile(0.95) as f64;
        assert!(service_p95 < true_quantile_ns(&server, &outcome, 0.95));
    }
}

#[test]
fn a_stall_across_the_end_loses_no_request() {
    for engine in ENGINES {
        let server = stalled(500, 60_000);
        let mut spec = spec(&server, engine);
        spec.duration = Duration::from_millis(1_500);
        spec.arrival = Arrival::Constant { rate_per_s: RATE };
        blame_nothing_on_the_generator(&mut spec);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        let ledger = outcome.ledger;
        assert_eq!(ledger.scheduled, 1_500);
        assert_eq!(ledger.in_flight, 8, "{ledger:?}");
        assert_eq!(ledger.completed + ledger.never_sent, 1_492, "{ledger:?}");
        assert_eq!(outcome.latency.response.len(), 1_500);
        assert!(
            matches!(outcome.verdict, LoadVerdict::Overloaded { .. }),
            "{:?}",
            outcome.verdict
        );
        // The oldest have waited from the stall to the end, and say so.
        let waited = outcome.latency.response.max() as f64;
        let truth = (1_500 - ledger.completed) as f64 / RATE * 1e9;
        assert!((waited / truth - 1.0).abs() < 0.05, "{waited} {truth}");
    }
}

#[test]
fn a_generator_that_stops_names_itself_and_the_interval() {
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        let mut spec = spec(&server, engine);
        spec.duration = Duration::from_secs(3);
        spec.interval = Duration::from_millis(250);
        spec.arrival = Arrival::Constant { rate_per_s: RATE };
        let (beats, stopped_ns) = (AtomicU64::new(0), AtomicU64::new(0));
        // Beats come every 10 ms at most: the 100th is at one second or somewhat later.
        let heartbeat = |_: usize| {
            if beats.fetch_add(1, Ordering::Relaxed) == 100 {
                let started = Instant::now();
                std::thread::sleep(Duration::from_millis(500));
                stopped_ns.store(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
            }
        };
        let hooks = Hooks {
            heartbeat: Some(&heartbeat),
            ..Hooks::default()
        };
        let outcome = run(&spec, &hooks).unwrap();
        assert_sound(&outcome);
        let LoadVerdict::GeneratorBound { interval, .. } = &outcome.verdict else {
            panic!("{:?}", outcome.verdict);
        };
        let stopped_ns = stopped_ns.load(Ordering::Relaxed);
        let length_s = interval.to_s - interval.from_s;
        assert!(
            interval.to_s > 1.0 && length_s > 0.8 * stopped_ns as f64 / 1e9,
            "{interval:?}"
        );
        // The requests that were late are late in the response times, not in the service times:
        // one in six fell into the stop, so the last fiftieth waited for most of it.
        let response_ns = outcome.latency.response.value_at_quantile(0.98);
        let service_ns = outcome.latency.service.value_at_quantile(0.98);
        assert!(response_ns > stopped_ns / 2, "{response_ns} {stopped_ns}");
        assert!(service_ns < response_ns / 2, "{service_ns} {response_ns}");
    }
}

#[test]
fn twice_the_capacity_is_an_overload_at_any_number_of_connections() {
    let constant = Arrival::Constant { rate_per_s: RATE };
    let poisson = Arrival::Poisson { rate_per_s: RATE };
    for (arrival, connections) in [(constant.clone(), 8), (constant, 200), (poisson, 200)] {
        let reply = Reply {
            capacity_per_s: Some(500.0),
            ..Reply::default()
        };
        let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
        let mut spec = spec(&server, loadgen::EngineChoice::H1Fast);
        spec.connections = connections;
        spec.duration = Duration::from_secs(2);
        spec.arrival = arrival;
        // The stalls of a busy machine are not what this test is about.
        blame_nothing_on_the_generator(&mut spec);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        let LoadVerdict::Overloaded { reason, .. } = &outcome.verdict else {
            panic!("{connections} connections: {:?}", outcome.verdict);
        };
        assert!(reason.contains("the backlog grew from"), "{reason}");
        if connections == 8 {
            assert!(outcome.ledger.never_sent > 300, "{:?}", outcome.ledger);
            let lag = outcome.latency.send_lag.value_at_quantile(0.99);
            assert!(outcome.generator_lag.value_at_quantile(0.99) < lag);
        }
    }
}

#[test]
fn littles_law_holds_on_closed_runs() {
    for engine in ENGINES {
        let reply = Reply {
            delay: Duration::from_millis(5),
            ..Reply::default()
        };
        let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
        let outcome = run(&spec(&server, engine), &Hooks::default()).unwrap();
        assert_sound(&outcome);
        let law = outcome.littles_law.unwrap();
        assert!(law.relative_error < 0.02, "{law:?}");
    }
}

#[test]
fn stages_send_what_they_say() {
    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    let mut spec = spec(&server, loadgen::EngineChoice::H1Fast);
    let stage = |from_per_s, to_per_s| Stage {
        from_per_s,
        to_per_s,
        duration: Duration::from_millis(200),
    };
    spec.arrival = Arrival::Stages {
        stages: vec![stage(0.0, 1_000.0), stage(1_000.0, 1_000.0)],
        spacing: Spacing::Even,
    };
    spec.duration = Duration::from_millis(400);
    spec.drain = Duration::from_millis(500);
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    assert_eq!(outcome.ledger.scheduled, 300);
    assert_eq!(outcome.ledger.completed + outcome.ledger.never_sent, 300);
}

#[test]
fn cancelling_ends_the_run_early_with_its_books_in_order() {
    for arrival in [Arrival::Closed, Arrival::Constant { rate_per_s: RATE }] {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        let mut spec = spec(&server, loadgen::EngineChoice::H1Fast);
        spec.arrival = arrival;
        spec.duration = Duration::from_secs(600);
        spec.interval = Duration::from_millis(100);
        let cancel = AtomicBool::new(false);
        let progress = |_: &loadgen::Progress<'_>| cancel.store(true, Ordering::Relaxed);
        let hooks = Hooks {
            cancel: Some(&cancel),
            progress: Some(&progress),
            ..Hooks::default()
        };
        let outcome = run(&spec, &hooks).unwrap();
        assert_sound(&outcome);
        assert!(outcome.elapsed < Duration::from_secs(600));
        assert!(outcome.ledger.completed > 0);
    }
}

/// The knee of a server that answers so, by probes of a second over four connections.
fn knee_of(reply: Reply) -> SearchOutcome {
    let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
    let mut spec = spec(&server, loadgen::EngineChoice::H1Fast);
    spec.connections = 4;
    let options = SearchOptions {
        probe: Duration::from_millis(1_000),
        ..Default::default()
    };
    find_knee(&spec, &options, &Hooks::default()).unwrap()
}

#[test]
fn refusing_what_is_too_much_is_not_keeping_up_with_it() {
    let rate = 200.0;
    let reply = Reply {
        refuses_above_per_s: Some(rate),
        ..Reply::default()
    };
    let found = knee_of(reply);
    for probe in &found.probes {
        assert_sound(&probe.outcome);
    }
    // A tenth of a second's requests are taken at once, before the rate holds.
    let best = found.best_rate_per_s.unwrap_or(0.0);
    assert!(best < rate * 1.15, "{best}");
    let refused = found.probes.iter().filter(|probe| !probe.is_good);
    assert!(refused.count() > 0);
}

/// A search that is stopped during run `during` of it, counted from 1.
fn search_stopped(during: u64) -> SearchOutcome {
    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    let spec = spec(&server, loadgen::EngineChoice::H1Fast);
    let options = SearchOptions {
        probe: Duration::from_millis(200),
        ..Default::default()
    };
    let (runs, cancel) = (AtomicU64::new(0), AtomicBool::new(false));
    let count = || {
        runs.fetch_add(1, Ordering::Relaxed);
    };
    let heartbeat =
        |_: usize| cancel.store(runs.load(Ordering::Relaxed) >= during, Ordering::Relaxed);
    let hooks = Hooks {
        before_clock: Some(&count),
        heartbeat: Some(&heartbeat),
        cancel: Some(&cancel),
        ..Hooks::default()
    };
    let found = find_knee(&spec, &options, &hooks).unwrap();
    assert_eq!(
        runs.into_inner(),
        during,
        "no probe is begun after the stop"
    );
    found
}

#[test]
fn a_search_that_is_stopped_keeps_what_it_knows_and_judges_no_half_probe() {
    let found = search_stopped(1);
    assert!(found.is_cancelled && !found.is_converged);
    assert_eq!(found.probes.len(), 1, "the scale is shown");
    assert_eq!(
        (found.best_rate_per_s, found.worst_rate_per_s),
        (None, None)
    );
    let found = search_stopped(3);
    assert!(found.is_cancelled);
    assert_eq!(found.probes.len(), 2);
    let tried = found.probes[1].rate_per_s;
    assert!([found.best_rate_per_s, found.worst_rate_per_s].contains(&tried));
}

#[test]
fn opening_connections_that_nobody_accepts_ends_with_a_stop() {
    // A queue of one, that is never emptied: the kernel lets the others wait and try again.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any_port = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any_port.into()).unwrap();
    socket.listen(1).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    for engine in ENGINES {
        let mut spec = LoadSpec::new(Endpoint::tcp(address), RequestMix::get("/"));
        spec.engine = engine;
        (spec.connections, spec.threads) = (256, 2);
        spec.timeout = Duration::from_secs(3600);
        let cancel = AtomicBool::new(false);
        let hooks = Hooks {
            cancel: Some(&cancel),
            ..Hooks::default()
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(100));
                cancel.store(true, Ordering::Relaxed);
            });
            let stopped = run(&spec, &hooks);
            assert!(matches!(stopped, Err(LoadError::Cancelled)), "{stopped:?}");
        });
    }
}

#[test]
fn the_knee_of_a_known_capacity_is_found() {
    let capacity = 400.0;
    let reply = Reply {
        capacity_per_s: Some(capacity),
        ..Reply::default()
    };
    let found = knee_of(reply);
    assert!(found.probes.len() <= 10);
    for probe in &found.probes {
        assert_sound(&probe.outcome);
    }
    // A busy machine makes good rates look bad, never the other way round. The bar of 3 % on
    // both sides is held in virtual time, by the tests of `search::backlog`, and by the selftest
    // on longer probes.
    let best = found.best_rate_per_s.unwrap_or(0.0);
    assert!(best < capacity * 1.15, "{best}");
    assert!(found.worst_rate_per_s.is_some(), "nothing was refused");
}
