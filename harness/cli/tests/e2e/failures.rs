//! Targets that crash, never come up or answer nonsense: each is a result, and the run goes on unless the control is
//! among them.

use record::run::Run;
use record::trial::{Failure, FailureCause, Outcome, Trial};
use serde_json::Value;

use crate::lab::{Lab, assert_complete, stored};

/// A service of somebody else, outside the repository and without a probe. How it misbehaves is asked for by its
/// environment.
pub(crate) const PROGRAM: &str = r#"package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

func main() {
	mode := os.Getenv("MODE")
	fmt.Fprintln(os.Stderr, "service: mode", mode)
	switch mode {
	case "exit":
		fmt.Fprintln(os.Stderr, "service: cannot open its database")
		os.Exit(3)
	case "never":
		time.Sleep(time.Hour)
	case "child":
		child := exec.Command("/bin/sh", "-c", "sleep 3600; true")
		if err := child.Start(); err != nil {
			panic(err)
		}
	}
	var served atomic.Int64
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		if mode == "panic" && served.Add(1) == 20 {
			// net/http catches what a handler panics with.
			go func() { panic("boom at request 20") }()
		}
		if mode == "errors" {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, "hello")
	})
	panic(http.ListenAndServe(os.Args[1], nil))
}
"#;

pub(crate) const GO_MOD: &str = "module example.org/service\n\ngo 1.21\n";

const TARGET: &str = "\
name: service
build: {package: ., module: .}
command: [\"{addr}\"]
ready: {path: /, within: 2s}
requests: [{name: hello, path: /, expect: {status: 200, length: 5}}]
";

const MATRIX: &str = "\
name: misbehaving
targets: [service/target.yaml]
axes:
  env.MODE: [well, panic, exit, never, errors]
  placement: [none]
control: {env.MODE: well}
load: {connections: 2, saturate: 300ms}
blocks: 1
warmup: {for: 100ms, gc_cycles: 0}
";

fn lab() -> Option<Lab> {
    let lab = Lab::open()?;
    lab.put("service/main.go", PROGRAM);
    lab.put("service/go.mod", GO_MOD);
    lab.put("service/target.yaml", TARGET);
    Some(lab)
}

fn trial_of<'a>(run: &Run, trials: &'a [Trial], mode: &str) -> &'a Trial {
    let cell = run
        .cells
        .iter()
        .find(|cell| cell.axes["env.MODE"] == mode)
        .unwrap();
    trials.iter().find(|trial| trial.cell == cell.id).unwrap()
}

fn failure<'a>(run: &Run, trials: &'a [Trial], mode: &str) -> &'a Failure {
    match &trial_of(run, trials, mode).outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("{mode}: {other:?}"),
    }
}

fn assert_said(failure: &Failure, line: &str) {
    let said = failure.stderr_tail.iter().any(|one| one.contains(line));
    assert!(said, "{line}: {failure:?}");
}

#[test]
fn failures_are_results_and_the_run_goes_on() {
    let Some(lab) = lab() else { return };
    lab.put(
        "matrix.yaml",
        &MATRIX.replace(", errors]", ", errors, child]"),
    );
    let Some(done) = lab.run(&["run", "matrix.yaml", "--out", "out", "--json"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (run, trials) = stored(&lab.path("out"));
    assert_complete(&run, &trials);

    let panic = failure(&run, &trials, "panic");
    assert_eq!(panic.cause, FailureCause::Crashed);
    assert_eq!(panic.panic.as_deref(), Some("panic: boom at request 20"));
    assert_eq!((panic.exit_code, panic.signal), (Some(2), None));
    assert_said(panic, "panic: boom at request 20");
    assert_said(panic, "goroutine ");

    let exit = failure(&run, &trials, "exit");
    assert_eq!(exit.cause, FailureCause::Crashed);
    assert_eq!((exit.exit_code, exit.panic.as_deref()), (Some(3), None));
    assert_said(exit, "service: cannot open its database");

    let never = failure(&run, &trials, "never");
    assert_eq!(never.cause, FailureCause::NotReady);
    assert!(never.message.contains("not ready within 2s"), "{never:?}");
    assert_said(never, "service: mode never");

    let errors = failure(&run, &trials, "errors");
    assert!(
        matches!(errors.cause, FailureCause::NotReady | FailureCause::Errors),
        "{errors:?}"
    );
    // What a child of the target does is no failure of it.
    for mode in ["well", "child"] {
        let outcome = &trial_of(&run, &trials, mode).outcome;
        assert!(
            !matches!(outcome, Outcome::Failed(_)),
            "{mode}: {outcome:?}"
        );
    }
    assert_eq!(lab.at_work(), Vec::<String>::new());
    assert_ranked_last(&run, &done.stdout);
    for shown in [
        lab.say(&["rank", "out"]),
        lab.say(&["report", "out", "--format", "md"]),
    ] {
        assert!(
            shown.stdout.contains("boom at request 20"),
            "{}",
            shown.stdout
        );
    }
}

fn assert_ranked_last(run: &Run, json: &str) {
    let ranking: Value = serde_json::from_str(json).unwrap();
    let target = &ranking["targets"][0];
    let cells = target["cells"].as_array().unwrap();
    assert_eq!(cells.len(), run.cells.len());
    for cell in cells {
        let mode = cell["axes"]["env.MODE"].as_str().unwrap();
        let works = ["well", "child"].contains(&mode);
        assert_eq!(
            cell["failures"].as_array().unwrap().is_empty(),
            works,
            "{cell}"
        );
        assert!(works || cell["recommended"] == false, "{cell}");
    }
    // Heap and settings cannot be seen without a probe, and that is said.
    let notes = serde_json::to_string(&ranking["warnings"]).unwrap();
    let cells = serde_json::to_string(&run.cells).unwrap();
    assert!(
        notes.contains("probe") || cells.contains("no probe"),
        "{notes}"
    );
}

#[test]
fn errors_after_a_good_start_are_a_failure_of_the_target() {
    let Some(lab) = lab() else { return };
    // Ready by its port alone, so that the wrong answers come under load.
    let on_post = TARGET
        .replace("ready: {path: /, within: 2s}", "ready: {within: 2s}")
        .replace("path: /, expect", "path: /, method: POST, expect");
    lab.put("service/target.yaml", &on_post);
    lab.put(
        "matrix.yaml",
        &MATRIX.replace("[well, panic, exit, never, errors]", "[well, errors]"),
    );
    let Some(done) = lab.run(&["run", "matrix.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (run, trials) = stored(&lab.path("out"));
    let errors = failure(&run, &trials, "errors");
    assert_eq!(errors.cause, FailureCause::Errors);
    let phase = trial_of(&run, &trials, "errors").saturate.as_ref().unwrap();
    assert_eq!(phase.ledger.completed, 0);
    assert_eq!(phase.ledger.failed, phase.statuses[&500]);
}

#[test]
fn a_control_that_fails_ends_the_run_with_its_panic() {
    let Some(lab) = lab() else { return };
    let bad_control = MATRIX.replace("control: {env.MODE: well}", "control: {env.MODE: panic}");
    // Found when the rate is sought, and without a rate in the first block.
    let with_rate = bad_control.replace("300ms}", "300ms, constant: {rate: 50%, for: 300ms}}");
    for (name, text) in [("with", with_rate), ("without", bad_control)] {
        lab.put(&format!("{name}.yaml"), &text);
        let done = lab.say(&["run", &format!("{name}.yaml"), "--out", name]);
        assert_eq!(done.code, Some(4), "{name}: {}", done.stderr);
        assert!(
            done.stderr.contains("panic: boom at request 20"),
            "{name}: {}",
            done.stderr
        );
        assert_eq!(lab.at_work(), Vec::<String>::new());
        assert_eq!(lab.temporary(), Vec::<String>::new());
    }
}

#[test]
fn a_program_that_does_not_compile_is_shown_with_the_compilers_words() {
    let Some(lab) = lab() else { return };
    lab.put("matrix.yaml", MATRIX);
    lab.put("service/main.go", &PROGRAM.replace("mode := ", "mood := "));
    let done = lab.say(&["run", "matrix.yaml", "--out", "out"]);
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains("undefined: mode"), "{}", done.stderr);
    // Mended, the same folder serves.
    lab.put("service/main.go", PROGRAM);
    lab.put(
        "matrix.yaml",
        &MATRIX.replace("[well, panic, exit, never, errors]", "[well]"),
    );
    let Some(done) = lab.run(&["run", "matrix.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
