//! Tables of blocks x cells: the fit, selection, fronts, effects, permutation.

use proptest::prelude::*;
use stats::additive::{self, Observation};
use stats::effects::{self, Layout};
use stats::pareto::{self, FrontRule, ParetoAxis};
use stats::racing::{self, RaceRule};
use stats::selection::{self, GroupRule, PairTest};
use stats::{CompleteBlocks, Resampling, permutation};

const TESTS: [PairTest; 2] = [PairTest::PooledT, PairTest::PairedT];

fn table() -> impl Strategy<Value = CompleteBlocks> {
    (2_usize..12, 2_usize..9).prop_flat_map(|(blocks, cells)| {
        let value = (-60_i32..=60).prop_map(|k| f64::from(k) / 16.0);
        prop::collection::vec(prop::collection::vec(value, cells), blocks)
            .prop_map(|rows| CompleteBlocks::from_rows(&rows).unwrap())
    })
}

/// The table with a number added to each block, which must not matter.
fn drifted(blocks: &CompleteBlocks) -> CompleteBlocks {
    let rows: Vec<Vec<f64>> = blocks
        .rows()
        .enumerate()
        .map(|(block, row)| row.iter().map(|value| value + block as f64 / 2.0).collect())
        .collect();
    CompleteBlocks::from_rows(&rows).unwrap()
}

fn observations(blocks: &CompleteBlocks) -> Vec<Observation> {
    let of_row = |(block, row): (usize, &[f64])| {
        let of_cell = |(cell, &value): (usize, &f64)| Observation { block, cell, value };
        row.iter().enumerate().map(of_cell).collect::<Vec<_>>()
    };
    blocks.rows().enumerate().flat_map(of_row).collect()
}

proptest! {
    #[test]
    fn somebody_is_always_in_the_top_group(blocks in table()) {
        for test in TESTS {
            let rule = GroupRule { alpha: 0.05, test };
            let standings = selection::top_group(&blocks, rule).unwrap();
            prop_assert!(standings.iter().any(|standing| standing.in_top_group));
            for standing in &standings {
                prop_assert!((0.0..=1.0).contains(&standing.p_value));
                prop_assert!(standing.in_top_group || standing.p_value <= 0.05);
                prop_assert_ne!(standing.strongest_rival, Some(standing.cell));
            }
            let of_trials = selection::top_group_of_trials(&observations(&blocks), rule).unwrap();
            for (table, trials) in standings.iter().zip(&of_trials) {
                prop_assert!((table.p_value - trials.p_value).abs() < 1e-9, "{test:?}: {table:?} {trials:?}");
            }
        }
    }

    #[test]
    fn drift_of_the_machine_changes_no_group(blocks in table()) {
        for test in TESTS {
            let rule = GroupRule { alpha: 0.05, test };
            let (plain, moved) = (
                selection::top_group(&blocks, rule).unwrap(),
                selection::top_group(&drifted(&blocks), rule).unwrap(),
            );
            for (a, b) in plain.iter().zip(&moved) {
                prop_assert!((a.p_value - b.p_value).abs() < 1e-9, "{test:?}: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn strongest_rival_by_shortcut_is_the_strongest_of_all(blocks in table()) {
        // The pooled test looks at the best cell only; here every pair is looked at.
        let fit = additive::fit(&blocks).unwrap();
        let quick = selection::top_group(&blocks, GroupRule::default()).unwrap();
        for standing in quick {
            let smallest = (0..blocks.cells())
                .filter(|&rival| rival != standing.cell)
                .map(|rival| {
                    let contrast = fit.contrast(rival, standing.cell, 0.95).unwrap();
                    let half = contrast.p_value / 2.0;
                    if contrast.estimate.point >= 0.0 { half } else { 1.0 - half }
                })
                .fold(1.0, f64::min);
            let adjusted = (smallest * (blocks.cells() - 1) as f64).min(1.0);
            if fit.residual_deviation > 0.0 {
                prop_assert!((adjusted - standing.p_value).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn unbalanced_path_agrees_with_the_balanced_one(blocks in table()) {
        // A duplicate in one block makes the design unbalanced; with the duplicate equal to the fit's own value
        // estimates must not move.
        let mut observations = observations(&blocks);
        let balanced = additive::fit_observations(&observations).unwrap();
        let fitted = balanced.cell_levels[0] + balanced.block_effects[0];
        observations.push(Observation { block: 0, cell: 0, value: fitted });
        let unbalanced = additive::fit_observations(&observations).unwrap();
        prop_assert!(balanced.is_balanced() && !unbalanced.is_balanced());
        for (a, b) in balanced.cell_levels.iter().zip(&unbalanced.cell_levels) {
            prop_assert!((a - b).abs() < 1e-9);
        }
        selection::top_group_of_fit(&unbalanced, 0.05).unwrap();
        let rule = RaceRule { alpha: 0.05, planned_looks: 5, min_trials: 2, margin: 0.0 };
        let cells: Vec<usize> = (0..blocks.cells()).collect();
        let out = racing::eliminations(&unbalanced, &cells, &rule).unwrap();
        let best = unbalanced.cell_levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        prop_assert!(out.iter().all(|e| unbalanced.cell_levels[e.cell] < best));
    }

    #[test]
    fn permutation_tests_are_probabilities_and_repeat(blocks in table(), seed in 0_u64..1000) {
        let resampling = Resampling { draws: 99, seed };
        let first = permutation::max_t_against_control(&blocks, &[0], resampling).unwrap();
        prop_assert_eq!(&first, &permutation::max_t_against_control(&blocks, &[0], resampling).unwrap());
        prop_assert!(first[0].is_none());
        prop_assert!(first[1..].iter().all(|p| p.is_some_and(|p| (0.01..=1.0).contains(&p))));
    }

    #[test]
    fn the_best_of_each_single_objective_is_on_a_front_of_one(blocks in table()) {
        let objective = ParetoAxis { values: &blocks, margin: 0.0 };
        let rule = FrontRule { alpha: 0.05, resampling: Resampling { draws: 20, seed: 1 } };
        let front = pareto::front(&[objective], rule).unwrap();
        let best = blocks.cell_means().iter().copied().enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
        prop_assert!(front[best].on_front);
        prop_assert!(front.iter().all(|s| s.on_front == s.dominated_by.is_none()));
        prop_assert!(front.iter().all(|s| s.frequency.is_some_and(|f| (0.0..=1.0).contains(&f))));
    }

    #[test]
    fn effects_of_an_additive_matrix_are_found_exactly(
        first in prop::collection::vec(-8_i32..8, 3), second in prop::collection::vec(-8_i32..8, 2), missing in 0_usize..7
    ) {
        // 3 x 2 cells without noise, one left out perhaps; blocks drift.
        let all: Vec<Vec<usize>> = (0..6).map(|cell| vec![cell / 2, cell % 2]).collect();
        let levels: Vec<Vec<usize>> =
            all.into_iter().enumerate().filter(|(cell, _)| *cell != missing).map(|(_, l)| l).collect();
        let rows: Vec<Vec<f64>> = (0..7)
            .map(|block| levels.iter().map(|l| f64::from(first[l[0]] + second[l[1]]) / 4.0 + f64::from(block)).collect())
            .collect();
        let blocks = CompleteBlocks::from_rows(&rows).unwrap();
        let layout = Layout { levels, reference: vec![0, 0] };
        for effect in effects::main_effects(&blocks, &layout, 0.95).unwrap() {
            let of = if effect.axis == 0 { &first } else { &second };
            prop_assert_eq!(effect.estimate.point, f64::from(of[effect.level] - of[0]) / 4.0);
        }
        for interaction in effects::interactions(&blocks, &layout, 0.95).unwrap() {
            prop_assert_eq!(interaction.estimate.point, 0.0);
            prop_assert_eq!(interaction.p_value, 1.0);
        }
    }
}

#[test]
fn an_interaction_is_the_difference_of_differences() {
    let levels = vec![vec![0, 0], vec![0, 1], vec![1, 0], vec![1, 1]];
    let rows: Vec<Vec<f64>> = (0..8)
        .map(|block| {
            let wobble = f64::from(block % 3) * 0.01;
            vec![1.0, 1.1, 1.2, 1.6 + wobble]
        })
        .collect();
    let blocks = CompleteBlocks::from_rows(&rows).unwrap();
    let layout = Layout {
        levels,
        reference: vec![0, 0],
    };
    let found = effects::interactions(&blocks, &layout, 0.95).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].first, found[0].second, found[0].squares),
        ((0, 1), (1, 1), 1)
    );
    assert!(
        (found[0].estimate.point - 0.31).abs() < 0.011,
        "{:?}",
        found[0]
    );
    assert!(found[0].p_holm < 1e-6);
}

#[test]
fn front_keeps_trade_offs_and_drops_the_worse() {
    // Cells: fast and hungry, slow and frugal, in between but worse than the first in both.
    let wobble = |block: usize, cell: usize| ((block * 7 + cell * 3) % 5) as f64 * 0.002;
    let column = |levels: [f64; 3]| {
        let rows: Vec<Vec<f64>> = (0..10)
            .map(|block| {
                levels
                    .iter()
                    .enumerate()
                    .map(|(cell, l)| l + wobble(block, cell))
                    .collect()
            })
            .collect();
        CompleteBlocks::from_rows(&rows).unwrap()
    };
    let (speed, thrift) = (column([1.0, 0.5, 0.7]), column([0.4, 0.9, 0.2]));
    let objectives = [&speed, &thrift].map(|values| ParetoAxis {
        values,
        margin: 0.03,
    });
    let rule = FrontRule {
        alpha: 0.05,
        resampling: Resampling {
            draws: 100,
            seed: 5,
        },
    };
    let front = pareto::front(&objectives, rule).unwrap();
    assert_eq!(
        front.iter().map(|s| s.on_front).collect::<Vec<_>>(),
        [true, true, false]
    );
    assert_eq!(front[2].dominated_by, Some(0));
    assert_eq!(
        front.iter().map(|s| s.frequency).collect::<Vec<_>>(),
        [Some(1.0), Some(1.0), Some(0.0)]
    );
}

#[test]
fn a_noisy_cell_is_named() {
    let rows: Vec<Vec<f64>> = (0..12)
        .map(|block: i32| {
            let calm = |salt: i32| f64::from((block * 7 + salt * 5) % 11) * 0.002;
            vec![
                calm(1),
                calm(2),
                calm(3),
                calm(4),
                f64::from((block * 5) % 7) * 0.2,
            ]
        })
        .collect();
    let fit = additive::fit(&CompleteBlocks::from_rows(&rows).unwrap()).unwrap();
    let noisy = additive::unequal_noise(&fit, 0.05).unwrap();
    assert!(
        noisy.iter().any(|cell| cell.cell == 4 && cell.ratio > 3.0),
        "{noisy:?}"
    );
}
