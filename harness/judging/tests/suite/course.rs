//! What a run decides as it goes, and what a ranking makes of it: the race, the stop on precision, the finalist's fresh
//! blocks.

use advisor::rank;
use documents::ranking::{ConfirmationOutcome, Ranking, VerdictKind};
use judging::{RankOptions, steering};
use record::decision::{Decision, Elimination, Finalist, Judgement, Stop, StopReason};
use record::objective::Objective;
use record::run::{Design, Run};
use record::trial::{Role, Stage, Trial};
use report::{TerminalOptions, markdown, terminal};
use testing::{Lab, Service, crashed, winner};

use crate::ranked;

/// The run of a laboratory that races from its sixth block on.
fn racing(lab: &Lab) -> Run {
    Run {
        blocks: 20,
        design: Some(Design {
            min_blocks: 6,
            race: true,
            confirm_blocks: 6,
            ..Design::default()
        }),
        ..lab.run()
    }
}

fn judged(run: &Run, trials: &[Trial]) -> Judgement {
    steering::judge(run, trials, &RankOptions::default()).unwrap()
}

fn stop(reason: StopReason) -> Option<Stop> {
    Some(Stop {
        reason,
        words: "made up".to_owned(),
    })
}

/// Control, a cell that is worse at everything, and one that trades.
fn field() -> Lab {
    let mut lab = Lab::new()
        .cell(&[("gogc", "100")], Service::default())
        .cell(
            &[("gogc", "50")],
            Service {
                qps: 16_000.0,
                p99_ms: 8.0,
                gc_per_kreq: 12.0,
                ..Service::default()
            },
        )
        .cell(
            &[("gogc", "400")],
            Service {
                qps: 16_000.0,
                p99_ms: 8.0,
                gc_per_kreq: 1.5,
                ..Service::default()
            },
        );
    lab.blocks = 6;
    lab
}

#[test]
fn only_who_is_behind_on_every_ranked_objective_leaves() {
    let lab = field();
    let run = racing(&lab);
    let judgement = judged(&run, &lab.trials());
    let gone: Vec<_> = judgement.eliminated.iter().map(|out| &out.cell).collect();
    assert_eq!(gone, [&lab.id(1)], "and not the one with the fewest cycles");
    let out = &judgement.eliminated[0];
    let behind: Vec<Objective> = out.behind.iter().map(|behind| behind.objective).collect();
    assert_eq!(
        behind,
        [Objective::Qps, Objective::P99, Objective::GcPerKreq]
    );
    for behind in &out.behind {
        assert!(behind.p_value <= 0.05, "{behind:?}");
        let ratio = behind.ratio.unwrap();
        let is_worse = (ratio < 1.0) == (behind.objective == Objective::Qps);
        assert!(is_worse, "{behind:?}");
    }
    assert_eq!(out.behind[2].rival, lab.id(2), "the strongest rival");
    insta::assert_snapshot!(out.words);
    assert_eq!(judgement.precise, None, "no precision was asked for");
}

#[test]
fn the_control_never_leaves() {
    let mut lab = field();
    let mut better = Service::default();
    (better.qps, better.p99_ms, better.gc_per_kreq) = (40_000.0, 1.0, 0.5);
    lab.cells[2].2 = better;
    let gone = judged(&racing(&lab), &lab.trials()).eliminated;
    let gone: Vec<_> = gone.iter().map(|out| &out.cell).collect();
    assert_eq!(gone, [&lab.id(1)]);
}

#[test]
fn who_has_left_is_not_judged_again_and_few_blocks_judge_nobody() {
    let lab = field();
    let mut run = racing(&lab);
    run.decisions = vec![Decision {
        eliminated: judged(&run, &lab.trials()).eliminated,
        ..Decision::nothing(6)
    }];
    assert_eq!(judged(&run, &lab.trials()).eliminated, []);
    let mut short = field();
    short.blocks = 5;
    assert_eq!(judged(&racing(&short), &short.trials()).eliminated, []);
    let without = Run {
        design: None,
        ..racing(&lab)
    };
    assert_eq!(judged(&without, &lab.trials()), Judgement::default());
}

#[test]
fn identical_cells_stay_in_the_race() {
    for seed in 0..20 {
        let mut lab = Lab::new();
        for gogc in ["100", "101", "102", "103", "104"] {
            lab = lab.cell(&[("gogc", gogc)], Service::default());
        }
        (lab.blocks, lab.seed, lab.noise) = (8, seed, 0.03);
        assert_eq!(judged(&racing(&lab), &lab.trials()).eliminated, []);
    }
}

#[test]
fn a_rival_that_breaks_a_limit_beats_nobody() {
    let mut lab = Lab::new()
        .cell(&[("gogc", "100")], Service::default())
        .cell(&[("gogc", "200")], Service::default())
        .cell(
            &[("gogc", "400")],
            Service {
                qps: 40_000.0,
                p99_ms: 1.0,
                gc_per_kreq: 0.5,
                rss_bytes: 900e6,
                ..Service::default()
            },
        );
    lab.blocks = 6;
    let gone = |lab: &Lab| judged(&racing(lab), &lab.trials()).eliminated.len();
    assert_eq!(gone(&lab), 1, "without a limit 200 is beaten");
    lab.constraints = "{rss: 100MiB}";
    assert_eq!(gone(&lab), 0);
    lab.constraints = "{}";
    let mut trials = lab.trials();
    let mut own = trials.iter_mut().filter(|trial| trial.cell == lab.id(2));
    own.next().unwrap().outcome = crashed();
    let after_a_crash = judged(&racing(&lab), &trials).eliminated;
    assert_eq!(after_a_crash, [], "a cell that failed beats nobody either");
}

#[test]
fn precision_goes_by_the_width_of_every_interval() {
    let mut lab = field();
    (lab.blocks, lab.noise) = (8, 0.02);
    let precise = |half_width: f64, trials: &[Trial]| {
        let mut run = racing(&lab);
        let design = run.design.as_mut().unwrap();
        design.race = false;
        design.precision = [(Objective::Qps, half_width)].into();
        judged(&run, trials).precise
    };
    let trials = lab.trials();
    assert_eq!(precise(0.001, &trials), None);
    let words = precise(0.05, &trials).unwrap();
    assert!(
        words.starts_with("every interval is as narrow as asked for after 8 blocks: QPS ±"),
        "{words}"
    );
    // A cell that never gave a figure is not waited for; one noisy cell is.
    let without: Vec<Trial> = trials
        .iter()
        .filter(|trial| trial.cell != lab.id(1))
        .cloned()
        .collect();
    let mut crashed_one = trials.clone();
    for trial in crashed_one
        .iter_mut()
        .filter(|trial| trial.cell == lab.id(1))
    {
        trial.outcome = crashed();
    }
    assert!(precise(0.05, &crashed_one).is_some());
    assert!(precise(0.05, &without).is_none(), "no block is complete");
    let mut noisy = trials;
    for trial in noisy
        .iter_mut()
        .filter(|trial| trial.cell == lab.id(2) && trial.block % 2 == 0)
    {
        trial.saturate.as_mut().unwrap().ledger.completed /= 2;
    }
    assert_eq!(precise(0.05, &noisy), None);
}

/// Blocks of the control and a finalist after the search, as `later` has them.
fn afresh(later: &Lab, finalist: usize, from: u32, blocks: u32) -> Vec<Trial> {
    let of_two = |trial: &Trial| {
        trial.role == Role::Measured
            && trial.block < blocks
            && (trial.cell == later.id(0) || trial.cell == later.id(finalist))
    };
    let mut trials = later.trials();
    trials.retain(of_two);
    for trial in &mut trials {
        trial.block += from;
        trial.stage = Stage::Confirm;
        trial.id = format!("f{}", trial.id);
    }
    trials
}

/// A finished run of a laboratory whose cell 2 was chosen and measured afresh.
fn confirmed(lab: &Lab, fresh: Vec<Trial>) -> (Run, Vec<Trial>) {
    let chosen = Decision {
        stop: stop(StopReason::Blocks),
        finalists: vec![Finalist {
            cell: lab.id(2),
            words: "made up".to_owned(),
        }],
        ..Decision::nothing(lab.blocks)
    };
    let run = Run {
        decisions: vec![chosen],
        ..lab.run()
    };
    let trials = lab.trials().into_iter().chain(fresh).collect();
    (run, trials)
}

fn ranking(run: &Run, trials: &[Trial]) -> Ranking {
    let options = RankOptions {
        tool: "gosweep test".into(),
        ..RankOptions::default()
    };
    rank(run, trials, &options).unwrap()
}

#[test]
fn the_finalist_is_whom_the_ranking_recommends() {
    let lab = winner();
    let found = steering::finalists(&lab.run(), &lab.trials(), &RankOptions::default()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].cell, lab.id(2));
    assert!(
        found[0].words.starts_with("recommend "),
        "{}",
        found[0].words
    );
    // An earlier confirmation has no say in who is chosen.
    let mut later = winner();
    later.cells[2].2 = Service::default();
    let (run, trials) = confirmed(&lab, afresh(&later, 2, 8, 6));
    let again = steering::finalists(&run, &trials, &RankOptions::default()).unwrap();
    assert_eq!(again[0].cell, lab.id(2));
    // Identical cells have no finalist.
    let mut same = field();
    for cell in &mut same.cells {
        cell.2 = Service::default();
    }
    let none = steering::finalists(&same.run(), &same.trials(), &RankOptions::default()).unwrap();
    assert_eq!(none, []);
}

#[test]
fn what_holds_up_is_recommended_by_its_fresh_figures() {
    let lab = winner();
    let mut later = winner();
    later.seed = 99;
    // The search was lucky: afresh it is a little less.
    later.cells[2].2.qps = 21_400.0;
    let (run, trials) = confirmed(&lab, afresh(&later, 2, 8, 6));
    let ranking = ranking(&run, &trials);
    let target = &ranking.targets[0];
    assert_eq!(target.verdict.kind, VerdictKind::Recommend);
    let confirmation = target.confirmation.as_ref().unwrap();
    assert_eq!(confirmation.outcome, ConfirmationOutcome::Confirmed);
    assert_eq!(confirmation.blocks, 6);
    // Kept apart: the search's figures are what they were.
    let search = ranked(&lab);
    for (with, without) in target.cells.iter().zip(&search.targets[0].cells) {
        assert_eq!(with, without);
    }
    assert_ne!(target.verdict.gains, search.targets[0].verdict.gains);
    let codes: Vec<&str> = ranking.warnings.iter().map(|w| w.code.as_str()).collect();
    assert!(!codes.contains(&"incomplete_block"), "{codes:?}");
    let afresh = ranking
        .trials
        .iter()
        .filter(|trial| trial.role == "measured afresh");
    assert_eq!(afresh.filter(|trial| trial.used).count(), 12);
    insta::assert_snapshot!("confirmed", terminal(&ranking, TerminalOptions::default()));
    insta::assert_snapshot!("confirmed_markdown", markdown(&ranking).unwrap());
}

#[test]
fn what_is_not_shown_either_way_is_told_by_its_fresh_figures() {
    let mut lab = winner();
    // On the margin, so that neither the search nor six blocks can tell; afresh from the other side.
    lab.cells[2].2.p99_ms = 3.68;
    lab.noise = 0.06;
    let mut later = lab.clone();
    (later.seed, later.noise) = (99, 0.04);
    later.cells[2].2.p99_ms = 4.35;
    let unclear = |ranking: &Ranking| {
        let mut reasons = ranking.targets[0].verdict.reasons.clone();
        reasons.retain(|own| own.starts_with("Not shown either way"));
        reasons.concat()
    };
    let search = unclear(&ranked(&lab));
    assert!(
        search.contains("P99 −"),
        "{:#?}",
        ranked(&lab).targets[0].verdict
    );
    let (run, trials) = confirmed(&lab, afresh(&later, 2, 8, 6));
    let ranking = ranking(&run, &trials);
    assert_eq!(ranking.targets[0].verdict.kind, VerdictKind::Recommend);
    let fresh = unclear(&ranking);
    assert!(fresh.contains("P99 +"), "{:#?}", ranking.targets[0].verdict);
}

#[test]
fn what_does_not_hold_up_is_no_change() {
    let lab = winner();
    let mut later = winner();
    let (qps, p99_ms, gc_per_kreq) = (20_000.0, 4.0, 5.0);
    later.cells[2].2 = Service {
        qps,
        p99_ms,
        gc_per_kreq,
        ..later.cells[2].2
    };
    let (run, trials) = confirmed(&lab, afresh(&later, 2, 8, 6));
    let target = &ranking(&run, &trials).targets[0];
    assert_eq!(target.verdict.kind, VerdictKind::NoChange);
    assert_eq!(target.verdict.cell, None);
    assert!(target.cells.iter().all(|cell| !cell.recommended));
    let outcome = target.confirmation.as_ref().unwrap().outcome;
    assert_eq!(outcome, ConfirmationOutcome::Refuted);
    insta::assert_snapshot!(
        target.verdict.headline,
        @"no change worth making: gomaxprocs=2 gogc=400 did not hold up in 6 fresh blocks"
    );
}

#[test]
fn what_fresh_blocks_cannot_tell_is_not_confirmed() {
    let mut lab = winner();
    lab.cells[2].2 = Service {
        qps: 22_400.0,
        ..Service::default()
    };
    let mut later = winner();
    later.cells[2].2 = lab.cells[2].2;
    (later.noise, later.seed) = (0.3, 3);
    let (run, trials) = confirmed(&lab, afresh(&later, 2, 8, 3));
    let target = &ranking(&run, &trials).targets[0];
    let outcome = target.confirmation.as_ref().unwrap().outcome;
    assert_eq!(outcome, ConfirmationOutcome::Open);
    assert_eq!(target.verdict.kind, VerdictKind::Inconclusive);
    assert!(target.verdict.headline.starts_with("not confirmed: "));
    assert!(
        target.verdict.next_step.contains("confirm: 10"),
        "{}",
        target.verdict.next_step
    );
}

#[test]
fn a_limit_broken_afresh_refutes() {
    let mut lab = winner();
    lab.constraints = "{p99: 6ms}";
    let mut later = winner();
    later.cells[2].2.p99_ms = 9.0;
    let (run, trials) = confirmed(&lab, afresh(&later, 2, 8, 6));
    let verdict = &ranking(&run, &trials).targets[0].verdict;
    assert_eq!(verdict.kind, VerdictKind::NoChange);
    assert!(
        verdict.reasons[1].contains("it breaks P99"),
        "{:?}",
        verdict.reasons
    );
}

#[test]
fn fresh_blocks_of_another_choice_are_shown_and_decide_nothing() {
    let lab = winner();
    let mut fresh = afresh(&lab, 1, 8, 6);
    fresh.retain(|trial| trial.stage == Stage::Confirm);
    let (mut run, trials) = confirmed(&lab, fresh);
    run.decisions[0].finalists[0].cell = lab.id(1);
    let with = &ranking(&run, &trials).targets[0];
    assert_eq!(
        with.confirmation.as_ref().unwrap().outcome,
        ConfirmationOutcome::Superseded
    );
    assert_eq!(with.verdict, ranked(&lab).targets[0].verdict);
}

#[test]
fn a_single_fresh_block_says_nothing() {
    let lab = winner();
    let (run, trials) = confirmed(&lab, afresh(&lab, 2, 8, 1));
    let with = &ranking(&run, &trials).targets[0];
    assert_eq!(with.confirmation, None);
    assert_eq!(with.verdict, ranked(&lab).targets[0].verdict);
}

#[test]
fn who_left_the_race_leaves_the_blocks_complete() {
    let mut lab = field();
    lab.blocks = 12;
    let mut trials = lab.trials();
    trials.retain(|trial| trial.cell != lab.id(1) || trial.block < 6);
    let cut = Run {
        decisions: vec![
            Decision {
                eliminated: vec![Elimination {
                    cell: lab.id(1),
                    behind: Vec::new(),
                    words: "cannot reach the top group".to_owned(),
                }],
                ..Decision::nothing(6)
            },
            Decision {
                stop: stop(StopReason::Budget),
                ..Decision::nothing(12)
            },
        ],
        ..racing(&lab)
    };
    let ranking = ranking(&cut, &trials);
    let target = &ranking.targets[0];
    assert_eq!(target.blocks_complete, 12);
    let of = |cell: usize| {
        let id = lab.id(cell).to_string();
        target.cells.iter().find(|cell| cell.id == id).unwrap()
    };
    assert_eq!((of(0).n, of(1).n, of(2).n), (12, 6, 12));
    assert_eq!(of(1).left_race.as_ref().unwrap().blocks, 6);
    assert_eq!(of(2).left_race, None);
    let messages: Vec<String> = ranking
        .warnings
        .iter()
        .filter(|warning| {
            ["left_race", "stopped_early", "missing_trials"].contains(&warning.code.as_str())
        })
        .map(|warning| {
            format!(
                "{} {}",
                documents::warning::severity_word(warning.severity),
                warning.message
            )
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"));
    assert_eq!(target.stopped.as_deref(), Some("made up"));
    // Without the decisions the later blocks would lack a cell.
    let unknown = Run {
        decisions: Vec::new(),
        ..cut
    };
    let without = rank(&unknown, &trials, &RankOptions::default()).unwrap();
    assert_eq!(without.targets[0].blocks_complete, 6);
}
