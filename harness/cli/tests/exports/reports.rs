//! The formats of a report, read by the programs that they are for.

use std::path::Path;
use std::process::Command;

use crate::consumer::{accepted, program, put, python, run, share};

/// Every format of the committed sample, in a folder.
fn reports() -> tempfile::TempDir {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/sample");
    let folder = tempfile::tempdir().unwrap();
    accepted(
        Command::new(env!("CARGO_BIN_EXE_gosweep"))
            .args(["report", sample, "--format", "all", "--out"])
            .arg(folder.path()),
    );
    folder
}

#[test]
fn what_is_written_is_whole_and_what_is_told() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/sample");
    let folder = tempfile::tempdir().unwrap();
    let told = accepted(
        Command::new(env!("CARGO_BIN_EXE_gosweep"))
            .args([
                "report",
                sample,
                "--format",
                "junit,openmetrics,comment",
                "--json",
                "--out",
            ])
            .arg(folder.path()),
    );
    let told: Vec<serde_json::Value> = serde_json::from_str(&told).unwrap();
    assert_eq!(told.len(), 3);
    for own in &told {
        let path = Path::new(own["path"].as_str().unwrap());
        assert_eq!(
            std::fs::metadata(path).unwrap().len(),
            own["bytes"].as_u64().unwrap()
        );
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 3, "no file under another name is left");
}

#[test]
fn benchstat_compares_the_values_of_an_axis() {
    let Some(benchstat) = program("benchstat") else {
        return;
    };
    let folder = reports();
    let table = accepted(
        Command::new(benchstat)
            .args(["-col", "/gogc"])
            .arg(folder.path().join("benchmarks.txt")),
    );
    for part in [
        "cpu: AMD EPYC",
        "req/s",
        "p99-sec",
        "rss-bytes",
        "Httpjson/gomaxprocs=default",
    ] {
        assert!(table.contains(part), "{part}\n{table}");
    }
}

#[test]
fn promtool_and_the_openmetrics_parser_take_the_metrics() {
    let folder = reports();
    let file = folder.path().join("gosweep.prom");
    if let Some(promtool) = program("promtool") {
        let text = std::fs::File::open(&file).unwrap();
        let output = run(Command::new(promtool)
            .args(["check", "metrics"])
            .stdin(text));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
    if let Some(mut parser) = python("prometheus_client") {
        let read = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as read\nprint(len(list(read(open(sys.argv[1]).read()))))";
        let families = accepted(parser.args(["-c", read]).arg(&file));
        assert!(families.trim().parse::<usize>().unwrap() > 10, "{families}");
    }
}

#[test]
fn the_tests_keep_the_schema_of_junit() {
    let (Some(xmllint), Some(schema)) = (program("xmllint"), share("junit-10.xsd")) else {
        return;
    };
    let folder = reports();
    accepted(
        Command::new(xmllint)
            .args(["--noout", "--schema"])
            .arg(schema)
            .arg(folder.path().join("junit.xml")),
    );
}

#[test]
fn actionlint_takes_a_workflow_that_uses_the_reports() {
    let Some(actionlint) = program("actionlint") else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("reports/README.md")).unwrap();
    let (_, rest) = readme
        .split_once("```yaml\n")
        .expect("the README shows a workflow");
    let (workflow, _) = rest.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = put(folder.path(), ".github/workflows/bench.yaml", workflow);
    accepted(
        Command::new(actionlint)
            .args(["-no-color", "-shellcheck=", "-pyflakes="])
            .arg(file),
    );
}

#[test]
fn documents_keep_their_schemas() {
    let Some(_) = python("jsonschema") else {
        return;
    };
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/sample");
    let folder = tempfile::tempdir().unwrap();
    let rules = put(
        folder.path(),
        "rules.yaml",
        "rules:\n  - rss <= 1GiB\n  - gc_per_kreq: no worse than 3%\n",
    );
    let log = put(
        folder.path(),
        "stderr.log",
        "gc 1 @0.011s 1%: 0.020+0.5+0.003 ms clock, 0.04+0.1/0.4/0+0.006 ms cpu, 4->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n",
    );
    let (rules, log) = (rules.display().to_string(), log.display().to_string());
    let documents: [(&str, Vec<&str>); 7] = [
        ("ranking", vec!["report", sample, "--json"]),
        ("exploration", vec!["rank", sample, "--explore", "--json"]),
        ("advice", vec!["advise", sample, "--json"]),
        (
            "export",
            vec!["export", sample, "--as", "env", "--accept-open", "--json"],
        ),
        (
            "comparison",
            vec![
                "compare",
                "--run",
                sample,
                "gogc=100,gomaxprocs=default",
                "gogc=400,gomaxprocs=default",
                "--json",
            ],
        ),
        (
            "gate",
            vec![
                "gate",
                sample,
                "--rules",
                &rules,
                "--candidate",
                "gogc=400,gomaxprocs=default",
                "--json",
            ],
        ),
        ("analysis", vec!["analyze", &log, "--json"]),
    ];
    let validate = "
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.Draft202012Validator(schema).validate(json.load(open(sys.argv[2])))
broken = json.load(open(sys.argv[2]))
name = next(iter(schema['required']))
del broken[name]
print(len(list(jsonschema.Draft202012Validator(schema).iter_errors(broken))))
";
    for (name, args) in documents {
        let gosweep = || Command::new(env!("CARGO_BIN_EXE_gosweep"));
        let schema = accepted(gosweep().args(["schema", name]));
        let schema = put(folder.path(), "schema.json", &schema);
        let output = run(gosweep().args(&args));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.stdout.is_empty(), "{args:?}: {said}");
        let document = put(
            folder.path(),
            "document.json",
            &String::from_utf8(output.stdout).unwrap(),
        );
        let mut python = python("jsonschema").unwrap();
        let errors = accepted(python.args(["-c", validate]).arg(schema).arg(document));
        assert_eq!(
            errors.trim(),
            "1",
            "a field less must break the schema of {name}"
        );
    }
}

#[test]
fn the_manual_is_one_and_shells_take_the_completions() {
    let folder = tempfile::tempdir().unwrap();
    let told = accepted(
        Command::new(env!("CARGO_BIN_EXE_gosweep"))
            .args(["man", "--install", "--json", "--prefix"])
            .arg(folder.path()),
    );
    let files: Vec<String> = serde_json::from_str(&told).unwrap();
    let pages: Vec<&String> = files.iter().filter(|own| own.ends_with(".1")).collect();
    assert!(pages.len() > 15, "a page for gosweep and every verb");
    if let Some(mandoc) = program("mandoc") {
        for page in &pages {
            accepted(
                Command::new(&mandoc)
                    .args(["-T", "lint", "-W", "error"])
                    .arg(page),
            );
        }
    }
    let bash = folder
        .path()
        .join("share/bash-completion/completions/gosweep");
    if let Some(shell) = program("bash") {
        accepted(Command::new(shell).arg("-n").arg(bash));
    }
}
