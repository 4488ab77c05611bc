//! The simulations of `examples/coverage.rs` at small scale. Bounds are generous and exact: each test would fail by
//! chance in less than one of a million seeds if the promise holds, and the seed is fixed anyway.

#![expect(dead_code, reason = "the example runs more of the scenarios")]

mod decisions;
mod floors;
mod simulation;

use decisions::{Check, FloorOf};
use floors::{Floor, Truth};
use simulation::{Effect, Noise, Promise, Size};
use stats::selection::PairTest;

const SIZE: Size = Size {
    runs: 2_000,
    seed: 42,
};

/// Refuses an observed share that has a chance below 5e-7 on either side if `low..=high` holds the true one.
#[track_caller]
fn assert_share(promise: &Promise, low: f64, high: f64) {
    let successes = (promise.share * promise.runs as f64).round() as usize;
    let at_least = binomial_upper(promise.runs, high, successes);
    let at_most = binomial_upper(promise.runs, 1.0 - low, promise.runs - successes);
    assert!(
        at_least > 5e-7 && at_most > 5e-7,
        "{}: observed {:.4}, should be within {low}..={high}",
        promise.what,
        promise.share
    );
}

/// P(X ≥ k) for X ~ Binomial(n, p), summed term by term.
fn binomial_upper(n: usize, p: f64, k: usize) -> f64 {
    if p >= 1.0 {
        return 1.0;
    }
    let mut ln_term = n as f64 * (1.0 - p).ln();
    let mut sum = 0.0;
    for i in 0..=n {
        if i >= k {
            sum += ln_term.exp();
        }
        ln_term += ((n - i) as f64 / (i + 1) as f64).ln() + (p / (1.0 - p)).ln();
    }
    sum
}

#[test]
fn the_binomial_bound_itself() {
    // P(X ≥ 8) of 10 fair coins: 56/1024.
    assert!((binomial_upper(10, 0.5, 8) - 56.0 / 1024.0).abs() < 1e-12);
}

#[test]
fn intervals_cover() {
    for (n, exact) in [(5, 0.95), (6, 0.96875), (10, 0.951171875)] {
        assert_share(&simulation::coverage(SIZE, n, Noise::Normal), exact, exact);
    }
    // Symmetric contamination costs the rank interval nothing.
    assert_share(
        &simulation::coverage(SIZE, 10, Noise::Contaminated),
        0.951171875,
        0.951171875,
    );
    assert_share(&simulation::precision_rule_coverage(SIZE), 0.92, 0.96);
}

#[test]
fn identical_cells_are_rarely_flagged_after_holm() {
    let promises = simulation::identical_cells(SIZE);
    assert_share(&promises[0], 0.35, 0.65);
    assert_share(&promises[1], 0.0, 0.05);
    let few = Size { runs: 300, ..SIZE };
    assert_share(&simulation::permutation_false_positives(few), 0.02, 0.055);
    assert_share(&simulation::sign_flip_false_positives(few), 0.0, 0.055);
}

#[test]
fn the_interval_floor_silences_false_claims_without_hiding_true_ones() {
    let few = Size { runs: 400, ..SIZE };
    let claims = |truth, floor| floors::claims(few, truth, floor);
    assert_share(&claims(Truth::Identical, Floor::Interval), 0.0, 0.05);
    // Luck that lasts a whole run is what the floor is for.
    let [bare, _, guarded] = Floor::ALL.map(|floor| claims(Truth::Biased, floor).share);
    assert!(
        guarded < 0.8 * bare,
        "{bare} without, {guarded} with the floor"
    );
    let [bare, single, interval] = Floor::ALL.map(|floor| claims(Truth::OneBetter, floor).share);
    assert!(
        interval > 0.8 * bare && single < interval,
        "{bare} without, {single} by single pairs, {interval} by the interval"
    );
}

#[test]
fn power_is_what_is_stated() {
    for n in [6, 10, 15] {
        assert_share(
            &simulation::detection(SIZE, n, Effect::MinimumDetectable),
            0.8,
            0.8,
        );
    }
}

#[test]
fn the_true_best_stays_in() {
    for test in [PairTest::PooledT, PairTest::PairedT] {
        let promises = simulation::selection(Size { runs: 300, ..SIZE }, 12, test, &|_| 0.02);
        assert_share(&promises[1], 0.95, 1.0);
    }
    assert_share(
        &simulation::race_keeps_best(Size { runs: 100, ..SIZE }),
        0.95,
        1.0,
    );
}

/// Decisions take a power integral each, and a claim thousands of draws.
const SHORT: Size = Size { runs: 300, ..SIZE };

#[test]
fn losses_on_a_higher_objective_are_not_recommended() {
    for noise in [0.2, 0.8] {
        assert_share(
            &decisions::recommended(SHORT, decisions::P99, 1.2, noise),
            0.0,
            0.05,
        );
    }
    assert_share(
        &decisions::recommended(SHORT, decisions::QPS, 0.94, 0.1),
        0.0,
        0.05,
    );
    assert_share(
        &decisions::recommended(SHORT, decisions::P99, 1.0, 0.03),
        0.9,
        1.0,
    );
}

#[test]
fn limits_hold_for_the_best_of_many() {
    assert_share(&decisions::limit_kept(SHORT, 5.1), 0.0, 0.10);
    assert_share(&decisions::limit_kept(SHORT, 5.25), 0.0, 0.05);
}

#[test]
fn the_stated_smallest_effect_is_claimed_four_times_in_five() {
    let few = Size { runs: 60, ..SIZE };
    for blocks in [6, 10, 15] {
        assert_share(&decisions::claimed(few, blocks), 0.75, 0.85);
    }
}

#[test]
fn the_best_stays_in_where_trials_are_missing() {
    let few = Size { runs: 300, ..SIZE };
    assert_share(
        &decisions::best_with_gaps(few, PairTest::PairedT),
        0.95,
        1.0,
    );
}

#[test]
fn confirmation_confirms_what_is_there_and_not_what_is_not() {
    for floor in [FloorOf::Search, FloorOf::Fresh] {
        assert_share(&decisions::confirmed(SHORT, 1.0, 6, floor), 0.0, 0.05);
        assert_share(&decisions::confirmed(SHORT, 1.05, 24, floor), 0.9, 1.0);
    }
}

#[test]
fn rearrangement_of_unequal_noise_keeps_its_size_and_finds_more() {
    let few = Size { runs: 80, ..SIZE };
    let flagged = |effect, check| decisions::one_noisy_cell(few, true, effect, check);
    assert_share(&flagged(0.0, Check::Standardised), 0.0, 0.065);
    let [flips, standardised] =
        [Check::SignFlips, Check::Standardised].map(|check| flagged(0.1, check).share);
    assert!(
        standardised > flips,
        "{standardised}, by sign flips {flips}"
    );
}

#[test]
fn crashes_stopping_and_days_keep_their_level() {
    for rate in [0.01, 0.05] {
        assert_share(&decisions::crashes(SHORT, rate), 0.0, 0.05);
    }
    assert_share(&decisions::coverage_after_stopping(SHORT, 20), 0.94, 0.97);
    assert_share(&decisions::different_days(SHORT, 0.05), 0.0, 0.05);
}
