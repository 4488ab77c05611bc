//! The functions that a profile comes from, the largest first.

use std::collections::BTreeMap;

use documents::profile::{Measure, TopLine, TopTable};
use gotrace::profile::{Profile, Sample};

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
        // The sum of nothing is -0.0.
        .fold(0.0, |sum, value| sum + value);
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

/// The `most` places where the largest values come from: the innermost function of the program's or of a package, and
/// the way of waiting or the operation that it called.
///
/// For profiles of waiting, whose innermost functions are always the runtime's. Lines carry the same value as flat and
/// cumulative one, since every sample has one place.
#[must_use]
pub fn places(profile: &Profile, measure: &Measure, most: usize) -> TopTable {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    let mut total = 0.0;
    for sample in &profile.samples {
        let value = sample
            .values
            .get(measure.index)
            .copied()
            .unwrap_or_default() as f64;
        total += value.abs();
        *sums.entry(place(profile, sample)).or_default() += value;
    }
    let mut lines: Vec<TopLine> = sums
        .into_iter()
        .filter(|(_, value)| *value != 0.0)
        .map(|(function, value)| TopLine {
            function,
            flat: value,
            flat_share: if total > 0.0 { value / total } else { 0.0 },
            cum: value,
            cum_share: if total > 0.0 { value / total } else { 0.0 },
        })
        .collect();
    lines.sort_by(|a, b| {
        (b.flat.abs().total_cmp(&a.flat.abs())).then_with(|| a.function.cmp(&b.function))
    });
    let left_out = lines.len().saturating_sub(most);
    lines.truncate(most);
    TopTable {
        measure: measure.clone(),
        total,
        lines,
        left_out,
    }
}

fn place(profile: &Profile, sample: &Sample) -> String {
    let mut last: Option<&str> = None;
    for frame in profile.stack(sample) {
        if is_waiting_machinery(&frame.function) {
            last = Some(&frame.function);
        } else {
            return match last {
                Some(operation) => format!("{operation} in {}", frame.function),
                None => frame.function.clone(),
            };
        }
    }
    last.unwrap_or("(no stack)").to_owned()
}

/// Functions through which goroutines wait, for a lock, a channel, the network or the collector.
pub(crate) fn is_waiting_machinery(function: &str) -> bool {
    [
        "runtime.",
        "runtime/",
        "internal/runtime/",
        "sync.",
        "internal/sync.",
        "internal/poll.",
        "syscall.",
        "time.Sleep",
    ]
    .iter()
    .any(|start| function.starts_with(start))
}
