//! Our own side runs out: of file descriptors, of ports. One test, since limits are the
//! process's.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::time::Duration;

use common::{ENGINES, assert_sound, spec};
use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{Arrival, ErrorClass, Hooks, run};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn what_runs_out_is_named_and_no_request_is_lost() {
    for engine in ENGINES {
        let server = ReferenceServer::start(Behaviour::default()).unwrap();
        ports_run_out(&server, engine);
        descriptors_run_out(&server, engine);
    }
}

fn ports_run_out(server: &ReferenceServer, engine: loadgen::EngineChoice) {
    let mut spec = spec(server, engine);
    spec.arrival = Arrival::Constant { rate_per_s: 500.0 };
    // The range of each engine is its own: ports of closed connections rest for a minute.
    let first = if engine == loadgen::EngineChoice::Hyper {
        40_100
    } else {
        40_200
    };
    spec.local_ports = Some((first, first + 3));
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    assert!(outcome.connections.opened <= 4);
    assert!(outcome.connections.failed[&ErrorClass::PortsExhausted] >= 4);
    assert!(outcome.ledger.completed > 0);
    let failed = outcome
        .errors
        .get(&ErrorClass::PortsExhausted)
        .map_or(0, |error| error.count);
    assert_eq!(failed, outcome.ledger.failed, "{:?}", outcome.errors);
}

fn descriptors_run_out(server: &ReferenceServer, engine: loadgen::EngineChoice) {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let before = getrlimit(Resource::Nofile);
    // Room for the runtime and some of the connections, whose other ends are ours too.
    let limit = Rlimit {
        current: Some(open + 16),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut spec = spec(server, engine);
    spec.connections = 40;
    spec.arrival = Arrival::Constant { rate_per_s: 500.0 };
    spec.timeout = Duration::from_millis(300);
    let outcome = run(&spec, &Hooks::default());
    setrlimit(Resource::Nofile, before).unwrap();
    let outcome = outcome.unwrap();
    assert_sound(&outcome);
    assert!(outcome.connections.failed[&ErrorClass::FdExhausted] > 0);
    assert!(
        !outcome.errors.contains_key(&ErrorClass::Io),
        "{:?}",
        outcome.errors
    );
}
