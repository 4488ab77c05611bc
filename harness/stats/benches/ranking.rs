//! What ranking 1,000 cells x 10 blocks costs, part by part and as a whole (the bar for the whole: 2 s).

#![expect(clippy::unwrap_used, reason = "the data are made here")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use stats::effects::{self, Layout};
use stats::pareto::{self, FrontRule, ParetoAxis};
use stats::power::{self, PairedDesign};
use stats::racing::{self, RaceRule};
use stats::selection::{self, GroupRule, PairTest};
use stats::{CompleteBlocks, Resampling, additive, paired, permutation};

const CELLS: usize = 1_000;
const BLOCKS: usize = 10;

/// A 10 x 10 x 5 x 2 matrix with main effects, drift and 2 % noise.
fn layout() -> Layout {
    let levels = (0..CELLS)
        .map(|cell| vec![cell % 10, cell / 10 % 10, cell / 100 % 5, cell / 500])
        .collect();
    Layout {
        levels,
        reference: vec![0; 4],
    }
}

fn objective(seed: u64) -> CompleteBlocks {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut normal = |scale: f64| scale * random.sample::<f64, _>(StandardNormal);
    let slopes: Vec<f64> = (0..4).map(|_| normal(0.02)).collect();
    let rows: Vec<Vec<f64>> = (0..BLOCKS)
        .map(|_| {
            let drift = normal(0.05);
            let level = |levels: &Vec<usize>| {
                levels
                    .iter()
                    .zip(&slopes)
                    .map(|(level, slope)| slope * *level as f64)
                    .sum::<f64>()
            };
            layout()
                .levels
                .iter()
                .map(|levels| level(levels) + drift + normal(0.02))
                .collect()
        })
        .collect();
    CompleteBlocks::from_rows(&rows).unwrap()
}

fn estimates(blocks: &CompleteBlocks) {
    for cell in 1..CELLS {
        let differences = blocks.differences(cell, 0);
        black_box(paired::estimate(&differences, 0.95).unwrap());
        black_box(paired::signed_rank_test(&differences, stats::Alternative::TwoSided).unwrap());
    }
}

fn fit_and_contrasts(blocks: &CompleteBlocks) {
    let fit = additive::fit(blocks).unwrap();
    black_box(fit.contrasts_to_control(0, 0.95).unwrap());
    black_box(additive::unequal_noise(&fit, 0.05).unwrap());
}

fn top_group(blocks: &CompleteBlocks, test: PairTest) {
    black_box(selection::top_group(blocks, GroupRule { alpha: 0.05, test }).unwrap());
}

fn cross_checks(blocks: &CompleteBlocks) {
    let resampling = Resampling {
        draws: 999,
        seed: 1,
    };
    black_box(permutation::max_t_against_control(blocks, &[0], resampling).unwrap());
}

fn front(objectives: &[CompleteBlocks]) {
    let objectives: Vec<ParetoAxis<'_>> = objectives
        .iter()
        .map(|values| ParetoAxis {
            values,
            margin: 0.03,
        })
        .collect();
    let rule = FrontRule {
        alpha: 0.05,
        resampling: Resampling {
            draws: 200,
            seed: 1,
        },
    };
    black_box(pareto::front(&objectives, rule).unwrap());
}

fn axis_effects(blocks: &CompleteBlocks) {
    let layout = layout();
    black_box(effects::main_effects(blocks, &layout, 0.95).unwrap());
    black_box(effects::interactions(blocks, &layout, 0.95).unwrap());
}

fn race(blocks: &CompleteBlocks) {
    let fit = additive::fit(blocks).unwrap();
    let rule = RaceRule {
        alpha: 0.05,
        planned_looks: 8,
        min_trials: 3,
        margin: 0.0,
    };
    let cells: Vec<usize> = (0..CELLS).collect();
    black_box(racing::eliminations(&fit, &cells, &rule).unwrap());
}

fn detectable() {
    let design = PairedDesign::of_estimate(BLOCKS, 0.95);
    black_box(power::minimum_detectable(&design, 0.8).unwrap());
}

fn ranking(criterion: &mut Criterion) {
    let objectives: Vec<CompleteBlocks> = (1..=4).map(objective).collect();
    let first = &objectives[0];
    let mut group = criterion.benchmark_group("1000x10");
    group.sample_size(10);
    group.bench_function("estimates to control", |b| b.iter(|| estimates(first)));
    group.bench_function("additive fit and contrasts", |b| {
        b.iter(|| fit_and_contrasts(first))
    });
    group.bench_function("top group, pooled t", |b| {
        b.iter(|| top_group(first, PairTest::PooledT))
    });
    group.bench_function("top group, paired t", |b| {
        b.iter(|| top_group(first, PairTest::PairedT))
    });
    group.bench_function("max-T, 999 draws", |b| b.iter(|| cross_checks(first)));
    group.bench_function("Pareto front of 4, 200 draws", |b| {
        b.iter(|| front(&objectives))
    });
    group.bench_function("main effects and interactions", |b| {
        b.iter(|| axis_effects(first))
    });
    group.bench_function("one look of a race", |b| b.iter(|| race(first)));
    group.bench_function("minimum detectable effect", |b| b.iter(detectable));
    group.bench_function("whole: 4 objectives and their front", |b| {
        b.iter(|| {
            for blocks in &objectives {
                estimates(blocks);
                fit_and_contrasts(blocks);
                top_group(blocks, PairTest::PooledT);
                cross_checks(blocks);
                axis_effects(blocks);
                detectable();
            }
            front(&objectives);
        });
    });
    group.finish();
}

criterion_group!(benches, ranking);
criterion_main!(benches);
