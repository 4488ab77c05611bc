//! Memory does not grow with the number of requests, answered or broken off.
//!
//! The server is this test's program in a second process, since what it notes of every request
//! is not the driver's.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;

use common::{ENGINES, ServerProcess, assert_sound, classes, send, serve_for_parent};
use loadgen::reference::{Action, Behaviour};
use loadgen::{
    Endpoint, EngineChoice, ErrorClass, Hooks, LoadOutcome, LoadSpec, Progress, RequestMix, run,
};

/// Resident memory of this process, in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

#[test]
#[ignore = "the other tests' server process, which ends with its standard input"]
fn serve() {
    serve_for_parent(Behaviour::default());
}

#[test]
#[ignore = "the other tests' server process, which ends with its standard input"]
fn serve_resets() {
    let half = send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    serve_for_parent(Behaviour::Script(vec![half, Action::Reset]));
}

/// The sample of least memory in a part of the run, which is given by its share of the requests:
/// what belongs to an interval comes and goes.
fn least(samples: &[(u64, u64)], requests: u64, part: Range<f64>) -> (u64, u64) {
    let within = |settled: u64| part.contains(&(settled as f64 / requests as f64));
    let of_part = samples.iter().filter(|(settled, _)| within(*settled));
    *of_part.min_by_key(|(_, bytes)| bytes).unwrap()
}

/// Runs `requests` requests and asserts that memory grows by less than `bytes` for each of them
/// from the second quarter of the run to the last.
fn assert_flat(
    server: &ServerProcess,
    engine: EngineChoice,
    requests: u64,
    bytes: u64,
) -> LoadOutcome {
    let mut spec = LoadSpec::new(Endpoint::tcp(server.address), RequestMix::get("/"));
    spec.engine = engine;
    spec.connections = 64;
    spec.max_requests = Some(requests);
    spec.duration = Duration::from_secs(600);
    spec.interval = Duration::from_millis(50);
    let samples = Mutex::new(Vec::new());
    let progress = |progress: &Progress<'_>| {
        let settled = progress.completed + progress.errors;
        samples.lock().unwrap().push((settled, resident_bytes()));
    };
    let hooks = Hooks {
        progress: Some(&progress),
        ..Hooks::default()
    };
    let outcome = run(&spec, &hooks).unwrap();
    assert_sound(&outcome);
    assert_eq!(outcome.ledger.settled(), requests);
    let samples = samples.into_inner().unwrap();
    let (from, before) = least(&samples, requests, 0.25..0.5);
    let (to, after) = least(&samples, requests, 0.75..1.01);
    assert!(
        after < before + (to - from) * bytes,
        "{engine:?}: {before} bytes at request {from}, {after} at {to}: {samples:?}",
    );
    outcome
}

/// One test, since memory is the process's.
#[test]
fn memory_does_not_grow_with_requests() {
    let server = ServerProcess::start("serve");
    for engine in ENGINES {
        // Less than the smallest thing that could be kept of each, a number of eight bytes.
        let outcome = assert_flat(&server, engine, 60_000, 8);
        assert_eq!(outcome.ledger.completed, 60_000);
    }
    let server = ServerProcess::start("serve_resets");
    for engine in ENGINES {
        // Less than the smallest thing that a broken connection could leave behind, a task.
        let outcome = assert_flat(&server, engine, 8_000, 128);
        assert_eq!(classes(&outcome), [(ErrorClass::Reset, 8_000)]);
    }
}
