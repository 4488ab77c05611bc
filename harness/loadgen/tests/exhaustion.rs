//! Our own side runs out: of file descriptors, of ports. One test, since limits are the
//! process's.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::time::Duration;

use common::{ENGINES, ServerProcess, assert_sound, classes, serve_for_parent};
use loadgen::reference::Behaviour;
use loadgen::{Arrival, Endpoint, EngineChoice, ErrorClass, Hooks, LoadSpec, RequestMix, run};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
#[ignore = "the other test's server process, which ends with its standard input"]
fn serve() {
    serve_for_parent(Behaviour::default());
}

#[test]
fn what_runs_out_is_named_and_no_request_is_lost() {
    // In a process of its own, for the descriptors that run out to be the driver's alone.
    let server = ServerProcess::start("serve");
    for engine in ENGINES {
        ports_run_out(&server, engine);
        descriptors_run_out(&server, engine);
    }
    threads_run_out(&server);
}

fn spec(server: &ServerProcess, engine: EngineChoice) -> LoadSpec {
    let mut spec = LoadSpec::new(Endpoint::tcp(server.address), RequestMix::get("/"));
    spec.engine = engine;
    spec.connections = 8;
    spec.duration = Duration::from_millis(400);
    spec
}

fn ports_run_out(server: &ServerProcess, engine: EngineChoice) {
    let mut spec = spec(server, engine);
    spec.arrival = Arrival::Constant { rate_per_s: 500.0 };
    // The range of each engine is its own: ports of closed connections rest for a minute.
    let first = if engine == EngineChoice::Hyper {
        40_100
    } else {
        40_200
    };
    spec.local_ports = Some((first, first + 3));
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    assert_eq!(outcome.verdict.name(), "GENERATOR_BOUND");
    assert!(outcome.connections.opened <= 4);
    assert!(outcome.connections.failed[&ErrorClass::PortsExhausted] >= 4);
    assert!(outcome.ledger.completed > 0);
    let failed = outcome
        .errors
        .get(&ErrorClass::PortsExhausted)
        .map_or(0, |error| error.count);
    assert_eq!(failed, outcome.ledger.failed, "{:?}", outcome.errors);
}

fn descriptors_run_out(server: &ServerProcess, engine: EngineChoice) {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let before = getrlimit(Resource::Nofile);
    // Room for the runtime and some of the connections.
    let limit = Rlimit {
        current: Some(open + 16),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut spec = spec(server, engine);
    spec.connections = 40;
    spec.arrival = Arrival::Constant { rate_per_s: 500.0 };
    spec.max_requests = Some(200);
    spec.duration = Duration::from_secs(60);
    let outcome = run(&spec, &Hooks::default());
    setrlimit(Resource::Nofile, before).unwrap();
    let outcome = outcome.unwrap();
    assert_sound(&outcome);
    assert_eq!(outcome.verdict.name(), "GENERATOR_BOUND");
    assert!(outcome.connections.failed[&ErrorClass::FdExhausted] > 0);
    // Some requests found a connection, and the others say why not.
    let ledger = outcome.ledger;
    assert!(ledger.completed > 0 && ledger.failed > 0, "{ledger:?}");
    assert_eq!(ledger.settled(), 200);
    assert_eq!(
        classes(&outcome),
        [(ErrorClass::FdExhausted, ledger.failed)]
    );
}

/// Threads are refused for want of address space, a limit that holds for root too. The threads that
/// were started must end: a run that waits for the others never returns.
fn threads_run_out(server: &ServerProcess) {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let before = getrlimit(Resource::As);
    // Room for what threads allocate, and for the stacks of a few of them.
    let limit = Rlimit {
        current: Some(pages * 4_096 + (20 << 20)),
        maximum: before.maximum,
    };
    let mut spec = spec(server, EngineChoice::H1Fast);
    (spec.connections, spec.threads) = (200, 200);
    setrlimit(Resource::As, limit).unwrap();
    let refused = run(&spec, &Hooks::default());
    setrlimit(Resource::As, before).unwrap();
    let error = refused.unwrap_err();
    assert!(error.is_own_side(), "{error}");
    assert!(error.to_string().contains("start of the thread"), "{error}");
    // And nothing of it is left behind.
    (spec.connections, spec.threads) = (8, 2);
    assert!(run(&spec, &Hooks::default()).unwrap().ledger.completed > 0);
}
