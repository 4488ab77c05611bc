//! What real services need around them: fresh folders, config files, more ports, commands beside them, a page of
//! metrics instead of a probe; and what is said when one does not answer as it should.

use std::fs;
use std::process::Command;

use record::trial::Trial;

use crate::lab::{Done, Lab, stored};

const TARGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../targets");

/// A service of its own module, with a page of metrics as Prometheus's Go collector writes it.
const SERVICE: &str = r#"package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
)

func main() {
	// config address, token, folder
	config, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	words := strings.Fields(string(config))
	if _, err := os.Stat(words[2] + "/left-behind"); err == nil {
		panic("the folder is not fresh")
	}
	os.WriteFile(words[2]+"/left-behind", nil, 0o600)
	http.HandleFunc("/items", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat("item ", 100))
	})
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Token") != words[1] {
			http.Error(w, "who are you", http.StatusForbidden)
		}
	})
	go http.ListenAndServe(os.Getenv("METRICS"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		fmt.Fprintf(w, "go_gc_duration_seconds_count %d\ngo_memstats_alloc_bytes_total %d\ngo_memstats_mallocs_total %d\n",
			stats.NumGC, stats.TotalAlloc, stats.Mallocs)
	}))
	fmt.Println("version VERSION listening")
	http.ListenAndServe(words[0], nil)
}
"#;

const TARGET: &str = r#"name: shop
build: {package: ., module: .}
command: ["{tmp}/conf/app.conf"]
env: {METRICS: "{addr.metrics}"}
files: {conf/app.conf: {template: app.conf}}
options: {token: {default: abc}}
before:
  - {run: [./note.sh, "{folder}", start, "{tmp}"]}
  - {run: [./note.sh, "{folder}", ready, "{addr}"], when: ready}
ready: {log: listening, path: /health, headers: {X-Token: abc}, within: 30s}
requests:
  - {name: items, path: /items, expect: {status: 200, length: 500}}
metrics: {prometheus: /metrics, on: metrics}
"#;

const MATRIX: &str = "\
name: services
targets: [./shop/target.yaml]
axes: {build: {ref: [v1, v2]}}
control: {ref: v1, placement: none}
load: {connections: 2, saturate: 200ms}
blocks: 1
confirm: 0
warmup: {for: 100ms, gc_cycles: 0}
";

/// A lab with the service in a git repository that has two tags.
fn shop() -> Option<Lab> {
    let lab = Lab::open()?;
    lab.put("services.yaml", MATRIX);
    lab.put("shop/target.yaml", TARGET);
    lab.put("shop/app.conf", "{addr} {token}\n{tmp} {kept}\n");
    lab.put("shop/go.mod", "module example.com/shop\n\ngo 1.21\n");
    let note = "#!/bin/sh\necho \"$3\" >> \"$1/../$2.txt\"\n";
    lab.put("shop/note.sh", note);
    let script = lab.path("shop/note.sh");
    Command::new("chmod")
        .arg("+x")
        .arg(script)
        .status()
        .unwrap();
    git(&lab, &["init", "--quiet"]);
    for version in ["1", "2"] {
        lab.put("shop/main.go", &SERVICE.replace("VERSION", version));
        git(&lab, &["add", "."]);
        git(&lab, &["commit", "--quiet", "-m", version]);
        git(&lab, &["tag", &format!("v{version}")]);
    }
    Some(lab)
}

fn git(lab: &Lab, words: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@localhost"];
    let mut command = Command::new("git");
    command.current_dir(lab.path("shop")).args(who).args(words);
    assert!(command.status().unwrap().success(), "git {words:?}");
}

#[test]
fn a_service_gets_what_it_needs_and_two_commits_are_compared() {
    let Some(lab) = shop() else { return };
    let Some(done) = lab.run(&["run", "services.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (run, trials) = stored(&lab.path("out"));
    let commits: Vec<_> = run
        .artifacts
        .iter()
        .map(|own| &own.build["commit"])
        .collect();
    assert!(
        commits.len() == 2 && commits[0] != commits[1],
        "{commits:?}"
    );
    let said =
        |trial: &Trial| fs::read_to_string(lab.path("out").join(&trial.raw).join("stdout.log"));
    for trial in &trials {
        let cell = run.cells.iter().find(|cell| cell.id == trial.cell).unwrap();
        let version = cell.axes["ref"].trim_start_matches('v');
        assert!(
            said(trial)
                .unwrap()
                .contains(&format!("version {version} "))
        );
        let phase = trial.saturate.as_ref().unwrap();
        assert!(phase.allocated.unwrap().bytes > 0, "{phase:?}");
        assert_eq!(phase.requests[0].name, "items");
        let ended = phase.ledger.completed..=phase.ledger.completed + phase.ledger.in_flight;
        assert!(ended.contains(&phase.requests[0].completed), "{phase:?}");
        assert!(!lab.path("out").join(&trial.raw).join("tmp").exists());
    }
    // Once in each start, with a folder of its own each time.
    let lines = |name: &str| fs::read_to_string(lab.path(name)).unwrap();
    let started: Vec<String> = lines("start.txt").lines().map(str::to_owned).collect();
    let fresh: std::collections::BTreeSet<&String> = started.iter().collect();
    assert!(started.len() >= trials.len() && fresh.len() == started.len());
    assert_eq!(lines("ready.txt").lines().count(), started.len());
    goes_on_from_elsewhere(&lab);
}

/// The matrix names its target by a relative path.
fn goes_on_from_elsewhere(lab: &Lab) {
    let folder = lab.path("out").display().to_string();
    let mut command = lab.command(&["run", &folder]);
    let again: Done = command.current_dir("/").output().unwrap().into();
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[test]
fn a_service_that_does_not_answer_as_it_should_is_told_by_what_it_said() {
    let Some(lab) = shop() else { return };
    let cases = [
        (
            "X-Token: abc",
            "X-Token: other",
            "answered 403 `who are you",
        ),
        (
            "within: 30s",
            "within: 300ms, status: 204",
            "answered 200 with an empty body, and 204 was wanted",
        ),
        (
            "log: listening",
            "log: no such line",
            "no line of its output has `no such line`",
        ),
        (
            "length: 500",
            "length: 7",
            "request `items` was answered 200 with a body that begins `item item",
        ),
        (
            "./note.sh, \"{folder}\", start",
            "sh, -c, \"echo no data >&2; exit 3\"",
            "failed with exit code 3",
        ),
    ];
    for (number, (from, to, words)) in cases.into_iter().enumerate() {
        let text = TARGET
            .replace(from, to)
            .replace("within: 30s", "within: 2s");
        lab.put("shop/target.yaml", &text);
        let out = format!("out-{number}");
        let done = lab.run(&["run", "services.yaml", "--out", &out]);
        let Some(done) = done else { return };
        assert_eq!(done.code, Some(4), "{to}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{to}: {}", done.stderr);
    }
}

#[test]
fn the_probe_is_a_package_that_any_module_can_have() {
    let Some(lab) = Lab::open() else { return };
    lab.put(
        "own/go.mod",
        &format!(
            "module example.com/own\n\ngo 1.21\n\nrequire gosweep.dev/probe v0.0.0\n\nreplace gosweep.dev/probe => {TARGETS}/probe\n"
        ),
    );
    lab.put(
        "own/main.go",
        "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n\n\t\"gosweep.dev/probe\"\n)\n\nfunc main() {\n\t\
         if _, err := probe.Serve(os.Getenv(\"ADMIN\"), probe.Options{}); err != nil {\n\t\tpanic(err)\n\t}\n\t\
         http.ListenAndServe(os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))\n}\n",
    );
    lab.put(
        "own/target.yaml",
        "name: own\nbuild: {package: ., module: .}\ncommand: [\"{addr}\"]\nenv: {ADMIN: \"{admin}\"}\nprobe: true\n\
         ready: {path: /ready, on: admin, within: 30s}\nrequests: [{path: /}]\n",
    );
    let matrix = MATRIX
        .replace("./shop/", "./own/")
        .replace("axes: {build: {ref: [v1, v2]}}", "axes: {gogc: [77]}")
        .replace("ref: v1", "gogc: 77");
    lab.put("own.yaml", &matrix);
    let Some(done) = lab.run(&["run", "own.yaml", "--out", "out"]) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (_, trials) = stored(&lab.path("out"));
    let readback = trials[0].readback.as_ref().unwrap();
    assert_eq!(readback.gogc, Some(77));
}
