//! Where a series of nights changed level: E-divisive splits, confirmed by t.
//!
//! Splits are found by energy distance and a permutation test (E-divisive; Matteson & James 2014, the statistic over
//! split and end that Apache Otava 0.8 computes too), then kept only while Welch's t between the neighbouring stretches agrees, weakest dropped first, as
//! Otava does with Student's t (Fleming et al., ICPE 2023). Give it ratios to the pinned baseline, on logs; a missing night stays missing.

use crate::error::{StatsError, check_not_negative, check_probability, is_usable};
use crate::estimate::Alternative;
use crate::random::{Random, Resampling};
use crate::summary::mean_of;
use crate::two_sample::welch_test;

/// What counts as a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePointRule {
    /// Size of the permutation test of each split.
    pub split_alpha: f64,
    /// Size of the t test that confirms it; smaller, since a year of nights is looked at again every night.
    pub confirm_alpha: f64,
    /// Fewest nights on either side of a split; at least 2.
    pub min_stretch: usize,
    /// Changes smaller than this, in the unit of the series, are dropped; 0 keeps all.
    pub min_change: f64,
    /// For the permutation test.
    pub resampling: Resampling,
}

impl ChangePointRule {
    /// 0.05 to split, 0.001 to confirm (Otava's default), stretches of 4 nights, any size.
    pub fn seeded(seed: u64) -> Self {
        ChangePointRule {
            split_alpha: 0.05,
            confirm_alpha: 0.001,
            min_stretch: 4,
            min_change: 0.0,
            resampling: Resampling { draws: 199, seed },
        }
    }
}

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// Index in the series, missing nights counted, of the first night at the new level.
    pub index: usize,
    /// Mean from the change before to here.
    pub before: f64,
    /// Mean from here to the next change.
    pub after: f64,
    /// p-value of the permutation test that proposed it.
    pub p_split: f64,
    /// p-value of the t test that confirmed it.
    pub p_value: f64,
}

impl ChangePoint {
    /// after − before: a log ratio for logs.
    pub fn change(&self) -> f64 {
        self.after - self.before
    }
}

/// The change points of a series, in order. `None` entries are missing nights. Empty where the series is too short to
/// split. Time grows with the square of the nights, times the draws: a year takes a fraction of a second.
///
/// # Errors
/// [`StatsError::NotFinite`], [`StatsError::OutOfRange`] for the rule, [`StatsError::TooFew`] for no draws.
pub fn change_points(
    series: &[Option<f64>],
    rule: ChangePointRule,
) -> Result<Vec<ChangePoint>, StatsError> {
    check(series, rule)?;
    let (nights, values): (Vec<usize>, Vec<f64>) = series
        .iter()
        .enumerate()
        .filter_map(|(night, value)| value.map(|value| (night, value)))
        .unzip();
    let mut splits = Vec::new();
    split(
        &values,
        0,
        rule,
        &mut Random::new(rule.resampling.seed),
        &mut splits,
    );
    splits.sort_by_key(|split| split.at);
    let mut confirmed = confirm(&values, splits, rule)?;
    for point in &mut confirmed {
        point.index = nights[point.index];
    }
    Ok(confirmed)
}

fn check(series: &[Option<f64>], rule: ChangePointRule) -> Result<(), StatsError> {
    check_probability("alpha to split", rule.split_alpha)?;
    check_probability("alpha to confirm", rule.confirm_alpha)?;
    check_not_negative("least change", rule.min_change)?;
    if rule.min_stretch < 2 {
        let value = rule.min_stretch as f64;
        return Err(StatsError::OutOfRange {
            what: "shortest stretch",
            value,
            expected: "2 or more",
        });
    }
    if rule.resampling.draws == 0 {
        return Err(StatsError::TooFew {
            what: "rearrangements",
            needed: 1,
            got: 0,
        });
    }
    match series
        .iter()
        .position(|value| value.is_some_and(|value| !is_usable(value)))
    {
        Some(index) => Err(StatsError::NotFinite {
            what: "series",
            index,
        }),
        None => Ok(()),
    }
}

/// A proposed change: index of the first value after it.
struct Split {
    at: usize,
    p_value: f64,
}

/// Finds the best split of the stretch that starts at `offset`; where permutation says it is real, goes on with both
/// sides.
fn split(
    values: &[f64],
    offset: usize,
    rule: ChangePointRule,
    random: &mut Random,
    found: &mut Vec<Split>,
) {
    let Some((at, divergence)) = best_split(values, rule.min_stretch) else {
        return;
    };
    if divergence <= 0.0 {
        return;
    }
    let mut shuffled = values.to_vec();
    let mut hits = 1;
    for _ in 0..rule.resampling.draws {
        random.shuffle(&mut shuffled);
        let drawn = best_split(&shuffled, rule.min_stretch).map_or(0.0, |(_, drawn)| drawn);
        hits += usize::from(drawn >= divergence * (1.0 - 1e-12));
    }
    let p_value = hits as f64 / (rule.resampling.draws + 1) as f64;
    if p_value > rule.split_alpha {
        return;
    }
    found.push(Split {
        at: offset + at,
        p_value,
    });
    split(&values[..at], offset, rule, random, found);
    split(&values[at..], offset + at, rule, random, found);
}

/// Where a left part and the stretch that follows it differ most by energy distance, and by how much. The stretch may
/// end before the values do, or a bump that rises and falls again would hide itself in the mean of what follows.
///
/// All (split, end) together cost one pass over the pairs: with `total` the distances within the values up to an end,
/// and `right[split]` those from split to end, the distances between left and right are what is left over.
fn best_split(values: &[f64], min_stretch: usize) -> Option<(usize, f64)> {
    if values.len() < 2 * min_stretch {
        return None;
    }
    let mut right = vec![0.0; values.len()];
    let mut totals = vec![0.0; values.len() + 1];
    let mut best: Option<(usize, f64)> = None;
    for (last, &value) in values.iter().enumerate() {
        let mut to_last = 0.0;
        for (within, earlier) in right[..last].iter_mut().zip(&values[..last]).rev() {
            to_last += (value - earlier).abs();
            *within += to_last;
        }
        let end = last + 1;
        totals[end] = totals[last] + to_last;
        for split in min_stretch..(end + 1).saturating_sub(min_stretch) {
            let (within_left, within_right) = (totals[split], right[split]);
            let between = totals[end] - within_left - within_right;
            let (m, n) = (split as f64, (end - split) as f64);
            let energy = 2.0 * between / (m * n)
                - within_left * 2.0 / (m * (m - 1.0))
                - within_right * 2.0 / (n * (n - 1.0));
            let divergence = m * n / (m + n) * energy;
            if best.is_none_or(|(_, most)| divergence > most) {
                best = Some((split, divergence));
            }
        }
    }
    best
}

/// Drops the weakest split and looks again, until all that are left are significant and large enough.
fn confirm(
    values: &[f64],
    mut splits: Vec<Split>,
    rule: ChangePointRule,
) -> Result<Vec<ChangePoint>, StatsError> {
    loop {
        let points = splits
            .iter()
            .enumerate()
            .map(|(index, split)| {
                let start = if index == 0 { 0 } else { splits[index - 1].at };
                let end = splits.get(index + 1).map_or(values.len(), |next| next.at);
                let (before, after) = (&values[start..split.at], &values[split.at..end]);
                Ok(ChangePoint {
                    index: split.at,
                    before: mean_of(before),
                    after: mean_of(after),
                    p_split: split.p_value,
                    p_value: welch_test(before, after, Alternative::TwoSided)?.p_value,
                })
            })
            .collect::<Result<Vec<ChangePoint>, StatsError>>()?;
        let fails = |point: &ChangePoint| {
            point.p_value > rule.confirm_alpha || point.change().abs() < rule.min_change
        };
        let weakest = points
            .iter()
            .enumerate()
            .filter(|(_, point)| fails(point))
            .max_by(|(_, a), (_, b)| a.p_value.total_cmp(&b.p_value))
            .map(|(index, _)| index);
        match weakest {
            Some(index) => drop(splits.remove(index)),
            None => return Ok(points),
        }
    }
}
