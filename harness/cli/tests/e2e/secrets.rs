//! What a target takes from our environment reaches the target, and nothing that is kept or shown.

use std::fs;
use std::path::Path;

use record::trial::Outcome;

use crate::failures::GO_MOD;
use crate::lab::{Lab, stored};

/// Answers only who knows all secrets, and tells everybody of them.
const PROGRAM: &str = r#"package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	password := os.Getenv("PASSWORD")
	fmt.Println("stdout: password", password)
	fmt.Fprintln(os.Stderr, "stderr: password", password)
	http.HandleFunc("/ready", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		token, query, key := r.Header.Get("Authorization"), r.URL.Query().Get("access_token"), r.Header.Get("X-Api-Key")
		fmt.Fprintln(os.Stderr, "asked with", token, query, key)
		if os.Getenv("MODE") == "panic" {
			go func() { panic("cannot open db with " + password) }()
		}
		if password != "hush-password" || token != "Bearer hush-token" || query != "hush-token" || key != "hush-in-the-file" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		fmt.Fprint(w, "hello")
	})
	panic(http.ListenAndServe(os.Args[1], nil))
}
"#;

const TARGET: &str = "\
name: service
build: {package: ., module: .}
command: [\"{addr}\"]
env: {PASSWORD: \"${SERVICE_PASSWORD}\"}
ready: {path: /ready, within: 5s}
requests:
  - path: /?access_token=${SERVICE_TOKEN}
    headers:
      Authorization: Bearer ${SERVICE_TOKEN}
      X-Api-Key: hush-in-the-file
    expect: {status: 200, length: 5}
";

const MATRIX: &str = "\
name: secrets
targets: [service/target.yaml]
axes:
  env.MODE: [well, panic]
  placement: [none]
control: {env.MODE: well}
load: {connections: 2, saturate: 300ms}
blocks: 1
warmup: {for: 100ms, gc_cycles: 0}
";

#[test]
fn no_secret_is_kept_or_shown() {
    let Some(lab) = Lab::open() else { return };
    lab.put("service/main.go", PROGRAM);
    lab.put("service/go.mod", GO_MOD);
    lab.put("service/target.yaml", TARGET);
    lab.put("matrix.yaml", MATRIX);
    let unset = lab.say(&["run", "matrix.yaml", "--out", "run"]);
    assert_eq!(unset.code, Some(2), "{}", unset.stderr);
    for place in [
        "service/target.yaml:4:18",
        "`SERVICE_PASSWORD` is not set",
        "`SERVICE_TOKEN` is not set",
    ] {
        assert!(unset.stderr.contains(place), "{place}: {}", unset.stderr);
    }
    let run = |words: &[&str]| {
        let mut command = lab.command(words);
        command
            .env("SERVICE_PASSWORD", "hush-password")
            .env("SERVICE_TOKEN", "hush-token");
        crate::lab::Done::from(command.output().unwrap())
    };
    let done = run(&["run", "matrix.yaml", "--out", "run"]);
    assert!(matches!(done.code, Some(0 | 4)), "{}", done.stderr);
    let (_, trials) = stored(&lab.path("run"));
    let answered = |trial: &&record::trial::Trial| {
        trial
            .saturate
            .as_ref()
            .is_some_and(|phase| phase.ledger.completed > 0)
    };
    assert!(
        trials.iter().any(|trial| answered(&trial)),
        "the secrets reached the service: {trials:#?}"
    );
    let failed = trials
        .iter()
        .filter(|trial| matches!(trial.outcome, Outcome::Failed(_)));
    assert!(failed.count() > 0, "one cell panics");
    let mut shown = done.stdout + &done.stderr;
    for words in [
        &["rank", "run"][..],
        &["advise", "run", "--json"],
        &["report", "run", "--format", "html"],
        &["diagnose", "run", "--for", "1s"],
    ] {
        let done = run(words);
        shown += &(done.stdout + &done.stderr);
    }
    assert!(!shown.contains("hush"), "{shown}");
    let mut looked_at = 0;
    let mut redacted = 0;
    every_file(&lab.path("run"), &mut |path| {
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("hush"), "{}", path.display());
        looked_at += 1;
        redacted += usize::from(text.contains("REDACTED"));
    });
    // run.json, trials.jsonl, and both logs of two cells or more.
    assert!(
        looked_at >= 6 && redacted >= 6,
        "{redacted} of {looked_at} files"
    );
}

fn every_file(folder: &Path, look: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, look);
        } else {
            look(&path);
        }
    }
}
