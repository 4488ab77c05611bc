//! Two sides compared with each other: known truths in, verdicts out.

use documents::comparison::{Comparison, Design, Judgement, ObjectiveComparison};
use judging::JudgingError;
use judging::comparison::{self, CompareOptions, Selector};
use proptest::prelude::*;
use record::objective::Objective;
use record::run::{Run, Toolchain};
use record::trial::Trial;
use report::{TerminalOptions, terminal};
use testing::{Lab, Service, crashed, invalid, slower, two, upgrade, winner};

fn options() -> CompareOptions {
    CompareOptions {
        tool: "gosweep test".into(),
        ..CompareOptions::default()
    }
}

fn side(text: &str) -> Selector {
    text.parse().unwrap()
}

fn within_run(
    run: &Run,
    trials: &[Trial],
    baseline: &Selector,
    candidate: &Selector,
    options: &CompareOptions,
) -> Result<Comparison, JudgingError> {
    let measured = advisor::measured(run, trials)?;
    comparison::within_run(&measured, baseline, candidate, options)
}

fn between_runs(
    baseline: (&Run, &[Trial]),
    candidate: (&Run, &[Trial]),
    options: &CompareOptions,
) -> Result<Comparison, JudgingError> {
    let baseline = advisor::measured(baseline.0, baseline.1)?;
    let candidate = advisor::measured(candidate.0, candidate.1)?;
    comparison::between_runs(&baseline, &candidate, &[], options)
}

fn compared_with(lab: &Lab, trials: &[Trial], baseline: &str, candidate: &str) -> Comparison {
    within_run(
        &lab.run(),
        trials,
        &side(baseline),
        &side(candidate),
        &options(),
    )
    .unwrap()
}

fn compared(lab: &Lab, baseline: &str, candidate: &str) -> Comparison {
    compared_with(lab, &lab.trials(), baseline, candidate)
}

fn shown(comparison: &Comparison) -> String {
    let text = terminal(comparison, TerminalOptions::default());
    for line in text.lines() {
        assert!(
            line.chars().count() <= 100,
            "wider than 100 columns: {line}"
        );
    }
    text
}

fn on(comparison: &Comparison, objective: Objective) -> &ObjectiveComparison {
    let own = comparison.targets[0].objectives.iter();
    own.clone().find(|own| own.objective == objective).unwrap()
}

#[test]
fn a_regression() {
    insta::assert_snapshot!(shown(&compared(&two(slower(1.15)), "control", "gogc=400")));
}

#[test]
fn no_difference() {
    let same = compared(&two(Service::default()), "gogc=100", "gogc=400");
    assert_eq!(same.verdict, Judgement::NoWorse);
    insta::assert_snapshot!(shown(&same));
}

#[test]
fn an_improvement() {
    let better = compared(&two(slower(0.85)), "1", "2");
    // Ranks count from the best.
    assert_eq!(better.verdict, Judgement::Regressed);
    assert!(
        better
            .warnings
            .iter()
            .any(|warning| warning.code == "picked_by_rank")
    );
    let better = compared(&two(slower(0.85)), "control", "gogc=400");
    assert_eq!(better.verdict, Judgement::Improved);
    assert_eq!(
        better.headline.split(':').next(),
        Some("gogc=400 is better than gogc=100 (control)")
    );
}

#[test]
fn too_noisy_to_tell() {
    let mut lab = two(slower(1.04));
    lab.noise = 0.12;
    let open = compared(&lab, "control", "gogc=400");
    assert_eq!(open.verdict, Judgement::Inconclusive);
    insta::assert_snapshot!(shown(&open));
}

#[test]
fn two_toolchains_are_pooled_over_the_other_axes() {
    let comparison = compared(&upgrade(1.12), "toolchain=1.25.5", "toolchain=1.27.3");
    assert_eq!(comparison.verdict, Judgement::Regressed);
    assert_eq!(comparison.targets[0].cells.len(), 3);
    insta::assert_snapshot!(shown(&comparison));
}

#[test]
fn pooling_sees_what_one_pair_of_cells_does_not() {
    let mut lab = upgrade(1.0);
    lab.noise = 0.02;
    let pooled = compared(&lab, "toolchain=1.25.5", "toolchain=1.27.3");
    let one = compared(
        &lab,
        "toolchain=1.25.5,gogc=200",
        "toolchain=1.27.3,gogc=200",
    );
    let width = |comparison: &Comparison| {
        let [low, high] = on(comparison, Objective::Qps).interval.unwrap();
        high / low
    };
    assert!(width(&pooled) < width(&one));
}

#[test]
fn one_bad_pair_is_not_averaged_away() {
    let mut lab = upgrade(1.0);
    lab.cells[5].2 = slower(1.07);
    let comparison = compared(&lab, "toolchain=1.25.5", "toolchain=1.27.3");
    assert_eq!(comparison.verdict, Judgement::Regressed);
    assert!(
        comparison.headline.contains("at gogc=400"),
        "{}",
        comparison.headline
    );
}

#[test]
fn a_toolchain_is_known_by_its_version_too() {
    let lab = upgrade(1.12);
    let mut run = lab.run();
    run.toolchains.push(Toolchain {
        spec: "1.27.3".into(),
        version: "go1.27.3".into(),
        ..run.toolchains[0].clone()
    });
    let sides = (side("toolchain=1.25.5"), side("toolchain=go1.27.3"));
    let found = within_run(&run, &lab.trials(), &sides.0, &sides.1, &options()).unwrap();
    assert_eq!(found.verdict, Judgement::Regressed);
}

#[test]
fn two_runs_are_two_samples() {
    let (before, mut after) = (winner(), winner());
    after.seed = 4;
    for cell in &mut after.cells {
        cell.2.p99_ms *= 1.4;
    }
    let (runs, trials) = (
        (before.run(), after.run()),
        (before.trials(), after.trials()),
    );
    let comparison = between_runs((&runs.0, &trials.0), (&runs.1, &trials.1), &options()).unwrap();
    assert_eq!(comparison.design, Design::Unpaired);
    assert_eq!(
        on(&comparison, Objective::P99).verdict,
        Some(Judgement::Inconclusive),
        "nobody knows what days differ by"
    );
    insta::assert_snapshot!(shown(&comparison));
}

/// Earlier runs of one configuration say what days differ by: little here, so that a change of 40 % stands out.
#[test]
fn a_history_of_days_lets_two_runs_be_judged() {
    let (before, mut after) = (winner(), winner());
    after.seed = 4;
    for cell in &mut after.cells {
        cell.2.p99_ms *= 1.4;
    }
    let verdict = |days: usize, spread: f64| {
        let records: Vec<(Run, Vec<Trial>)> = (0..days)
            .map(|day| {
                let mut lab = winner();
                lab.seed = 100 + day as u64;
                let sign = if day % 2 == 0 { 1.0 } else { -1.0 };
                for cell in &mut lab.cells {
                    cell.2.p99_ms *= 1.0 + sign * spread;
                }
                (lab.run(), lab.trials())
            })
            .collect();
        let measured = |lab: &Lab| (lab.run(), lab.trials());
        let (b, c) = (measured(&before), measured(&after));
        let history: Vec<_> = records
            .iter()
            .map(|(run, trials)| advisor::measured(run, trials).unwrap())
            .collect();
        let sides = (
            advisor::measured(&b.0, &b.1).unwrap(),
            advisor::measured(&c.0, &c.1).unwrap(),
        );
        let found = comparison::between_runs(&sides.0, &sides.1, &history, &options()).unwrap();
        on(&found, Objective::P99).verdict
    };
    assert_eq!(
        verdict(2, 0.01),
        Some(Judgement::Inconclusive),
        "two days are too few"
    );
    assert_eq!(verdict(6, 0.01), Some(Judgement::Regressed));
    assert_eq!(
        verdict(6, 0.3),
        Some(Judgement::Inconclusive),
        "days differ by as much"
    );
}

#[test]
fn runs_of_two_hosts_are_refused_unless_asked_for() {
    let lab = winner();
    let (run, mut other, trials) = (lab.run(), lab.run(), lab.trials());
    other.host.fingerprint = "beef".into();
    let refused = between_runs((&run, &trials), (&other, &trials), &options()).unwrap_err();
    insta::assert_snapshot!(refused);
    let asked = CompareOptions {
        cross_host: true,
        ..options()
    };
    let comparison = between_runs((&run, &trials), (&other, &trials), &asked).unwrap();
    assert_eq!(comparison.warnings[0].code, "cross_host");
    assert!(shown(&comparison).contains("of different hosts"));
}

#[test]
fn other_rates_are_confessed() {
    let lab = winner();
    let (run, mut other, trials) = (lab.run(), lab.run(), lab.trials());
    other.calibration.get_mut("httpjson").unwrap().rate_per_s = 9_000.0;
    let comparison = between_runs((&run, &trials), (&other, &trials), &options()).unwrap();
    assert_eq!(comparison.warnings[0].code, "other_rate");
    assert_eq!(comparison.verdict, Judgement::Inconclusive);
}

#[test]
fn other_rates_leave_the_constant_window_undecided() {
    let (before, mut after) = (winner(), winner());
    for cell in &mut after.cells {
        cell.2.p99_ms *= 1.4;
        cell.2.qps *= 0.6;
    }
    let (run, mut other) = (before.run(), after.run());
    let days: Vec<(Run, Vec<Trial>)> = (0..4)
        .map(|day| {
            let mut lab = winner();
            lab.seed = 100 + day;
            (lab.run(), lab.trials())
        })
        .collect();
    let judged = |other: &Run| {
        let (trials, later) = (before.trials(), after.trials());
        let history: Vec<_> = days
            .iter()
            .map(|(run, trials)| advisor::measured(run, trials).unwrap())
            .collect();
        let sides = (
            advisor::measured(&run, &trials).unwrap(),
            advisor::measured(other, &later).unwrap(),
        );
        let found = comparison::between_runs(&sides.0, &sides.1, &history, &options()).unwrap();
        let own = on(&found, Objective::P99);
        (
            own.verdict,
            own.reason.clone().unwrap_or_default(),
            on(&found, Objective::Qps).verdict,
        )
    };
    assert_eq!(judged(&other).0, Some(Judgement::Regressed));
    other.calibration.get_mut("httpjson").unwrap().rate_per_s = 9_000.0;
    let (p99, why, qps) = judged(&other);
    assert_eq!(p99, Some(Judgement::Inconclusive));
    assert!(why.contains("12000/s and 9000/s"), "{why}");
    // Throughput at saturation does not depend on that rate.
    assert_eq!(qps, Some(Judgement::Regressed));
}

#[test]
fn two_runs_of_one_name_are_told_apart_by_their_folders() {
    let lab = winner();
    let (run, mut other, trials) = (lab.run(), lab.run(), lab.trials());
    other.tool = "gosweep 0.2.0 (def5678)".into();
    let asked = CompareOptions {
        folders: Some(["results/before".into(), "results/after".into()]),
        ..options()
    };
    let comparison = between_runs((&run, &trials), (&other, &trials), &asked).unwrap();
    let headline = &comparison.headline;
    assert!(
        headline.contains("results/after") && headline.contains("results/before"),
        "{headline}"
    );
    assert!(shown(&comparison).contains("quickstart-20261121-120000 in results/after of"));
    let differs = comparison
        .warnings
        .iter()
        .find(|own| own.code == "runs_differ");
    assert!(differs.unwrap().message.contains("versions of gosweep"));
}

#[test]
fn the_typical_values_of_several_pairs_change_as_the_pairs_do() {
    let mut lab = upgrade(1.2);
    // Levels far apart, so that a median over all cells would be one of the middle.
    for (cell, times) in [(0, 1.0), (1, 4.0), (2, 30.0), (3, 1.0), (4, 8.0), (5, 30.0)] {
        lab.cells[cell].2.p99_ms *= times;
    }
    let comparison = compared(&lab, "toolchain=1.25.5", "toolchain=1.27.3");
    let own = on(&comparison, Objective::P99);
    let of_columns = own.candidate.unwrap() / own.baseline.unwrap();
    assert!(
        (of_columns / own.effect.unwrap() - 1.0).abs() < 0.02,
        "{own:?}"
    );
}

#[test]
fn a_candidate_that_crashes_has_regressed() {
    let lab = two(Service::default());
    let mut trials = lab.trials();
    let of = |trials: &[Trial], cell: usize| {
        let id = lab.id(cell);
        trials.iter().position(|trial| trial.cell == id).unwrap()
    };
    let at = of(&trials, 1);
    trials[at].outcome = crashed();
    let comparison = compared_with(&lab, &trials, "control", "gogc=400");
    // Once in eight trials is no more often than never in sixteen.
    assert_eq!(comparison.verdict, Judgement::Inconclusive);
    assert!(
        comparison.targets[0].reasons[0].contains("Fisher's exact p 0.333"),
        "{:?}",
        comparison.targets[0].reasons
    );
    let mut often = trials.clone();
    let candidate = lab.id(1);
    let own = often.iter_mut().filter(|trial| trial.cell == candidate);
    own.take(5).for_each(|trial| trial.outcome = crashed());
    let comparison = compared_with(&lab, &often, "control", "gogc=400");
    assert_eq!(comparison.verdict, Judgement::Regressed);
    assert!(
        comparison.headline.contains("failed in 5 of 8 trials"),
        "{}",
        comparison.headline
    );
    let at = of(&trials, 0);
    trials[at].outcome = crashed();
    let comparison = compared_with(&lab, &trials, "control", "gogc=400");
    assert_eq!(comparison.verdict, Judgement::Inconclusive);
}

#[test]
fn without_valid_trials_there_is_no_verdict_on_the_service() {
    let lab = two(Service::default());
    let mut trials = lab.trials();
    let id = lab.id(1);
    for trial in trials.iter_mut().filter(|trial| trial.cell == id) {
        trial.outcome = invalid();
    }
    let comparison = compared_with(&lab, &trials, "control", "gogc=400");
    assert_eq!(comparison.verdict, Judgement::Invalid);
    assert!(
        comparison.headline.contains("8 invalid"),
        "{}",
        comparison.headline
    );
}

#[test]
fn what_was_asked_for_must_be_observed() {
    let mut lab = two(Service::default());
    lab.probe = false;
    let mut asked = options();
    let decide = |asked: &CompareOptions| {
        within_run(
            &lab.run(),
            &lab.trials(),
            &side("control"),
            &side("gogc=400"),
            asked,
        )
        .unwrap()
    };
    assert_eq!(decide(&asked).verdict, Judgement::NoWorse);
    asked.margins.insert(Objective::GcPerKreq, 0.05);
    assert_eq!(decide(&asked).verdict, Judgement::Inconclusive);
}

#[test]
fn margins_and_deciding_objectives_are_the_callers() {
    let lab = two(slower(1.05));
    let verdict = |asked: &CompareOptions| {
        let found = within_run(
            &lab.run(),
            &lab.trials(),
            &side("control"),
            &side("gogc=400"),
            asked,
        );
        found.unwrap().verdict
    };
    assert_eq!(verdict(&options()), Judgement::Regressed);
    let mut wide = options();
    wide.margins.insert(Objective::Qps, 0.1);
    assert_eq!(verdict(&wide), Judgement::NoWorse);
    let mut other = options();
    other.decided_by = Some([Objective::Rss].into());
    assert_eq!(verdict(&other), Judgement::NoWorse);
    other.margins.insert(Objective::Qps, 1.0);
    let refused = within_run(
        &lab.run(),
        &lab.trials(),
        &side("control"),
        &side("gogc=400"),
        &other,
    );
    assert!(matches!(refused, Err(JudgingError::Option { .. })));
}

#[test]
fn sides_that_do_not_do_are_refused_with_a_fix() {
    let lab = winner().cell_of(
        "cache",
        &[("gomaxprocs", "default"), ("gogc", "100")],
        Service::default(),
    );
    let (run, trials) = (lab.run(), lab.trials());
    let refusals: Vec<String> = [
        ("gogc=300", "gogc=400"),
        ("gogc=50,gomaxprocs=1", "gogc=400"),
        ("control", "gogc=400"),
        ("control", "control"),
        ("1", "gogc=50"),
        ("control", "abcdef"),
        ("target=web", "control"),
        ("gogc=50", "target=cache"),
    ]
    .into_iter()
    .map(|(a, b)| {
        let refused = within_run(&run, &trials, &side(a), &side(b), &options()).unwrap_err();
        format!("{a} {b}\n  {refused}")
    })
    .collect();
    insta::assert_snapshot!(refusals.join("\n"));
}

/// Two builds of a service as two targets: their cells are matched by their settings.
#[test]
fn two_targets_are_compared_setting_by_setting() {
    let slow = Service {
        qps: 17_000.0,
        ..Service::default()
    };
    let lab = ["100", "400"].iter().fold(Lab::new(), |lab, gogc| {
        lab.cell_of("before", &[("gogc", gogc)], Service::default())
    });
    let lab = ["100", "400"].iter().fold(lab, |lab, gogc| {
        lab.cell_of("after", &[("gogc", gogc)], slow)
    });
    let comparison = compared(&lab, "target=before", "target=after");
    assert_eq!(comparison.verdict, Judgement::Regressed);
    let back = compared(&lab, "target=after", "target=before");
    assert_ne!(back.verdict, Judgement::Regressed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn swapping_the_sides_mirrors_every_change(
        seed in any::<u64>(),
        noise in 0.001f64..0.1,
        times in 0.7f64..1.4,
        gc in 0.0f64..2.0,
    ) {
        let normal = Service::default();
        let mut lab = two(Service { gc_per_kreq: normal.gc_per_kreq * gc, ..slower(times) });
        (lab.seed, lab.noise) = (seed, noise);
        let there = compared(&lab, "gogc=100", "gogc=400");
        let back = compared(&lab, "gogc=400", "gogc=100");
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
        for own in &there.targets[0].objectives {
            let other = on(&back, own.objective);
            prop_assert_eq!(own.scale, other.scale);
            prop_assert_eq!(own.n, other.n);
            let mirrored = |value: f64| match own.scale {
                documents::effect::Scale::Ratio => 1.0 / value,
                documents::effect::Scale::Difference => -value,
            };
            let ([low, high], [other_low, other_high]) = (own.interval.unwrap(), other.interval.unwrap());
            prop_assert!(near(own.effect.unwrap(), mirrored(other.effect.unwrap())));
            prop_assert!(near(low, mirrored(other_high)) && near(high, mirrored(other_low)));
            // A margin of 3 % is a log ratio of .0305 one way and .0296 the other, so a verdict near it may turn into
            // "no worse"; it never turns into the same claim about both.
            let claims = (own.verdict.unwrap(), other.verdict.unwrap());
            prop_assert!(claims != (Judgement::Regressed, Judgement::Regressed));
            prop_assert!(claims != (Judgement::Improved, Judgement::Improved));
            prop_assert!(claims != (Judgement::Regressed, Judgement::Inconclusive) || own.objective == Objective::GcPerKreq);
        }
    }

    #[test]
    fn the_order_of_trials_does_not_matter_to_a_comparison(order in Just((0..40usize).collect::<Vec<_>>()).prop_shuffle()) {
        let lab = winner();
        let mut trials = lab.trials();
        prop_assert_eq!(trials.len(), order.len());
        trials[7].outcome = invalid();
        let shuffled: Vec<_> = order.iter().map(|&at| trials[at].clone()).collect();
        let there = compared_with(&lab, &trials, "control", "gogc=400,gomaxprocs=2");
        prop_assert_eq!(compared_with(&lab, &shuffled, "control", "gogc=400,gomaxprocs=2"), there);
    }

    #[test]
    fn identical_sides_hardly_ever_regress(seed in 0u64..1_000_000, noise in 0.001f64..0.1) {
        let mut lab = two(Service::default());
        (lab.seed, lab.noise) = (seed, noise);
        prop_assert_ne!(compared(&lab, "control", "gogc=400").verdict, Judgement::Regressed);
    }
}
