//! Closed and open loops against the reference server: counts, ledger, both engines.

mod common;

use std::time::Duration;

use common::{ENGINES, assert_sound, spec};
use loadgen::reference::{Behaviour, ReferenceServer, Reply};
use loadgen::{Arrival, Hooks, run};

#[test]
fn closed_loop_completes_requests_and_obeys_littles_law() {
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        let outcome = run(&spec(&server, engine), &Hooks::default()).unwrap();
        assert_sound(&outcome);
        let ledger = &outcome.ledger;
        assert!(ledger.completed > 100, "{ledger:?}");
        assert_eq!(
            ledger.failed + ledger.timed_out + ledger.never_sent,
            0,
            "{ledger:?}"
        );
        assert!(ledger.in_flight <= 8);
        let seen = server.log().requests();
        assert!(
            (ledger.completed..=ledger.scheduled).contains(&seen),
            "{seen} {ledger:?}"
        );
        assert_eq!(outcome.generator.engine, engine);
    }
}

#[test]
fn constant_rate_sends_exactly_the_schedule() {
    for engine in ENGINES {
        for threads in [1, 2] {
            let server = ReferenceServer::start(Behaviour::default()).unwrap();
            let mut spec = spec(&server, engine);
            spec.threads = threads;
            spec.arrival = Arrival::Constant {
                rate_per_s: 1_000.0,
            };
            spec.drain = Duration::from_millis(300);
            let outcome = run(&spec, &Hooks::default()).unwrap();
            assert_sound(&outcome);
            assert_eq!(outcome.ledger.scheduled, 400);
            assert_eq!(outcome.ledger.completed + outcome.ledger.never_sent, 400);
            assert_eq!(server.log().requests(), 400 - outcome.ledger.never_sent);
        }
    }
}

#[test]
fn a_request_budget_ends_the_run() {
    for engine in ENGINES {
        for arrival in [
            Arrival::Closed,
            Arrival::Poisson {
                rate_per_s: 5_000.0,
            },
        ] {
            let server = ReferenceServer::start(Behaviour::default()).unwrap();
            let mut spec = spec(&server, engine);
            spec.arrival = arrival;
            spec.threads = 2;
            spec.max_requests = Some(301);
            spec.duration = Duration::from_secs(20);
            let outcome = run(&spec, &Hooks::default()).unwrap();
            assert_sound(&outcome);
            assert_eq!(outcome.ledger.completed, 301, "{:?}", outcome.ledger);
            assert_eq!(server.log().requests(), 301);
        }
    }
}

#[test]
fn keep_alive_off_opens_a_connection_for_each_request() {
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        let mut spec = spec(&server, engine);
        spec.keep_alive = false;
        spec.max_requests = Some(100);
        spec.duration = Duration::from_secs(20);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.ledger.completed, 100);
        // One more was opened before the clock, to see whether anyone listens.
        assert_eq!(server.log().connections(), 101);
    }
}

#[test]
fn connections_that_the_server_closes_in_order_are_no_errors() {
    for engine in ENGINES {
        let reply = Reply {
            requests_per_connection: Some(7),
            ..Reply::default()
        };
        let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
        let mut spec = spec(&server, engine);
        spec.max_requests = Some(200);
        spec.duration = Duration::from_secs(20);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(
            outcome.ledger.completed, 200,
            "{:?} {:?}",
            outcome.ledger, outcome.errors
        );
        assert!(
            outcome.connections.reconnects >= 20,
            "{:?}",
            outcome.connections.reconnects
        );
    }
}

#[test]
fn connections_are_given_up_after_as_many_requests_as_asked_for() {
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        let mut spec = spec(&server, engine);
        (spec.connections, spec.requests_per_connection) = (2, Some(7));
        spec.max_requests = Some(70);
        spec.duration = Duration::from_secs(60);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.ledger.completed, 70, "{:?}", outcome.errors);
        // However the two slots shared the requests: full connections, and at most one begun by
        // each of the slots.
        let opened = outcome.connections.opened;
        assert!((10..=11).contains(&opened), "{opened}");
        assert_eq!(outcome.connections.reconnects, opened - 2);
        assert_eq!(server.log().connections(), opened);
    }
}

#[test]
fn redirects_are_answers_and_are_not_followed() {
    for engine in ENGINES {
        let reply = Reply {
            status: 302,
            headers: vec!["location: /elsewhere".into()],
            ..Reply::default()
        };
        let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
        let mut spec = spec(&server, engine);
        spec.max_requests = Some(20);
        spec.duration = Duration::from_secs(60);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(
            outcome.statuses.into_iter().collect::<Vec<_>>(),
            [(302, 20)]
        );
        assert_eq!(server.log().requests(), 20);
    }
}
