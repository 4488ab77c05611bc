//! A run is not mixed, and a folder is ours before it is touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use crate::bench::{Bench, copy, is_root, row};

const USAGE: Option<i32> = Some(2);
const SOMEBODY: u32 = 12_345;

#[test]
fn a_folder_with_foreign_content_is_not_touched() {
    let bench = Bench::new();
    bench.put("photos/raw/unfinished-album/a.jpg", "a");
    bench.put("photos2/raw/unfinished-00-01/a.jpg", "a");
    bench.put("letters/a.txt", "a");
    for (folder, file) in [
        ("photos", "photos/raw/unfinished-album/a.jpg"),
        ("photos2", "photos2/raw/unfinished-00-01/a.jpg"),
        ("letters", "letters/a.txt"),
    ] {
        let names = || fs::read_dir(bench.path(folder)).unwrap().count();
        let before = names();
        let said = bench.say(&["run", "matrix.yaml", "--out", folder]);
        row(&format!("--out {folder}, which holds {file}"), &said);
        assert_eq!(said.code, USAGE, "{}", said.stderr);
        assert!(said.stderr.contains("which is no run's"), "{}", said.stderr);
        assert!(bench.path(file).is_file());
        assert_eq!(names(), before, "nothing is added");
    }
}

#[test]
fn only_what_a_run_names_is_swept() {
    let bench = Bench::new();
    let Some(out) = bench.run() else { return };
    bench.put("out/raw/unfinished-album/a.jpg", "a");
    bench.put("out/raw/unfinished-00-01/stderr.log", "a");
    let said = bench.complete(&["run", "out"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(out.join("raw/unfinished-album/a.jpg").is_file());
    assert!(!out.join("raw/unfinished-00-01").exists());
}

#[test]
fn trials_without_their_record_are_not_adopted() {
    let bench = Bench::new();
    let Some(out) = bench.run() else { return };
    fs::remove_file(out.join("run.json")).unwrap();
    let before = fs::read(out.join("trials.jsonl")).unwrap();
    let said = bench.say(&["run", "matrix.yaml", "--out", "out"]);
    row("run.json is deleted", &said);
    assert_eq!(said.code, USAGE, "{}", said.stderr);
    assert!(said.stderr.contains("but no run.json"), "{}", said.stderr);
    assert_eq!(fs::read(out.join("trials.jsonl")).unwrap(), before);
}

#[test]
fn a_run_without_its_rates_is_not_gone_on_with() {
    let bench = Bench::new();
    let matrix = fs::read_to_string(bench.path("matrix.yaml")).unwrap();
    let constant = matrix.replace(
        "saturate: 200ms",
        "saturate: 200ms, constant: {rate: 10%, for: 200ms}",
    );
    bench.put("matrix.yaml", constant);
    let Some(out) = bench.run() else { return };
    let text = fs::read_to_string(out.join("run.json")).unwrap();
    let mut run: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_ne!(run["calibration"], serde_json::json!({}));
    run["calibration"] = serde_json::json!({});
    bench.put("out/run.json", run.to_string());
    let said = bench.say(&["run", "out", "--blocks", "3"]);
    row("run.json has no calibration", &said);
    assert_eq!(said.code, USAGE, "{}", said.stderr);
    assert!(said.stderr.contains("`calibration`"), "{}", said.stderr);
    // Without trials there is nothing to mix with: it gets its rates.
    fs::remove_file(out.join("trials.jsonl")).unwrap();
    fs::remove_file(out.join("decisions.jsonl")).unwrap();
    let said = bench.complete(&["run", "out"]);
    if said.code != Some(4) {
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    }
    let text = fs::read_to_string(out.join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_ne!(run["calibration"], serde_json::json!({}));
}

#[test]
fn a_run_made_elsewhere_starts_nothing_until_it_is_trusted() {
    let bench = Bench::new();
    let Some(out) = bench.run() else { return };
    let mode = |name: &str| fs::metadata(out.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("run.json"), mode("lock")), (0o600, 0o600));
    assert_eq!(mode("report.md") & 0o022, 0);
    copy(&out, &bench.path("far"));
    let text = fs::read_to_string(out.join("run.json")).unwrap();
    let mut run: serde_json::Value = serde_json::from_str(&text).unwrap();
    run["host"]["machine"] = "0123456789abcdef".into();
    run["host"]["fingerprint"] = "0123456789abcdef".into();
    bench.put("far/run.json", run.to_string());
    for args in [
        &["run", "far"][..],
        &["run", "matrix.yaml", "--out", "far"],
        &["diagnose", "far"],
        &["report", "far", "--format", "md", "-o", "far/report.md"],
    ] {
        let said = bench.say(args);
        row(&format!("made on another machine, {}", args[0]), &said);
        assert_eq!(said.code, USAGE, "{args:?}: {}", said.stderr);
        assert!(said.stderr.contains("say --trust"), "{}", said.stderr);
    }
    assert_eq!(bench.say(&["rank", "far"]).code, Some(0));
    let trusted = [
        "report",
        "far",
        "--format",
        "md",
        "-o",
        "far/report.md",
        "--trust",
    ];
    assert_eq!(bench.say(&trusted).code, Some(0));
    if !is_root() {
        println!("SKIPPED a folder of another user: only root can give one away");
        return;
    }
    copy(&out, &bench.path("theirs"));
    chown(bench.path("theirs"), Some(SOMEBODY), None).unwrap();
    for args in [&["run", "theirs"][..], &["diagnose", "theirs"]] {
        let said = bench.say(args);
        row(&format!("another user's folder, {}", args[0]), &said);
        assert_eq!(said.code, USAGE, "{args:?}: {}", said.stderr);
        assert!(
            said.stderr.contains("belongs to the user with id 12345"),
            "{}",
            said.stderr
        );
    }
    assert_eq!(bench.say(&["rank", "theirs"]).code, Some(0));
}

#[test]
fn a_cache_that_others_write_into_is_not_used() {
    let bench = Bench::new();
    fs::create_dir(bench.path("cache")).unwrap();
    fs::set_permissions(bench.path("cache"), fs::Permissions::from_mode(0o777)).unwrap();
    let said = bench.say(&["run", "matrix.yaml", "--out", "out"]);
    row("the cache is open to all", &said);
    assert_eq!(said.code, USAGE, "{}", said.stderr);
    assert!(
        said.stderr.contains("others may write into it"),
        "{}",
        said.stderr
    );
    assert!(!bench.path("out").exists());
}

#[test]
fn reports_and_locks_follow_no_planted_link() {
    let bench = Bench::new();
    let Some(out) = bench.run() else { return };
    let secret = bench.put("secret", "secret");
    for name in ["report.md", "report.html", "report.json"] {
        fs::remove_file(out.join(name)).unwrap();
        symlink(&secret, out.join(name)).unwrap();
    }
    let said = bench.complete(&["run", "out"]);
    row("report.md is a link", &said);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(!out.join("report.md").is_symlink());
    fs::remove_file(out.join("lock")).unwrap();
    symlink(&secret, out.join("lock")).unwrap();
    let said = bench.say(&["run", "out"]);
    row("lock is a link", &said);
    assert_eq!(said.code, USAGE, "{}", said.stderr);
    assert!(said.stderr.contains("symbolic link"), "{}", said.stderr);
    fs::remove_file(out.join("lock")).unwrap();
    fs::remove_dir_all(out.join("raw")).unwrap();
    bench.put("elsewhere/unfinished-00-01/a", "a");
    symlink(bench.path("elsewhere"), out.join("raw")).unwrap();
    let said = bench.say(&["run", "out"]);
    row("raw is a link", &said);
    assert_eq!(said.code, USAGE, "{}", said.stderr);
    assert!(bench.path("elsewhere/unfinished-00-01/a").is_file());
    assert_eq!(fs::read_to_string(&secret).unwrap(), "secret");
}

#[test]
fn the_lock_of_the_host_follows_no_variable() {
    let bench = Bench::new();
    let mut first = bench
        .command(&["run", "matrix.yaml", "--out", "first", "--blocks", "6"])
        .env("TMPDIR", bench.path("."))
        .spawn()
        .unwrap();
    while !bench.path("first/run.json").exists() && first.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    if first.try_wait().unwrap().is_some() {
        println!("SKIPPED the lock of the host: the first run ended at once");
        return;
    }
    let args = ["run", "matrix.yaml", "--out", "second"];
    let second = bench
        .command(&args)
        .env("TMPDIR", bench.path("cache"))
        .spawn();
    let said = bench.ended(second.unwrap(), &args);
    row("two runs with two TMPDIRs", &said);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(
        said.stderr.contains(&format!("(pid {})", first.id())),
        "{}",
        said.stderr
    );
    first.kill().unwrap();
    bench.ended(first, &["run"]);
}
