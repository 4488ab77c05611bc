//! Series of sub-windows and of nights, Welch's t, and the scaling law.

use stats::change_points::{ChangePointRule, change_points};
use stats::scaling::{self, ScalingPoint};
use stats::{Alternative, steady, two_sample};

use crate::{assert_close, cases, indices, numbers};

#[test]
fn mann_kendall_and_theil_sen() {
    for case in cases(include_str!("steady.json")) {
        let name = case["name"].as_str().unwrap();
        let values = numbers(&case["values"]);
        let test = steady::mann_kendall_test(&values, Alternative::TwoSided).unwrap();
        assert_close(name, test.statistic, &case["s"], 0.0);
        assert_close(name, test.p_value, &case["p"], 1e-9);
        assert_close(
            name,
            steady::theil_sen(&values).unwrap(),
            &case["slope"],
            1e-10,
        );
    }
}

#[test]
fn welch_test_and_interval() {
    for case in cases(include_str!("welch.json")) {
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let test = two_sample::welch_test(&first, &second, Alternative::TwoSided).unwrap();
        assert_close("t", test.statistic, &case["t"], 1e-10);
        assert_close("p", test.p_value, &case["p"], 1e-8);
        let test = two_sample::welch_test(&first, &second, Alternative::Greater).unwrap();
        assert_close("one-sided p", test.p_value, &case["greater"], 1e-8);
        if first.len() == 2 {
            let interval = two_sample::shift(&first, &second, 0.95).unwrap();
            assert_close("low", interval.low, &case["low"], 1e-8);
            assert_close("high", interval.high, &case["high"], 1e-8);
        }
    }
}

#[test]
fn change_points_where_otava_finds_them() {
    for case in cases(include_str!("change_points.json")) {
        let name = case["name"].as_str().unwrap();
        let series: Vec<Option<f64>> = numbers(&case["series"]).into_iter().map(Some).collect();
        let found = change_points(&series, ChangePointRule::seeded(1)).unwrap();
        let got: Vec<usize> = found.iter().map(|point| point.index).collect();
        assert_eq!(got, indices(&case["indices"]), "{name}");
    }
}

#[test]
fn scaling_law_and_its_profile_intervals() {
    for case in cases(include_str!("scaling.json")) {
        let name = case["name"].as_str().unwrap();
        let fit = scaling::fit(&points(&case), 0.95).unwrap();
        // The golden optimiser stops at about 1e-7 where the optimum lies on a bound.
        let near = |what: &str, got: f64, want: f64| {
            let allowed = 1e-4 * want.abs() + 2e-6;
            assert!(
                (got - want).abs() <= allowed,
                "{name}, {what}: got {got}, golden {want}"
            );
        };
        let best = numbers(&case["best"]);
        near("λ", fit.single.point.ln(), best[0]);
        near("σ", fit.contention.point, best[1]);
        near("κ", fit.coherency.point, best[2]);
        near(
            "residual",
            fit.residual_deviation,
            case["residual"].as_f64().unwrap(),
        );
        for (key, estimate) in [("contention", fit.contention), ("coherency", fit.coherency)] {
            let want = numbers(&case[key]);
            near(key, estimate.low, want[0]);
            near(key, estimate.high, want[1]);
        }
        let want = numbers(&case["log_single"]);
        near("λ low", fit.single.low.ln(), want[0]);
        near("λ high", fit.single.high.ln(), want[1]);
        let want = numbers(&case["curvature"]);
        near("peak high", fit.peak.high.powi(-2), want[0]);
        near("peak low", fit.peak.low.powi(-2), want[1]);
    }
}

#[test]
fn scaling_law_in_r() {
    for case in cases(include_str!("r_scaling.json")) {
        let fit = scaling::fit(&points(&case), 0.95).unwrap();
        let best = numbers(&case["best"]);
        assert_close("λ", fit.single.point.ln(), &case["best"][0], 1e-6);
        assert_close("σ", fit.contention.point, &case["best"][1], 1e-4);
        assert_close("κ", fit.coherency.point, &case["best"][2], 1e-4);
        assert_close("residual", fit.residual_deviation, &case["residual"], 1e-6);
        assert!((fit.peak.point - ((1.0 - best[1]) / best[2]).sqrt()).abs() < 1e-2);
        // R interpolates its profile by splines.
        for (key, estimate) in [("contention", fit.contention), ("coherency", fit.coherency)] {
            assert_close(key, estimate.low, &case[key][0], 2e-3);
            assert_close(key, estimate.high, &case[key][1], 2e-3);
        }
        assert_close("λ low", fit.single.low.ln(), &case["log_single"][0], 1e-4);
        assert_close("λ high", fit.single.high.ln(), &case["log_single"][1], 1e-4);
    }
}

fn points(case: &serde_json::Value) -> Vec<ScalingPoint> {
    numbers(&case["p"])
        .into_iter()
        .zip(numbers(&case["x"]))
        .map(|(parallelism, throughput)| ScalingPoint {
            parallelism,
            throughput,
        })
        .collect()
}
