//! Pages of made-up runs, and scans of made-up modules.

use documents::upgrade::{ScanSeverity, UpgradeVerdict};
use gotrace::GoVersion;
use testing::{Lab, Service};

use super::defaults::Sides;
use super::scan::{ModuleSources, SourceLine, scan};
use super::*;
use crate::of_run::Raw;

const OLD: &[(&str, &str)] = &[("toolchain", "1.25.5")];
const NEW: &[(&str, &str)] = &[("toolchain", "1.27.3"), ("go_line", "toolchain")];

fn slow() -> Service {
    let normal = Service::default();
    Service {
        cpu_us_per_request: normal.cpu_us_per_request * 1.3,
        ..normal
    }
}

fn page(lab: &Lab, switched: Option<&Lab>) -> documents::upgrade::Upgrade {
    let (run, trials) = (versions(lab.run()), lab.trials());
    let second = switched.map(|lab| (versions(lab.run()), lab.trials()));
    let switched: Vec<Switched<'_>> = second
        .iter()
        .map(|(run, trials)| Switched {
            target: "httpjson",
            toolchain: "1.27.3",
            run,
            trials,
        })
        .collect();
    let given = UpgradeGiven {
        run: &run,
        trials: &trials,
        from: None,
        to: &[],
        raw: &|_| Raw::default(),
        sources: &std::collections::BTreeMap::new(),
        switched: &switched,
        command: "gosweep upgrade".to_owned(),
        tool: "gosweep".to_owned(),
    };
    let asks = unexplained(&given).unwrap();
    let found = upgrade(&given).unwrap().unwrap();
    assert_eq!(asks.is_empty(), found.verdict == UpgradeVerdict::Safe);
    if let Some(ask) = asks.first() {
        let switches: Vec<&str> = ask
            .switches
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        assert!(switches.contains(&"nogreenteagc"), "{switches:?}");
    }
    found
}

/// The toolchains that the cells of a made-up run name.
fn versions(mut run: record::run::Run) -> record::run::Run {
    let Some(like) = run.toolchains.first().cloned() else {
        return run;
    };
    run.toolchains = ["1.25.5", "1.27.3"]
        .map(|spec| record::run::Toolchain {
            spec: spec.to_owned(),
            version: format!("go{spec}"),
            ..like.clone()
        })
        .to_vec();
    run
}

#[test]
fn a_regression_is_named_with_the_switch_that_carries_it() {
    let lab = Lab::new().cell(OLD, Service::default()).cell(NEW, slow());
    let with = |name: &'static str| {
        let mut axes = NEW.to_vec();
        axes.push(("goexperiment", name));
        axes
    };
    let switched = Lab::new()
        .cell(NEW, slow())
        .cell(&with("nogreenteagc"), Service::default())
        .cell(&with("nojsonv2"), slow());
    let found = page(&lab, Some(&switched));
    let own = &found.targets[0];
    assert_eq!(own.verdict, UpgradeVerdict::Regressed);
    assert_eq!(own.attribution.len(), 1, "{:?}", own.attribution);
    assert_eq!(own.attribution[0].switch, "GOEXPERIMENT=nogreenteagc");
    assert_eq!(own.recommended, ["GOEXPERIMENT=nogreenteagc go build …"]);
    assert!(
        own.defaults_changed
            .iter()
            .any(|row| row.key == "greenteagc")
    );
    let text = page(&lab, None).targets[0].attribution_text.clone();
    assert!(text.starts_with("not tried"), "{text}");
}

#[test]
fn nothing_is_attributed_where_nothing_differs() {
    let lab = Lab::new()
        .cell(OLD, Service::default())
        .cell(NEW, Service::default());
    let found = page(&lab, None);
    assert_eq!(found.verdict, UpgradeVerdict::Safe);
    assert!(
        found.targets[0]
            .attribution_text
            .contains("nothing to attribute")
    );
    assert!(found.targets[0].recommended.is_empty());
}

#[test]
fn a_run_of_one_toolchain_has_no_page() {
    let lab = Lab::new().cell(OLD, Service::default());
    let (run, trials) = (lab.run(), lab.trials());
    let given = UpgradeGiven {
        run: &run,
        trials: &trials,
        from: None,
        to: &[],
        raw: &|_| Raw::default(),
        sources: &std::collections::BTreeMap::new(),
        switched: &[],
        command: String::new(),
        tool: String::new(),
    };
    assert!(upgrade(&given).unwrap().is_none());
}

fn sides(from: &str, to: &str, line: &str, full: bool) -> Sides {
    let version = |text: &str| GoVersion::parse(text).unwrap();
    Sides {
        from: version(from),
        to: version(to),
        module_line: Some(version(line)),
        full,
    }
}

fn found(sources: &ModuleSources, sides: &Sides) -> Vec<(ScanSeverity, String, String)> {
    let rows = scan(sources, sides).into_iter();
    rows.map(|own| (own.severity, own.r#where, own.what))
        .collect()
}

#[test]
fn settings_that_the_new_go_does_not_take_are_found_at_their_place() {
    let text = "module m\n\ngo 1.22\n\ngodebug (\n\tdefault=go1.21\n\tnosuchkey=1\n)\n";
    let line = |text: &str| SourceLine {
        file: "main.go".to_owned(),
        line: 3,
        text: text.to_owned(),
    };
    let sources = ModuleSources {
        go_mod: Some(("go.mod".to_owned(), text.to_owned())),
        lines: vec![line("//go:debug panicnil=1"), line("//go:build !go1.26")],
        environment: vec![(
            "GODEBUG".to_owned(),
            "madvdontneed=1,asynctimerchan=1".to_owned(),
        )],
        cpus: Some(14),
        cpu_quota: Some(0.25),
    };
    let rows = found(&sources, &sides("1.22.12", "1.27.3", "1.22", true));
    let at = |place: &str| {
        rows.iter()
            .find(|row| row.1 == place)
            .unwrap_or_else(|| panic!("{place}: {rows:?}"))
    };
    assert_eq!(at("go.mod:6").0, ScanSeverity::Note);
    assert_eq!(at("go.mod:7").0, ScanSeverity::Severe);
    assert!(at("main.go:3").2.contains("1.26"));
    assert!(at("GOMAXPROCS").2.contains("from 14 to 2"), "{rows:?}");
    assert!(rows.windows(2).all(|pair| pair[0].0 <= pair[1].0));
}

#[test]
fn under_the_old_go_line_the_quota_changes_nothing() {
    let sources = ModuleSources {
        cpus: Some(14),
        cpu_quota: Some(0.25),
        ..ModuleSources::default()
    };
    let places = |sides: &Sides| {
        let rows = found(&sources, sides);
        rows.into_iter().map(|row| row.1).collect::<Vec<_>>()
    };
    assert!(!places(&sides("1.22.12", "1.27.3", "1.21", false)).contains(&"GOMAXPROCS".to_owned()));
    assert!(places(&sides("1.22.12", "1.27.3", "1.21", true)).contains(&"GOMAXPROCS".to_owned()));
    assert!(!places(&sides("1.25.5", "1.27.3", "1.25", true)).contains(&"GOMAXPROCS".to_owned()));
}
