//! Fronts, effects and knees of laboratories whose truth is known.

use advisor::rank;
use documents::exploration::Exploration;
use judging::RankOptions;
use judging::exploration::explore;
use proptest::prelude::*;
use record::objective::Objective;
use record::trial::{Role, Trial};
use report::{TerminalOptions, markdown, terminal};
use testing::{Lab, Service, trade_off};

const OBJECTIVES: [Objective; 4] = [
    Objective::Qps,
    Objective::P99,
    Objective::GcPerKreq,
    Objective::Rss,
];

fn explored(lab: &Lab, trials: &[Trial]) -> Exploration {
    explore(&lab.run(), trials, &OBJECTIVES).unwrap()
}

#[test]
fn front_effects_and_knees_tell_the_truth() {
    let lab = trade_off();
    let exploration = explored(&lab, &lab.trials());
    let target = &exploration.targets[0];
    let front = target.front.as_ref().unwrap();
    let on_front: Vec<&str> = front
        .cells
        .iter()
        .filter(|cell| cell.on_front)
        .map(|cell| cell.label.as_str())
        .collect();
    // One P is beaten everywhere; of four P, one cell has the memory and the other one the GC.
    assert!(on_front.contains(&"gomaxprocs=4 gogc=100"), "{on_front:?}");
    assert!(on_front.contains(&"gomaxprocs=4 gogc=400"), "{on_front:?}");
    assert!(
        !on_front
            .iter()
            .any(|label| label.starts_with("gomaxprocs=1")),
        "{on_front:?}"
    );
    let qps = &target.effects[0];
    let together = &qps.interactions[0];
    assert_eq!(
        (together.first.as_str(), together.second.as_str()),
        ("gomaxprocs=4", "gogc=400")
    );
    assert!(
        together.interval[0] <= 0.9 && 0.9 <= together.interval[1],
        "{together:?}"
    );
    assert!(together.p < 0.01);
    let knee = &target.knees[0];
    assert!(
        knee.contention[0] <= 0.1 && 0.1 <= knee.contention[2],
        "{knee:?}"
    );
    let text = terminal(&exploration, TerminalOptions::default());
    for line in text.lines() {
        assert!(
            line.chars().count() <= 100,
            "wider than 100 columns: {line}"
        );
    }
    insta::assert_snapshot!(text);
}

/// Makes the control's duplicate so many times as fast.
fn with_duplicate(lab: &Lab, times: u64) -> Vec<Trial> {
    let mut trials = lab.trials();
    let duplicates = trials
        .iter_mut()
        .filter(|trial| trial.role == Role::ControlDuplicate);
    for trial in duplicates {
        let ledger = &mut trial.saturate.as_mut().unwrap().ledger;
        ledger.completed = ledger.completed * times / 100;
    }
    trials
}

/// GOGC adds a tenth; the control's own duplicate a fifth.
#[test]
fn effects_within_the_noise_of_the_control_are_marked_and_not_told() {
    let lab = trade_off();
    let told = |trials: &[Trial]| {
        let ranking = rank(&lab.run(), trials, &RankOptions::default()).unwrap();
        let found = ranking.targets[0].exploration.as_ref().unwrap();
        let gogc = found.effects[0].main.iter().find(|own| own.axis == "gogc");
        let text = markdown(&ranking).unwrap();
        let mut lines = text.lines();
        let of_qps = lines.find(|line| line.contains("QPS: gomaxprocs=4 vs"));
        let is_told = of_qps.unwrap().contains("gogc=400 vs 100");
        (gogc.unwrap().within_noise, is_told, text)
    };
    let calm = told(&lab.trials());
    assert_eq!((calm.0, calm.1), (false, true));
    let noisy = told(&with_duplicate(&lab, 120));
    assert_eq!((noisy.0, noisy.1), (true, false));
    let marked = |text: &str| text.matches("~ |").count();
    assert!(
        marked(&noisy.2) > marked(&calm.2),
        "{} {}",
        marked(&noisy.2),
        marked(&calm.2)
    );
}

#[test]
fn the_front_asks_for_more_than_the_noise_of_the_control() {
    let normal = Service::default();
    // Cell 1 loses 6 % of throughput, beyond the margin of 3 %, and gains a lot of latency.
    let lab = Lab::new().cell(&[("gogc", "100")], normal).cell(
        &[("gogc", "400")],
        Service {
            qps: normal.qps * 0.94,
            p99_ms: normal.p99_ms * 0.5,
            ..normal
        },
    );
    let on_front = |trials: &[Trial]| {
        let found = explore(&lab.run(), trials, &OBJECTIVES[..2]).unwrap();
        let front = found.targets[0].front.clone().unwrap();
        front.cells.iter().filter(|cell| cell.on_front).count()
    };
    assert_eq!(on_front(&lab.trials()), 2, "both trade");
    let mut trials = with_duplicate(&lab, 110);
    // Less certain than the noise of the control allows: 6 % are then as good as nothing.
    let own = lab.id(1);
    for trial in trials.iter_mut().filter(|trial| trial.cell == own) {
        let ledger = &mut trial.saturate.as_mut().unwrap().ledger;
        ledger.completed = match trial.block % 2 {
            0 => ledger.completed * 108 / 100,
            _ => ledger.completed * 96 / 100,
        };
    }
    assert_eq!(on_front(&trials), 1);
}

#[test]
fn too_little_to_explore_is_left_out() {
    let normal = Service::default();
    let lab = Lab::new().cell(&[("gogc", "100")], normal).cell(
        &[("gogc", "off")],
        Service {
            gc_per_kreq: 0.0,
            ..normal
        },
    );
    let target = &explored(&lab, &lab.trials()).targets[0];
    assert_eq!(target.left_out, [Objective::GcPerKreq]);
    assert_eq!(target.effects.len(), 3);
    assert!(target.knees.is_empty());
    let nothing = &explored(&lab, &[]).targets[0];
    assert_eq!(nothing.front, None);
    assert!(nothing.effects.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn the_order_of_trials_does_not_matter_to_an_exploration(order in Just((0..56usize).collect::<Vec<_>>()).prop_shuffle()) {
        let lab = trade_off();
        let trials = lab.trials();
        prop_assert_eq!(trials.len(), order.len());
        let shuffled: Vec<_> = order.iter().map(|&at| trials[at].clone()).collect();
        prop_assert_eq!(explored(&lab, &shuffled), explored(&lab, &trials));
    }
}
