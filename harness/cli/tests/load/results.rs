//! What a run writes: the table, JSON, CSV, interval log, Prometheus text.

use loadgen::reference::Reply;

use crate::support::{answering, balances, code, gosweep, json, load, server, stderr, stdout, url};

#[test]
fn json_holds_what_scripts_rely_on() {
    let server = server();
    let output = load([
        &url(&server),
        "-r",
        "500",
        "-d",
        "500ms",
        "-c",
        "4",
        "--json",
        "-",
    ]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let result = json(&output);
    assert!(balances(&result));
    assert_eq!(result["ledger"]["scheduled"], 250);
    assert_eq!(result["errors"], serde_json::json!({}));
    assert_eq!(result["rate"]["requested"], 500.0);
    assert_eq!(result["generator"]["engine"], "hyper");
    assert_eq!(result["generator"]["threads"], 1);
    assert!(result["verdict"].is_string());
    for latency in ["response_ms", "service_ms", "send_lag_ms"] {
        for figure in ["mean", "p50", "p90", "p95", "p99", "p99_9", "max"] {
            assert!(result[latency][figure].is_f64(), "{latency}.{figure}");
        }
        assert_eq!(result[latency]["count"], 250);
    }
    for figure in ["cpu_seconds", "cpu_us_per_request"] {
        assert!(result["generator"][figure].as_f64().unwrap() > 0.0);
    }
    let intervals = result["intervals"].as_array().unwrap();
    let completed: u64 = intervals
        .iter()
        .map(|row| row["completed"].as_u64().unwrap())
        .sum();
    assert_eq!(completed, result["ledger"]["completed"]);
    assert_eq!(server.log().requests(), 250);
}

#[test]
fn json_keeps_its_names() {
    let server = server();
    let output = load([
        &url(&server),
        "-n",
        "20",
        "-d",
        "5s",
        "-c",
        "2",
        "--json",
        "-",
    ]);
    let mut names = Vec::new();
    collect_names("", &json(&output), &mut names);
    insta::assert_snapshot!(names.join("\n"));
}

fn collect_names(path: &str, value: &serde_json::Value, names: &mut Vec<String>) {
    // Whether these hold anything depends on how busy the machine was, and on the length of the run: the kernel counts
    // the time of CPUs in steps of 10 ms.
    let leaves = [
        ".verdict_interval",
        ".generator.longest_stall",
        ".host",
        ".warnings",
    ];
    if leaves.contains(&path) {
        names.push(path.to_owned());
        return;
    }
    match value {
        serde_json::Value::Object(map) => {
            for (name, value) in map {
                collect_names(&format!("{path}.{name}"), value, names);
            }
        }
        serde_json::Value::Array(items) => {
            for value in items.iter().take(1) {
                collect_names(&format!("{path}[]"), value, names);
            }
        }
        _ => names.push(path.to_owned()),
    }
}

/// The table with everything that differs between runs filtered out.
fn filtered(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        // The verdict and the bars depend on what else the machine does.
        let is_verdict = ["VALID", "GENERATOR_BOUND", "NOISY", "OVERLOADED", "FAILED"]
            .iter()
            .any(|name| line.starts_with(name));
        let is_bar = line.starts_with("  up to");
        if is_verdict {
            lines.push("VERDICT".to_owned());
        } else if is_bar {
            if lines.last().is_none_or(|last| last != "  BARS") {
                lines.push("  BARS".to_owned());
            }
        } else {
            let line = squeezed(line);
            // Whether spinning is worth reporting depends on what else ran.
            let spinning = ", and N s spinning to be on time (the threads are not pinned to a CPU each (--cpus))";
            lines.push(line.replace(spinning, ""));
        }
    }
    lines.join("\n")
}

/// Numbers become `N`, runs of spaces one.
fn squeezed(line: &str) -> String {
    let mut out = String::new();
    let mut previous = ' ';
    for c in line.chars() {
        let c = if c.is_ascii_digit() { 'N' } else { c };
        let repeats = (c == 'N' && (previous == 'N' || previous == '.'))
            || (c == ' ' && previous == ' ' && !out.is_empty());
        let is_point = c == '.' && previous == 'N';
        if !repeats && !is_point {
            out.push(c);
        }
        previous = if is_point { '.' } else { c };
    }
    out
}

#[test]
fn the_table_says_it_all() {
    let server = server();
    let output = load([
        &url(&server),
        "-r",
        "400",
        "-d",
        "500ms",
        "-c",
        "4",
        "--fail-if",
        "errors>1%",
    ]);
    insta::assert_snapshot!(filtered(&stdout(&output)));
}

#[test]
fn errors_are_told_by_class_and_status() {
    let server = answering(Reply {
        status: 503,
        ..Reply::default()
    });
    let output = load([
        &url(&server),
        "-n",
        "50",
        "-d",
        "5s",
        "-c",
        "2",
        "--json",
        "-",
    ]);
    let result = json(&output);
    assert_eq!(result["errors"]["wrong_status"], 50);
    assert_eq!(result["statuses"]["503"], 50);
    assert_eq!(result["ledger"]["failed"], 50);
    assert!(
        stderr(&output).contains("--expect-status"),
        "{}",
        stderr(&output)
    );
    let accepted = load([
        &url(&server),
        "-n",
        "50",
        "-d",
        "5s",
        "-c",
        "2",
        "--expect-status",
        "5xx",
        "--json",
        "-",
    ]);
    assert_eq!(json(&accepted)["ledger"]["completed"], 50);
}

#[test]
fn files_are_written_in_every_form() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let output = load([
        &url(&server),
        "-r",
        "200",
        "-d",
        "1s",
        "--interval",
        "250ms",
        "--quiet",
        "--json",
        &path("run.json"),
        "--csv-out",
        &path("run.csv"),
        "--hlog",
        &path("run.hlog"),
        "--prometheus",
        &path("run.prom"),
    ]);
    assert_eq!(code(&output), 0);
    assert_eq!(stderr(&output), "");
    let read = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    let result: serde_json::Value = serde_json::from_str(&read("run.json")).unwrap();
    assert!(balances(&result));
    let csv = read("run.csv");
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    assert!(
        header.starts_with("start_s,length_s,started,completed,"),
        "{header}"
    );
    let columns = header.split(',').count();
    assert!(lines.clone().count() >= 4);
    assert!(lines.all(|line| line.split(',').count() == columns));
    assert!(read("run.hlog").starts_with("#[Histogram log format version 1.3]"));
    let prometheus = read("run.prom");
    assert!(
        prometheus.contains("gosweep_load_requests{result=\"completed\"} 200\n"),
        "{prometheus}"
    );
    assert!(
        prometheus.contains("gosweep_load_response_seconds_count 200\n"),
        "{prometheus}"
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    let server = server();
    let mut child = gosweep()
        .args(["load", &url(&server), "-n", "10", "-c", "1", "--quiet"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// On a terminal, which `script` of util-linux makes, each interval redraws one line; `--quiet` keeps it away.
#[test]
fn the_live_view_is_drawn_on_a_terminal_only() {
    let server = server();
    let seen = |more: &str| {
        let program = crate::support::gosweep().get_program().to_owned();
        let program = program.into_string().unwrap();
        let address = url(&server);
        let call = format!(
            "'{program}' load {address} -c 2 -r 100 -d 700ms --interval 200ms --json /dev/null {more}"
        );
        let output = std::process::Command::new("script")
            .args(["-qec", &call, "/dev/null"])
            .stdin(std::process::Stdio::null())
            .output()
            .expect("`script` is part of every Debian (bsdutils)");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let drawn = seen("");
    assert!(drawn.matches("\r\u{1b}[2K").count() >= 3, "{drawn:?}");
    let line = drawn.split("\r\u{1b}[2K").nth(1).unwrap();
    for word in [" of 700ms", "/s", "P50 ", "P99 ", "errors 0", "lag P99 "] {
        assert!(line.contains(word), "{word}: {line:?}");
    }
    assert!(!seen("--quiet").contains("\u{1b}[2K"));
}
