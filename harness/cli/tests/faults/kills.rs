//! Killed anywhere, a run loses no trial and leaves nothing behind; the same command goes on.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use record::store::RunDir;

use crate::bench::{Bench, row};

/// What is waited for on disk before the kill.
const POINTS: [&str; 6] = [
    "the folder",
    "a trial under way",
    "the record",
    "the first trial",
    "the third trial",
    "the report",
];

fn is_reached(point: &str, out: &Path) -> bool {
    let lines = || {
        let text = fs::read_to_string(out.join("trials.jsonl")).unwrap_or_default();
        text.matches('\n').count()
    };
    let under_way = || {
        let raw = fs::read_dir(out.join("raw"))
            .into_iter()
            .flatten()
            .flatten();
        raw.into_iter().any(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("unfinished-")
        })
    };
    match point {
        "the folder" => out.join("raw").is_dir(),
        "a trial under way" => under_way(),
        "the record" => out.join("run.json").is_file(),
        "the first trial" => lines() >= 1,
        "the third trial" => lines() >= 3,
        _ => out.join("report.md").is_file(),
    }
}

#[test]
fn killed_anywhere_a_run_goes_on() {
    for point in POINTS {
        let bench = Bench::new();
        let args = ["run", "matrix.yaml", "--out", "out"];
        let out = bench.path("out");
        let mut child = bench.command(&args).spawn().unwrap();
        let begun = Instant::now();
        while !is_reached(point, &out) && child.try_wait().unwrap().is_none() {
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "{point} is never reached"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        let killed = bench.ended(child, &args);
        row(&format!("kill -9 at {point}"), &killed);
        let trials = || {
            let dir = RunDir::open(&out).ok()?;
            dir.read_trials().ok()
        };
        let before = trials().unwrap_or_default();
        let said = bench.complete(&args);
        if said.stderr.contains("not fit for measuring") {
            println!("SKIPPED killed at {point}: this host invalidates every trial");
            continue;
        }
        assert_eq!(said.code, Some(0), "{point}: {}", said.stderr);
        let after = trials().unwrap();
        assert_eq!(
            after[..before.len()],
            before[..],
            "{point}: nothing is lost"
        );
        let mut ids: Vec<&str> = after.iter().map(|trial| trial.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), after.len(), "{point}: nothing is kept twice");
        let names = RunDir::open(&out).unwrap().folder().unwrap();
        let left = names.folder("raw").unwrap().names().unwrap();
        assert!(
            !left.iter().any(|name| name.starts_with("unfinished")),
            "{point}: {left:?}"
        );
        let half = names
            .names()
            .unwrap()
            .into_iter()
            .find(|name| name.ends_with(".new"));
        assert_eq!(half, None, "{point}");
    }
}
