//! `gosweep gate` as a CI calls it, over made-up runs on disk.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "judged/desk.rs"]
mod desk;

use std::fs;

use desk::Desk;
use serde_json::Value;
use testing::{Lab, Service};

const RULES: &str = "rules:\n  - qps: no worse than 3%\n  - p99 <= 5ms\n";
const GATE: [&str; 4] = ["gate", "run", "--rules", "rules.yaml"];

/// A desk with rules and a run of a control and a cell that is so many times as fast.
fn desk(times: f64, noise: f64) -> Desk {
    let desk = Desk::new();
    fs::write(desk.path("rules.yaml"), RULES).unwrap();
    let normal = Service::default();
    let mut lab = Lab::new().cell(&[("gogc", "100")], normal).cell(
        &[("gogc", "400")],
        Service {
            qps: normal.qps * times,
            ..normal
        },
    );
    lab.noise = noise;
    desk.keep("run", &lab);
    desk
}

#[test]
fn the_exit_code_is_the_outcome() {
    for (times, noise, code, label) in [
        (1.0, 0.01, 0, "PASSED"),
        (0.9, 0.01, 1, "FAILED"),
        (1.0, 0.15, 3, "INCONCLUSIVE"),
    ] {
        let said = desk(times, noise).say(&GATE);
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.stdout.starts_with(label), "{said:?}");
    }
}

#[test]
fn a_ci_gets_junit_annotations_and_a_summary() {
    let desk = desk(0.9, 0.01);
    let summary = desk.path("summary.md");
    fs::write(&summary, "# before\n").unwrap();
    let more = ["--junit", "gate.xml", "--github", "--json"];
    let said = desk.say_with(&[&GATE[..], &more].concat(), Some(&summary));
    assert_eq!(said.code, 1, "{said:?}");
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(document["outcome"], "failed");
    assert!(
        said.stderr
            .starts_with("::error file=rules.yaml,line=2,title=FAILED"),
        "{said:?}"
    );
    let summary = fs::read_to_string(summary).unwrap();
    assert!(
        summary.starts_with("# before\n# Gate on ") && summary.contains("\n\n**FAILED: "),
        "{summary}"
    );
    let junit = fs::read_to_string(desk.path("gate.xml")).unwrap();
    assert!(
        junit.contains("tests=\"3\" failures=\"1\" errors=\"0\""),
        "{junit}"
    );
}

#[test]
fn without_a_summary_file_annotations_do() {
    let desk = desk(0.9, 0.01);
    let said = desk.say(&[&GATE[..], &["--github"]].concat());
    assert_eq!(said.code, 1);
    assert!(said.stderr.starts_with("::error "), "{said:?}");
}

#[test]
fn wrong_input_is_named_at_its_place() {
    let desk = desk(1.0, 0.01);
    fs::write(
        desk.path("wrong.yaml"),
        "rules:\n  - qqps: no worse than 3%\n  - p99 < 5\n",
    )
    .unwrap();
    for (words, part) in [
        (
            &["gate", "run", "--rules", "wrong.yaml"][..],
            "wrong.yaml: 2 errors",
        ),
        (
            &["gate", "run", "--rules", "none.yaml"],
            "cannot read none.yaml",
        ),
        (&["gate", "run"], "--rules"),
        (&["gate", "--rules", "rules.yaml"], "RUN_DIR"),
        (
            &["gate", "nowhere", "--rules", "rules.yaml"],
            "is no run folder",
        ),
        (
            &[
                "gate",
                "run",
                "--rules",
                "rules.yaml",
                "--candidate",
                "gogc=7",
            ],
            "gogc is 100 and 400",
        ),
        (&["gate", "--selftest", "--json"], "--selftest"),
    ] {
        let said = desk.say(words);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.stderr.contains(part), "{part}: {said:?}");
    }
}

#[test]
fn the_selftest_proves_that_the_gate_can_fail() {
    let said = Desk::new().say(&["gate", "--selftest"]);
    assert_eq!(said.code, 0, "{said:?}");
    let failing = said
        .stdout
        .lines()
        .find(|line| line.contains("10 % less throughput"));
    assert!(
        failing.is_some_and(|line| line.contains(" FAILED ") && line.contains(" 1 ")),
        "{said:?}"
    );
    assert!(said.stdout.ends_with("14 of 14 cases held\n"), "{said:?}");
}

#[test]
fn help_tells_rules_and_exit_codes() {
    let help = Desk::new().say(&["gate", "--help"]).stdout;
    for part in ["no worse than 3%", "Holm", "3 inconclusive"] {
        assert!(help.contains(part), "{part}\n{help}");
    }
}
