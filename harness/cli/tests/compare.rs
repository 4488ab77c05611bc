//! `gosweep compare` as a person types it, over made-up runs on disk.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "judged/desk.rs"]
mod desk;

use desk::Desk;
use serde_json::Value;
use testing::{Lab, Service};

const SIDES: [&str; 5] = ["compare", "--run", "run", "control", "gogc=400"];

fn with(service: Service) -> Lab {
    Lab::new()
        .cell(&[("gogc", "100")], Service::default())
        .cell(&[("gogc", "400")], service)
}

fn slower() -> Service {
    let normal = Service::default();
    Service {
        qps: normal.qps * 0.9,
        ..normal
    }
}

#[test]
fn the_exit_code_is_the_verdict() {
    let mut noisy = with(Service::default());
    noisy.noise = 0.15;
    for (lab, code, label) in [
        (with(Service::default()), 0, "NO WORSE"),
        (with(slower()), 1, "REGRESSED"),
        (noisy, 3, "INCONCLUSIVE"),
    ] {
        let desk = Desk::new();
        desk.keep("run", &lab);
        let said = desk.say(&SIDES);
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.stdout.starts_with(label), "{said:?}");
    }
}

#[test]
fn without_valid_trials_the_exit_code_is_four() {
    let desk = Desk::new();
    let lab = with(Service::default());
    let mut trials = lab.trials();
    trials
        .iter_mut()
        .for_each(|trial| trial.outcome = testing::invalid());
    desk.keep_trials("run", &lab, &trials);
    assert_eq!(desk.say(&SIDES).code, 4);
}

#[test]
fn json_holds_every_figure_and_its_trials() {
    let desk = Desk::new();
    desk.keep("run", &with(slower()));
    let said = desk.say(&[&SIDES[..], &["--json"]].concat());
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(document["verdict"], "regressed");
    assert_eq!(document["targets"][0]["objectives"][0]["objective"], "qps");
    let trials = &document["targets"][0]["cells"][0]["candidate"]["trials"];
    assert_eq!(trials.as_array().unwrap().len(), 8);
}

#[test]
fn margins_and_objectives_change_the_verdict() {
    let desk = Desk::new();
    desk.keep("run", &with(slower()));
    let say = |more: &[&str]| desk.say(&[&SIDES[..], more].concat());
    assert_eq!(say(&["--margin", "qps=20%"]).code, 0);
    assert_eq!(say(&["--by", "p99,rss"]).code, 0);
    for (wrong, fix) in [
        (["--margin", "qps"], "OBJECTIVE=SHARE"),
        (["--margin", "qqps=3%"], "did you mean `qps`?"),
        (["--margin", "qps=3"], "percentage"),
        (["--by", "qps,qps"], "given twice"),
        (["--target", "web"], "names no target"),
    ] {
        let said = say(&wrong);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.stderr.contains(fix), "{said:?}");
    }
}

#[test]
fn two_runs_are_compared_by_their_folders() {
    let desk = Desk::new();
    desk.keep("before", &with(Service::default()));
    desk.keep("after", &with(Service::default()));
    let mut far = with(Service::default()).run();
    far.host.fingerprint = "beef".into();
    desk.keep_run("far", &far, &with(Service::default()).trials());
    let said = desk.say(&["compare", "before", "after"]);
    assert!([0, 3].contains(&said.code), "{said:?}");
    assert!(said.stdout.contains("one after the other"), "{said:?}");
    let refused = desk.say(&["compare", "before", "far"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--cross-host"), "{refused:?}");
    let asked = desk.say(&["compare", "before", "far", "--cross-host"]);
    assert!(asked.stdout.contains("different hosts"), "{asked:?}");
}

#[test]
fn what_cannot_be_compared_is_refused_with_a_fix() {
    let desk = Desk::new();
    desk.keep("run", &with(Service::default()));
    for (wrong, fix) in [
        (&["compare", "control", "gogc=400"][..], "add --run RUN_DIR"),
        (
            &["compare", "--run", "run", "control", "gogc=9"],
            "gogc is 100 and 400",
        ),
        (
            &["compare", "--run", "run", "control", "best"],
            "write `control`",
        ),
        (
            &["compare", "--run", "nowhere", "control", "2"],
            "is no run folder",
        ),
    ] {
        let said = desk.say(wrong);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.stderr.contains(fix), "{said:?}");
    }
}

#[test]
fn help_tells_sides_verdicts_and_exit_codes() {
    let help = Desk::new().say(&["compare", "--help"]).stdout;
    for part in [
        "gogc=400,gomaxprocs=2",
        "INCONCLUSIVE",
        "Exit codes: 0 no worse",
    ] {
        assert!(help.contains(part), "{part}\n{help}");
    }
}

#[test]
fn rank_goes_by_other_objectives_and_explores() {
    let desk = Desk::new();
    let normal = Service::default();
    desk.keep(
        "run",
        &with(Service {
            qps: normal.qps * 0.9,
            p99_ms: normal.p99_ms * 0.8,
            ..normal
        }),
    );
    let first = |by: &str| {
        let said = desk.say(&["rank", "run", "--json", "--by", by]);
        let ranking: Value = serde_json::from_str(&said.stdout).unwrap();
        ranking["targets"][0]["cells"][0]["label"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(first("qps"), "gogc=100");
    assert_eq!(first("p99,qps"), "gogc=400");
    let explored = desk.say(&["rank", "run", "--explore"]);
    assert_eq!(explored.code, 0);
    for part in ["PARETO FRONT", "WHAT EACH AXIS DOES to QPS"] {
        assert!(explored.stdout.contains(part), "{explored:?}");
    }
    let said = desk.say(&["rank", "run", "--explore", "--json", "--by", "qps,p99"]);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        document["targets"][0]["front"]["cells"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
