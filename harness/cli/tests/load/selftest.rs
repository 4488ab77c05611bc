//! The selftest's server process, as the selftest itself uses it.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::support::{code, gosweep, json, load};

#[test]
fn the_reference_server_tells_what_it_saw_and_ends_with_its_input() {
    let mut child = gosweep()
        .args(["load", "reference-server", "--capacity", "1000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut input = child.stdin.take().unwrap();
    let mut ask = |question: &str| {
        let mut line = String::new();
        if !question.is_empty() {
            writeln!(input, "{question}").unwrap();
        }
        output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    };
    let url = format!("http://{}/", ask(""));
    let run = load([&url, "-n", "25", "-c", "1", "--json", "-"]);
    assert_eq!(
        (code(&run), &json(&run)["ledger"]["completed"]),
        (0, &25.into())
    );
    assert_eq!(ask("count"), "25");
    let log: serde_json::Value = serde_json::from_str(&ask("log")).unwrap();
    assert_eq!(log["arrivals_ns"].as_array().unwrap().len(), 25);
    assert!(ask("else").contains("unknown question"));
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// What must hold however busy the machine is: every experiment is made, and no request is lost.
#[test]
#[ignore = "puts load on the machine for half a minute; run with --ignored"]
fn the_selftest_makes_every_experiment() {
    let output = load(["selftest", "--quick", "--no-rivals", "--json"]);
    assert!([0, 1].contains(&code(&output)));
    let document = json(&output);
    let rows = document["rows"].as_array().unwrap();
    for experiment in ["E1", "E2", "E3", "E4", "E5", "E6", "E7"] {
        assert!(
            rows.iter().any(|row| row["experiment"] == experiment),
            "{experiment}"
        );
    }
    for what in ["requests in the histogram", "across the end: ledger"] {
        let row = rows
            .iter()
            .find(|row| row["what"].as_str().unwrap().contains(what))
            .unwrap();
        assert_eq!(row["state"], "pass", "{row}");
    }
    assert_eq!(document["clients"].as_array().unwrap().len(), 2);
}
