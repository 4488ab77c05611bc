//! Rules on runtime logs and profiles of other programs, and on captured evidence with one figure changed where no
//! capture shows the effect: then the test says which.

use advisor::profile::LockEvidence;
use advisor::{
    Beside, ControlReading, Interaction, ProfileEvidence, Profiles, RuleEvidence, Sample, Scaling,
    Setting, Subject, VersionStep, judge,
};
use documents::finding::Judgement;
use documents::finding::Severity::{Critical, Info, Warn};
use documents::profile::{LockCheck, LockNumbers, LockSignal, LockSuspect, LockVerdict};
use gotrace::schedtrace::SchedSample;
use record::threshold::{Threshold, Thresholds};
use record::trial::{HostWindow, ProcessWindow};

use super::fixtures::{captured_log, log, profile};
use super::severity;

pub(super) fn judged(evidence: &RuleEvidence) -> Judgement {
    judge(evidence, &Thresholds::default())
}

/// Two trials with the same sample.
pub(super) fn twice(sample: &Sample, subject: Subject) -> RuleEvidence {
    let of = |origin: &str| Sample {
        name: format!("{origin} window"),
        origin: origin.to_owned(),
        ..sample.clone()
    };
    RuleEvidence {
        subject,
        samples: vec![of("first"), of("second")],
        ..RuleEvidence::default()
    }
}

pub(super) fn is_quiet(judgement: &Judgement, rule: &str) {
    let quiet = judgement.quiet.iter().any(|own| own == rule);
    assert!(quiet, "{rule} is not quiet: {judgement:?}");
}

#[test]
fn goals_that_jump_and_heaps_that_overshoot_are_seen_in_logs() {
    let jumps = RuleEvidence {
        samples: vec![captured_log("frag-1.log"), captured_log("frag-2.log")],
        ..RuleEvidence::default()
    };
    assert_eq!(severity(&judged(&jumps), "G6"), Some(Warn));
    let overshoot = RuleEvidence {
        samples: vec![captured_log("cache-1.log"), captured_log("cache-2.log")],
        ..RuleEvidence::default()
    };
    // The cache fills under GOMEMLIMIT: the limit is the cause, and the overshoot comes of it.
    let overshoot = judged(&overshoot);
    assert_eq!(severity(&overshoot, "G8"), Some(Critical));
    let mut explained = overshoot.explained.iter();
    assert!(
        explained.any(|own| own.rule == "G7" && own.by == "G8"),
        "{overshoot:?}"
    );
    let steady = judged(&log("gctrace-1.27.3.log"));
    is_quiet(&steady, "G7");
    is_quiet(&steady, "G6");
}

#[test]
fn a_log_of_every_go_version_is_judged() {
    for version in [
        "1.21.13", "1.22.10", "1.23.9", "1.24.11", "1.25.5", "1.26.6", "1.27.3",
    ] {
        let gc = judged(&log(&format!("gctrace-{version}.log")));
        assert!(severity(&gc, "G1") >= Some(Info), "{version}: {gc:?}");
        let sched = judged(&log(&format!("schedtrace-{version}.log")));
        assert_eq!(severity(&sched, "S3"), None, "{version}: {sched:?}");
    }
}

/// A service with one contended lock, and the same with the lock sharded.
#[test]
fn four_profiles_confirm_a_contended_mutex() {
    let judged_by_profiles = |program: &str| {
        let [cpu, block, mutex, goroutine] = ["profile", "block", "mutex", "goroutine"]
            .map(|kind| profile(&format!("{program}-1.27.3-{kind}.pb.gz")));
        let all = LockEvidence {
            cpu: Some(&cpu),
            block: Some(&block),
            mutex: Some(&mutex),
            goroutine: Some(&goroutine),
            window: None,
            mutex_fraction: None,
        };
        let sample = Sample {
            profiles: Some(Profiles::of(
                "captures",
                &ProfileEvidence {
                    locks: all,
                    goroutines: &[&goroutine],
                    ..ProfileEvidence::default()
                },
            )),
            ..Sample::default()
        };
        let evidence = RuleEvidence {
            samples: vec![sample],
            ..RuleEvidence::default()
        };
        judged(&evidence)
    };
    let heavy = judged_by_profiles("heavy");
    assert_eq!(severity(&heavy, "L1"), Some(Critical), "{heavy:?}");
    // Held long: its waiters take no CPU, so three agree.
    let contended = judged_by_profiles("contended");
    assert_eq!(severity(&contended, "L1"), Some(Warn), "{contended:?}");
    is_quiet(&judged_by_profiles("sharded"), "L1");
}

#[test]
fn cpu_time_under_lock_alone_is_a_false_spike() {
    let signal = |profile, shown: bool| LockSignal {
        profile,
        shown: Some(shown),
        text: String::new(),
    };
    let site = LockSuspect {
        site: "main.handler".into(),
        holders: Vec::new(),
        verdict: LockVerdict::Noise,
        signals: [
            signal("cpu", true),
            signal("block", false),
            signal("mutex", false),
            signal("goroutine", false),
        ],
        numbers: LockNumbers {
            cpu_share: Some(0.3),
            ..LockNumbers::default()
        },
    };
    let sample = Sample {
        profiles: Some(Profiles {
            locks: Some(LockCheck {
                suspects: vec![site],
                missing: Vec::new(),
            }),
            ..Profiles::default()
        }),
        ..Sample::default()
    };
    is_quiet(&judged(&twice(&sample, Subject::default())), "L1");
}

/// Captured lines, the queue or the ticks set: neither was caught in the act.
#[test]
fn scheduler_lines_tell_wake_up_lag_and_uneven_ps() {
    let evidence = log("schedtrace-1.27.3.log");
    let calm = judged(&evidence);
    is_quiet(&calm, "S3");
    let changed = |change: &dyn Fn(usize, &mut SchedSample)| {
        let mut evidence = evidence.clone();
        for sample in &mut evidence.samples {
            let mut lines = sample.sched.clone().unwrap();
            while lines.len() < 10 {
                lines.extend(lines.clone());
            }
            lines
                .iter_mut()
                .enumerate()
                .for_each(|(at, line)| change(at, line));
            sample.sched = Some(lines);
        }
        judged(&evidence)
    };
    let lag = changed(&|_, line| {
        line.head.idleprocs = 1;
        line.head.runqueue = 3;
    });
    assert_eq!(severity(&lag, "S3"), Some(Warn));
    let uneven = changed(&|at, line| {
        let rounds = u32::try_from(at).unwrap() * 1000;
        line.head.idleprocs = 0;
        line.schedticks = Some(vec![rounds, rounds / 100]);
    });
    assert_eq!(severity(&uneven, "S10"), Some(Info));
    let even = changed(&|at, line| {
        let rounds = u32::try_from(at).unwrap() * 1000;
        line.head.idleprocs = 0;
        line.schedticks = Some(vec![rounds, rounds]);
    });
    is_quiet(&even, "S10");
}

#[test]
fn threads_that_grow_for_minutes_are_seen() {
    let evidence = log("schedtrace-1.26.6.log");
    let grown = |per_line: u32, every_ms: u64| {
        let mut evidence = evidence.clone();
        let mut at = 0;
        for sample in &mut evidence.samples {
            for line in sample.sched.iter_mut().flatten() {
                at += 1;
                line.head.at_ms = u64::from(at) * every_ms;
                line.head.threads = 14 + at * per_line;
            }
        }
        judged(&evidence)
    };
    assert_eq!(severity(&grown(1, 20_000), "S5"), Some(Critical));
    assert_eq!(severity(&grown(0, 20_000), "S5"), Some(Info));
}

#[test]
fn validity_is_judged_first() {
    let stolen = Sample {
        host: Some(HostWindow {
            steal: 0.08,
            ..HostWindow::default()
        }),
        settings: Some(vec![Setting {
            name: "GOMAXPROCS".into(),
            asked: "500m".into(),
            got: "8".into(),
        }]),
        ..Sample::default()
    };
    let judgement = judged(&twice(&stolen, Subject::default()));
    assert_eq!(severity(&judgement, "V2"), Some(Critical));
    assert_eq!(severity(&judgement, "V4"), Some(Critical));
    assert!(!judgement.valid);
    let first: Vec<&str> = judgement
        .findings
        .iter()
        .map(|own| own.rule.as_str())
        .take(2)
        .collect();
    assert_eq!(first, ["V2", "V4"]);
}

#[test]
fn a_control_that_drifts_is_told_from_one_that_is_noisy() {
    let control = |values: [f64; 6]| {
        let reading = |(at, value): (usize, &f64)| ControlReading {
            trial: format!("b{at:02}"),
            value: *value,
        };
        let evidence = RuleEvidence {
            beside: Some(Beside {
                control: values.iter().enumerate().map(reading).collect(),
                ..Beside::default()
            }),
            ..RuleEvidence::default()
        };
        judged(&evidence)
    };
    let drifting = control([40.0, 40.2, 40.1, 44.0, 44.3, 44.1]);
    assert_eq!(severity(&drifting, "V5"), Some(Critical));
    is_quiet(&control([40.0, 46.0, 41.0, 44.0, 40.5, 45.0]), "V5");
}

#[test]
fn memory_beside_the_runtime_and_a_newer_go_are_seen() {
    let runtime = advisor::Runtime {
        memory: Some(advisor::Memory {
            total: 100e6,
            released: 10e6,
            objects: 60e6,
            unused: 5e6,
        }),
        ..advisor::Runtime::default()
    };
    let with_rss = |rss_bytes: u64| {
        let sample = Sample {
            runtime: Some(runtime),
            process: Some(ProcessWindow {
                rss_bytes,
                ..ProcessWindow::default()
            }),
            ..Sample::default()
        };
        judged(&twice(&sample, Subject::default()))
    };
    assert_eq!(severity(&with_rss(300_000_000), "M1"), Some(Warn));
    is_quiet(&with_rss(95_000_000), "M1");
    let step = |rss: [f64; 2]| {
        let evidence = RuleEvidence {
            beside: Some(Beside {
                older: Some(VersionStep {
                    from: "go1.20.14".into(),
                    to: "go1.21.5".into(),
                    rss_bytes: rss,
                    runtime_bytes: [90e6, 91e6],
                    trials: vec!["b00".into(), "b01".into()],
                }),
                ..Beside::default()
            }),
            ..RuleEvidence::default()
        };
        judged(&evidence)
    };
    assert_eq!(severity(&step([100e6, 140e6]), "M3"), Some(Warn));
    is_quiet(&step([100e6, 102e6]), "M3");
}

#[test]
fn scaling_and_interactions_need_no_second_sample() {
    let evidence = |own: u32, ratio: f64, interval: [f64; 2]| RuleEvidence {
        beside: Some(Beside {
            scaling: Some(Scaling {
                own,
                points: vec![(1, 10e3), (2, 17e3), (4, 20e3), (8, 18e3)],
                peak: [Some(3.5), Some(4.2), Some(5.1)],
                trials: vec!["b00".into()],
            }),
            interactions: vec![Interaction {
                objective: "QPS".into(),
                first: "gogc=400".into(),
                second: "gomaxprocs=8".into(),
                ratio,
                interval,
                detectable: Some(0.05),
                square: vec![("gogc=100 gomaxprocs=1".into(), "10,000/s".into())],
            }],
            ..Beside::default()
        }),
        ..RuleEvidence::default()
    };
    let beyond = judged(&evidence(8, 1.4, [1.2, 1.6]));
    assert_eq!(severity(&beyond, "U1"), Some(Warn));
    assert_eq!(severity(&beyond, "U2"), Some(Info));
    let before = judged(&evidence(4, 1.01, [0.97, 1.05]));
    is_quiet(&before, "U1");
    is_quiet(&before, "U2");
}

#[test]
fn goroutines_outside_go_hold_no_p_and_tell_nothing_of_system_calls() {
    let runtime = |not_in_go: [f64; 2]| {
        let sample = Sample {
            runtime: Some(advisor::Runtime {
                not_in_go: Some(not_in_go),
                gomaxprocs: Some(2.0),
                ..advisor::Runtime::default()
            }),
            ..Sample::default()
        };
        judged(&twice(&sample, Subject::default()))
    };
    // An idle supervisor of six children has seven: Go 1.26 counts goroutines, and no P is theirs.
    for counts in [[40.0, 38.0], [7.0, 7.0]] {
        let judgement = runtime(counts);
        assert_eq!(severity(&judgement, "S6"), None);
        let mut missing = judgement.not_judged.iter();
        assert!(missing.any(|own| own.rule == "S6"), "{judgement:?}");
    }
}

#[test]
fn an_override_moves_a_rule() {
    let evidence = log("gctrace-1.27.3.log");
    let mut thresholds = Thresholds::default();
    for threshold in [Threshold::G1Warn, Threshold::G1Critical] {
        thresholds.set(threshold, 1e6);
    }
    assert!(severity(&judged(&evidence), "G1").is_some());
    assert_eq!(severity(&judge(&evidence, &thresholds), "G1"), None);
}
