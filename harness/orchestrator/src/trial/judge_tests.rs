//! Every rule of validity with a trial that breaks it and one that just does not.

use record::axis::{Axis, Settings};
use record::cell::CellId;
use record::matrix::CellSpec;
use record::run::Run;
use record::store::RunDir;
use record::threshold::Thresholds;
use record::trial::{
    Arrival, ClockProbe, HostWindow, Ledger, Outcome, Phase, ProcessWindow, Readback, WindowVerdict,
};
use topology::Placement;

use super::Observed;
use super::caveats::{Findings, unread_settings};
use super::judge::{answers_wrong, findings};
use crate::plan::{PlannedCell, ReadyCell};

/// A cell that asks for everything that can be read back.
fn cell() -> ReadyCell {
    let mut settings = Settings::default();
    for (axis, value) in [
        (Axis::Gomaxprocs, "2"),
        (Axis::Gogc, "200"),
        (Axis::Gomemlimit, "512MiB"),
        (Axis::Godebug, "madvdontneed=0"),
    ] {
        settings.insert(axis, value);
    }
    ReadyCell {
        id: CellId::of(["x"]),
        planned: PlannedCell {
            spec: CellSpec {
                target: "service".to_owned(),
                settings,
            },
            control: false,
            placement: Placement {
                target: "0-1".parse().unwrap(),
                generator: "2-3".parse().unwrap(),
                memory_node: None,
                notes: Vec::new(),
            },
            notes: Vec::new(),
        },
        program: "service".into(),
        program_sha256: String::new(),
        go_version: Some("go1.26.8".parse().unwrap()),
    }
}

/// The windows of the stored format's own sample, on a calm host.
fn calm(phase: Option<Phase>) -> Option<Phase> {
    let mut phase = phase.unwrap();
    phase.verdict.name = WindowVerdict::Valid;
    phase.littles_law_error = (phase.arrival == Arrival::Closed).then_some(0.001);
    phase.host = Some(HostWindow::default());
    phase.process = Some(ProcessWindow {
        user_seconds: 1.0,
        system_seconds: 1.0,
        run_delay_seconds: Some(0.05),
        involuntary_switches: 400,
        ..ProcessWindow::default()
    });
    Some(phase)
}

/// A trial that nothing speaks against.
fn observed() -> Observed {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../record/tests/fixtures/format-1"
    );
    let dir = RunDir::open(fixture.as_ref()).unwrap();
    let _: Run = dir.read_run().unwrap();
    let trial = dir.read_trials().unwrap().remove(0);
    Observed {
        started: String::new(),
        outcome: Outcome::Ok,
        saturate: calm(trial.saturate),
        constant: calm(trial.constant),
        process: None,
        cgroup: None,
        readback: Some(Readback {
            gomaxprocs: Some(2),
            gogc: Some(200),
            gomemlimit_bytes: Some(512 << 20),
            godebug: Some("madvdontneed=0".to_owned()),
            go_version: Some("go1.26.8".to_owned()),
            target_cpus: Some("0-1".to_owned()),
            ..Readback::default()
        }),
        clock_probe: None,
        warnings: Vec::new(),
    }
}

fn judged(change: impl FnOnce(&mut Observed)) -> Findings {
    judged_with(&cell(), &[], change)
}

fn judged_with(
    cell: &ReadyCell,
    clock_probes: &[ClockProbe],
    change: impl FnOnce(&mut Observed),
) -> Findings {
    let mut trial = observed();
    change(&mut trial);
    findings(
        cell,
        clock_probes,
        &cell.planned.placement.target,
        &Thresholds::default(),
        &trial,
    )
}

/// The rules that made it invalid, and the number of caveats.
fn found(findings: &Findings) -> (Vec<&str>, usize) {
    let rules = findings.reasons.iter().map(|reason| reason.rule.word());
    (rules.collect(), findings.caveats.len())
}

#[test]
fn nothing_speaks_against_a_calm_trial() {
    assert_eq!(judged(|_| {}), Findings::default());
}

#[test]
fn a_negative_gogc_is_applied_where_the_collector_is_off() {
    let mut cell = cell();
    cell.planned.spec.settings.insert(Axis::Gogc, "-1");
    let off = |observed: &mut Observed| {
        observed.readback.as_mut().unwrap().gogc = Some(u64::MAX);
    };
    assert_eq!(judged_with(&cell, &[], off), Findings::default());
    assert_eq!(found(&judged_with(&cell, &[], |_| {})), (vec!["V2"], 0));
}

#[test]
fn every_setting_that_was_not_applied_is_v2() {
    type Change = fn(&mut Readback);
    let changes: [(&str, Change); 6] = [
        ("GOMAXPROCS", |own| own.gomaxprocs = Some(1)),
        ("GOGC", |own| own.gogc = Some(100)),
        ("GOMEMLIMIT", |own| {
            own.gomemlimit_bytes = Some(i64::MAX as u64)
        }),
        ("GODEBUG", |own| own.godebug = Some(String::new())),
        ("the Go version", |own| {
            own.go_version = Some("go1.25.5".to_owned())
        }),
        ("the CPU set", |own| {
            own.target_cpus = Some("0-3".to_owned())
        }),
    ];
    for (what, change) in changes {
        let findings = judged(|trial| change(trial.readback.as_mut().unwrap()));
        assert_eq!(found(&findings), (vec!["V2"], 0), "{what}");
        let message = &findings.reasons[0].message;
        assert!(
            message.starts_with(&format!("{what} was asked to be ")),
            "{message}"
        );
    }
}

#[test]
fn what_cannot_be_read_back_is_not_held_against_a_trial() {
    let findings = judged(|trial| trial.readback = Some(Readback::default()));
    assert_eq!(findings.reasons, []);
}

#[test]
fn a_probe_that_does_not_answer_leaves_a_caveat() {
    let mut trial = observed();
    assert_eq!(unread_settings(&cell(), &trial), None);
    trial.readback.as_mut().unwrap().gogc = None;
    let caveat = unread_settings(&cell(), &trial).unwrap();
    assert!(caveat.contains("did not show gogc: "), "{caveat}");
    trial.readback = None;
    let caveat = unread_settings(&cell(), &trial).unwrap();
    assert!(
        caveat.contains("gogc and gomemlimit and godebug"),
        "{caveat}"
    );
}

#[test]
fn the_generator_is_v3() {
    let bound = |trial: &mut Observed| {
        trial.constant.as_mut().unwrap().verdict.name = WindowVerdict::GeneratorBound;
    };
    assert_eq!(found(&judged(bound)), (vec!["V3"], 0));
    let closed = |trial: &mut Observed| {
        trial.saturate.as_mut().unwrap().verdict.name = WindowVerdict::GeneratorBound;
    };
    assert_eq!(found(&judged(closed)), (vec![], 0), "a lower bound of QPS");
    let stalled = |trial: &mut Observed| {
        let generator = &mut trial.saturate.as_mut().unwrap().generator;
        generator.stalled_seconds = Some(10.0);
    };
    assert_eq!(
        found(&judged(stalled)),
        (vec!["V3"], 0),
        "a stall is no slow generator"
    );
    let little = |error: f64| {
        judged(|trial| trial.saturate.as_mut().unwrap().littles_law_error = Some(error))
    };
    assert_eq!(found(&little(-0.019)), (vec![], 0));
    assert_eq!(found(&little(0.03)), (vec![], 1));
    assert_eq!(found(&little(-0.06)), (vec!["V3"], 0));
}

#[test]
fn steal_and_waiting_for_others_are_v4() {
    let steal = |share: f64| {
        judged(|trial| {
            trial
                .constant
                .as_mut()
                .unwrap()
                .host
                .as_mut()
                .unwrap()
                .steal = share
        })
    };
    assert_eq!(found(&steal(0.02)), (vec![], 0));
    assert_eq!(found(&steal(0.03)), (vec![], 1));
    assert_eq!(found(&steal(0.06)), (vec!["V4"], 0));
    let waiting = |cell: &ReadyCell, seconds: f64| {
        judged_with(cell, &[], |trial| {
            let process = trial.saturate.as_mut().unwrap().process.as_mut().unwrap();
            process.run_delay_seconds = Some(seconds);
        })
    };
    assert_eq!(found(&waiting(&cell(), 0.2)), (vec![], 0));
    assert_eq!(found(&waiting(&cell(), 0.4)), (vec![], 1));
    assert_eq!(found(&waiting(&cell(), 2.0)), (vec!["V4"], 0));
    // Where the generator, a quota or threads of its own make it wait, that says nothing about others.
    let mut shared = cell();
    shared.planned.placement.generator = "1-2".parse().unwrap();
    assert_eq!(waiting(&shared, 2.0).reasons, []);
    let mut limited = cell();
    limited.planned.spec.settings.insert(Axis::CpuQuota, "1.5");
    assert_eq!(waiting(&limited, 2.0).reasons, []);
    let crowded = judged(|trial| {
        trial.readback.as_mut().unwrap().gomaxprocs = None;
        let process = trial.saturate.as_mut().unwrap().process.as_mut().unwrap();
        process.run_delay_seconds = Some(2.0);
    });
    assert_eq!(crowded.reasons, []);
}

#[test]
fn pressure_switches_throttling_and_a_moving_clock_are_caveats() {
    type Change = fn(&mut Observed);
    let changes: [Change; 4] = [
        |trial| {
            let host = trial.constant.as_mut().unwrap().host.as_mut().unwrap();
            host.cpu_pressure = Some(0.3);
        },
        |trial| {
            let process = trial.constant.as_mut().unwrap().process.as_mut().unwrap();
            process.involuntary_switches = 2_100;
        },
        |trial| {
            let host = trial.constant.as_mut().unwrap().host.as_mut().unwrap();
            host.throttled = Some(0.02);
        },
        |trial| {
            let windows = [
                (&mut trial.saturate, 3_000.0),
                (&mut trial.constant, 2_700.0),
            ];
            for (phase, clock) in windows {
                phase.as_mut().unwrap().host.as_mut().unwrap().mean_mhz = Some(clock);
            }
        },
    ];
    for (at, change) in changes.into_iter().enumerate() {
        assert_eq!(found(&judged(change)), (vec![], 1), "{at}");
    }
}

fn clock_probe(before_ns: f64, after_ns: f64) -> ClockProbe {
    ClockProbe {
        before_ns,
        after_ns,
    }
}

#[test]
fn another_clock_is_v5() {
    let usual = vec![clock_probe(1_000.0, 1_001.0); 5];
    let off = |earlier: &[ClockProbe], before: f64, after: f64| {
        let findings = judged_with(&cell(), earlier, |trial| {
            trial.clock_probe = Some(clock_probe(before, after));
        });
        let (rules, caveats) = found(&findings);
        (rules.contains(&"V5"), caveats)
    };
    assert_eq!(off(&usual, 1_010.0, 1_010.0), (false, 0));
    assert_eq!(off(&usual, 1_030.0, 1_040.0), (false, 1));
    assert_eq!(off(&usual, 1_080.0, 1_070.0), (true, 0));
    assert_eq!(off(&usual, 900.0, 910.0), (true, 0), "a faster clock too");
    // An event at one end is no other clock.
    assert_eq!(off(&usual, 1_000.0, 1_500.0), (false, 0));
    assert_eq!(off(&usual, 900.0, 1_500.0), (false, 0));
    assert_eq!(
        off(&usual[..4], 1_080.0, 1_070.0),
        (false, 0),
        "too few to judge by"
    );
    // On a host whose clock never holds still nobody would be left.
    let mut wild = usual;
    wild.extend([
        clock_probe(1_200.0, 1_200.0),
        clock_probe(800.0, 800.0),
        clock_probe(1_300.0, 1_300.0),
    ]);
    assert_eq!(off(&wild, 1_080.0, 1_080.0), (false, 1));
}

#[test]
fn shared_cores_are_a_caveat_by_v6() {
    let mut shared = cell();
    shared.planned.placement.generator = "0-1".parse().unwrap();
    let findings = judged_with(&shared, &[], |_| {});
    assert!(findings.caveats[0].starts_with("V6: "), "{findings:?}");
    assert_eq!(findings.reasons, []);
}

#[test]
fn a_service_that_hangs_has_failed() {
    let mut trial = observed();
    assert_eq!(answers_wrong(&trial), None);
    let phase = trial.constant.as_mut().unwrap();
    phase.ledger = Ledger {
        scheduled: 240,
        completed: 46,
        in_flight: 64,
        never_sent: 130,
        unanswered: Some(194),
        ..Ledger::default()
    };
    phase.errors.clear();
    let failure = answers_wrong(&trial).unwrap();
    assert!(
        failure.message.ends_with(": 194 x unanswered"),
        "{}",
        failure.message
    );
}
