//! Warnings: each caveat is raised where it is due, with its trials, and nowhere else.

use documents::finding::Severity;
use documents::ranking::Ranking;
use documents::warning::Warning;
use record::trial::{Trial, WindowVerdict};
use testing::{Lab, Service, two, winner};

use crate::{ranked, ranked_with};

fn warning<'a>(ranking: &'a Ranking, code: &str) -> Option<&'a Warning> {
    ranking.warnings.iter().find(|warning| warning.code == code)
}

fn codes(ranking: &Ranking) -> Vec<&str> {
    ranking
        .warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect()
}

/// The codes after a change to one trial of the second cell.
fn after(change: impl Fn(&mut Trial)) -> Ranking {
    let lab = two(Service::default());
    let mut trials = lab.trials();
    change(&mut trials[1]);
    ranked_with(&lab, &trials)
}

#[test]
fn a_clean_run_has_no_warnings() {
    let ranking = ranked(&two(Service::default()));
    assert_eq!(codes(&ranking), Vec::<&str>::new());
}

#[test]
fn one_bad_trial_raises_its_own_warning_and_no_other() {
    type Change = fn(&mut Trial);
    let cases: [(&str, Change); 11] = [
        ("generator_bound", |t| {
            t.saturate.as_mut().unwrap().verdict.name = WindowVerdict::GeneratorBound
        }),
        ("generator_bound_constant", |t| {
            t.constant.as_mut().unwrap().verdict.name = WindowVerdict::GeneratorBound;
        }),
        ("overloaded", |t| {
            t.constant.as_mut().unwrap().verdict.name = WindowVerdict::Overloaded
        }),
        ("noisy_window", |t| {
            t.constant.as_mut().unwrap().verdict.name = WindowVerdict::Noisy
        }),
        ("late_sends", |t| {
            t.constant.as_mut().unwrap().send_lag_ms.p99 = 2.0
        }),
        ("steal", |t| {
            t.constant.as_mut().unwrap().host.as_mut().unwrap().steal = 0.03
        }),
        ("throttled", |t| {
            t.constant
                .as_mut()
                .unwrap()
                .host
                .as_mut()
                .unwrap()
                .throttled = Some(0.2)
        }),
        ("not_applied", |t| {
            t.readback.as_mut().unwrap().gogc = Some(100)
        }),
        ("procs_over_cpus", |t| {
            t.readback.as_mut().unwrap().gomaxprocs = Some(8)
        }),
        ("trial_remark", |t| {
            t.warnings.push("no steady state".into())
        }),
        ("few_tail_samples", |t| {
            t.constant.as_mut().unwrap().response_ms.count = 9_000
        }),
    ];
    for (code, change) in cases {
        let ranking = after(change);
        let found: Vec<&str> = codes(&ranking)
            .into_iter()
            .filter(|found| *found != "same_cells")
            .collect();
        assert_eq!(found, [code]);
        let warning = warning(&ranking, code).unwrap();
        assert_eq!(warning.trials.len(), 1, "{code} names its trial");
        assert!(!warning.next_step.is_empty());
    }
}

#[test]
fn ten_thousand_samples_are_enough_for_p99() {
    let ranking = after(|trial| trial.constant.as_mut().unwrap().response_ms.count = 10_000);
    assert!(warning(&ranking, "few_tail_samples").is_none());
}

#[test]
fn noise_above_the_margin_becomes_the_margin() {
    let mut lab = two(Service::default());
    lab.noise = 0.2;
    let ranking = ranked(&lab);
    assert!(warning(&ranking, "noisy_host").is_some());
    let qps = &ranking.targets[0].objectives[0];
    assert_eq!(Some(qps.margin), qps.aa.as_ref().unwrap().floor);
    assert!(qps.margin > qps.default_margin);
}

#[test]
fn the_most_severe_come_first() {
    let mut lab = winner();
    lab.blocks = 4;
    let mut trials = lab.trials();
    trials[2].constant.as_mut().unwrap().verdict.name = WindowVerdict::Overloaded;
    let ranking = ranked_with(&lab, &trials);
    assert_eq!(ranking.warnings[0].severity, Severity::Critical);
    assert!(
        ranking
            .warnings
            .is_sorted_by_key(|warning| std::cmp::Reverse(warning.severity))
    );
    assert!(warning(&ranking, "few_blocks").is_some());
}

#[test]
fn cells_that_are_one_thing_are_named() {
    let lab = Lab::new()
        .cell(&[("gomaxprocs", "default")], Service::default())
        .cell(&[("gomaxprocs", "2")], Service::default());
    let ranking = ranked(&lab);
    let same = warning(&ranking, "same_cells").unwrap();
    assert!(
        same.message.contains("gomaxprocs=2 = gomaxprocs=default"),
        "{}",
        same.message
    );
}

#[test]
fn shared_cpus_are_named() {
    let lab = two(Service::default());
    let mut run = lab.run();
    run.cells
        .iter_mut()
        .for_each(|cell| cell.generator_cpus = "1-3".into());
    let ranking = advisor::rank(&run, &lab.trials(), &judging::RankOptions::default()).unwrap();
    assert_eq!(codes(&ranking), ["shared_cpus"]);
}

#[test]
fn a_control_that_differs_from_itself_is_named() {
    let lab = two(Service::default());
    let mut trials = lab.trials();
    for trial in &mut trials {
        if trial.role == record::trial::Role::ControlDuplicate {
            let ledger = &mut trial.saturate.as_mut().unwrap().ledger;
            ledger.completed = ledger.completed * 11 / 10;
        }
    }
    let ranking = ranked_with(&lab, &trials);
    assert_eq!(codes(&ranking), ["noisy_host", "aa_differs"]);
}

/// What the runtime tells of a heap of 10 MiB at GOGC=100 that takes 10 MiB between collections.
fn heap(trial: &mut Trial, cycles: u64, goal_mib: u64) {
    trial.readback.as_mut().unwrap().gogc = Some(100);
    let runtime = trial.constant.as_mut().unwrap().runtime.as_mut().unwrap();
    runtime.heap_live_bytes = 10 << 20;
    runtime.heap_goal_bytes = goal_mib << 20;
    runtime.alloc_bytes = 400 << 20;
    (runtime.gc_cycles, runtime.gc_forced) = (cycles, 0);
}

#[test]
fn cycles_that_contradict_the_heap_are_named() {
    let lab = winner();
    let warned = |cycles: u64, goal_mib: u64| {
        let mut trials = lab.trials();
        heap(&mut trials[0], cycles, goal_mib);
        let ranking = ranked_with(&lab, &trials);
        ranking
            .warnings
            .iter()
            .any(|warning| warning.code == "gc_physics")
    };
    // Forty cycles are what 400 MiB make of a goal of 20 MiB.
    assert!(!warned(40, 20));
    assert!(!warned(36, 20) && !warned(60, 20), "within 0.9 and 1.5");
    assert!(warned(35, 20) && warned(61, 20));
    assert!(!warned(90, 14), "a memory limit sets the goal");
    assert!(!warned(9, 20), "too few to compare");
}

#[test]
fn a_window_with_a_trend_is_named() {
    let lab = winner();
    let warned = |rate: &dyn Fn(u64) -> u64, intervals: u64| {
        let mut trials = lab.trials();
        let saturate = trials[0].saturate.as_mut().unwrap();
        saturate.completed_by_interval = (0..intervals).map(rate).collect();
        let ranking = ranked_with(&lab, &trials);
        ranking
            .warnings
            .iter()
            .any(|warning| warning.code == "no_steady_state")
    };
    assert!(!warned(&|at| 1_000 + at * 7 % 5, 40));
    assert!(warned(&|at| 1_000 + 10 * at, 40));
    assert!(
        !warned(&|at| 1_000 + 10 * at, 12),
        "three seconds are too few"
    );
}

/// The codes of the warnings on a run whose matrix ends in these lines.
fn codes_under(matrix: &str, change: fn(&mut Trial)) -> Vec<String> {
    let mut lab = two(Service::default());
    lab.constraints = "{p99: 100ms}";
    let (mut run, mut trials) = (lab.run(), lab.trials());
    run.matrix.text.push_str(matrix);
    trials.iter_mut().for_each(change);
    let ranking = advisor::rank(&run, &trials, &judging::RankOptions::default()).unwrap();
    ranking.warnings.into_iter().map(|own| own.code).collect()
}

#[test]
fn a_matrix_s_thresholds_move_the_warnings_of_validity() {
    type Case = (&'static str, &'static str, fn(&mut Trial));
    let cases: [Case; 3] = [
        ("late_sends", "V3.send_lag: 5%", |trial| {
            trial.constant.as_mut().unwrap().send_lag_ms.p99 = 2.0;
        }),
        ("steal", "V4.warn: 4%", |trial| {
            let phase = trial.constant.as_mut().unwrap();
            phase.host.as_mut().unwrap().steal = 0.03;
        }),
        ("throttled", "H1.info: 3%", |trial| {
            let phase = trial.constant.as_mut().unwrap();
            phase.host.as_mut().unwrap().throttled = Some(0.02);
        }),
    ];
    for (code, threshold, change) in cases {
        let warned = |matrix: &str| codes_under(matrix, change).iter().any(|own| own == code);
        assert!(warned(""), "{code}");
        let matrix = format!("thresholds: {{{threshold}}}\n");
        assert!(!warned(&matrix), "{code} under {threshold}");
    }
}
