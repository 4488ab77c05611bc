//! Tables and stacks out of a profile.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::model::Profile;

/// One function's share of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopRow {
    /// Function name.
    pub function: String,
    /// Value of samples in which it is the innermost call.
    pub flat: i64,
    /// Value of samples in which it appears at all; each sample counts once, however often the
    /// function recurs.
    pub cum: i64,
}

impl Profile {
    /// Every function with its flat and cumulative value, the largest flat one first, then by
    /// cumulative value and name. Values of a difference may be negative; size counts.
    ///
    /// `value` is a position in [`Profile::sample_types`].
    #[must_use]
    pub fn top(&self, value: usize) -> Vec<TopRow> {
        let mut sums: HashMap<&str, (i64, i64)> = HashMap::new();
        let mut seen: HashSet<&str> = HashSet::new();
        for sample in &self.samples {
            let Some(amount) = sample.values.get(value).copied() else {
                continue;
            };
            seen.clear();
            for (depth, frame) in self.stack(sample).enumerate() {
                let (flat, cum) = sums.entry(&frame.function).or_default();
                if depth == 0 {
                    *flat = flat.saturating_add(amount);
                }
                if seen.insert(&frame.function) {
                    *cum = cum.saturating_add(amount);
                }
            }
        }
        let mut rows: Vec<TopRow> = sums
            .into_iter()
            .map(|(function, (flat, cum))| TopRow {
                function: function.to_owned(),
                flat,
                cum,
            })
            .collect();
        let key = |row: &TopRow| {
            (
                std::cmp::Reverse(row.flat.unsigned_abs()),
                std::cmp::Reverse(row.cum.unsigned_abs()),
            )
        };
        rows.sort_by(|a, b| {
            key(a)
                .cmp(&key(b))
                .then_with(|| a.function.cmp(&b.function))
        });
        rows
    }

    /// Stacks of function names, outermost first, with the sum of one value: the input of a
    /// flame graph. Sorted, so that the result does not depend on the order of samples.
    #[must_use]
    pub fn stacks(&self, value: usize) -> BTreeMap<Vec<&str>, i64> {
        let mut stacks = BTreeMap::new();
        for sample in &self.samples {
            if let Some(amount) = sample.values.get(value) {
                let names = self
                    .stack(sample)
                    .rev()
                    .map(|frame| frame.function.as_str())
                    .collect();
                let sum: &mut i64 = stacks.entry(names).or_default();
                *sum = sum.saturating_add(*amount);
            }
        }
        stacks
    }
}
