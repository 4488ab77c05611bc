//! Power, the additive fit, and everything fitted by least squares.

use stats::Alternative;
use stats::additive::{self, Observation};
use stats::power::{self, PairedDesign, PairedTest};

use crate::{assert_close, cases, indices, numbers};

#[test]
fn power_of_the_paired_t_test() {
    for case in cases(include_str!("power.json")) {
        let blocks = usize::try_from(case["n"].as_u64().unwrap()).unwrap();
        let alpha = case["alpha"].as_f64().unwrap();
        let effect = case["effect"].as_f64().unwrap();
        for (key, alternative) in [
            ("two_sided", Alternative::TwoSided),
            ("one_sided", Alternative::Greater),
        ] {
            let design = PairedDesign {
                blocks,
                alpha,
                alternative,
                test: PairedTest::T,
            };
            let got = power::power(&design, effect).unwrap();
            assert_close(
                &format!("{design:?}, effect {effect}"),
                got,
                &case[key],
                1e-6,
            );
        }
    }
}

#[test]
fn power_in_r() {
    for case in cases(include_str!("r_power.json")) {
        let blocks = usize::try_from(case["n"].as_u64().unwrap()).unwrap();
        let design = PairedDesign {
            blocks,
            alpha: 0.05,
            alternative: Alternative::TwoSided,
            test: PairedTest::T,
        };
        let got = power::power(&design, case["effect"].as_f64().unwrap()).unwrap();
        assert_close(
            &format!("power.t.test, n = {blocks}"),
            got,
            &case["power"],
            1e-6,
        );
    }
}

#[test]
fn minimum_detectable_effect_of_the_paired_t_test() {
    for case in cases(include_str!("minimum_detectable.json")) {
        let design = PairedDesign {
            blocks: usize::try_from(case["n"].as_u64().unwrap()).unwrap(),
            alpha: case["alpha"].as_f64().unwrap(),
            alternative: Alternative::TwoSided,
            test: PairedTest::T,
        };
        let wanted_power = case["power"].as_f64().unwrap();
        let got = power::minimum_detectable(&design, wanted_power)
            .unwrap()
            .unwrap();
        assert_close(&format!("{design:?}"), got, &case["effect"], 1e-5);
        let needed = power::blocks_needed(&design, got * 1.0001, wanted_power, 1000).unwrap();
        assert_eq!(needed, Some(design.blocks));
    }
}

#[test]
fn additive_fits_of_complete_raced_and_gappy_tables() {
    let files = [
        include_str!("additive.json"),
        include_str!("r_additive.json"),
    ];
    for case in files.into_iter().flat_map(cases) {
        let name = case["name"].as_str().unwrap();
        let (blocks, cells) = (indices(&case["block"]), indices(&case["cell"]));
        let observations: Vec<Observation> = numbers(&case["value"])
            .into_iter()
            .zip(blocks.into_iter().zip(cells))
            .map(|(value, (block, cell))| Observation { block, cell, value })
            .collect();
        let fit = additive::fit_observations(&observations).unwrap();
        assert_close(name, fit.residual_deviation, &case["residual"], 1e-9);
        assert_eq!(
            fit.residual_df as u64,
            case["df"].as_u64().unwrap(),
            "{name}"
        );
        assert!(
            fit.block_effects.iter().sum::<f64>().abs() < 1e-10,
            "{name}"
        );
        for want in case["contrasts"].as_array().unwrap() {
            let index = |key: &str| usize::try_from(want[key].as_u64().unwrap()).unwrap();
            let got = fit.contrast(index("cell"), index("against"), 0.95).unwrap();
            assert_close(name, got.estimate.point, &want["point"], 1e-8);
            assert_close(name, got.standard_error, &want["se"], 1e-8);
            assert_close(name, got.p_value, &want["p"], 1e-7);
            assert_close(name, got.estimate.low, &want["low"], 1e-7);
            assert_close(name, got.estimate.high, &want["high"], 1e-7);
        }
    }
}
