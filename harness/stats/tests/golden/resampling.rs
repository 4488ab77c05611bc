//! Permutation tests against full enumeration, the bootstrap against scipy's.

use stats::{Alternative, CompleteBlocks, Method, Resampling, TestMethod, bootstrap, permutation};

use crate::{assert_close, cases, numbers};

#[test]
fn sign_flips_of_every_pattern() {
    for case in cases(include_str!("sign_flip.json")) {
        let name = case["name"].as_str().unwrap();
        let values = numbers(&case["values"]);
        for (side, alternative) in [
            ("two-sided", Alternative::TwoSided),
            ("greater", Alternative::Greater),
            ("less", Alternative::Less),
        ] {
            let resampling = Resampling::seeded(1);
            let test = permutation::sign_flip_test(&values, alternative, resampling).unwrap();
            assert_eq!(test.method, TestMethod::Exact);
            assert_close(
                &format!("{name}, {side}"),
                test.p_value,
                &case["p"][side],
                1e-12,
            );
        }
    }
}

#[test]
fn max_t_approaches_its_full_enumeration() {
    for case in cases(include_str!("max_t.json")) {
        let rows: Vec<Vec<f64>> = case["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        let blocks = CompleteBlocks::from_rows(&rows).unwrap();
        let resampling = Resampling {
            draws: 40_000,
            seed: 11,
        };
        let control = permutation::max_t_against_control(&blocks, 0, resampling).unwrap();
        let best = permutation::max_t_against_best(&blocks, resampling).unwrap();
        assert_eq!(control[0], None);
        for (cell, got) in control.into_iter().enumerate().skip(1) {
            assert_drawn(
                got.unwrap(),
                case["against_control"][cell].as_f64().unwrap(),
            );
        }
        for (cell, got) in best.into_iter().enumerate() {
            assert_drawn(got, case["against_best"][cell].as_f64().unwrap());
        }
    }
}

/// Within five standard errors of 40,000 draws.
#[track_caller]
fn assert_drawn(got: f64, want: f64) {
    let allowed = 5.0 * (want * (1.0 - want) / 40_000.0).sqrt() + 1e-4;
    assert!(
        (got - want).abs() <= allowed,
        "drawn {got}, enumerated {want}"
    );
}

#[test]
fn bca_intervals_agree_with_scipy_within_drawing_noise() {
    for case in cases(include_str!("bootstrap.json")) {
        let values = numbers(&case["values"]);
        let name = case["name"].as_str().unwrap();
        let statistic = |chosen: &[usize]| {
            let drawn: Vec<f64> = chosen.iter().map(|&block| values[block]).collect();
            match name {
                "deviation" => stats::summary::deviation(&drawn).unwrap(),
                _ => stats::summary::mean(&drawn).unwrap(),
            }
        };
        let resampling = Resampling {
            draws: 40_000,
            seed: 3,
        };
        let got = bootstrap::over_blocks(values.len(), 0.95, resampling, statistic).unwrap();
        assert_eq!(got.method, Method::BootstrapBca);
        // BCa reads the upper end of "deviation" at the 99.88 % quantile of the draws; over seeds, scipy's own answer
        // moves by 0.06 standard errors there.
        let allowed = 0.15 * case["standard_error"].as_f64().unwrap();
        for (side, got) in [("low", got.low), ("high", got.high)] {
            let want = case[side].as_f64().unwrap();
            assert!(
                (got - want).abs() < allowed,
                "{name}, {side}: got {got}, scipy {want}"
            );
        }
    }
}
