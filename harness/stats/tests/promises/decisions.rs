//! Decisions: losses, limits, power of claims, gaps, confirmation, crashes and days. Shared by `examples/decisions.rs`
//! (many runs, a table) and `tests/promises` (few runs, bounds).

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use stats::additive::{self, Observation};
use stats::confirmation::{self, Outcome as Gain};
use stats::noninferiority::{self, Outcome as Loss, Requirement};
use stats::power::claim::{ClaimDesign, ClaimPower};
use stats::proportion::{Count, fisher_more_often};
use stats::selection::{GroupRule, PairTest, top_group_of_trials};
use stats::verdict::{self, Direction, Margin, PrecisionRule, PrecisionStep};
use stats::{CompleteBlocks, Resampling, correction, days, floor, limits, paired, permutation};

use super::simulation::{NOISE, Promise, Size, normal, share, table};

/// Every scenario, in the order of the table.
pub(crate) fn all(size: Size) -> Vec<Promise> {
    let tenth = Size {
        runs: size.runs.div_ceil(10),
        ..size
    };
    let mut promises = Vec::new();
    for noise in [0.2, 0.5, 0.8, 1.2] {
        promises.push(recommended(size, P99, 2.0, noise));
        promises.push(recommended(size, P99, 1.2, noise));
    }
    for noise in [0.02, 0.1, 0.3] {
        promises.push(recommended(size, QPS, 0.9, noise));
        promises.push(recommended(size, QPS, 0.94, noise));
    }
    promises.push(recommended(size, P99, 1.0, 0.03));
    promises.push(recommended(size, QPS, 1.0, 0.012));
    for truth in [5.0, 5.1, 5.25, 4.0] {
        promises.push(limit_kept(size, truth));
    }
    for blocks in [6, 10, 15] {
        promises.push(claimed(tenth, blocks));
    }
    for test in [PairTest::PooledT, PairTest::PairedT] {
        promises.push(best_with_gaps(tenth, test));
    }
    for blocks in [6, 12, 24] {
        promises.push(confirmed(size, 1.05, blocks, FloorOf::Search));
        promises.push(confirmed(size, 1.05, blocks, FloorOf::Fresh));
        promises.push(confirmed(size, 1.0, blocks, FloorOf::Search));
    }
    for noisy in [false, true] {
        for effect in [0.0, 0.1] {
            for check in [Check::SignFlips, Check::Standardised] {
                promises.push(one_noisy_cell(tenth, noisy, effect, check));
            }
        }
    }
    for rate in [0.01, 0.02, 0.05] {
        promises.push(crashes(size, rate));
    }
    for blocks in [8, 20, 35] {
        promises.push(coverage_after_stopping(size, blocks));
    }
    for spread in [0.02, 0.05] {
        promises.push(different_days(size, spread));
    }
    promises
}

/// An objective that must not suffer.
#[derive(Clone, Copy)]
pub(crate) struct Guarded {
    name: &'static str,
    direction: Direction,
    margin: f64,
}

pub(crate) const P99: Guarded = Guarded {
    name: "P99",
    direction: Direction::LowerIsBetter,
    margin: 0.10,
};

pub(crate) const QPS: Guarded = Guarded {
    name: "QPS",
    direction: Direction::HigherIsBetter,
    margin: 0.03,
};

impl Guarded {
    fn margin(self) -> Margin {
        Margin::from_share(self.direction, self.margin).expect("a share")
    }
}

/// Trials of a cell and of the control, which is measured twice in each block, as differences.
fn against_control(
    random: &mut Xoshiro256PlusPlus,
    blocks: usize,
    effect: f64,
    noise: f64,
) -> Fresh {
    let mut fresh = Fresh {
        cell: Vec::new(),
        control: Vec::new(),
        duplicates: Vec::new(),
    };
    for block in 0..blocks {
        let drift = 0.05 * normal(random);
        let [cell, first, second] =
            [effect, 0.0, 0.0].map(|level| level + drift + noise * normal(random));
        fresh.cell.push((block, cell));
        fresh.control.extend([(block, first), (block, second)]);
        fresh.duplicates.push(second - first);
    }
    fresh
}

struct Fresh {
    cell: Vec<(usize, f64)>,
    control: Vec<(usize, f64)>,
    duplicates: Vec<f64>,
}

impl Fresh {
    fn differences(&self) -> Vec<f64> {
        paired::block_differences(&self.cell, &self.control)
    }
}

/// GC -80 % in truth at little noise, with a true change of one objective that ranks above it: how often six fresh blocks
/// recommend it.
pub(crate) fn recommended(size: Size, guarded: Guarded, ratio: f64, noise: f64) -> Promise {
    let what = format!(
        "GC -80 %, true {} x{ratio}, noise {noise} (log sd), 6 fresh blocks: recommended",
        guarded.name
    );
    let gc = Margin::from_share(Direction::LowerIsBetter, 0.05).expect("a share");
    let share = share(size, &what, |random| {
        let gain = against_control(random, 6, 0.2_f64.ln(), 0.05);
        let rule = confirmation_rule(
            gc,
            floor::of_duplicates(&gain.duplicates, 0.95)
                .expect("six")
                .reach,
        );
        let gain = confirmation::confirm(&gain.differences(), &rule).expect("six");
        let loss = against_control(random, 6, ratio.ln(), noise).differences();
        let requirement = Requirement {
            differences: &loss,
            margin: guarded.margin(),
        };
        let rule = noninferiority::Rule {
            at_most_blocks: 6,
            ..noninferiority::Rule::default()
        };
        let loss = noninferiority::judge(&[requirement], &rule).expect("six")[0];
        gain.outcome == Gain::Confirmed && loss.outcome == Loss::Shown
    });
    let promised = if ratio == 1.0 { "≥ 90 %" } else { "≤ 5 %" };
    promise(what, promised, share, size)
}

fn promise(what: String, promised: &str, share: f64, size: Size) -> Promise {
    Promise {
        what,
        promised: promised.to_owned(),
        share,
        runs: size.runs,
    }
}

fn confirmation_rule(margin: Margin, floor: f64) -> confirmation::Rule {
    confirmation::Rule {
        alpha: 0.05,
        margin,
        floor,
        chance: 0.8,
        // How many more blocks would do is not asked for here, and takes most of the time.
        at_most_blocks: 6,
    }
}

/// Twelve candidates of one true value against a limit of 5, noise 30 % a trial, ten blocks: how often one is kept in
/// the search and, being the best of those, kept again in six fresh blocks.
pub(crate) fn limit_kept(size: Size, truth: f64) -> Promise {
    let what =
        format!("12 cells of true {truth} against a limit of 5, noise 30 %: one kept, and again");
    let share = share(size, &what, |random| {
        let mut trials = |n: usize| -> Vec<f64> {
            (0..n)
                .map(|_| (5.0 / truth).ln() + 0.3 * normal(random))
                .collect()
        };
        let rooms: Vec<Vec<f64>> = (0..12).map(|_| trials(10)).collect();
        let search = limits::judge(&rooms, 0.9).expect("finite");
        let kept = search.iter().any(|cell| cell.state == limits::State::Kept);
        kept && limits::judge(&[trials(6)], 0.9).expect("finite")[0].state == limits::State::Kept
    });
    let promised = match truth {
        _ if truth > 5.2 => "≤ 5 %",
        _ if truth >= 5.0 => "≤ 10 %",
        _ => "(nothing)",
    };
    promise(what, promised, share, size)
}

/// Twelve cells and the control twice per block, 2 % noise a trial, margin 3 %. One cell gets the very effect that the
/// run states as the smallest that is claimed in four of five: how often it is claimed.
pub(crate) fn claimed(size: Size, blocks: usize) -> Promise {
    let cells = 13;
    let margin = QPS.margin().best();
    let mut stated = 0.0;
    let mut seed = size.seed;
    let share = share(size, &format!("claimed, n = {blocks}"), |random| {
        seed += 1;
        // The last column is the control's duplicate.
        let rows = table(random, blocks, &vec![0.0; cells + 1], &|_| NOISE);
        let floor = floor::of_duplicates(&rows.differences(cells, 0), 0.95)
            .expect("six")
            .reach;
        let required = margin.max(floor);
        let fit = additive::fit_observations(&trials(&rows, 0.0)).expect("complete");
        let design = ClaimDesign {
            blocks,
            level: 0.95,
            alpha: 0.05,
            comparisons: cells - 1,
            residual_df: fit.residual_df,
            deviation: fit.residual_deviation * 1.5_f64.sqrt(),
            required,
        };
        let power = ClaimPower::new(&design, seed).expect("valid design");
        let effect = power.smallest(0.8).expect("a chance");
        stated += effect;
        is_claimed(&rows, effect, required, seed)
    });
    let mean = 100.0 * (stated / size.runs as f64).exp_m1();
    let what = format!(
        "12 cells, 2 % noise a trial, n = {blocks}: the stated smallest effect ({mean:.1} % on average) claimed"
    );
    promise(what, "75 to 85 %", share, size)
}

/// The table's trials with the last column as second trials of cell 0, and cell 1 better by `effect`.
fn trials(rows: &CompleteBlocks, effect: f64) -> Vec<Observation> {
    let duplicate = rows.cells() - 1;
    let of_row = |(block, row): (usize, &[f64])| -> Vec<Observation> {
        let of_cell = |(cell, value): (usize, &f64)| Observation {
            block,
            cell: cell % duplicate,
            value: value + if cell == 1 { effect } else { 0.0 },
        };
        row.iter().enumerate().map(of_cell).collect()
    };
    rows.rows().enumerate().flat_map(of_row).collect()
}

/// Interval, corrected pooled t test, rearrangement, margin and floor, as a ranking claims.
fn is_claimed(rows: &CompleteBlocks, effect: f64, required: f64, seed: u64) -> bool {
    let observations = trials(rows, effect);
    let of = |wanted: usize| -> Vec<(usize, f64)> {
        let own = observations.iter().filter(|trial| trial.cell == wanted);
        own.map(|trial| (trial.block, trial.value)).collect()
    };
    let estimate = paired::estimate(&paired::block_differences(&of(1), &of(0)), 0.95).expect("six");
    let fit = additive::fit_observations(&observations).expect("complete");
    let p_values: Vec<f64> = (1..fit.cells())
        .map(|cell| fit.contrast(cell, 0, 0.95).expect("in the fit").p_value)
        .collect();
    let p_holm = correction::holm(&p_values).expect("probabilities")[0];
    let shifted: Vec<Vec<f64>> = rows
        .rows()
        .map(|row| {
            let mut row = row[..fit.cells()].to_vec();
            row[1] += effect;
            row
        })
        .collect();
    let shifted = CompleteBlocks::from_rows(&shifted).expect("finite");
    let draws = Resampling { draws: 499, seed };
    let check = permutation::max_t_against_control(&shifted, &[0], draws).expect("complete")[1];
    !estimate.contains(0.0)
        && estimate.point >= required
        && p_holm <= 0.05
        && check.is_some_and(|p| p <= 0.05)
}

/// Twelve cells half a percent apart, the best five times as noisy, one trial in twenty missing.
pub(crate) fn best_with_gaps(size: Size, test: PairTest) -> Promise {
    let name = match test {
        PairTest::PooledT => "pooled t",
        PairTest::PairedT => "paired t over shared blocks",
    };
    let what = format!(
        "12 cells 0.5 % apart, best 5x noisier, 5 % of trials missing, {name}: the group holds it"
    );
    let levels: Vec<f64> = (0..12).map(|cell| -0.005 * f64::from(cell)).collect();
    let share = share(size, "gaps", |random| {
        let rows = table(random, 10, &levels, &|cell| {
            if cell == 0 { 5.0 * NOISE } else { NOISE }
        });
        let mut observations = Vec::new();
        for (block, row) in rows.rows().enumerate() {
            for (cell, &value) in row.iter().enumerate() {
                if random.random_range(0..20) > 0 {
                    observations.push(Observation { block, cell, value });
                }
            }
        }
        let rule = GroupRule { alpha: 0.05, test };
        top_group_of_trials(&observations, rule).expect("connected")[0].in_top_group
    });
    let promised = match test {
        PairTest::PooledT => "(nothing)",
        PairTest::PairedT => "≥ 95 %",
    };
    promise(what, promised, share, size)
}

/// Whose duplicates the floor of a confirmation is made of.
#[derive(Clone, Copy)]
pub(crate) enum FloorOf {
    Search,
    Fresh,
}

/// A change with a true ratio of QPS, 2 % noise a trial, margin 3 %: how often its fresh blocks confirm it.
pub(crate) fn confirmed(size: Size, ratio: f64, blocks: usize, floor_of: FloorOf) -> Promise {
    let name = match floor_of {
        FloorOf::Search => "the floor of 10 search blocks, scaled",
        FloorOf::Fresh => "a duplicate in the fresh blocks",
    };
    let what =
        format!("true QPS x{ratio}, 2 % noise a trial, {blocks} fresh blocks, {name}: confirmed");
    let share = share(size, &what, |random| {
        let fresh = against_control(random, blocks, ratio.ln(), NOISE);
        let floor = match floor_of {
            FloorOf::Search => {
                let search = against_control(random, 10, 0.0, NOISE).duplicates;
                let floor = floor::of_duplicates(&search, 0.95).expect("ten");
                floor.reach_over(blocks).expect("some")
            }
            FloorOf::Fresh => {
                floor::of_duplicates(&fresh.duplicates, 0.95)
                    .expect("six")
                    .reach
            }
        };
        let rule = confirmation_rule(QPS.margin(), floor);
        let outcome = confirmation::confirm(&fresh.differences(), &rule)
            .expect("six")
            .outcome;
        outcome == Gain::Confirmed
    });
    let promised = if ratio == 1.0 { "≤ 5 %" } else { "(nothing)" };
    promise(what, promised, share, size)
}

/// Which rearrangement judges.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    SignFlips,
    Standardised,
}

/// Six blocks of twelve cells, one of which may be five times as noisy: how often the first cell (with an effect) or any
/// (without) is flagged.
pub(crate) fn one_noisy_cell(size: Size, noisy: bool, effect: f64, check: Check) -> Promise {
    let what = format!(
        "12 cells, n = 6, {}, {}: by {}",
        if noisy {
            "one 5x noisier"
        } else {
            "equal noise"
        },
        if effect == 0.0 {
            "identical, something flagged"
        } else {
            "one 10 % better, flagged"
        },
        match check {
            Check::SignFlips => "joint sign flips",
            Check::Standardised => "standardised rearrangement",
        }
    );
    let mut seed = size.seed;
    let share = share(size, "one noisy cell", |random| {
        seed += 1;
        let mut levels = vec![0.0; 13];
        levels[1] = effect;
        let noise = |cell: usize| {
            if noisy && cell == 12 {
                5.0 * NOISE
            } else {
                NOISE
            }
        };
        let blocks = table(random, 6, &levels, &noise);
        let draws = Resampling { draws: 499, seed };
        let p = match check {
            Check::SignFlips => permutation::sign_flip_max_t(&blocks, 0, draws),
            Check::Standardised => permutation::max_t_unequal_noise(&blocks, &[0], draws),
        }
        .expect("complete");
        if effect == 0.0 {
            p.into_iter().flatten().any(|p| p <= 0.05)
        } else {
            p[1].is_some_and(|p| p <= 0.05)
        }
    });
    let promised = if effect == 0.0 {
        "about 5 %"
    } else {
        "(nothing)"
    };
    promise(what, promised, share, size)
}

/// Ten trials a side that crash equally often: how often the difference in crashes fails a gate.
pub(crate) fn crashes(size: Size, rate: f64) -> Promise {
    let what = format!(
        "{:.0} % of trials crash on both sides, 10 a side: a gate fails for crashes",
        100.0 * rate
    );
    let share = share(size, &what, |random| {
        let mut count = || Count {
            hits: (0..10).filter(|_| random.random::<f64>() < rate).count(),
            runs: 10,
        };
        fisher_more_often(count(), count()).expect("hits within runs") <= 0.05
    });
    promise(what, "≤ 5 %", share, size)
}

/// Coverage of the reported interval where blocks were added until it was narrow enough.
pub(crate) fn coverage_after_stopping(size: Size, blocks: usize) -> Promise {
    let level = verdict::level_after_stopping(0.95).expect("a level");
    let sample: Vec<f64> = (0..blocks).map(|block| (block % 2) as f64).collect();
    let sample = paired::t_estimate(&sample, level).expect("two or more");
    // Half-width of that many blocks at 2 % noise a trial.
    let unit = stats::summary::deviation(&(0..blocks).map(|b| (b % 2) as f64).collect::<Vec<_>>());
    let half_width = sample.half_width() / unit.expect("two or more") * NOISE * 2.0_f64.sqrt();
    let rule = PrecisionRule {
        half_width,
        level,
        min_blocks: 6,
        max_blocks: 3 * blocks,
    };
    let what = format!("95 % interval after stopping on precision, about {blocks} blocks needed");
    let share = share(size, &what, |random| {
        let mut values: Vec<f64> = Vec::new();
        while let PrecisionStep::Continue { .. } =
            verdict::precision_step(&values, &rule).expect("finite")
        {
            values.push(NOISE * (normal(random) - normal(random)));
        }
        paired::estimate(&values, level).expect("six").contains(0.0)
    });
    promise(what, "95 %", share, size)
}

/// Two runs of ten blocks on different days, identical in truth, with ten earlier days known.
pub(crate) fn different_days(size: Size, spread: f64) -> Promise {
    let what = format!(
        "two identical runs, days differ by {:.0} %, ten earlier days known: a difference claimed",
        100.0 * spread
    );
    let share = share(size, &what, |random| {
        let mut run = || -> Vec<f64> {
            let day = spread * normal(random);
            (0..10).map(|_| day + NOISE * normal(random)).collect()
        };
        let history: Vec<f64> = (0..10)
            .map(|_| stats::summary::mean(&run()).expect("ten"))
            .collect();
        let days = days::DayNoise::of_history(&history).expect("ten");
        !days::between_runs(&run(), &run(), &days, 0.95)
            .expect("ten")
            .contains(0.0)
    });
    promise(what, "≤ 5 %", share, size)
}
