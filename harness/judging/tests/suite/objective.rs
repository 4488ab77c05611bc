//! From one trial to its figures.

use record::objective::{self, Objective};
use record::trial::{ProcessWindow, RuntimeWindow, Trial};
use testing::{Lab, Service, gctrace};

/// A trial with figures that are easy to divide.
fn trial() -> Trial {
    let lab = Lab::new().cell(&[("gogc", "100")], Service::default());
    let mut trial = lab.trials().remove(0);
    let saturate = trial.saturate.as_mut().unwrap();
    saturate.seconds = 2.0;
    saturate.ledger.completed = 30_000;
    saturate.ledger.failed = 0;
    let constant = trial.constant.as_mut().unwrap();
    constant.seconds = 4.0;
    constant.ledger.completed = 19_990;
    constant.ledger.failed = 6;
    constant.ledger.timed_out = 4;
    constant.ledger.never_sent = 1_000;
    constant.runtime = Some(RuntimeWindow {
        gc_cycles: 40,
        gc_cpu_seconds: 0.5,
        gc_idle_cpu_seconds: 0.1,
        alloc_bytes: 20_000 * 512,
        ..RuntimeWindow::default()
    });
    constant.process = Some(ProcessWindow {
        user_seconds: 1.5,
        system_seconds: 0.5,
        ..ProcessWindow::default()
    });
    trial.process.as_mut().unwrap().peak_rss_bytes = 1 << 26;
    trial
}

#[test]
fn every_objective_has_its_own_source() {
    let trial = trial();
    let expected = [
        (Objective::Qps, 15_000.0),
        (
            Objective::P50,
            trial.constant.as_ref().unwrap().response_ms.p50,
        ),
        (
            Objective::P99,
            trial.constant.as_ref().unwrap().response_ms.p99,
        ),
        (
            Objective::P999,
            trial.constant.as_ref().unwrap().response_ms.p999,
        ),
        (Objective::GcPerKreq, 2.0),
        (Objective::GcPerS, 10.0),
        (Objective::GcCpu, 0.2),
        (Objective::Rss, 67_108_864.0),
        (Objective::CpuPerReq, 100.0),
        (Objective::AllocPerReq, 512.0),
        (Objective::ErrorRate, 10.0 / 50_000.0),
    ];
    for (objective, value) in expected {
        let found = objective::value(&trial, objective).unwrap();
        assert!(
            (found - value).abs() <= 1e-12 * value,
            "{objective}: {found}, not {value}"
        );
    }
}

#[test]
fn gctrace_stands_in_for_the_runtime() {
    let mut trial = trial();
    let constant = trial.constant.as_mut().unwrap();
    constant.runtime = None;
    constant.gctrace = Some(gctrace(20));
    assert_eq!(objective::value(&trial, Objective::GcPerKreq), Some(1.0));
    assert_eq!(objective::value(&trial, Objective::GcCpu), Some(0.015));
    assert_eq!(objective::value(&trial, Objective::AllocPerReq), None);
}

#[test]
fn what_was_not_observed_is_not_zero() {
    let mut trial = trial();
    trial.constant.as_mut().unwrap().runtime = None;
    trial.constant.as_mut().unwrap().process = None;
    trial.constant.as_mut().unwrap().response_ms.count = 0;
    trial.process.as_mut().unwrap().peak_rss_bytes = 0;
    trial.saturate = None;
    for objective in Objective::ALL {
        let value = objective::value(&trial, objective);
        match objective {
            Objective::ErrorRate => assert!(value.is_some()),
            _ => assert_eq!(value, None, "{objective}"),
        }
    }
    trial.constant = None;
    assert_eq!(objective::value(&trial, Objective::ErrorRate), None);
}

#[test]
fn a_counted_zero_is_a_value() {
    let mut trial = trial();
    trial
        .constant
        .as_mut()
        .unwrap()
        .runtime
        .as_mut()
        .unwrap()
        .gc_cycles = 0;
    assert_eq!(objective::value(&trial, Objective::GcPerKreq), Some(0.0));
}
