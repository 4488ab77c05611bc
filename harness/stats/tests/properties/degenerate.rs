//! Empty, short, constant and non-finite input: typed errors, documented answers, never a panic.

use proptest::prelude::*;
use stats::additive::{self, Observation};
use stats::change_points::{ChangePointRule, change_points};
use stats::power::{self, PairedDesign};
use stats::scaling::{self, ScalingPoint};
use stats::selection::{self, GroupRule, PairTest};
use stats::steady::{self, SteadyRule};
use stats::verdict::{self, Direction, Margin, MarginVerdict, PrecisionRule, PrecisionStep};
use stats::{
    Alternative, CompleteBlocks, Resampling, StatsError, TestMethod, correction, paired,
    permutation, summary, two_sample,
};

/// Any length up to 9, any f64, weird ones often.
fn anything() -> impl Strategy<Value = Vec<f64>> {
    let weird = prop_oneof![
        any::<f64>(),
        Just(0.0),
        Just(-0.0),
        Just(1.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(f64::MIN_POSITIVE),
        -2.0_f64..2.0,
    ];
    prop::collection::vec(weird, 0..9)
}

proptest! {
    #[test]
    fn nothing_panics(values in anything(), other in anything(), level in prop_oneof![Just(0.95), any::<f64>()]) {
        let resampling = Resampling { draws: 100, seed: 1 };
        let _ = paired::estimate(&values, level);
        let _ = paired::t_estimate(&values, level);
        let _ = two_sample::shift(&values, &other, level);
        let _ = correction::holm(&values);
        let _ = summary::quantile(&values, level);
        for alternative in [Alternative::TwoSided, Alternative::Greater, Alternative::Less] {
            let tests = [
                paired::signed_rank_test(&values, alternative),
                paired::t_test(&values, alternative),
                two_sample::mann_whitney_test(&values, &other, alternative),
                two_sample::welch_test(&values, &other, alternative),
                steady::mann_kendall_test(&values, alternative),
            ];
            for test in tests.into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&test.p_value) || test.p_value.is_nan(), "{test:?}");
            }
        }
        let _ = steady::steady_state(&values, SteadyRule::default());
        let series: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let _ = change_points(&series, ChangePointRule { min_stretch: 2, ..ChangePointRule::seeded(1) });
        let _ = verdict::noise_floor(&values, 0.95);
        let rule = PrecisionRule { half_width: level, level: 0.95, min_blocks: 6, max_blocks: 20 };
        let _ = verdict::precision_step(&values, &rule);
        if let Ok(margin) = Margin::from_share(Direction::LowerIsBetter, level) {
            let _ = verdict::more_blocks_to_decide(&values, &margin, 0.95, 0.8, 50);
        }
        let points: Vec<ScalingPoint> = values.iter().zip(&other)
            .map(|(&parallelism, &throughput)| ScalingPoint { parallelism, throughput }).collect();
        let _ = scaling::fit(&points, level);
        if let Ok(blocks) = CompleteBlocks::from_rows(&[&values, &values, &values]) {
            for test in [PairTest::PooledT, PairTest::PairedT] {
                let _ = selection::top_group(&blocks, GroupRule { alpha: 0.05, test });
            }
            let _ = permutation::max_t_against_control(&blocks, &[0], resampling);
            let _ = permutation::sign_flip_max_t(&blocks, 0, resampling);
            let _ = additive::fit(&blocks).map(|fit| additive::unequal_noise(&fit, 0.05));
        }
    }
}

#[test]
fn errors_name_the_input_and_the_fix() {
    let message = |error: StatsError| error.to_string();
    assert_eq!(
        message(paired::estimate(&[1.0, 2.0], 95.0).unwrap_err()),
        "confidence level is 95; it must be strictly between 0 and 1"
    );
    assert_eq!(
        message(paired::estimate(&[1.0], 0.95).unwrap_err()),
        "paired values: needs at least 2, got 1"
    );
    let lonely = [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (2, 2),
        (3, 2),
        (2, 3),
        (3, 3),
    ]
    .map(|(block, cell)| Observation {
        block,
        cell,
        value: 1.0,
    });
    assert_eq!(
        message(additive::fit_observations(&lonely).unwrap_err()),
        "cell 2 shares no block with cell 0, even through others; measure both in one block"
    );
}

#[test]
fn a_wild_index_asks_for_no_memory() {
    let wild = [Observation {
        block: usize::MAX - 1,
        cell: usize::MAX - 1,
        value: 1.0,
    }];
    assert!(matches!(
        additive::fit_observations(&wild),
        Err(StatsError::TooFew { .. })
    ));
}

#[test]
fn equal_differences_are_counted_not_divided_by_zero() {
    let test = paired::t_test(&[0.5; 6], Alternative::Greater).unwrap();
    assert_eq!(
        (test.method, test.p_value),
        (TestMethod::SignsOnly, 1.0 / 64.0)
    );
    assert_eq!(
        paired::t_test(&[0.0; 6], Alternative::TwoSided)
            .unwrap()
            .p_value,
        1.0
    );
    let interval = paired::estimate(&[0.5; 6], 0.95).unwrap();
    assert!(interval.is_degenerate() && interval.point == 0.5);
    let test = two_sample::welch_test(&[1.0; 3], &[0.0; 3], Alternative::Greater).unwrap();
    assert_eq!(test.method, TestMethod::SignsOnly);
    assert!((test.p_value - 0.05).abs() < 1e-15);
}

#[test]
fn a_table_without_noise_still_ranks() {
    let rows = vec![vec![1.0, 2.0, 3.0]; 8];
    let blocks = CompleteBlocks::from_rows(&rows).unwrap();
    let top = |blocks: &CompleteBlocks, test| -> Vec<usize> {
        let standings = selection::top_group(blocks, GroupRule { alpha: 0.05, test }).unwrap();
        let inside = standings.iter().filter(|standing| standing.in_top_group);
        inside.map(|standing| standing.cell).collect()
    };
    for test in [PairTest::PooledT, PairTest::PairedT] {
        assert_eq!(top(&blocks, test), [2], "{test:?}");
    }
    // Two blocks cannot say so much.
    let blocks = CompleteBlocks::from_rows(&rows[..2]).unwrap();
    assert_eq!(top(&blocks, PairTest::PooledT), [0, 1, 2]);
    let one = CompleteBlocks::from_rows(&[[1.0]]).unwrap();
    let standing = selection::top_group(&one, GroupRule::default()).unwrap()[0];
    assert!(standing.in_top_group && standing.strongest_rival.is_none());
}

#[test]
fn precision_rule_walks_from_nothing_to_an_end() {
    let rule = PrecisionRule {
        half_width: 0.01,
        level: 0.95,
        min_blocks: 6,
        max_blocks: 12,
    };
    let step = |values: &[f64]| verdict::precision_step(values, &rule).unwrap();
    assert_eq!(
        step(&[]),
        PrecisionStep::Continue {
            expected_blocks: 12
        }
    );
    let calm = [0.001, -0.001, 0.002, 0.0, -0.002, 0.001];
    assert_eq!(
        step(&calm[..3]),
        PrecisionStep::Continue { expected_blocks: 6 }
    );
    assert_eq!(step(&calm), PrecisionStep::Reached);
    let wild: Vec<f64> = (0..12).map(|k| f64::from(k % 3) - 1.0).collect();
    assert_eq!(step(&wild), PrecisionStep::Exhausted);
}

#[test]
fn five_blocks_of_signed_rank_find_nothing_ever() {
    let design = PairedDesign {
        test: power::PairedTest::SignedRank,
        ..PairedDesign::of_estimate(5, 0.95)
    };
    assert_eq!(power::minimum_detectable(&design, 0.8).unwrap(), None);
    assert_eq!(power::power(&design, 100.0).unwrap(), 0.0);
    assert_eq!(
        PairedDesign::of_estimate(5, 0.95).test,
        power::PairedTest::T
    );
}

#[test]
fn steady_and_drifting_trials_are_told_apart() {
    let noise = |k: usize| ((k * 37) % 11) as f64 * 0.4;
    let steady: Vec<f64> = (0..30).map(|k| 1000.0 + noise(k)).collect();
    assert!(
        steady::steady_state(&steady, SteadyRule::default())
            .unwrap()
            .steady
    );
    let warming: Vec<f64> = (0..30).map(|k| 900.0 + 5.0 * k as f64 + noise(k)).collect();
    let seen = steady::steady_state(&warming, SteadyRule::default()).unwrap();
    assert!(
        !seen.steady && (0.13..0.17).contains(&seen.drift),
        "{seen:?}"
    );
    // A significant drift of 0.3 % is nobody's business.
    let slight: Vec<f64> = (0..30).map(|k| 1000.0 + 0.1 * k as f64).collect();
    let seen = steady::steady_state(&slight, SteadyRule::default()).unwrap();
    assert!(seen.steady && seen.trend.p_value < 0.01);
}

#[test]
fn missing_nights_keep_their_places() {
    let mut series: Vec<Option<f64>> = (0..40)
        .map(|k| Some(f64::from(u8::from(k >= 20)) + f64::from(k % 3) * 0.01))
        .collect();
    series[3] = None;
    series[20] = None;
    let found = change_points(&series, ChangePointRule::seeded(1)).unwrap();
    assert_eq!(
        found.iter().map(|point| point.index).collect::<Vec<_>>(),
        [21]
    );
    assert!(
        change_points(&[], ChangePointRule::seeded(1))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn regressions_are_called_by_their_name() {
    let margin = Margin::from_share(Direction::LowerIsBetter, 0.10).unwrap();
    let verdict = |centre: f64| {
        let values = [-0.01, -0.005, 0.0, 0.0, 0.005, 0.01, 0.002].map(|value| value + centre);
        verdict::judge(&paired::estimate(&values, 0.95).unwrap(), &margin)
    };
    assert_eq!(verdict(0.15), MarginVerdict::Regressed);
    assert_eq!(verdict(0.095), MarginVerdict::Inconclusive);
    assert_eq!(verdict(0.02), MarginVerdict::NoWorse);
    assert_eq!(verdict(-0.15), MarginVerdict::Improved);
    assert_eq!(MarginVerdict::NoWorse.label(), "NO WORSE");
}
