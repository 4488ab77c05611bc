//! Verdicts, groups, limits and order, against laboratories whose truth is known.

use advisor::rank;
use documents::effect::Effect;
use documents::ranking::{CellState, ConstraintState, Ranking, VerdictKind};
use judging::RankOptions;
use record::objective::Objective;
use testing::{Lab, Service, crashed, invalid, two, winner};

use crate::{ranked, ranked_with};

fn verdict(ranking: &Ranking) -> VerdictKind {
    ranking.targets[0].verdict.kind
}

#[test]
fn the_winner_is_recommended_with_its_price() {
    let lab = winner();
    let ranking = ranked(&lab);
    let target = &ranking.targets[0];
    assert_eq!(target.verdict.kind, VerdictKind::Recommend);
    assert_eq!(target.verdict.cell.as_deref(), Some(lab.id(2).as_str()));
    let costs: Vec<Objective> = target
        .verdict
        .costs
        .iter()
        .map(|line| line.objective)
        .collect();
    assert_eq!(costs, [Objective::Rss]);
    assert!(target.cells[0].recommended && target.cells[0].rank == Some(1));
    let [low, high] = target.cells[0].objectives[&Objective::Qps]
        .interval
        .unwrap();
    assert!(
        low < 1.12 && 1.12 < high,
        "the truth, +12%, lies within [{low}, {high}]"
    );
}

#[test]
fn a_small_gain_is_no_change() {
    let lab = two(Service {
        qps: 20_300.0,
        ..Service::default()
    });
    let mut quiet = lab;
    quiet.noise = 0.002;
    let ranking = ranked(&quiet);
    assert_eq!(verdict(&ranking), VerdictKind::NoChange);
    let cell = ranking.targets[0]
        .cells
        .iter()
        .find(|cell| !cell.control)
        .unwrap();
    assert_eq!(
        cell.objectives[&Objective::Qps].effect,
        Effect::WithinMargin
    );
    assert_eq!(
        cell.objectives[&Objective::Qps].group,
        Some(1),
        "a difference below the margin ties"
    );
}

#[test]
fn a_gain_on_a_lesser_objective_does_not_pay_for_a_loss_on_a_greater() {
    let lab = two(Service {
        qps: 17_000.0,
        gc_per_kreq: 1.0,
        ..Service::default()
    });
    assert_eq!(verdict(&ranked(&lab)), VerdictKind::NoChange);
}

#[test]
fn a_gain_on_a_greater_objective_names_the_loss_on_a_lesser() {
    let lab = two(Service {
        qps: 23_000.0,
        p99_ms: 8.0,
        ..Service::default()
    });
    let ranking = ranked(&lab);
    assert_eq!(verdict(&ranking), VerdictKind::Recommend);
    let verdict = &ranking.targets[0].verdict;
    assert!(
        verdict.headline.contains("worse: P99"),
        "{}",
        verdict.headline
    );
}

#[test]
fn a_failed_cell_is_shown_and_never_recommended() {
    let lab = winner();
    let mut trials = lab.trials();
    let failing = trials
        .iter_mut()
        .find(|trial| trial.cell == lab.id(2))
        .unwrap();
    failing.outcome = crashed();
    let ranking = ranked_with(&lab, &trials);
    let target = &ranking.targets[0];
    let cell = target
        .cells
        .iter()
        .find(|cell| cell.id == lab.id(2).as_str())
        .unwrap();
    assert_eq!(
        (cell.state, cell.rank, cell.n),
        (CellState::Failed, None, 7)
    );
    assert_eq!(cell.failures.len(), 1);
    assert_ne!(target.verdict.cell.as_deref(), Some(cell.id.as_str()));
    assert_eq!(
        target.blocks_complete, 8,
        "a failure is a result, its block is complete"
    );
}

#[test]
fn the_last_valid_attempt_counts() {
    let lab = two(Service::default());
    let mut trials = lab.trials();
    let mut again = trials[1].clone();
    trials[1].outcome = invalid();
    trials[1].saturate.as_mut().unwrap().ledger.completed = 1;
    again.attempt = 1;
    again.id.push_str("-r1");
    trials.push(again.clone());
    let ranking = ranked_with(&lab, &trials);
    let cell = ranking.targets[0]
        .cells
        .iter()
        .find(|cell| !cell.control)
        .unwrap();
    assert!(cell.trials.contains(&again.id));
    assert_eq!((cell.n, cell.invalid.len()), (8, 1));
    let same = ranked(&lab);
    let before = same.targets[0]
        .cells
        .iter()
        .find(|cell| !cell.control)
        .unwrap();
    assert_eq!(cell.objectives, before.objectives);
}

#[test]
fn an_unfinished_block_is_left_out() {
    let lab = winner();
    let mut trials = lab.trials();
    trials.retain(|trial| trial.block < 7 || trial.position == 0);
    let ranking = ranked_with(&lab, &trials);
    assert_eq!(ranking.targets[0].blocks_complete, 7);
    assert!(ranking.targets[0].cells.iter().all(|cell| cell.n == 7));
    let unused: Vec<u32> = ranking
        .trials
        .iter()
        .filter(|t| !t.used)
        .map(|t| t.block)
        .collect();
    assert_eq!(unused, [7]);
}

#[test]
fn below_six_blocks_the_interval_is_a_labelled_t() {
    let mut lab = winner();
    lab.blocks = 5;
    let ranking = ranked(&lab);
    let method = |ranking: &Ranking| {
        let cell = ranking.targets[0]
            .cells
            .iter()
            .find(|cell| !cell.control)
            .unwrap();
        cell.objectives[&Objective::Qps].method.clone().unwrap()
    };
    assert_eq!(method(&ranking), "paired t");
    lab.blocks = 6;
    assert!(method(&ranked(&lab)).contains("signed-rank"));
}

#[test]
fn zeros_are_compared_by_differences() {
    let lab = two(Service {
        gc_per_kreq: 0.0,
        ..Service::default()
    });
    let ranking = ranked(&lab);
    let cell = ranking.targets[0]
        .cells
        .iter()
        .find(|cell| !cell.control)
        .unwrap();
    let gc = &cell.objectives[&Objective::GcPerKreq];
    assert_eq!((gc.value, gc.ratio), (Some(0.0), None));
    let difference = gc.difference.unwrap();
    assert!((-5.1..-4.9).contains(&difference), "{difference}");
    assert_eq!((gc.effect, gc.group), (Effect::Better, Some(1)));
}

#[test]
fn limits_are_kept_broken_or_open() {
    let mut lab = two(Service {
        p99_ms: 2.0,
        ..Service::default()
    });
    // The control has 4 ms; its noise reaches over 4.02.
    lab.noise = 0.02;
    let states = |constraints| {
        let lab = Lab {
            constraints,
            cells: lab.cells.clone(),
            ..Lab::new()
        };
        let ranking = ranked(&Lab { noise: 0.02, ..lab });
        let target = &ranking.targets[0];
        let state = |control| {
            let cell = target
                .cells
                .iter()
                .find(|cell| cell.control == control)
                .unwrap();
            cell.constraints[0].state
        };
        (state(true), state(false), target.verdict.kind)
    };
    use ConstraintState::{Ok, Unknown, Violated};
    assert_eq!(states("{p99: 10ms}"), (Ok, Ok, VerdictKind::Recommend));
    assert_eq!(states("{p99: 3ms}"), (Violated, Ok, VerdictKind::Recommend));
    assert_eq!(
        states("{p99: 1ms}"),
        (Violated, Violated, VerdictKind::Infeasible)
    );
    assert_eq!(states("{error_rate: 0}"), (Ok, Ok, VerdictKind::Recommend));
    assert_eq!(
        states("{qps: 30000}"),
        (Violated, Violated, VerdictKind::Infeasible)
    );
    let mut blind = two(Service::default());
    blind.probe = false;
    blind.constraints = "{gc_cpu: 10%}";
    let ranking = ranked(&blind);
    assert_eq!(ranking.targets[0].cells[0].constraints[0].state, Unknown);
    assert_eq!(verdict(&ranking), VerdictKind::Inconclusive);
}

#[test]
fn a_limit_amid_the_noise_is_open() {
    let mut lab = two(Service::default());
    lab.noise = 0.05;
    // Block drift (±5 %) and noise put trials on both sides of the typical 4 ms.
    lab.constraints = "{p99: 4ms}";
    let ranking = ranked(&lab);
    let open = ranking.targets[0]
        .cells
        .iter()
        .filter(|cell| cell.constraints[0].state == ConstraintState::Uncertain)
        .count();
    assert!(open >= 1);
    assert!(ranking.targets[0].verdict.cell.is_none());
}

#[test]
fn without_a_control_nothing_is_claimed() {
    let lab = winner();
    let mut trials = lab.trials();
    for trial in &mut trials {
        if trial.cell == lab.id(0) {
            trial.outcome = crashed();
        }
    }
    let ranking = ranked_with(&lab, &trials);
    assert_eq!(verdict(&ranking), VerdictKind::Inconclusive);
    assert!(
        ranking.verdict.contains("no control"),
        "{}",
        ranking.verdict
    );
}

#[test]
fn no_trials_and_one_block_are_inconclusive() {
    let lab = winner();
    let nothing = ranked_with(&lab, &[]);
    assert_eq!(verdict(&nothing), VerdictKind::Inconclusive);
    let own = &nothing.targets[0].verdict;
    assert_eq!(own.reasons, ["The run has no trials yet."]);
    assert!(
        own.next_step.contains("goes on where it stopped"),
        "{own:?}"
    );
    let begun = ranked_with(&lab, &lab.trials()[..2]);
    let own = &begun.targets[0].verdict;
    assert_eq!(
        own.reasons,
        ["The run has 2 trials so far, and no complete block."]
    );
    let mut one = winner();
    one.blocks = 1;
    assert_eq!(verdict(&ranked(&one)), VerdictKind::Inconclusive);
}

#[test]
fn a_cell_never_validly_measured_does_not_hide_the_others() {
    let lab = winner();
    let mut trials = lab.trials();
    for trial in &mut trials {
        if trial.cell == lab.id(1) {
            trial.outcome = invalid();
        }
    }
    let ranking = ranked_with(&lab, &trials);
    assert_eq!(verdict(&ranking), VerdictKind::Recommend);
    let cell = ranking.targets[0].cells.last().unwrap();
    assert_eq!((cell.state, cell.rank), (CellState::NoData, None));
}

#[test]
fn ties_go_to_the_control_then_to_fewer_settings_then_to_less_memory() {
    let normal = Service::default();
    let better = Service {
        qps: 24_000.0,
        ..normal
    };
    let lab = Lab::new()
        .cell(&[("gogc", "100"), ("gomaxprocs", "default")], normal)
        .cell(&[("gogc", "200"), ("gomaxprocs", "1")], better)
        .cell(
            &[("gogc", "400"), ("gomaxprocs", "default")],
            Service {
                rss_bytes: 90e6,
                ..better
            },
        )
        .cell(&[("gogc", "300"), ("gomaxprocs", "default")], better)
        .cell(&[("gogc", "110"), ("gomaxprocs", "default")], normal);
    let ranking = ranked(&lab);
    let order: Vec<&str> = ranking.targets[0]
        .cells
        .iter()
        .map(|cell| cell.id.as_str())
        .collect();
    let wanted = [3, 2, 1, 0, 4].map(|cell| lab.id(cell));
    assert_eq!(order, wanted.each_ref().map(|id| id.as_str()));
}

#[test]
fn the_control_under_another_name_is_not_a_change() {
    let normal = Service::default();
    let lab = Lab::new().cell(&[("gomaxprocs", "default")], normal).cell(
        // Reads back as 2, like the default.
        &[("gomaxprocs", "2")],
        Service {
            qps: 25_000.0,
            ..normal
        },
    );
    let ranking = ranked(&lab);
    assert_eq!(ranking.targets[0].verdict.cell, None);
    let cell = ranking.targets[0]
        .cells
        .iter()
        .find(|cell| !cell.control)
        .unwrap();
    assert_eq!(cell.same_as.as_deref(), Some(lab.id(0).as_str()));
}

#[test]
fn the_caller_may_rank_otherwise() {
    let lab = winner();
    let options = RankOptions {
        rank_by: Some(vec![Objective::Rss]),
        ..RankOptions::default()
    };
    let ranking = rank(&lab.run(), &lab.trials(), &options).unwrap();
    assert_eq!(ranking.targets[0].rank_by, [Objective::Rss]);
    assert_eq!(verdict(&ranking), VerdictKind::NoChange);
    let wide = RankOptions {
        margins: [
            (Objective::Qps, 0.5),
            (Objective::P99, 0.9),
            (Objective::GcPerKreq, 9.0),
        ]
        .into(),
        ..RankOptions::default()
    };
    let ranking = rank(&lab.run(), &lab.trials(), &wide).unwrap();
    assert_eq!(verdict(&ranking), VerdictKind::NoChange);
}

#[test]
fn where_no_rival_could_be_measured_nothing_is_called_unchanged() {
    let lab = two(Service::default());
    let mut trials = lab.trials();
    for trial in &mut trials {
        if trial.cell == lab.id(1) {
            trial.outcome = invalid();
        }
    }
    let ranking = rank(&lab.run(), &trials, &RankOptions::default()).unwrap();
    let verdict = &ranking.targets[0].verdict;
    assert_eq!(verdict.kind, VerdictKind::Inconclusive);
    assert!(
        verdict.headline.contains("no cell can be compared"),
        "{verdict:?}"
    );
}
