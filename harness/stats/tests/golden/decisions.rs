//! Decisions: non-inferiority, limits, the power of claims, Fisher's test, runs of different days.

use stats::days::{self, DayNoise};
use stats::limits;
use stats::noninferiority::{self, Requirement, Rule};
use stats::power::claim::{ClaimDesign, ClaimPower};
use stats::proportion::{Count, fisher_more_often};
use stats::verdict::{Direction, Margin};

use crate::{assert_close, cases, indices, numbers};

fn whole(value: &serde_json::Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

#[test]
fn non_inferiority() {
    let cases = cases(include_str!("noninferiority.json"));
    let values: Vec<Vec<f64>> = cases.iter().map(|case| numbers(&case["values"])).collect();
    let requirements: Vec<Requirement<'_>> = cases
        .iter()
        .zip(&values)
        .map(|(case, differences)| {
            let direction = if case["lower_is_worse"].as_bool().unwrap() {
                Direction::HigherIsBetter
            } else {
                Direction::LowerIsBetter
            };
            let share = case["margin"].as_f64().unwrap();
            Requirement {
                differences,
                margin: Margin::from_share(direction, share).unwrap(),
            }
        })
        .collect();
    let rule = Rule::default();
    let together = noninferiority::judge(&requirements, &rule).unwrap();
    for ((case, requirement), judged) in cases.iter().zip(&requirements).zip(together) {
        let name = case["name"].as_str().unwrap();
        assert_close(name, judged.worst, &case["worst"], 1e-10);
        assert_close(name, judged.p_loss, &case["p_loss_holm"], 1e-9);
        let alone = noninferiority::judge(&[*requirement], &rule).unwrap()[0];
        assert_close(name, alone.p_loss, &case["p_loss"], 1e-9);
    }
}

#[test]
fn limits_of_several_cells() {
    for case in cases(include_str!("limits.json")) {
        let rooms: Vec<Vec<f64>> = case["rooms"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        let judged = limits::judge(&rooms, 0.9).unwrap();
        for (cell, judged) in judged.iter().enumerate() {
            assert_close("breaks", judged.p_breaks, &case["p_breaks"][cell], 1e-9);
            assert_close("keeps", judged.p_keeps, &case["p_keeps"][cell], 1e-9);
            assert_close(
                "least room",
                judged.least_room,
                &case["least_room"][cell],
                1e-9,
            );
        }
    }
}

#[test]
fn fishers_exact_test() {
    for case in cases(include_str!("fisher.json")) {
        let count = |side: &str| {
            let pair = indices(&case[side]);
            Count {
                hits: pair[0],
                runs: pair[1],
            }
        };
        let p = fisher_more_often(count("first"), count("second")).unwrap();
        assert_close("Fisher", p, &case["p"], 1e-10);
    }
}

#[test]
fn power_of_claims_agrees_with_plain_simulation() {
    for case in cases(include_str!("claims.json")) {
        let name = case["name"].as_str().unwrap();
        let design = ClaimDesign {
            blocks: whole(&case["blocks"]),
            level: 0.95,
            alpha: 0.05,
            comparisons: whole(&case["comparisons"]),
            residual_df: whole(&case["residual_df"]),
            deviation: case["deviation"].as_f64().unwrap(),
            required: case["required"].as_f64().unwrap(),
        };
        let power = ClaimPower::new(&design, 3).unwrap();
        for effect in case["effects"].as_array().unwrap() {
            let got = power.chance(effect["effect"].as_f64().unwrap());
            let want = effect["chance"].as_f64().unwrap();
            // Five standard errors of 5,000 draws.
            let allowed = 5.0 * (want * (1.0 - want) / 5_000.0).sqrt() + 1e-3;
            assert!(
                (got - want).abs() <= allowed,
                "{name}: {got}, simulated {want}"
            );
        }
        let (got, want) = (
            power.smallest(0.8).unwrap(),
            case["smallest"].as_f64().unwrap(),
        );
        assert!(
            (got / want - 1.0).abs() < 0.03,
            "{name}: {got}, simulated {want}"
        );
    }
}

#[test]
fn runs_of_different_days() {
    for case in cases(include_str!("days.json")) {
        let noise = DayNoise::of_history(&numbers(&case["history"])).unwrap();
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let got = days::between_runs(&first, &second, &noise, 0.95).unwrap();
        assert_close("point", got.point, &case["point"], 1e-12);
        assert_close("low", got.low, &case["low"], 1e-9);
        assert_close("high", got.high, &case["high"], 1e-9);
    }
}
