//! The scenarios: each draws data whose truth is known, asks `stats`, and counts how often the answer was right.
//! Shared by `examples/coverage.rs` (many runs, a table) and `tests/promises` (few runs, bounds).

use super::floors::{self, Floor, Truth};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use stats::power::{self, PairedDesign, PairedTest};
use stats::selection::{GroupRule, PairTest, top_group};
use stats::verdict::{PrecisionRule, PrecisionStep, precision_step};
use stats::{CompleteBlocks, Resampling, additive, paired, permutation, racing};

/// How much to simulate.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) runs: usize,
    pub(crate) seed: u64,
}

/// What was promised, and the share of runs that was observed.
pub(crate) struct Promise {
    pub(crate) what: String,
    pub(crate) promised: String,
    pub(crate) share: f64,
    pub(crate) runs: usize,
}

/// Noise of one trial on the log scale: 2 %, the guide's figure.
pub(crate) const NOISE: f64 = 0.02;

/// Every scenario, in the order of the table.
pub(crate) fn all(size: Size) -> Vec<Promise> {
    let mut promises = Vec::new();
    for n in [2, 5, 6, 8, 10, 15] {
        promises.push(coverage(size, n, Noise::Normal));
    }
    for noise in [Noise::Contaminated, Noise::Skewed] {
        for n in [5, 10] {
            promises.push(coverage(size, n, noise));
        }
    }
    promises.push(t_coverage_contaminated(size));
    promises.push(precision_rule_coverage(size));
    let tenth = Size {
        runs: size.runs.div_ceil(10),
        ..size
    };
    promises.extend(identical_cells(size));
    promises.push(permutation_false_positives(tenth));
    promises.push(sign_flip_false_positives(tenth));
    for truth in [Truth::Identical, Truth::Biased, Truth::OneBetter] {
        promises.extend(Floor::ALL.map(|floor| floors::claims(tenth, truth, floor)));
    }
    for n in [5, 6, 8, 10, 15] {
        promises.push(detection(size, n, Effect::Shift(0.03)));
    }
    for n in [6, 10, 15] {
        promises.push(detection(size, n, Effect::MinimumDetectable));
    }
    for (cells, test) in [
        (12, PairTest::PooledT),
        (12, PairTest::PairedT),
        (100, PairTest::PooledT),
    ] {
        promises.extend(selection(tenth, cells, test, &|_| NOISE));
    }
    // One cell, the true best, five times as noisy as the rest.
    let best_is_wild = |cell| if cell == 0 { 5.0 * NOISE } else { NOISE };
    for test in [PairTest::PooledT, PairTest::PairedT] {
        promises.extend(
            selection(tenth, 12, test, &best_is_wild)
                .into_iter()
                .map(|promise| Promise {
                    what: format!("{}, best 5x noisier", promise.what),
                    ..promise
                }),
        );
    }
    promises.push(race_keeps_best(tenth));
    promises
}

/// The shape of a trial's noise.
#[derive(Clone, Copy)]
pub(crate) enum Noise {
    Normal,
    /// One trial in ten has ten times the noise.
    Contaminated,
    /// Only ever too slow: exponential, centred on its median.
    Skewed,
}

impl Noise {
    fn label(self) -> &'static str {
        match self {
            Noise::Normal => "normal noise",
            Noise::Contaminated => "10 % of trials 10x noisier",
            Noise::Skewed => "skewed noise (exponential)",
        }
    }

    fn draw(self, random: &mut Xoshiro256PlusPlus) -> f64 {
        match self {
            Noise::Normal => NOISE * normal(random),
            Noise::Contaminated if random.random_range(0..10) == 0 => 10.0 * NOISE * normal(random),
            Noise::Contaminated => NOISE * normal(random),
            Noise::Skewed => {
                NOISE * (-(1.0 - random.random::<f64>()).ln() - std::f64::consts::LN_2)
            }
        }
    }
}

pub(crate) fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    random.sample(StandardNormal)
}

/// Paired differences of `n` blocks, each of two noisy trials.
fn differences(random: &mut Xoshiro256PlusPlus, n: usize, noise: Noise, effect: f64) -> Vec<f64> {
    (0..n)
        .map(|_| effect + noise.draw(random) - noise.draw(random))
        .collect()
}

/// Runs a scenario and counts where it came true. Every scenario has its own stream, so that adding one changes no
/// other.
pub(crate) fn share(
    size: Size,
    stream: &str,
    mut scenario: impl FnMut(&mut Xoshiro256PlusPlus) -> bool,
) -> f64 {
    let salt = stream.bytes().fold(size.seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut random = Xoshiro256PlusPlus::seed_from_u64(salt);
    (0..size.runs).filter(|_| scenario(&mut random)).count() as f64 / size.runs as f64
}

/// How often the interval of `paired::estimate` holds the truth.
pub(crate) fn coverage(size: Size, n: usize, noise: Noise) -> Promise {
    let sample = paired::estimate(&vec![0.0; n], 0.95).expect("two blocks or more");
    let what = format!(
        "95 % interval, n = {n}, {}: {}",
        noise.label(),
        sample.method.label()
    );
    let share = share(size, &what, |random| {
        let values = differences(random, n, noise, 0.01);
        paired::estimate(&values, 0.95)
            .expect("finite")
            .contains(0.01)
    });
    let promised = match noise {
        Noise::Normal if sample.attained_level > 0.95 => {
            format!("{:.1} % (exact)", 100.0 * sample.attained_level)
        }
        _ => String::from("95 %"),
    };
    Promise {
        what,
        promised,
        share,
        runs: size.runs,
    }
}

fn t_coverage_contaminated(size: Size) -> Promise {
    let what = String::from("95 % interval, n = 10, 10 % of trials 10x noisier: t, for comparison");
    let share = share(size, &what, |random| {
        let values = differences(random, 10, Noise::Contaminated, 0.0);
        paired::t_estimate(&values, 0.95)
            .expect("finite")
            .contains(0.0)
    });
    Promise {
        what,
        promised: String::from("95 %"),
        share,
        runs: size.runs,
    }
}

/// The interval after stopping on precision.
pub(crate) fn precision_rule_coverage(size: Size) -> Promise {
    let what = String::from("95 % interval after stopping at half-width 2 %, 6 to 30 blocks");
    let rule = PrecisionRule {
        half_width: 0.02,
        level: 0.95,
        min_blocks: 6,
        max_blocks: 30,
    };
    let share = share(size, &what, |random| {
        let mut values = Vec::new();
        while let PrecisionStep::Continue { .. } = precision_step(&values, &rule).expect("finite") {
            values.extend(differences(random, 1, Noise::Normal, 0.0));
        }
        paired::estimate(&values, 0.95)
            .expect("finite")
            .contains(0.0)
    });
    Promise {
        what,
        promised: String::from("about 95 %"),
        share,
        runs: size.runs,
    }
}

/// A table of cells with their own levels and noise, and a drifting block effect.
pub(crate) fn table(
    random: &mut Xoshiro256PlusPlus,
    blocks: usize,
    levels: &[f64],
    noise: &dyn Fn(usize) -> f64,
) -> CompleteBlocks {
    let rows: Vec<Vec<f64>> = (0..blocks)
        .map(|_| {
            let drift = 0.05 * normal(random);
            levels
                .iter()
                .enumerate()
                .map(|(cell, level)| level + drift + noise(cell) * normal(random))
                .collect()
        })
        .collect();
    CompleteBlocks::from_rows(&rows).expect("finite and rectangular")
}

/// 24 identical cells against their control: how often anything is flagged.
pub(crate) fn identical_cells(size: Size) -> Vec<Promise> {
    let corrected = |what: &str,
                     promised: &str,
                     flag: &dyn Fn(&additive::ControlContrast) -> bool| {
        let what = format!("24 identical cells, n = 10, something flagged: {what}");
        // One stream for both, so that the rows differ by the correction only.
        let share = share(size, "identical cells", |random| {
            let fit = additive::fit(&table(random, 10, &[0.0; 24], &|_| NOISE)).expect("complete");
            fit.contrasts_to_control(0, 0.95)
                .expect("cell 0 exists")
                .iter()
                .any(flag)
        });
        Promise {
            what,
            promised: promised.to_owned(),
            share,
            runs: size.runs,
        }
    };
    vec![
        corrected("no correction", "(nothing)", &|c| {
            c.contrast.p_value <= 0.05
        }),
        corrected("Holm", "≤ 5 %", &|c| c.p_holm <= 0.05),
    ]
}

/// The same by within-block permutation.
pub(crate) fn permutation_false_positives(size: Size) -> Promise {
    let what = String::from("24 identical cells, n = 10, something flagged: max-T permutation");
    let mut seed = size.seed;
    let share = share(size, &what, |random| {
        let blocks = table(random, 10, &[0.0; 24], &|_| NOISE);
        seed += 1;
        let p = permutation::max_t_against_control(&blocks, &[0], Resampling { draws: 199, seed });
        p.expect("complete")
            .into_iter()
            .flatten()
            .any(|p| p <= 0.05)
    });
    Promise {
        what,
        promised: String::from("≤ 5 %"),
        share,
        runs: size.runs,
    }
}

/// The same by joint sign flips, where every second cell is five times as noisy: the cross-check of paired t tests.
pub(crate) fn sign_flip_false_positives(size: Size) -> Promise {
    let what = String::from("the same, every second cell 5x noisier: max-T by joint sign flips");
    let share = share(size, &what, |random| {
        let noise = |cell: usize| {
            if cell.is_multiple_of(2) {
                NOISE
            } else {
                5.0 * NOISE
            }
        };
        let blocks = table(random, 10, &[0.0; 24], &noise);
        let p = permutation::sign_flip_max_t(&blocks, 0, Resampling::seeded(1));
        p.expect("complete")
            .into_iter()
            .flatten()
            .any(|p| p <= 0.05)
    });
    Promise {
        what,
        promised: String::from("≤ 5 %"),
        share,
        runs: size.runs,
    }
}

/// The effect to detect.
pub(crate) enum Effect {
    Shift(f64),
    /// The one that the design says it finds with power 0.8.
    MinimumDetectable,
}

/// How often the interval of `paired::estimate` excludes zero, against the power that `stats::power` states.
pub(crate) fn detection(size: Size, n: usize, effect: Effect) -> Promise {
    let deviation = NOISE * 2.0_f64.sqrt();
    let design = PairedDesign::of_estimate(n, 0.95);
    let (shift, name) = match effect {
        Effect::Shift(shift) => (shift, format!("{:.0} % shift", 100.0 * shift)),
        Effect::MinimumDetectable => {
            let effect = power::minimum_detectable(&design, 0.8).expect("valid design");
            let shift = deviation * effect.expect("6 blocks or more can find something");
            (shift, format!("the stated MDE of {:.2} %", 100.0 * shift))
        }
    };
    let test = match design.test {
        PairedTest::T => "t",
        PairedTest::SignedRank => "signed-rank",
    };
    let what = format!("{name} found, 2 % noise a trial, n = {n}: {test}");
    let stated = power::power(&design, shift / deviation).expect("valid design");
    let share = share(size, &what, |random| {
        let values = differences(random, n, Noise::Normal, shift);
        !paired::estimate(&values, 0.95)
            .expect("finite")
            .contains(0.0)
    });
    Promise {
        what,
        promised: format!("{:.1} % (power)", 100.0 * stated),
        share,
        runs: size.runs,
    }
}

/// Cells spaced by half a percent below the best: how often the winner by points is the true best, and how often the
/// top group holds it.
pub(crate) fn selection(
    size: Size,
    cells: usize,
    test: PairTest,
    noise: &dyn Fn(usize) -> f64,
) -> Vec<Promise> {
    let levels: Vec<f64> = (0..cells).map(|cell| -0.005 * cell as f64).collect();
    let name = match test {
        PairTest::PooledT => "pooled t",
        PairTest::PairedT => "paired t",
    };
    let scenario = format!("{cells} cells 0.5 % apart, n = 10, {name}");
    let (mut winners, mut members) = (0, 0);
    let held = share(size, &scenario, |random| {
        let blocks = table(random, 10, &levels, noise);
        let standings = top_group(&blocks, GroupRule { alpha: 0.05, test }).expect("complete");
        let winner = standings.iter().max_by(|a, b| a.level.total_cmp(&b.level));
        winners += usize::from(winner.is_some_and(|standing| standing.cell == 0));
        members += standings
            .iter()
            .filter(|standing| standing.in_top_group)
            .count();
        standings[0].in_top_group
    });
    let mean_size = members as f64 / size.runs as f64;
    vec![
        Promise {
            what: format!("{scenario}: best by points is the true best"),
            promised: String::from("(nothing)"),
            share: winners as f64 / size.runs as f64,
            runs: size.runs,
        },
        Promise {
            what: format!("{scenario}: top group (mean size {mean_size:.1}) holds it"),
            promised: String::from("≥ 95 %"),
            share: held,
            runs: size.runs,
        },
    ]
}

/// A race of 30 cells looked at after every block from 3 to 12: how often the true best is still in it.
pub(crate) fn race_keeps_best(size: Size) -> Promise {
    let levels: Vec<f64> = (0..30).map(|cell| -0.005 * f64::from(cell)).collect();
    let rule = racing::RaceRule {
        alpha: 0.05,
        planned_looks: 10,
        min_trials: 3,
        margin: 0.0,
    };
    let mut trials = 0;
    let share = share(size, "race", |random| {
        let mut racing: Vec<usize> = (0..levels.len()).collect();
        let mut observations = Vec::new();
        for block in 0..12 {
            let drift = 0.05 * normal(random);
            observations.extend(racing.iter().map(|&cell| additive::Observation {
                block,
                cell,
                value: levels[cell] + drift + NOISE * normal(random),
            }));
            if block < 2 {
                continue;
            }
            let fit = additive::fit_observations(&observations)
                .expect("all cells share the first blocks");
            let out = racing::eliminations(&fit, &racing, &rule).expect("valid rule");
            racing.retain(|cell| !out.iter().any(|elimination| elimination.cell == *cell));
            if racing.len() < 2 {
                break;
            }
        }
        trials += observations.len();
        racing.contains(&0)
    });
    let spent = 100.0 * trials as f64 / (size.runs * 12 * levels.len()) as f64;
    Promise {
        what: format!(
            "race of 30 cells 0.5 % apart, 12 blocks ({spent:.0} % of trials spent), best still in"
        ),
        promised: String::from("≥ 95 %"),
        share,
        runs: size.runs,
    }
}
