//! What the test files share; not every file uses all of it.
#![expect(unreachable_pub, reason = "each test file is a crate of its own")]
#![allow(
    clippy::allow_attributes,
    reason = "which items are dead differs between test files"
)]
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use loadgen::reference::{Action, Behaviour, ReferenceServer, Script};
use loadgen::{Endpoint, EngineChoice, ErrorClass, LoadOutcome, LoadSpec, RequestMix};

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

/// A reference server as a process of its own: the test program again, which runs an ignored test
/// that calls [`serve_for_parent`].
pub struct ServerProcess {
    child: Child,
    /// Kept open, for what the test program says at its end.
    _said: BufReader<ChildStdout>,
    pub address: SocketAddr,
}

impl ServerProcess {
    /// By the ignored test `name`.
    pub fn start(name: &str) -> Self {
        let program = std::env::current_exe().expect("a test knows its program");
        let mut child = Command::new(program)
            .args([name, "--exact", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test program starts again");
        let mut said = BufReader::new(child.stdout.take().expect("it is piped"));
        let address = said
            .by_ref()
            .lines()
            .find_map(|line| Some(line.ok()?.split_once("listening on ")?.1.to_owned()))
            .expect("the server says where it listens");
        let address = address.parse().expect("it is an address");
        Self {
            child,
            _said: said,
            address,
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Its standard input closes, and the server ends.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Serves until the parent closes our standard input.
pub fn serve_for_parent(behaviour: Behaviour) {
    let server = ReferenceServer::start(behaviour).expect("a port is free");
    println!("listening on {}", server.address());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// The classes of an outcome's errors with their counts.
pub fn classes(outcome: &LoadOutcome) -> Vec<(ErrorClass, u64)> {
    let errors = outcome.errors.iter();
    errors.map(|(class, error)| (*class, error.count)).collect()
}
