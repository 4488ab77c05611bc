//! The stored format: the committed sample of format 1 stays readable, and it may grow in the ways that `record::store`
//! names, in no other.

use std::fs;
use std::path::{Path, PathBuf};

use record::run::Run;
use record::store::RunDir;
use record::trial::{FailureCause, Outcome, Role, Trial};
use serde_json::{Value, json};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1")
}

fn sample_run() -> Run {
    let folder = RunDir::open(&sample()).expect("the sample is there");
    folder.read_run().expect("format 1 is readable")
}

fn sample_trials() -> Vec<Trial> {
    let folder = RunDir::open(&sample()).expect("the sample is there");
    folder.read_trials().expect("format 1 is readable")
}

fn text(file: &str) -> String {
    fs::read_to_string(sample().join(file)).expect("the sample is there")
}

#[test]
fn the_run_of_format_1_says_what_it_said() {
    let run = sample_run();
    assert_eq!(run.id, "sample-20260102T030405Z");
    assert_eq!(run.host.cpus, 2);
    assert_eq!(run.toolchains[0].version, "go1.26.6");
    assert_eq!(run.cells.len(), 2);
    assert!(run.cells[0].control && !run.cells[1].control);
    assert_eq!(run.cells[0].artifact, run.artifacts[0].sha256);
    assert_eq!(run.calibration["httpjson"].rate_per_s, 6259.5);
    assert!(run.matrix.text.starts_with("name: sample\n"));
}

#[test]
fn the_trials_of_format_1_say_what_they_said() {
    let trials = sample_trials();
    assert_eq!(trials.len(), 6);
    assert_eq!(trials[2].role, Role::ControlDuplicate);
    let constant = trials[0].constant.as_ref().unwrap();
    assert_eq!(constant.offered_per_s, Some(6259.5));
    assert_eq!(constant.statuses[&503], 1);
    assert_eq!(constant.response_ms.p99, 2.0);
    assert_eq!(constant.runtime.as_ref().unwrap().gc_cycles, 48);
    for phase in trials
        .iter()
        .flat_map(|trial| [&trial.saturate, &trial.constant])
    {
        let Some(phase) = phase else { continue };
        let ledger = phase.ledger;
        let sum = ledger.completed
            + ledger.failed
            + ledger.timed_out
            + ledger.in_flight
            + ledger.never_sent;
        assert_eq!(ledger.scheduled, sum);
    }
    let Outcome::Invalid(reasons) = &trials[3].outcome else {
        panic!("{:?}", trials[3].outcome);
    };
    assert_eq!(reasons[0].rule.word(), "V2");
    assert_eq!((trials[4].attempt, trials[4].is_ok()), (1, true));
    let Outcome::Failed(failure) = &trials[5].outcome else {
        panic!("{:?}", trials[5].outcome);
    };
    assert_eq!(failure.cause, FailureCause::Crashed);
    assert!(failure.panic.as_ref().unwrap().starts_with("panic:"));
}

/// Nothing that the sample says is lost or changed by reading and writing it.
#[test]
fn what_is_read_is_written_again() {
    let said: Value = serde_json::from_str(&text("run.json")).unwrap();
    assert_eq!(serde_json::to_value(sample_run()).unwrap(), said);
    let lines = text("trials.jsonl");
    for (trial, line) in sample_trials().iter().zip(lines.lines()) {
        let said: Value = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(trial).unwrap(), said);
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = RunDir::create(folder.path()).unwrap();
    copy.write_run(&sample_run()).unwrap();
    let mut writer = copy.append().unwrap();
    for trial in sample_trials() {
        writer.write(&trial).unwrap();
    }
    assert_eq!(copy.read_run().unwrap(), sample_run());
    assert_eq!(copy.read_trials().unwrap(), sample_trials());
}

/// The same without its nulls, as a version would write that leaves them out.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, inner| !inner.is_null());
            object.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[test]
fn missing_options_and_unknown_fields_are_no_error() {
    for (trial, line) in sample_trials().iter().zip(text("trials.jsonl").lines()) {
        let mut value: Value = serde_json::from_str(line).unwrap();
        without_nulls(&mut value);
        value["from_the_future"] = json!({"figure": 1});
        if value.get("constant").is_some() {
            value["constant"]["from_the_future"] = json!([1, 2]);
            value["constant"]["ledger"]["from_the_future"] = json!(7);
        }
        let read: Trial = serde_json::from_value(value).unwrap();
        assert_eq!(&read, trial);
    }
    let mut value: Value = serde_json::from_str(&text("run.json")).unwrap();
    without_nulls(&mut value);
    value["from_the_future"] = json!(true);
    value["host"]["from_the_future"] = json!("x");
    let read: Run = serde_json::from_value(value).unwrap();
    assert_eq!(read, sample_run());
}

#[test]
fn what_must_be_there_is_missed() {
    let lines = text("trials.jsonl");
    let line = lines.lines().next().unwrap();
    for field in ["format", "id", "cell", "block", "role", "outcome", "raw"] {
        let mut value: Value = serde_json::from_str(line).unwrap();
        value.as_object_mut().unwrap().remove(field);
        let error = serde_json::from_value::<Trial>(value)
            .unwrap_err()
            .to_string();
        assert!(error.contains(field), "{error}");
    }
}
