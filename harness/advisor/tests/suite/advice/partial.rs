//! Rules on partial evidence: whatever is there and whatever is not, no rule panics, every rule is accounted for once,
//! and every answer can be stored.

use advisor::{
    Beside, ControlReading, CpuShares, Drive, GoroutineGroup, GoroutineGroups, HeapUse, Load,
    Memory, Profiles, RuleEvidence, Runtime, Sample, Scaling, Setting, Subject, Waiting, judge,
    rules,
};
use documents::profile::{LockCheck, LockNumbers, LockSignal, LockSuspect, LockVerdict};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use record::threshold::Thresholds;
use record::trial::{HostWindow, ProcessWindow, Reason};

use super::fixtures::log;

/// Figures that a broken or hostile record may hold as well.
fn figure() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![
        Just(0.0),
        Just(-1.0),
        Just(1.8e19),
        Just(f64::INFINITY),
        Just(f64::NAN),
        0.0..1e9
    ]
}

fn figures<const N: usize>() -> impl Strategy<Value = [Option<f64>; N]> {
    vec(option::of(figure()), N).prop_map(|all| all.try_into().unwrap())
}

fn runtime() -> impl Strategy<Value = Runtime> {
    (
        figures::<14>(),
        option::of([figure(), figure()]),
        option::of([figure(), figure()]),
    )
        .prop_map(|(own, pair, other)| Runtime {
            gc_cycles: own[0],
            gc_forced: own[0].map(|all| all / 2.0),
            gc_cpu_s: own[1],
            gc_assist_cpu_s: own[2],
            gc_idle_cpu_s: own[2],
            finalizers_waiting: pair,
            alloc_bytes: own[3],
            live_bytes: pair,
            goal_bytes: other,
            roots_bytes: own[4],
            pause_p99_ms: own[5],
            stopping_p99_ms: own[6],
            sched_p99_ms: own[7],
            sched_p999_ms: own[8],
            mutex_wait_s: own[9],
            goroutines: pair,
            not_in_go: other,
            limiter_last: pair,
            gogc_percent: own[10],
            memory_limit_bytes: own[11],
            gomaxprocs: own[12],
            memory: own[13].map(|total| Memory {
                total,
                ..Memory::default()
            }),
        })
}

fn load() -> impl Strategy<Value = Load> {
    (figures::<6>(), 0_u64..3, any::<bool>()).prop_map(|(own, answered, bound)| Load {
        answered,
        connections: 0,
        offered_per_s: own[0],
        mean_ms: own[1],
        p99_ms: own[2],
        send_lag_p99_ms: own[3],
        littles_law_error: own[4],
        generator_cpu_share: own[5],
        generator_error_share: own[5],
        verdict: if bound { "GENERATOR_BOUND" } else { "VALID" }.into(),
    })
}

fn profiles() -> impl Strategy<Value = Profiles> {
    (figures::<5>(), any::<bool>(), 0_u64..300).prop_map(|(own, has_locks, samples)| Profiles {
        name: String::new(),
        cpu: own[0].map(|share| CpuShares {
            samples,
            busy_cpus: own[1],
            locking: share,
            runtime_locks: share,
            runtime_lock_waits: share,
            parking: share,
            locked_threads: share,
            finding_work: share,
            allocating: share,
            assisting: share,
            marking: share,
            timers: share,
            syscalls: share,
        }),
        locks: has_locks.then(|| LockCheck {
            suspects: vec![LockSuspect {
                site: "x".into(),
                holders: Vec::new(),
                verdict: if samples > 150 {
                    LockVerdict::Likely
                } else {
                    LockVerdict::Undecided
                },
                signals: ["cpu", "block", "mutex", "goroutine"].map(|profile| LockSignal {
                    profile,
                    shown: own[2].map(|value| value > 1.0),
                    text: String::new(),
                }),
                numbers: LockNumbers {
                    cpu_share: own[1],
                    worst_mean_ns: own[2],
                    worst_sum_ns: own[3],
                    contentions_per_s: own[4],
                    waiting: own[1],
                    ..LockNumbers::default()
                },
            }],
            missing: Vec::new(),
        }),
        goroutines: has_locks.then(|| GoroutineGroups {
            totals: vec![0, samples],
            groups: vec![GoroutineGroup {
                waiting: Waiting::Send,
                place: "x".into(),
                serves: samples > 150,
                counts: vec![0, samples],
            }],
            finalizing: Vec::new(),
        }),
        channels: None,
        heap: own[1].map(|bytes| HeapUse {
            bytes,
            site: "x".into(),
            site_bytes: bytes,
            timer_bytes: bytes,
        }),
        forces_collections: None,
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    let logs = prop_oneof![
        Just(None),
        Just(Some("mixed-schedtrace-gctrace-1.27.3.log")),
        Just(Some("schedtrace-p8-1.24.11.log")),
        Just(Some("gctrace-gogcoff-1.27.3.log"))
    ];
    let drive = prop_oneof![Just(Drive::Live), Just(Drive::Open), Just(Drive::Closed)];
    let parts = (
        option::of(runtime()),
        option::of(load()),
        option::of(profiles()),
    );
    let rest = (
        option::of(figure()),
        option::of(figure()),
        any::<bool>(),
        0_usize..3,
    );
    (logs, drive, parts, rest).prop_map(|(name, drive, parts, rest)| {
        let (runtime, load, profiles) = parts;
        let (seconds, other, set, origin) = rest;
        let lines = name.map(|name| log(name).samples.swap_remove(0));
        let lines = lines.unwrap_or_default();
        Sample {
            name: format!("window {origin}"),
            origin: format!("trial {origin}"),
            drive,
            seconds,
            gc: lines.gc,
            sched: lines.sched,
            detail: set.then(Vec::new),
            runtime,
            process: other.map(|figure| ProcessWindow {
                user_seconds: figure,
                run_delay_seconds: Some(figure),
                migrations: Some(3),
                ..ProcessWindow::default()
            }),
            host: other.map(|figure| HostWindow {
                steal: figure,
                throttled: Some(figure),
                ..HostWindow::default()
            }),
            load,
            profiles,
            settings: set.then(|| {
                vec![Setting {
                    name: "GOGC".into(),
                    asked: "1".into(),
                    got: "2".into(),
                }]
            }),
            invalid: match set {
                true => vec![Reason {
                    rule: "V3".into(),
                    message: "late".into(),
                }],
                false => Vec::new(),
            },
        }
    })
}

fn evidence() -> impl Strategy<Value = RuleEvidence> {
    let beside = (vec(figure(), 0..8), option::of(0_u32..4)).prop_map(|(control, own)| Beside {
        control: control
            .into_iter()
            .map(|value| ControlReading {
                trial: "b00".into(),
                value,
            })
            .collect(),
        scaling: own.map(|own| Scaling {
            own,
            points: vec![(0, 0.0), (1, f64::NAN), (2, 1.0)],
            peak: [None, Some(0.0), Some(f64::NAN)],
            trials: Vec::new(),
        }),
        ..Beside::default()
    });
    (
        vec(sample(), 0..5),
        option::of(beside),
        figures::<2>(),
        0_u32..3,
    )
        .prop_map(|(samples, beside, own, procs)| RuleEvidence {
            subject: Subject {
                gomaxprocs: Some(procs),
                cpus: Some(0),
                quota_cpus: own[0],
                objective_p99_ms: own[1],
                memory_cap_bytes: Some(0),
                godebug: Some("asyncpreemptoff=1,=,".into()),
                shared_cpus: Some("CPU 0".into()),
                pinned: true,
                ..Subject::default()
            },
            // Both: a rule reads the one or the other.
            invalid: samples.clone(),
            trials: samples.len(),
            samples,
            beside,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rules_answer_whatever_they_are_given(evidence in evidence()) {
        let judgement = judge(&evidence, &Thresholds::default());
        let mut answered: Vec<&str> = judgement.findings.iter().map(|own| own.rule.as_str())
            .chain(judgement.quiet.iter().map(String::as_str))
            .chain(judgement.once.iter().map(|own| own.rule.as_str()))
            .chain(judgement.not_judged.iter().map(|own| own.rule.as_str()))
            .chain(judgement.explained.iter().map(|own| own.rule.as_str()))
            .collect();
        answered.sort_unstable();
        let mut all: Vec<&str> = rules().map(|rule| rule.id).collect();
        all.sort_unstable();
        prop_assert_eq!(answered, all);
        for finding in &judgement.findings {
            prop_assert!(!finding.tries.is_empty() && !finding.evidence.is_empty());
        }
        let text = serde_json::to_string(&judgement).unwrap();
        let back: documents::finding::Judgement = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(back, judgement);
    }
}
