//! Paired and two-sample comparisons, corrections, power.

use proptest::prelude::*;
use stats::power::{self, PairedDesign, PairedTest};
use stats::verdict::{self, Direction, Margin, MarginVerdict, NoiseFloor};
use stats::{Alternative, Estimate, Method, correction, paired, two_sample};

/// Values on a coarse grid, so that ties and zeros are common and shifts are exact.
fn coarse(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-40_i32..=40).prop_map(|k| f64::from(k) / 8.0), sizes)
}

fn p_value(values: &[f64], alternative: Alternative) -> f64 {
    paired::signed_rank_test(values, alternative)
        .unwrap()
        .p_value
}

proptest! {
    #[test]
    fn interval_contains_its_point_and_grows_with_the_level(values in coarse(2..40)) {
        let narrow = paired::estimate(&values, 0.90).unwrap();
        prop_assert!(narrow.contains(narrow.point));
        let wide = paired::estimate(&values, 0.99).unwrap();
        // Between methods the two need not nest.
        if narrow.method == wide.method {
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
        }
        prop_assert!(narrow.attained_level >= 0.90 - 1e-12);
    }

    #[test]
    fn estimate_moves_with_a_shift_and_turns_with_the_sign(values in coarse(6..30), shift in -16_i32..16) {
        let shift = f64::from(shift) / 4.0;
        let plain = paired::estimate(&values, 0.95).unwrap();
        let moved: Vec<f64> = values.iter().map(|value| value + shift).collect();
        let moved = paired::estimate(&moved, 0.95).unwrap();
        prop_assert_eq!((moved.point, moved.low, moved.high),
            (plain.point + shift, plain.low + shift, plain.high + shift));
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        let turned = paired::estimate(&turned, 0.95).unwrap();
        prop_assert_eq!(turned.negated().point, plain.point);
        prop_assert_eq!((turned.negated().low, turned.negated().high), (plain.low, plain.high));
    }

    #[test]
    fn order_of_blocks_is_nothing(values in coarse(2..30).prop_shuffle()) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let (a, b) = (paired::estimate(&values, 0.95).unwrap(), paired::estimate(&sorted, 0.95).unwrap());
        prop_assert!((a.point - b.point).abs() < 1e-12 && (a.low - b.low).abs() < 1e-12);
        prop_assert_eq!(p_value(&values, Alternative::TwoSided), p_value(&sorted, Alternative::TwoSided));
    }

    #[test]
    fn sides_of_a_test_mirror_each_other(values in coarse(1..40)) {
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        let (greater, less) = (p_value(&values, Alternative::Greater), p_value(&turned, Alternative::Less));
        prop_assert!((greater - less).abs() < 1e-12);
        prop_assert!(p_value(&values, Alternative::TwoSided) <= 1.0);
        // Both tails hold the observed sum.
        prop_assert!(greater + p_value(&values, Alternative::Less) >= 1.0 - 1e-12);
    }

    #[test]
    fn untied_interval_excludes_zero_exactly_when_the_test_rejects(
        values in prop::collection::vec(-1.0_f64..1.5, 6..25)
    ) {
        let interval = paired::estimate(&values, 0.95).unwrap();
        let rejects = p_value(&values, Alternative::TwoSided) <= 0.05;
        prop_assert_eq!(!interval.contains(0.0), rejects);
    }

    #[test]
    fn mann_whitney_turns_round(first in coarse(1..15), second in coarse(1..15)) {
        let there = two_sample::mann_whitney_test(&first, &second, Alternative::Greater).unwrap();
        let back = two_sample::mann_whitney_test(&second, &first, Alternative::Less).unwrap();
        prop_assert!((there.p_value - back.p_value).abs() < 1e-10);
        prop_assert_eq!(there.statistic + back.statistic, (first.len() * second.len()) as f64);
        if first.len() > 1 && second.len() > 1 {
            let shift = two_sample::shift(&first, &second, 0.95).unwrap();
            prop_assert!(shift.contains(shift.point));
            let turned = two_sample::shift(&second, &first, 0.95).unwrap().negated();
            prop_assert!((shift.low - turned.low).abs() < 1e-12);
        }
    }

    #[test]
    fn corrections_only_raise_and_keep_the_order(p in prop::collection::vec(0.0_f64..=1.0, 0..40)) {
        let holm = correction::holm(&p).unwrap();
        for i in 0..p.len() {
            prop_assert!(p[i] <= holm[i] && holm[i] <= 1.0);
            for j in 0..p.len() {
                if p[i] < p[j] {
                    prop_assert!(holm[i] <= holm[j]);
                }
            }
        }
    }

}

proptest! {
    // The power integrals are slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn power_grows_with_effect_and_blocks(blocks in 2_usize..30, effect in 0.05_f64..3.0) {
        let design = |blocks, test| PairedDesign { blocks, alpha: 0.05, alternative: Alternative::TwoSided, test };
        for test in [PairedTest::T, PairedTest::SignedRank] {
            let here = power::power(&design(blocks, test), effect).unwrap();
            prop_assert!(power::power(&design(blocks, test), effect * 1.2).unwrap() >= here - 1e-5);
        }
        let here = power::power(&design(blocks, PairedTest::T), effect).unwrap();
        prop_assert!(power::power(&design(blocks + 1, PairedTest::T), effect).unwrap() >= here - 1e-9);
    }

    #[test]
    fn minimum_detectable_effect_has_its_power(blocks in 2_usize..40, power in 0.3_f64..0.99) {
        let design = PairedDesign::of_estimate(blocks, 0.95);
        let effect = power::minimum_detectable(&design, power).unwrap().unwrap();
        prop_assert!((power::power(&design, effect).unwrap() - power).abs() < 1e-4);
    }

}

proptest! {
    #[test]
    fn verdicts_cover_the_line_and_turn_with_the_direction(low in -0.3_f64..0.3, width in 0.0_f64..0.3, share in 0.0_f64..0.2) {
        let interval = Estimate {
            point: low + width / 2.0, low, high: low + width, level: 0.95, attained_level: 0.95,
            method: Method::SignedRank, n: 10,
        };
        let higher = Margin::from_share(Direction::HigherIsBetter, share).unwrap();
        let verdict = verdict::judge(&interval, &higher);
        let expected = if interval.high < higher.worst() {
            MarginVerdict::Regressed
        } else if interval.low <= higher.worst() {
            MarginVerdict::Inconclusive
        } else if interval.low > higher.best() {
            MarginVerdict::Improved
        } else {
            MarginVerdict::NoWorse
        };
        prop_assert_eq!(verdict, expected);
        // A floor that swallows everything leaves nothing to find.
        let floor = NoiseFloor { reach: 1.0, estimate: interval };
        prop_assert_eq!(verdict::judge(&interval, &higher.at_least(&floor)), MarginVerdict::NoWorse);
    }
}

#[test]
fn five_blocks_get_a_t_interval_and_six_a_rank_interval() {
    let values = [0.01, 0.02, 0.03, 0.05, 0.08, 0.13];
    assert_eq!(
        paired::estimate(&values[..5], 0.95).unwrap().method,
        Method::PairedT
    );
    let six = paired::estimate(&values, 0.95).unwrap();
    assert_eq!(
        (six.method, six.low, six.high),
        (Method::SignedRank, 0.01, 0.13)
    );
    assert_eq!(six.attained_level, 1.0 - 2.0 / 64.0);
}

#[test]
fn margins_are_ratios_as_people_say_them() {
    let qps = Margin::from_share(Direction::HigherIsBetter, 0.03).unwrap();
    assert!((qps.worst() - 0.97_f64.ln()).abs() < 1e-15);
    let p99 = Margin::from_share(Direction::LowerIsBetter, 0.10).unwrap();
    assert!((p99.worst() - 1.1_f64.ln()).abs() < 1e-15);
    assert!((p99.best() - 0.9_f64.ln()).abs() < 1e-15);
}

#[test]
fn undecided_comparisons_say_how_many_blocks_they_need() {
    let margin = Margin::from_share(Direction::HigherIsBetter, 0.03).unwrap();
    let noisy = [-0.05, 0.06, -0.02, 0.04, 0.01, -0.06, 0.03, 0.0];
    let more = verdict::more_blocks_to_decide(&noisy, &margin, 0.95, 0.8, 500).unwrap();
    let more = more.expect("an effect well inside the margin can be decided");
    assert!((5..100).contains(&more), "{more}");
    let none = verdict::more_blocks_to_decide(&noisy, &margin, 0.95, 0.8, 10).unwrap();
    assert_eq!(none, None);
    let clear = [0.2, 0.21, 0.19, 0.2, 0.22, 0.2];
    assert_eq!(
        verdict::more_blocks_to_decide(&clear, &margin, 0.95, 0.8, 500).unwrap(),
        Some(0)
    );
}
