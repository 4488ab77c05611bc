//! What is made of stored runs, and of folders that hold none.

use std::fs;
use std::path::Path;

use super::{Desk, KEPT_RUN, USAGE};

#[test]
fn a_kept_run_is_ranked_and_reported() {
    let desk = Desk::new();
    let ranking = desk.json(&["rank", KEPT_RUN, "--json"]);
    assert_eq!(ranking["format"], 1);
    assert!(
        !ranking["targets"][0]["cells"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let table = desk.say(&["rank", KEPT_RUN]);
    assert_eq!(table.code, 0);
    assert!(!table.stdout.contains('\x1b'), "no colour into a pipe");
    let mut report = desk.json(&["report", KEPT_RUN, "--format", "json"]);
    let advice = report.as_object_mut().unwrap().remove("advice").unwrap();
    assert_eq!(report, ranking);
    assert_eq!(advice, desk.json(&["advise", KEPT_RUN, "--json"]));
    for (format, beginning) in [("md", "#"), ("html", "<!")] {
        let said = desk.say(&["report", KEPT_RUN, "--format", format, "-o", "it"]);
        assert_eq!((said.code, said.stdout.as_str()), (0, ""));
        let text = fs::read_to_string(desk.path().join("it")).unwrap();
        assert!(text.to_lowercase().starts_with(beginning), "{format}");
    }
    let nowhere = desk.say(&["report", KEPT_RUN, "--format", "md", "-o", "no/such/folder"]);
    assert_eq!(nowhere.code, USAGE);
}

#[test]
fn a_record_that_contradicts_itself_is_no_usable_input() {
    let desk = Desk::new();
    let kept = |name: &str| fs::read_to_string(Path::new(KEPT_RUN).join(name)).unwrap();
    desk.put("odd/run.json", kept("run.json"));
    let trials = kept("trials.jsonl");
    let cell = trials.split("\"cell\":\"").nth(1).unwrap();
    let (cell, _) = cell.split_once('"').unwrap();
    let of_nowhere = trials.replacen(cell, "000000000000", usize::MAX);
    desk.put("odd/trials.jsonl", of_nowhere);
    for args in [
        &["rank", "odd"][..],
        &["rank", "odd", "--explore"],
        &["rank", "odd", "--selftest"],
        &["advise", "odd"],
        &["report", "odd", "--format", "md"],
    ] {
        let said = desk.say(args);
        assert_eq!(said.code, USAGE, "{args:?}: {}", said.stderr);
        let expected = "which run.json does not list";
        assert!(said.stderr.contains(expected), "{args:?}: {}", said.stderr);
    }
    // Of GOGC the order is known, of GOMAXPROCS nothing.
    let other_axis = kept("run.json").replace("gogc", "gomaxprocs");
    desk.put("other/run.json", other_axis);
    desk.put("other/trials.jsonl", trials);
    let unknown = desk.say(&["rank", "other", "--selftest"]);
    assert_eq!(unknown.code, USAGE, "{}", unknown.stdout);
    assert!(
        unknown.stderr.contains("matrices/proof"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn what_holds_no_run_is_not_ranked() {
    let desk = Desk::new();
    desk.put("file", "");
    desk.put("torn/run.json", "{\"format\": 1, ");
    desk.put("newer/run.json", "{\"format\": 99}");
    for (folder, expected) in [
        (".", "is no run folder"),
        ("file", "is no run folder"),
        ("absent", "is no run folder"),
        ("torn", "torn/run.json:1: not readable as a run"),
        ("newer", "use a newer gosweep"),
    ] {
        for args in [&["rank", folder][..], &["report", folder, "--format", "md"]] {
            let said = desk.say(args);
            assert_eq!(said.code, USAGE, "{args:?}: {}", said.stderr);
            assert!(said.stderr.contains(expected), "{args:?}: {}", said.stderr);
        }
    }
}
