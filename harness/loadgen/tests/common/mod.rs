//! What the test files share; not every file uses all of it.
#![expect(unreachable_pub, reason = "each test file is a crate of its own")]
#![allow(
    clippy::allow_attributes,
    reason = "which items are dead differs between test files"
)]
#![allow(dead_code)]

use std::time::Duration;

use loadgen::reference::{Action, Behaviour, ReferenceServer, Script};
use loadgen::{Endpoint, EngineChoice, LoadOutcome, LoadSpec, RequestMix};

pub const ENGINES: [EngineChoice; 2] = [EngineChoice::H1Fast, EngineChoice::Hyper];

/// A short run of eight connections against `server`.
pub fn spec(server: &ReferenceServer, engine: EngineChoice) -> LoadSpec {
    let mut spec = LoadSpec::new(Endpoint::tcp(server.address()), RequestMix::get("/"));
    spec.engine = engine;
    spec.connections = 8;
    spec.duration = Duration::from_millis(400);
    spec
}

/// A server that plays `actions` for each request.
pub fn scripted(actions: impl Into<Script>) -> ReferenceServer {
    ReferenceServer::start(Behaviour::Script(actions.into())).expect("a port is free")
}

/// Bytes to send.
pub fn send(text: &str) -> Action {
    Action::Send(text.as_bytes().to_vec())
}

/// What must hold of every outcome, whatever the server did.
pub fn assert_sound(outcome: &LoadOutcome) {
    let ledger = &outcome.ledger;
    assert!(ledger.balances(), "{ledger:?}");
    assert_eq!(
        outcome.latency.response.len(),
        ledger.scheduled - ledger.failed
    );
    assert_eq!(
        outcome.latency.service.len(),
        ledger.scheduled - ledger.failed - ledger.never_sent
    );
    assert_eq!(
        outcome.latency.send_lag.len(),
        ledger.scheduled - ledger.never_sent
    );
    let errors: u64 = outcome.errors.values().map(|error| error.count).sum();
    assert_eq!(errors, ledger.failed + ledger.timed_out);
    for (class, error) in &outcome.errors {
        assert_eq!(error.count, error.latency.len(), "{class}");
    }
    let sum = |of: fn(&loadgen::Interval) -> u64| -> u64 { outcome.intervals.iter().map(of).sum() };
    assert_eq!(
        sum(|interval| interval.started),
        ledger.scheduled - ledger.never_sent
    );
    assert_eq!(sum(|interval| interval.completed), ledger.completed);
    assert_eq!(sum(|interval| interval.failed), ledger.failed);
    assert_eq!(sum(|interval| interval.timed_out), ledger.timed_out);
}
