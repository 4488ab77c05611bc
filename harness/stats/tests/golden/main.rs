//! Every statistic against values from scipy, statsmodels and R (`make.py`, `make.R`), which share no code with it.

#![expect(
    clippy::unwrap_used,
    reason = "a golden file that does not read is a failed test"
)]

mod decisions;
mod models;
mod rank_tests;
mod resampling;
mod series;

use serde_json::Value;

/// The cases of one golden file.
fn cases(json: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(json).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// A list of numbers.
fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

/// A list of indices.
fn indices(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|n| usize::try_from(n.as_u64().unwrap()).unwrap())
        .collect()
}

/// Holds `got` against a golden number, relative to its size.
#[track_caller]
fn assert_close(what: &str, got: f64, want: &Value, tolerance: f64) {
    let want = want
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: no golden value"));
    let distance = (got - want).abs();
    assert!(
        distance <= tolerance * want.abs().max(1e-6) || distance < 1e-14,
        "{what}: got {got:.15e}, golden {want:.15e}"
    );
}
