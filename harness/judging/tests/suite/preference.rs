//! Ranking by one weighted score, and by one objective under limits.

use std::collections::BTreeMap;

use documents::effect::Effect;
use documents::ranking::{CellState, Ranking, VerdictKind};
use judging::RankOptions;
use record::objective::Objective;
use report::{TerminalOptions, terminal};
use testing::{Lab, Service};

use crate::ranked;

/// 200 gives 20 % more QPS for 14 % more P99, 400 gives 10 % more for 30 %.
fn trade_off() -> Lab {
    let normal = Service::default();
    let traded = |qps: f64, p99: f64| Service {
        qps: normal.qps * qps,
        p99_ms: normal.p99_ms * p99,
        ..normal
    };
    let mut lab = Lab::new()
        .cell(&[("gogc", "100")], normal)
        .cell(&[("gogc", "200")], traded(1.2, 1.14))
        .cell(&[("gogc", "400")], traded(1.1, 1.3));
    lab.noise = 0.005;
    lab
}

fn verdict(ranking: &Ranking) -> (VerdictKind, Option<&str>) {
    let target = &ranking.targets[0];
    let chosen = target.cells.iter().find(|cell| cell.recommended);
    (target.verdict.kind, chosen.map(|cell| cell.label.as_str()))
}

#[test]
fn weights_decide_a_trade_off() {
    let mut lab = trade_off();
    lab.rank_by = "{qps: 2, p99: 1}";
    let ranking = ranked(&lab);
    // (2 ln 1.2 − ln 1.14) / 3 is 8.1 %, above the weighted margin of 5.3 %.
    assert_eq!(
        verdict(&ranking),
        (VerdictKind::Recommend, Some("gogc=200"))
    );
    let target = &ranking.targets[0];
    let score = target.cells[0].score.as_ref().unwrap();
    let [low, high] = score.interval.unwrap();
    let truth = (1.2_f64.powi(2) / 1.14).powf(1.0 / 3.0);
    assert!(low < truth && truth < high, "{low} {truth} {high}");
    assert_eq!(score.effect, Effect::Better);
    // What it costs stands alongside it all the same.
    assert_eq!(target.verdict.costs[0].objective, Objective::P99);
    insta::assert_snapshot!(terminal(&ranking, TerminalOptions::default()));
}

#[test]
fn other_weights_leave_nothing_worth_making() {
    let mut lab = trade_off();
    lab.rank_by = "{qps: 1, p99: 1}";
    let ranking = ranked(&lab);
    assert_eq!(verdict(&ranking), (VerdictKind::NoChange, None));
    assert!(ranking.targets[0].verdict.reasons[0].contains("on score"));
    // And in order, QPS alone decides.
    lab.rank_by = "[qps, p99]";
    assert_eq!(
        verdict(&ranked(&lab)),
        (VerdictKind::Recommend, Some("gogc=200"))
    );
}

#[test]
fn one_objective_under_limits_of_the_caller() {
    let lab = trade_off();
    let under = |limit: f64| {
        let options = RankOptions {
            rank_by: Some(vec![Objective::Qps]),
            constraints: Some(BTreeMap::from([(Objective::P99, limit)])),
            ..RankOptions::default()
        };
        advisor::rank(&lab.run(), &lab.trials(), &options).unwrap()
    };
    assert_eq!(
        verdict(&under(4.8)),
        (VerdictKind::Recommend, Some("gogc=200"))
    );
    // The fastest one breaks it now, and nothing else is faster.
    let tight = under(4.2);
    assert_eq!(verdict(&tight), (VerdictKind::NoChange, None));
    let faster = &tight.targets[0].cells[1];
    assert_eq!(faster.state, CellState::Violated);
    let room = faster.constraints[0].margin.unwrap();
    assert!(room < 0.0 && faster.constraints[0].confidence.unwrap() < 0.1);
}

#[test]
fn a_zero_has_no_score() {
    let normal = Service::default();
    let mut lab = Lab::new().cell(&[("gogc", "100")], normal).cell(
        &[("gogc", "off")],
        Service {
            qps: normal.qps * 1.2,
            gc_per_kreq: 0.0,
            ..normal
        },
    );
    lab.rank_by = "{qps: 1, gc_per_kreq: 1}";
    let ranking = ranked(&lab);
    let off = ranking.targets[0]
        .cells
        .iter()
        .find(|cell| cell.label == "gogc=off")
        .unwrap();
    assert_eq!(off.score.as_ref().unwrap().ratio, None);
    assert_eq!(verdict(&ranking).0, VerdictKind::Inconclusive);
}
