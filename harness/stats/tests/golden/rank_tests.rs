//! Signed-rank, Mann-Whitney, t, their intervals, and corrections.

use stats::{Alternative, Method, TestMethod, correction, paired, two_sample};

use crate::{assert_close, cases, numbers};

const SIDES: [(&str, Alternative); 3] = [
    ("two-sided", Alternative::TwoSided),
    ("greater", Alternative::Greater),
    ("less", Alternative::Less),
];

#[test]
fn signed_rank_and_t_of_paired_values() {
    for case in cases(include_str!("paired.json")) {
        let name = case["name"].as_str().unwrap();
        let values = numbers(&case["values"]);
        for (side, alternative) in SIDES {
            let test = paired::signed_rank_test(&values, alternative).unwrap();
            assert_eq!(test.method, TestMethod::Exact);
            assert_close(name, test.statistic, &case["w"], 0.0);
            assert_close(name, test.p_value, &case["signed_rank"][side], 1e-11);
        }
        if case["t"].is_object() {
            let test = paired::t_test(&values, Alternative::TwoSided).unwrap();
            assert_close(name, test.p_value, &case["t"]["p"], 1e-9);
            let test = paired::t_test(&values, Alternative::Greater).unwrap();
            assert_close(name, test.p_value, &case["t"]["greater"], 1e-9);
            let interval = paired::t_estimate(&values, 0.95).unwrap();
            assert_close(name, interval.low, &case["t"]["low"], 1e-9);
            assert_close(name, interval.high, &case["t"]["high"], 1e-9);
        }
    }
}

#[test]
fn exact_intervals_of_paired_values() {
    for case in cases(include_str!("paired.json")) {
        let name = case["name"].as_str().unwrap();
        let values = numbers(&case["values"]);
        for (level, want) in case["intervals"].as_object().unwrap() {
            let what = format!("{name} at {level}");
            let got = paired::estimate(&values, level.parse().unwrap()).unwrap();
            if want.is_null() {
                assert_eq!(
                    got.method,
                    Method::PairedT,
                    "{what}: too few for an exact interval"
                );
                continue;
            }
            assert_eq!(got.method, Method::SignedRank, "{what}");
            assert_close(&what, got.point, &want["point"], 1e-12);
            assert_close(&what, got.low, &want["low"], 1e-12);
            assert_close(&what, got.high, &want["high"], 1e-12);
            assert_close(&what, got.attained_level, &want["attained"], 1e-12);
        }
    }
}

#[test]
fn large_samples_take_the_normal_approximation() {
    for case in cases(include_str!("paired_large.json")) {
        let values = numbers(&case["values"]);
        let test = paired::signed_rank_test(&values, Alternative::TwoSided).unwrap();
        assert_eq!(test.method, TestMethod::Normal);
        assert_close(
            case["name"].as_str().unwrap(),
            test.p_value,
            &case["p"],
            1e-6,
        );
    }
}

#[test]
fn mann_whitney_with_and_without_ties() {
    for case in cases(include_str!("two_sample.json")) {
        let name = case["name"].as_str().unwrap();
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        for (side, alternative) in SIDES {
            let test = two_sample::mann_whitney_test(&first, &second, alternative).unwrap();
            assert_close(name, test.statistic, &case["u"], 0.0);
            assert_close(
                &format!("{name}, {side}"),
                test.p_value,
                &case["p"][side],
                1e-9,
            );
        }
        if case["hodges_lehmann"].is_number() && first.len() >= 4 {
            let shift = two_sample::shift(&first, &second, 0.95).unwrap();
            assert_eq!(shift.method, Method::MannWhitney, "{name}");
            assert_close(name, shift.point, &case["hodges_lehmann"], 1e-12);
        }
    }
}

#[test]
fn the_same_in_r() {
    for case in cases(include_str!("r_rank_tests.json")) {
        let name = case["name"].as_str().unwrap();
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let test = two_sample::mann_whitney_test(&first, &second, Alternative::TwoSided).unwrap();
        assert_close(
            &format!("{name}: coin::wilcox_test"),
            test.p_value,
            &case["coin_p"],
            1e-9,
        );
        if case["shift_low"].is_number() {
            let shift = two_sample::shift(&first, &second, 0.95).unwrap();
            assert_close(
                &format!("{name}: shift"),
                shift.point,
                &case["shift_point"],
                1e-9,
            );
            assert_close(
                &format!("{name}: shift low"),
                shift.low,
                &case["shift_low"],
                1e-9,
            );
            assert_close(
                &format!("{name}: shift high"),
                shift.high,
                &case["shift_high"],
                1e-9,
            );
        }
        let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
        let test = paired::signed_rank_test(&differences, Alternative::TwoSided).unwrap();
        assert_close(
            &format!("{name}: coin::wilcoxsign_test"),
            test.p_value,
            &case["pratt_p"],
            1e-9,
        );
        if case["paired_low"].is_number() {
            let interval = paired::estimate(&differences, 0.95).unwrap();
            assert_close(
                &format!("{name}: paired"),
                interval.point,
                &case["paired_point"],
                1e-9,
            );
            assert_close(
                &format!("{name}: paired low"),
                interval.low,
                &case["paired_low"],
                1e-9,
            );
            assert_close(
                &format!("{name}: paired high"),
                interval.high,
                &case["paired_high"],
                1e-9,
            );
        }
    }
}

#[test]
fn holm() {
    let files = [
        include_str!("correction.json"),
        include_str!("r_correction.json"),
    ];
    for case in files.into_iter().flat_map(cases) {
        let p = numbers(&case["p"]);
        let holm = correction::holm(&p).unwrap();
        for index in 0..p.len() {
            assert_close("Holm", holm[index], &case["holm"][index], 1e-12);
        }
    }
}
