//! The functions that a profile comes from, the largest first.

use gotrace::profile::Profile;
use serde::Serialize;

use super::measure::Measure;

/// A table of functions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopTable {
    /// What is counted.
    pub measure: Measure,
    /// The sum over all samples; of a difference, over the sizes of what changed, which shares refer to.
    pub total: f64,
    /// The first lines.
    pub lines: Vec<TopLine>,
    /// Functions beyond them.
    pub left_out: usize,
}

/// One function.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopLine {
    /// Its name with the package path.
    pub function: String,
    /// In the function itself.
    pub flat: f64,
    /// `flat` as a share of the total, 0 to 1.
    pub flat_share: f64,
    /// In the function and what it calls; a stack counts once, however often the function recurs in it.
    pub cum: f64,
    /// `cum` as a share of the total.
    pub cum_share: f64,
}

/// The `most` functions with the largest values of their own; then by what they call, then by name.
///
/// Values of a difference ([`gotrace::profile::diff`]) keep their sign; size counts.
#[must_use]
pub fn top(profile: &Profile, measure: &Measure, most: usize) -> TopTable {
    let total: f64 = profile
        .samples
        .iter()
        .filter_map(|sample| sample.values.get(measure.index))
        .map(|value| (*value as f64).abs())
        .sum();
    let share = |value: i64| {
        if total > 0.0 {
            value as f64 / total
        } else {
            0.0
        }
    };
    let rows = profile.top(measure.index);
    let lines = rows.iter().take(most).map(|row| TopLine {
        function: row.function.clone(),
        flat: row.flat as f64,
        flat_share: share(row.flat),
        cum: row.cum as f64,
        cum_share: share(row.cum),
    });
    TopTable {
        measure: measure.clone(),
        total,
        lines: lines.collect(),
        left_out: rows.len().saturating_sub(most),
    }
}
