//! Pipes, devices, links and names that lead out, in a run's folder and in what a person names: each is
//! refused by name, by every verb, and none hangs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::bench::{Bench, copy, row};

const USAGE: Option<i32> = Some(2);

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn plant(kind: &str, at: &Path) {
    let _ = fs::remove_file(at);
    match kind {
        "a named pipe" => pipe(at),
        "a link to a device" => symlink("/dev/zero", at).unwrap(),
        "a link to a file" => symlink("/etc/hostname", at).unwrap(),
        "a socket" => drop(std::os::unix::net::UnixListener::bind(at).unwrap()),
        _ => fs::create_dir(at).unwrap(),
    }
}

const KINDS: [&str; 5] = [
    "a named pipe",
    "a link to a device",
    "a link to a file",
    "a socket",
    "a folder",
];

/// Every verb that reads a run.
const READERS: [&[&str]; 5] = [
    &["rank", "odd"],
    &["advise", "odd"],
    &["report", "odd", "--format", "md"],
    &["gate", "odd", "--rules", "rules.yaml"],
    &["compare", "--run", "odd", "control", "env.MODE=two"],
];

#[test]
fn what_is_planted_in_a_run_is_refused_by_name() {
    let bench = Bench::new();
    let Some(out) = bench.run() else { return };
    bench.put("rules.yaml", "rules:\n  - error_rate < 50%\n");
    for args in READERS {
        copy(&out, &bench.path("odd"));
        let said = bench.say(args);
        assert_ne!(said.code, USAGE, "{args:?} of a good run: {}", said.stderr);
        fs::remove_dir_all(bench.path("odd")).unwrap();
    }
    for file in ["run.json", "trials.jsonl", "decisions.jsonl"] {
        for kind in KINDS {
            copy(&out, &bench.path("odd"));
            plant(kind, &bench.path("odd").join(file));
            for args in READERS
                .into_iter()
                .chain([&["run", "odd"][..], &["diagnose", "odd"]])
            {
                let said = bench.say(args);
                assert_eq!(said.code, USAGE, "{args:?}, {kind}: {}", said.stderr);
                assert!(
                    said.stderr.contains(file),
                    "{args:?}, {kind}: {}",
                    said.stderr
                );
                if args[0] == "rank" {
                    row(&format!("{file} is {kind}, rank"), &said);
                }
            }
            fs::remove_dir_all(bench.path("odd")).unwrap();
        }
    }
}

#[test]
fn planted_evidence_is_refused_by_name() {
    let bench = Bench::new();
    let Some(out) = bench.run() else { return };
    let trials = fs::read_to_string(out.join("trials.jsonl")).unwrap();
    let raw = trials.split("\"raw\":\"").nth(1).unwrap();
    let (raw, _) = raw.split_once('"').unwrap();
    for kind in &KINDS[..4] {
        copy(&out, &bench.path("odd"));
        plant(kind, &bench.path("odd").join(raw).join("stderr.log"));
        for args in [&["advise", "odd"][..], &["report", "odd", "--format", "md"]] {
            let said = bench.say(args);
            row(&format!("stderr.log is {kind}, {}", args[0]), &said);
            assert_eq!(said.code, USAGE, "{kind}: {}", said.stderr);
            assert!(
                said.stderr.contains("stderr.log"),
                "{kind}: {}",
                said.stderr
            );
        }
        fs::remove_dir_all(bench.path("odd")).unwrap();
    }
    bench.put("rules.yaml", "rules:\n  - error_rate < 50%\n");
    for name in ["../../etc", "/etc", "raw/../../x", "raw/\\u001b[31m"] {
        copy(&out, &bench.path("odd"));
        bench.put("odd/trials.jsonl", trials.replacen(raw, name, 1));
        for args in READERS {
            let said = bench.say(args);
            assert_eq!(said.code, USAGE, "{args:?}, {name}: {}", said.stderr);
            assert!(
                said.stderr.contains("no plain relative name"),
                "{}",
                said.stderr
            );
            assert!(!said.stderr.contains('\x1b'), "{}", said.stderr);
            if args[0] == "rank" {
                row(&format!("a trial's raw is {name}, rank"), &said);
            }
        }
        fs::remove_dir_all(bench.path("odd")).unwrap();
    }
}

#[test]
fn what_a_person_names_must_be_a_file_of_some_size() {
    let bench = Bench::new();
    pipe(&bench.path("pipe"));
    fs::File::create(bench.path("sparse"))
        .unwrap()
        .set_len(3 << 30)
        .unwrap();
    bench.put(
        "mix.yaml",
        "requests: [{name: a, path: /, method: POST, body_file: pipe}]\n",
    );
    bench.put("big.yaml", "name: b\ntargets: [./sparse/target.yaml]\n");
    fs::create_dir(bench.path("sparse-target")).unwrap();
    fs::File::create(bench.path("sparse-target/target.yaml"))
        .unwrap()
        .set_len(3 << 30)
        .unwrap();
    bench.put("big.yaml", "name: big\ntargets: [./sparse-target]\naxes: {env.MODE: [a, b], placement: [none]}\ncontrol: {env.MODE: a}\nload: {connections: 2, saturate: 200ms}\nblocks: 2\n");
    let kept = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../reports/sample/quickstart"
    );
    let kept = if Path::new(kept).is_dir() { kept } else { "." };
    let url = "http://127.0.0.1:9/";
    for (fault, args) in [
        ("the matrix is a pipe", &["plan", "pipe"][..]),
        (
            "the matrix is a device",
            &["run", "/dev/zero", "--out", "never"],
        ),
        ("the matrix has 3 GB", &["plan", "sparse"]),
        ("a target.yaml has 3 GB", &["plan", "big.yaml"]),
        ("the rules have 3 GB", &["gate", kept, "--rules", "sparse"]),
        ("the rules are a pipe", &["gate", kept, "--rules", "pipe"]),
        ("the archive is a pipe", &["load", url, "--har", "pipe"]),
        ("the archive has 3 GB", &["load", url, "--har", "sparse"]),
        ("the mix is a pipe", &["load", url, "--mix", "pipe"]),
        ("a body is a pipe", &["load", url, "--mix", "mix.yaml"]),
        ("analyze of a pipe", &["analyze", "pipe"]),
        ("analyze of a device", &["analyze", "/dev/zero"]),
    ] {
        let said = bench.say(args);
        row(fault, &said);
        assert_eq!(said.code, USAGE, "{fault}: {}", said.stderr);
        assert!(!bench.path("never").exists());
    }
}

#[test]
fn a_mix_reads_nothing_outside_its_folder_unless_allowed() {
    let bench = Bench::new();
    bench.put("secret", "secret");
    let mix = "requests: [{name: a, path: /, method: POST, body_file: ../secret}]\n";
    bench.put("mixes/out.yaml", mix);
    bench.put("mixes/linked.yaml", mix.replace("../secret", "link"));
    symlink("../secret", bench.path("mixes/link")).unwrap();
    for file in ["mixes/out.yaml", "mixes/linked.yaml"] {
        let said = bench.say(&["load", "http://127.0.0.1:9/", "--mix", file]);
        row(&format!("{file} names a file outside"), &said);
        assert_eq!(said.code, USAGE, "{}", said.stderr);
        assert!(said.stderr.contains("--allow-outside"), "{}", said.stderr);
        let args = [
            "load",
            "http://127.0.0.1:9/",
            "--mix",
            file,
            "--allow-outside",
            "-d",
            "1s",
        ];
        let said = bench.say(&args);
        assert!(
            !said.stderr.contains("outside of the mix"),
            "{}",
            said.stderr
        );
    }
}
