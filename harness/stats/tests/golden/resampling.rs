//! Permutation tests against full enumeration.

use stats::{CompleteBlocks, Resampling, permutation};

use crate::{cases, numbers};

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
        let control = permutation::max_t_against_control(&blocks, &[0], resampling).unwrap();
        assert_eq!(control[0], None);
        for (cell, got) in control.into_iter().enumerate().skip(1) {
            assert_drawn(
                got.unwrap(),
                case["against_control"][cell].as_f64().unwrap(),
            );
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
