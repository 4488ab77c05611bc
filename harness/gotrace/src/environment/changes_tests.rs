//! Tests of what changes between two versions.

use super::*;

fn version(text: &str) -> GoVersion {
    GoVersion::parse(text).expect("version")
}

fn settings(from: &str, to: &str) -> Vec<String> {
    let switches = switches_back(&version(from), &version(to));
    switches.iter().map(ToString::to_string).collect()
}

fn tuning(from: &str, to: &str) -> Vec<String> {
    let switches = switches_back(&version(from), &version(to)).into_iter();
    let tuning = switches.filter(|switch| switch.role == Role::Tuning);
    tuning.map(|switch| switch.to_string()).collect()
}

fn under(from: &str, to: &str, line: &str) -> Vec<ChangedDefault> {
    let line = version(line);
    defaults_changed(&version(from), &version(to), &line, &line)
}

#[test]
fn the_switches_of_each_step_are_those_that_matter_there() {
    assert_eq!(
        tuning("1.26.6", "1.27.3"),
        [
            "GOEXPERIMENT=nojsonv2",
            "GOEXPERIMENT=nosizespecializedmalloc"
        ]
    );
    assert_eq!(
        tuning("1.25.5", "1.26.6"),
        [
            "GODEBUG=tlssecpmlkem=0",
            "GOEXPERIMENT=nogreenteagc",
            "GOEXPERIMENT=norandomizedheapbase64"
        ]
    );
    assert_eq!(
        tuning("1.24.11", "1.25.5"),
        [
            "GODEBUG=containermaxprocs=0",
            "GODEBUG=decoratemappings=0",
            "GODEBUG=updatemaxprocs=0",
            "GOEXPERIMENT=nodwarf5"
        ]
    );
    assert_eq!(
        tuning("1.23.9", "1.24.11"),
        [
            "GODEBUG=multipathtcp=0",
            "GODEBUG=tlsmlkem=0",
            "GOEXPERIMENT=nospinbitmutex",
            "GOEXPERIMENT=noswissmap",
            "GOEXPERIMENT=nosynchashtriemap"
        ]
    );
    assert!(settings("1.22.12", "1.23.0").contains(&"GODEBUG=asynctimerchan=1".to_owned()));
    // Downwards the switch turns on what the newer version had.
    assert!(settings("1.26.6", "1.25.5").contains(&"GOEXPERIMENT=greenteagc".to_owned()));
    assert!(settings("1.27.3", "1.27.3").is_empty());
}

#[test]
fn a_switch_that_the_new_version_no_longer_has_is_not_offered() {
    // Swiss maps cannot be turned off in 1.26, nor can the new timers in 1.27.
    let all = settings("1.23.9", "1.26.6");
    assert!(
        !all.iter().any(|switch| switch.contains("swissmap")),
        "{all:?}"
    );
    let changed = defaults_changed(
        &version("1.23.9"),
        &version("1.26.6"),
        &version("1.23"),
        &version("1.23"),
    );
    let maps = changed.iter().find(|row| row.key == "swissmap");
    let maps = maps.expect("maps changed");
    assert_eq!((maps.why, &maps.switch), (Why::Removed, &None));

    let timers = under("1.26.6", "1.27.3", "1.22");
    let timers = timers.iter().find(|row| row.key == "asynctimerchan");
    let timers = timers.expect("1.27 ignores the go line for timers");
    assert_eq!((timers.from.as_str(), timers.to.as_str()), ("1", "0"));
    assert_eq!((timers.why, &timers.switch), (Why::Removed, &None));
    let current = under("1.26.6", "1.27.3", "1.23");
    assert!(current.iter().all(|row| row.key != "asynctimerchan"));
}

#[test]
fn an_unchanged_go_line_keeps_what_follows_the_go_line() {
    let changed = under("1.24.11", "1.25.5", "1.24");
    assert!(
        changed.iter().all(|row| row.key != "containermaxprocs"),
        "{changed:?}"
    );
    let raised = defaults_changed(
        &version("1.24.11"),
        &version("1.25.5"),
        &version("1.24"),
        &version("1.25.0"),
    );
    let quota = raised.iter().find(|row| row.key == "containermaxprocs");
    let quota = quota.expect("the quota counts now");
    assert_eq!((quota.from.as_str(), quota.to.as_str()), ("0", "1"));
    assert_eq!(quota.why, Why::GoLine { minor: 25 });
    assert_eq!(quota.why.to_string(), "go line of 1.25 or later");
    let switch = quota.switch.as_ref().expect("it can be switched back");
    assert_eq!(
        (switch.setting.as_str(), switch.go_line),
        ("containermaxprocs=0", Some(25))
    );
    assert_eq!(switch.valid.as_deref(), Some("from 1.25 on"));
}

/// Raising only the go line changes what the toolchain alone left.
#[test]
fn a_go_line_raised_under_one_toolchain_changes_defaults_too() {
    let toolchain = version("1.27.3");
    let changed = defaults_changed(&toolchain, &toolchain, &version("1.21"), &version("1.27"));
    assert!(
        changed
            .iter()
            .all(|row| matches!(row.why, Why::GoLine { .. })),
        "{changed:?}"
    );
    assert!(changed.iter().all(|row| row.kind == SwitchKind::Godebug));
    assert!(changed.iter().any(|row| row.key == "httpmuxgo121"));
}

/// A patch release can bring a changed default as well.
#[test]
fn a_back_port_is_a_change_between_two_patches() {
    let changed = under("1.25.5", "1.25.6", "1.25");
    let keys: Vec<_> = changed
        .iter()
        .map(|row| (row.key, row.from.as_str(), row.to.as_str()))
        .collect();
    assert_eq!(keys, [("urlmaxqueryparams", "0", "10000")]);
    assert_eq!(changed[0].why, Why::Toolchain);
    let switch = changed[0].switch.as_ref().expect("0 is no limit");
    assert_eq!(switch.to_string(), "GODEBUG=urlmaxqueryparams=0");
    let former = under("1.24.4", "1.24.5", "1.24");
    let former: Vec<_> = former
        .iter()
        .filter_map(|row| Some(row.switch.as_ref()?.to_string()))
        .collect();
    assert_eq!(former, ["GODEBUG=allowmultiplevcs=1"]);
}

#[test]
fn every_switch_is_accepted_by_the_version_that_it_is_for() {
    for from in 21..=27 {
        for to in 21..=27 {
            let (from, to) = (GoVersion::release(from, 3), GoVersion::release(to, 3));
            for switch in switches_back(&from, &to) {
                let variable = switch.kind.variable();
                let checked =
                    crate::environment::check_variable(variable, &switch.setting, Some(&to));
                let verdict =
                    checked.unwrap_or_else(|problem| panic!("{from} to {to}: {switch}: {problem}"));
                assert!(
                    verdict
                        .notes
                        .iter()
                        .all(|note| !note.contains("changes nothing")),
                    "{from} to {to}: {switch}: {:?}",
                    verdict.notes
                );
            }
        }
    }
}
