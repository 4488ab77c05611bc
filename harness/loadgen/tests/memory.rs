//! Memory does not grow with the number of requests.
//!
//! The server is this test's program in a second process, since what it notes of every request
//! is not the driver's.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use common::{ENGINES, assert_sound};
use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{Endpoint, Hooks, LoadSpec, Progress, RequestMix, run};

const REQUESTS: u64 = 60_000;
/// Less than the smallest thing that could be kept of each request, a number of eight bytes.
const BYTES_PER_REQUEST: u64 = 8;

/// Resident memory of this process, in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

#[test]
#[ignore = "the other test's server process, which ends with its standard input"]
fn serve() {
    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    println!("listening on {}", server.address());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// The sample of least memory in a part of the run, which is given by its share of the requests:
/// the histograms of an interval come and go.
fn least(samples: &[(u64, u64)], part: Range<f64>) -> (u64, u64) {
    let within = |completed: u64| part.contains(&(completed as f64 / REQUESTS as f64));
    let of_part = samples.iter().filter(|(completed, _)| within(*completed));
    *of_part.min_by_key(|(_, bytes)| bytes).unwrap()
}

#[test]
fn memory_does_not_grow_with_requests() {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["serve", "--exact", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap());
    let address = said
        .by_ref()
        .lines()
        .find_map(|line| Some(line.ok()?.split_once("listening on ")?.1.parse().unwrap()))
        .expect("the server says where it listens");
    for engine in ENGINES {
        let mut spec = LoadSpec::new(Endpoint::tcp(address), RequestMix::get("/"));
        spec.engine = engine;
        spec.connections = 64;
        spec.max_requests = Some(REQUESTS);
        spec.duration = Duration::from_secs(600);
        spec.interval = Duration::from_millis(50);
        let samples = Mutex::new(Vec::new());
        let progress = |progress: &Progress<'_>| {
            let mut samples = samples.lock().unwrap();
            samples.push((progress.completed, resident_bytes()));
        };
        let hooks = Hooks {
            progress: Some(&progress),
            ..Hooks::default()
        };
        let outcome = run(&spec, &hooks).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.ledger.completed, REQUESTS);
        let samples = samples.into_inner().unwrap();
        let (from, before) = least(&samples, 0.25..0.5);
        let (to, after) = least(&samples, 0.75..1.01);
        assert!(
            after < before + (to - from) * BYTES_PER_REQUEST,
            "{engine:?}: {before} bytes at request {from}, {after} at {to}: {samples:?}",
        );
    }
    // Its standard input closes with the handle, and the server ends.
    drop(server.stdin.take());
    server.wait().unwrap();
}
