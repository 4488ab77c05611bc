//! Every fault of a server lands in its error class, with both engines: no panic, no hang, no
//! lost request.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::time::Duration;

use common::{ENGINES, assert_sound, classes, scripted, send, spec};
use loadgen::reference::{Action, Behaviour, ReferenceServer, Reply};
use loadgen::{
    Arrival, Endpoint, EngineChoice, ErrorClass, Hooks, LoadError, LoadOutcome, LoadSpec,
    RequestMix, run,
};

/// A timeout that no busy machine reaches.
const PATIENT: Duration = Duration::from_secs(8);

/// Runs a handful of requests against a server that plays `actions`.
fn outcome_of(engine: EngineChoice, actions: Vec<Action>, timeout: Duration) -> LoadOutcome {
    let server = scripted(actions);
    let mut spec = spec(&server, engine);
    spec.connections = 2;
    spec.max_requests = Some(6);
    spec.timeout = timeout;
    spec.duration = Duration::from_secs(60);
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    assert_eq!(
        outcome.ledger.settled(),
        6,
        "{engine:?} {:?}",
        outcome.ledger
    );
    outcome
}

/// Asserts that every request ends in `class`.
fn assert_class(class: ErrorClass, actions: Vec<Action>) {
    let timeout = match class {
        ErrorClass::Timeout => Duration::from_millis(150),
        _ => PATIENT,
    };
    for engine in ENGINES {
        let outcome = outcome_of(engine, actions.clone(), timeout);
        assert_eq!(classes(&outcome), [(class, 6)], "{engine:?} {actions:?}");
    }
}

/// Asserts that every request is answered.
fn assert_answered(actions: Vec<Action>) {
    for engine in ENGINES {
        let outcome = outcome_of(engine, actions.clone(), PATIENT);
        assert_eq!(
            outcome.ledger.completed, 6,
            "{engine:?} {actions:?} {:?}",
            outcome.errors
        );
    }
}

#[test]
fn reset_in_mid_body() {
    assert_class(
        ErrorClass::Reset,
        vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
            Action::Pause(Duration::from_millis(20)),
            Action::Reset,
        ],
    );
}

#[test]
fn closed_before_an_answer_or_in_mid_answer() {
    assert_class(ErrorClass::Closed, vec![Action::Close]);
    assert_class(
        ErrorClass::Closed,
        vec![send("HTTP/1.1 200 O"), Action::Close],
    );
    assert_class(
        ErrorClass::Closed,
        vec![
            send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel"),
            Action::Close,
        ],
    );
}

#[test]
fn half_closed() {
    assert_class(ErrorClass::Closed, vec![Action::HalfClose]);
}

#[test]
fn slow_loris_times_out() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec();
    assert_class(
        ErrorClass::Timeout,
        vec![Action::Drip(answer, Duration::from_millis(25))],
    );
}

#[test]
fn content_length_too_long_and_too_short() {
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort";
    assert_class(ErrorClass::Timeout, vec![send(long)]);
    assert_class(ErrorClass::Closed, vec![send(long), Action::Close]);
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nlonger than two";
    assert_class(ErrorClass::Protocol, vec![send(short)]);
}

#[test]
fn content_lengths_that_are_none() {
    for value in ["-1", "ten", "99999999999999999999999999"] {
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {value}\r\n\r\n");
        assert_class(ErrorClass::Protocol, vec![send(&answer)]);
    }
}

#[test]
fn chunked_with_trailers_and_extensions() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n";
    let body = "5;name=value\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n";
    assert_answered(vec![send(head), send(body)]);
}

#[test]
fn chunk_sizes_of_thirty_digits_and_of_none() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for size in ["111111111111111111111111111111", "xyz"] {
        assert_class(
            ErrorClass::Protocol,
            vec![send(&format!("{head}{size}\r\nhello\r\n"))],
        );
    }
}

#[test]
fn continue_comes_first() {
    assert_answered(vec![
        send("HTTP/1.1 100 Continue\r\n\r\n"),
        send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
    ]);
}

#[test]
fn http10_answers_end_with_the_connection() {
    assert_answered(vec![
        send("HTTP/1.0 200 OK\r\n\r\nuntil the end"),
        Action::Close,
    ]);
}

#[test]
fn garbage_bytes() {
    assert_class(
        ErrorClass::Protocol,
        vec![Action::Send(vec![0x00, 0xff, 0x16, 0x03, b'\n'])],
    );
    assert_class(ErrorClass::Protocol, vec![send("SSH-2.0-OpenSSH_9.9\r\n")]);
}

#[test]
fn header_bombs() {
    let head = send("HTTP/1.1 200 OK\r\n");
    let many = Action::Repeat(b"x-bomb: 1\r\n".to_vec(), 5_000);
    assert_class(ErrorClass::Protocol, vec![head.clone(), many, send("\r\n")]);
    let long = Action::Repeat(vec![b'a'; 1024], 2_000);
    assert_class(
        ErrorClass::Protocol,
        vec![head, send("x-bomb: "), long, send("\r\n\r\n")],
    );
}

#[test]
fn a_server_that_stops_reading() {
    for engine in ENGINES {
        let server = scripted([Action::Hang]);
        let mut spec = spec(&server, engine);
        // More than the socket buffers hold, so that writing itself comes to a stop.
        spec.requests.requests[0].method = "POST".into();
        spec.requests.requests[0].body = loadgen::Body::Bytes(vec![b'x'; 16 << 20]);
        spec.connections = 2;
        spec.max_requests = Some(4);
        spec.timeout = Duration::from_millis(200);
        spec.duration = Duration::from_secs(60);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.ledger.timed_out, 4, "{:?}", outcome.errors);
        // The server was there for each of them, and writing came to a stop on the way.
        assert!(server.log().requests() >= 1);
        let written = outcome.bytes.written;
        assert!(written > 0 && written < 4 * (16 << 20), "{written}");
    }
}

#[test]
fn refused_before_the_clock_is_an_error_of_the_run() {
    let address = ReferenceServer::start(Behaviour::default())
        .unwrap()
        .address();
    for engine in ENGINES {
        let mut spec = LoadSpec::new(Endpoint::tcp(address), RequestMix::get("/"));
        spec.engine = engine;
        match run(&spec, &Hooks::default()) {
            Err(LoadError::NoConnection { class, .. }) => {
                assert_eq!(class, ErrorClass::ConnectRefused);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_name_that_does_not_resolve() {
    let (endpoint, target) = Endpoint::from_url("http://no-such-host.invalid/").unwrap();
    match run(
        &LoadSpec::new(endpoint, RequestMix::get(target)),
        &Hooks::default(),
    ) {
        Err(LoadError::NoConnection { class, .. }) => assert_eq!(class, ErrorClass::Dns),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_that_is_killed_and_comes_back() {
    for engine in ENGINES {
        for arrival in [Arrival::Closed, Arrival::Constant { rate_per_s: 500.0 }] {
            let server = ReferenceServer::start(Behaviour::default()).unwrap();
            let address = server.address();
            let mut spec = spec(&server, engine);
            spec.arrival = arrival;
            spec.duration = Duration::from_millis(900);
            let killer = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                let log = server.log().clone();
                drop(server);
                let before = log.requests();
                std::thread::sleep(Duration::from_millis(200));
                (
                    before,
                    ReferenceServer::start_on(address, Behaviour::default()).unwrap(),
                )
            });
            let outcome = run(&spec, &Hooks::default()).unwrap();
            let (before, revived) = killer.join().unwrap();
            assert_sound(&outcome);
            assert!(
                before > 0 && revived.log().requests() > 0,
                "{:?}",
                outcome.ledger
            );
            assert!(
                outcome.errors.contains_key(&ErrorClass::ConnectRefused),
                "{:?}",
                outcome.errors
            );
            assert!(outcome.connections.reconnects > 0);
            // Nothing beyond what was under way may be lost to the kill.
            assert!(outcome.ledger.completed <= before + revived.log().requests());
        }
    }
}

#[test]
fn wrong_answers_are_errors_however_fast() {
    for engine in ENGINES {
        let reply = Reply {
            status: 503,
            ..Reply::default()
        };
        let server = ReferenceServer::start(Behaviour::Answer(reply)).unwrap();
        let mut spec = spec(&server, engine);
        spec.max_requests = Some(10);
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.errors[&ErrorClass::WrongStatus].count, 10);
        assert_eq!(outcome.statuses[&503], 10);
        // A wrong status is no reason to give the connection up.
        assert_eq!(outcome.connections.reconnects, 0);
    }
}
