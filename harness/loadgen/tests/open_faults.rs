//! Faults under a schedule: with requests that come whatever the server does, over two threads,
//! every one is accounted for in its class.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::time::Duration;

use common::{ENGINES, assert_sound, classes, scripted, send, spec};
use loadgen::reference::{Action, Behaviour, ReferenceServer, Reply};
use loadgen::{Arrival, EngineChoice, ErrorClass, Hooks, LoadOutcome, Spacing, Stage, run};

const REQUESTS: u64 = 60;
const RATE: f64 = 400.0;

fn arrivals() -> [Arrival; 4] {
    let stage = |from_per_s, to_per_s| Stage {
        from_per_s,
        to_per_s,
        duration: Duration::from_millis(100),
    };
    let staged = |spacing| Arrival::Stages {
        stages: vec![stage(0.0, RATE), stage(RATE, RATE)],
        spacing,
    };
    [
        Arrival::Constant { rate_per_s: RATE },
        Arrival::Poisson { rate_per_s: RATE },
        staged(Spacing::Even),
        staged(Spacing::Poisson),
    ]
}

fn outcome_of(
    server: &ReferenceServer,
    engine: EngineChoice,
    arrival: Arrival,
    timeout: Duration,
) -> LoadOutcome {
    let mut spec = spec(server, engine);
    spec.arrival = arrival;
    spec.threads = 2;
    spec.timeout = timeout;
    spec.max_requests = Some(REQUESTS);
    spec.duration = Duration::from_secs(60);
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    assert_eq!(outcome.ledger.scheduled, REQUESTS);
    outcome
}

/// Asserts that every request ends in `class`, in every open mode.
fn assert_class(class: ErrorClass, server: &ReferenceServer) {
    // No busy machine reaches the one; every machine reaches the other.
    let timeout = match class {
        ErrorClass::Timeout => Duration::from_millis(50),
        _ => Duration::from_secs(8),
    };
    for engine in ENGINES {
        for arrival in arrivals() {
            let outcome = outcome_of(server, engine, arrival.clone(), timeout);
            let found = classes(&outcome);
            assert_eq!(found, [(class, REQUESTS)], "{engine:?} {arrival:?}");
        }
    }
}

#[test]
fn a_reset_in_mid_body() {
    let half = send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    let pause = Action::Pause(Duration::from_millis(20));
    assert_class(ErrorClass::Reset, &scripted([half, pause, Action::Reset]));
}

#[test]
fn a_close_before_the_answer() {
    assert_class(ErrorClass::Closed, &scripted([Action::Close]));
}

#[test]
fn garbage_instead_of_an_answer() {
    let garbage = send("SSH-2.0-OpenSSH_9.9\r\n");
    assert_class(ErrorClass::Protocol, &scripted([garbage]));
}

#[test]
fn no_answer_at_all() {
    assert_class(ErrorClass::Timeout, &scripted([Action::Hang]));
}

#[test]
fn a_wrong_status() {
    let reply = Reply {
        status: 503,
        ..Reply::default()
    };
    let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
    assert_class(ErrorClass::WrongStatus, &server);
}

/// Both at once, and the end of the run in the middle of it: what has no outcome is in flight or
/// was never sent.
#[test]
fn a_run_that_ends_while_the_server_hangs() {
    for engine in ENGINES {
        for arrival in arrivals() {
            let server = scripted([Action::Hang]);
            let mut spec = spec(&server, engine);
            spec.arrival = arrival.clone();
            spec.threads = 2;
            let outcome = run(&spec, &Hooks::default()).unwrap();
            assert_sound(&outcome);
            let ledger = outcome.ledger;
            assert_eq!(ledger.settled(), 0, "{engine:?} {arrival:?} {ledger:?}");
            // Eight connections hang; the rest of the schedule finds none.
            assert!(ledger.in_flight <= 8 && ledger.never_sent > 0, "{ledger:?}");
        }
    }
}
