//! What is ours costs no result: a full disk, and a process that is stopped.

mod common;

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{ENGINES, assert_sound, scripted, send, spec};
use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{Arrival, Hooks, run};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn a_full_disk_costs_the_log_and_not_the_result() {
    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    let mut spec = spec(&server, ENGINES[0]);
    spec.interval = Duration::from_millis(50);
    spec.hlog = Some("/dev/full".into());
    let outcome = run(&spec, &Hooks::default()).unwrap();
    assert_sound(&outcome);
    assert!(outcome.ledger.completed > 0);
    let why = outcome.hlog_lost.unwrap();
    assert!(
        why.contains("/dev/full") && why.contains("No space"),
        "{why}"
    );
}

#[test]
fn more_than_a_hundred_header_fields_are_read() {
    let fields: String = (0..1_500).map(|n| format!("X-{n}: y\r\n")).collect();
    let answer = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok");
    for engine in ENGINES {
        let server = scripted(vec![send(&answer)]);
        let mut spec = spec(&server, engine);
        spec.connections = 2;
        let outcome = run(&spec, &Hooks::default()).unwrap();
        assert_sound(&outcome);
        assert_eq!(outcome.ledger.failed, 0, "{engine:?}: {:?}", outcome.errors);
        assert!(outcome.ledger.completed > 0);
    }
}

#[test]
#[ignore = "the other test's load, which is stopped and goes on"]
fn load_for_parent() {
    let server = ReferenceServer::start(Behaviour::default()).unwrap();
    let is_open = std::env::var("LOOP").unwrap() == "open";
    let mut spec = spec(&server, ENGINES[0]);
    spec.duration = Duration::from_secs(3);
    if is_open {
        spec.arrival = Arrival::Constant { rate_per_s: 500.0 };
    }
    let before_clock = || println!("clock starts");
    let hooks = Hooks {
        before_clock: Some(&before_clock),
        ..Hooks::default()
    };
    let outcome = run(&spec, &hooks).unwrap();
    let stall = outcome.generator.longest_stall.unwrap();
    println!("verdict {} {:?}", outcome.verdict.name(), outcome.verdict);
    println!("stall {}", stall.length_s());
}

#[test]
fn a_process_that_was_stopped_says_so_in_both_loops() {
    for mode in ["closed", "open"] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["load_for_parent", "--exact", "--ignored", "--nocapture"])
            .env("LOOP", mode)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        let mut said = child.stdout.take().unwrap();
        let mut text = String::new();
        let mut byte = [0];
        while !text.contains("clock starts") {
            assert_eq!(said.read(&mut byte).unwrap(), 1, "{text}");
            text.push(byte[0].into());
        }
        std::thread::sleep(Duration::from_millis(500));
        kill_process(pid, Signal::STOP).unwrap();
        std::thread::sleep(Duration::from_millis(1_200));
        kill_process(pid, Signal::CONT).unwrap();
        said.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success(), "{text}");
        assert!(text.contains("verdict GENERATOR_BOUND"), "{mode}: {text}");
        assert!(text.contains("did not run for 1"), "{mode}: {text}");
    }
}
