//! Exit codes: what a script sees.

use std::process::Stdio;
use std::time::Duration;

use loadgen::reference::Reply;

use crate::support::{answering, code, gosweep, json, load, server, slow, stderr, stdout, url};

#[test]
fn a_threshold_that_holds_fails_the_run_and_says_which() {
    let server = slow(Duration::from_millis(20));
    let output = load([
        &url(&server),
        "-r",
        "50",
        "-d",
        "1s",
        "--fail-if",
        "p50>1ms",
        "--fail-if",
        "errors>50%",
        "--json",
        "-",
    ]);
    let result = json(&output);
    let thresholds = result["thresholds"].as_array().unwrap();
    assert_eq!(
        (&thresholds[0]["failed"], &thresholds[1]["failed"]),
        (&true.into(), &false.into())
    );
    let text = stderr(&output);
    assert!(text.contains("failed: p50>1ms holds: 2"), "{text}");
    assert!(!text.contains("errors>50%"), "{text}");
    // A busy machine may make the verdict another one, which then is the stronger word.
    let expected = if result["verdict"] == "VALID" { 1 } else { 4 };
    assert_eq!(code(&output), expected);
}

#[test]
fn a_threshold_that_does_not_hold_passes() {
    let server = server();
    let output = load([
        &url(&server),
        "-r",
        "50",
        "-d",
        "500ms",
        "--fail-if",
        "max>1m",
        "--fail-if",
        "rate<1",
        "--json",
        "-",
    ]);
    let expected = if json(&output)["verdict"] == "VALID" {
        0
    } else {
        4
    };
    assert_eq!(code(&output), expected, "{}", stderr(&output));
}

#[test]
fn overload_fails_what_it_makes_worse_and_vouches_for_nothing() {
    let server = answering(Reply {
        capacity_per_s: Some(100.0),
        ..Reply::default()
    });
    let run = |threshold: &str| {
        load([
            &url(&server),
            "-r",
            "1000",
            "-d",
            "1s",
            "-c",
            "4",
            "--fail-if",
            threshold,
            "--json",
            "-",
        ])
    };
    let failed = run("p99>1ms");
    let result = json(&failed);
    assert!(result["ledger"]["never_sent"].as_u64().unwrap() > 500);
    if result["verdict"] == "OVERLOADED" {
        assert_eq!(code(&failed), 1);
    }
    // Where requests are owed an answer a latency fails its threshold; where none is, nothing vouches for it.
    assert!([1, 4].contains(&code(&run("max>10m"))));
    // A rate is not about those that are owed.
    let kept = run("rate<1");
    assert_eq!(code(&kept), 4);
    assert!(
        stderr(&kept).contains("cannot be relied on"),
        "{}",
        stderr(&kept)
    );
}

#[test]
fn no_answer_at_all_keeps_no_latency_threshold() {
    let server = answering(Reply {
        status: 500,
        ..Reply::default()
    });
    let output = load([
        &url(&server),
        "-r",
        "100",
        "-d",
        "300ms",
        "--fail-if",
        "p99>10s",
    ]);
    assert!([1, 4].contains(&code(&output)));
    assert!(
        stderr(&output).contains("no request was answered"),
        "{}",
        stderr(&output)
    );
}

/// Answers that nobody expected are no sign that the server kept up.
#[test]
fn a_load_that_failed_says_so_first_and_keeps_no_threshold() {
    let server = answering(Reply {
        status: 401,
        ..Reply::default()
    });
    for arrival in [&["-r", "100"][..], &[]] {
        let url = url(&server);
        let mut args = vec![url.as_str(), "-d", "300ms", "--fail-if", "p99>10s"];
        args.extend(arrival);
        let output = load(args);
        assert!([1, 4].contains(&code(&output)), "{}", stderr(&output));
        let text = stdout(&output);
        let headline = text.lines().next().unwrap();
        assert!(!headline.starts_with("VALID"), "{headline}");
        let row = text
            .lines()
            .find(|line| line.starts_with("response "))
            .unwrap();
        assert!(!row.contains("0.000"), "{row}");
    }
}

/// Our own limits are no figures of the server: with few files a load ends with 4, threshold or not.
#[test]
fn a_load_that_lacks_files_is_the_generators() {
    let server = server();
    let program = env!("CARGO_BIN_EXE_gosweep");
    let script = format!(
        "ulimit -n 24; exec {program} load {} -c 64 -d 300ms",
        url(&server)
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.starts_with("GENERATOR_BOUND") && text.contains("file descriptors"),
        "{text}"
    );
}

/// Nothing failed where nothing ended: a server that takes connections and says nothing must not pass.
#[test]
fn a_server_that_never_answers_keeps_no_threshold_on_errors() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let output = load([
        url.as_str(),
        "-c",
        "2",
        "-d",
        "300ms",
        "--timeout",
        "1m",
        "--fail-if",
        "errors>0.1%",
    ]);
    assert!([1, 4].contains(&code(&output)), "{}", stdout(&output));
    let said = stderr(&output);
    assert!(said.contains("no request came to an end"), "{said}");
}

/// Talk is lost where nobody listens, and only that.
#[test]
fn a_closed_standard_error_ends_nothing() {
    let server = server();
    let mut command = crate::support::gosweep();
    command.args(["load", &url(&server), "-d", "300ms", "--json", "-"]);
    command.args(["--fail-if", "p99<1m"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stderr(writer).output().unwrap();
    assert!([1, 4].contains(&code(&output)), "{output:?}");
    assert!(json(&output)["ledger"]["completed"].as_u64().unwrap() > 0);
}

#[test]
fn interrupted_runs_print_what_was_measured() {
    let server = server();
    let child = gosweep()
        .args([
            "load",
            &url(&server),
            "-r",
            "100",
            "-d",
            "10m",
            "-c",
            "2",
            "--json",
            "-",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.log().requests() < 20 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 5, "{}", stderr(&output));
    let result = json(&output);
    assert_eq!(result["interrupted"], true);
    assert!(result["ledger"]["completed"].as_u64().unwrap() >= 19);
    assert!(crate::support::balances(&result));
}

#[test]
fn a_search_finds_what_meets_the_objective_or_fails() {
    let server = answering(Reply {
        capacity_per_s: Some(300.0),
        ..Reply::default()
    });
    let found = load([
        &url(&server),
        "--max",
        "-d",
        "400ms",
        "-c",
        "4",
        "--probes",
        "6",
        "--json",
        "-",
    ]);
    let result = json(&found);
    let probes = result["search"]["probes"].as_array().unwrap();
    assert!((2..=6).contains(&probes.len()));
    assert!(probes[0]["rate_per_s"].is_null());
    if let Some(best) = result["search"]["best_rate_per_s"].as_f64() {
        assert!((50.0..600.0).contains(&best), "{best}");
        assert_eq!(result["rate"]["requested"], best);
    }

    let server = slow(Duration::from_millis(30));
    let none = load([
        &url(&server),
        "--slo",
        "p50<1ms",
        "-d",
        "300ms",
        "-c",
        "2",
        "--probes",
        "3",
    ]);
    assert!([1, 4].contains(&code(&none)), "{}", stderr(&none));
    assert!(
        stdout(&none).contains("no rate tried meets the objectives"),
        "{}",
        stdout(&none)
    );
}
