//! Promises of whole decisions, at small scale: each scenario of `examples/decisions.rs` that has a bound, with few runs and
//! a binomial bound that a sound judgement breaks once in a thousand test runs at most.

#![expect(clippy::expect_used, reason = "a panic is how a test fails")]

mod laboratory;
#[expect(
    dead_code,
    reason = "the table's columns and its whole list are the example's"
)]
mod scenarios;

use scenarios::{Promise, Size};
use stats::proportion::{at_least, at_most};

const FEW: Size = Size { runs: 60, seed: 7 };

/// Fails where so many hits are not to be had by chance from a share that keeps the bound.
#[track_caller]
fn at_most_share(promise: &Promise, bound: f64) {
    let p = at_least(promise.hits, promise.runs, bound).expect("a share");
    assert!(
        p > 0.001,
        "{}: {} of {} runs, promised at most {bound}",
        promise.what,
        promise.hits,
        promise.runs
    );
}

#[track_caller]
fn at_least_share(promise: &Promise, bound: f64) {
    let p = at_most(promise.hits, promise.runs, bound).expect("a share");
    assert!(
        p > 0.001,
        "{}: {} of {} runs, promised at least {bound}",
        promise.what,
        promise.hits,
        promise.runs
    );
}

#[test]
fn noise_buys_no_recommendation() {
    for noise in [0.2, 0.8] {
        at_most_share(&scenarios::slow_gain(FEW, 1.2, noise), 0.05);
    }
    at_most_share(&scenarios::lost_throughput(FEW, 0.94, 0.1), 0.05);
}

#[test]
fn a_gain_without_a_loss_is_recommended() {
    at_least_share(&scenarios::clean_gain(FEW), 0.9);
}

#[test]
fn limits_that_all_break_are_kept_by_none() {
    at_most_share(&scenarios::limits_broken(FEW, 5.25, 6), 0.05);
    at_most_share(&scenarios::limits_broken(FEW, 5.1, 0), 0.1);
}

#[test]
fn the_stated_gain_is_claimed_four_times_in_five() {
    let promise = scenarios::power(FEW, 6, 3);
    at_least_share(&promise, 0.75);
    at_most_share(&promise, 0.85);
}

#[test]
fn a_noisy_best_stays_in_the_top_group() {
    at_least_share(&scenarios::noisy_best(FEW, 0.05), 0.95);
}

#[test]
fn identical_cells_gain_nothing() {
    at_most_share(&scenarios::identical(FEW, 12), 0.05);
}

#[test]
fn no_recommendation_is_a_regression() {
    let promise = scenarios::contradicted(FEW);
    assert_eq!(promise.hits, 0, "{}", promise.what);
}

#[test]
fn crashes_of_both_sides_fail_no_gate() {
    at_most_share(&scenarios::gate_of_crashes(FEW, 0.05), 0.05);
}

#[test]
fn a_confirmed_gain_is_mostly_confirmed_and_a_loss_is_never_missed() {
    // A true +5 % at noise 2 % passes twelve fresh blocks more often than not.
    at_least_share(&scenarios::confirmed(FEW, 12), 0.7);
    at_least_share(&scenarios::several_pairs(FEW), 0.975);
}
