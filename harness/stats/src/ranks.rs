//! Ranks with ties, exact null distributions of rank sums, and order statistics of pairs.
//!
//! Midranks are kept doubled, so that they stay whole numbers and a null distribution is a table over
//! whole sums, counted rather than approximated.

/// Twice the midrank of each value, 1-based: two values tied for ranks 1 and 2 both get 3.
pub(crate) fn doubled_midranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start;
        // `==`, not total_cmp: 0.0 and -0.0 are one value here.
        while end + 1 < order.len() && values[order[end + 1]] == values[order[start]] {
            end += 1;
        }
        for &index in &order[start..=end] {
            ranks[index] = start + end + 2;
        }
        start = end + 1;
    }
    ranks
}

/// P(S = s) for the sum S of `weights`, each present with probability one half: the null distribution of the
/// signed-rank statistic (weights 1..=n, or doubled midranks).
pub(crate) fn signed_sum_distribution(weights: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut chance = vec![1.0];
    for weight in weights {
        let mut next = vec![0.0; chance.len() + weight];
        for (sum, probability) in chance.iter().enumerate() {
            next[sum] += probability / 2.0;
            next[sum + weight] += probability / 2.0;
        }
        chance = next;
    }
    chance
}

/// P(S = s) for the sum S of `take` of the `weights`, all choices equally likely: the null distribution of
/// the rank sum of a sample of `take` among all.
pub(crate) fn chosen_sum_distribution(weights: &[usize], take: usize) -> Vec<f64> {
    let total: usize = weights.iter().sum();
    // chance[j][s]: probability that the weights seen so far gave j picks of sum s, by sequential sampling
    // (pick the next weight with probability picks left / weights left), which stays within 0..=1 where
    // counts of choices would overflow.
    let mut chance = vec![vec![0.0; total + 1]; take + 1];
    chance[0][0] = 1.0;
    let mut reached = 0;
    for (seen, &weight) in weights.iter().enumerate() {
        let left = (weights.len() - seen) as f64;
        for picked in (0..=take.min(seen)).rev() {
            let pick = (take - picked) as f64 / left;
            if pick > 0.0 {
                let (lower, upper) = chance.split_at_mut(picked + 1);
                for sum in 0..=reached {
                    upper[0][sum + weight] += lower[picked][sum] * pick;
                }
            }
            for probability in &mut chance[picked][..=reached] {
                *probability *= 1.0 - pick;
            }
        }
        reached += weight;
    }
    chance.swap_remove(take)
}

/// P(S ≤ s) and P(S ≥ s) of a table over whole sums.
pub(crate) fn tails(distribution: &[f64], sum: usize) -> (f64, f64) {
    let lower: f64 = distribution[..=sum].iter().sum();
    let upper: f64 = distribution[sum..].iter().sum();
    (lower.min(1.0), upper.min(1.0))
}

/// The largest k with P(S < k) ≤ `tail`, and that probability: the rank, from either end, of the order
/// statistic that bounds an exact interval. k = 0 means that no bound exists at this level.
pub(crate) fn critical_rank(distribution: &[f64], tail: f64) -> (usize, f64) {
    let mut below = 0.0;
    for (k, probability) in distribution.iter().enumerate() {
        // The slack lets a level that is met exactly, such as 1 - 2/2^5 at n = 5, survive rounding.
        if below + probability > tail * (1.0 + 1e-12) {
            return (k, below);
        }
        below += probability;
    }
    (distribution.len(), below)
}

/// The k-th smallest (1-based) member of a multiset that is known only through `at_most`, the number of its
/// members ≤ x. All members lie in `low..=high`.
///
/// Bisection over the ordered bit patterns of f64 ends at the member itself, not near it, in at most 64
/// counts, so no list of pairs is ever built or sorted.
fn kth_smallest(k: usize, low: f64, high: f64, at_most: impl Fn(f64) -> usize) -> f64 {
    let (mut low, mut high) = (ordered_key(low), ordered_key(high));
    while low < high {
        let middle = low.midpoint(high);
        // Midpoint rounds towards zero; the lower half must keep `middle < high`.
        let middle = if middle == high { middle - 1 } else { middle };
        if at_most(from_ordered_key(middle)) >= k {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    from_ordered_key(low) + 0.0
}

fn ordered_key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn from_ordered_key(key: i64) -> f64 {
    f64::from_bits((key ^ (((key >> 63) as u64) >> 1) as i64) as u64)
}

/// The n(n+1)/2 averages of all pairs of a sample, each value with itself included (Walsh averages).
pub(crate) struct WalshAverages {
    sorted: Vec<f64>,
}

impl WalshAverages {
    /// Of values that have been checked: not empty, finite.
    pub(crate) fn new(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        WalshAverages { sorted }
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len() * (self.sorted.len() + 1) / 2
    }

    /// The k-th smallest, 1-based.
    pub(crate) fn kth(&self, k: usize) -> f64 {
        let (low, high) = (self.sorted[0], self.sorted[self.sorted.len() - 1]);
        kth_smallest(k, low, high, |x| self.at_most(x))
    }

    /// Their median: the Hodges-Lehmann estimate.
    pub(crate) fn median(&self) -> f64 {
        middle(self.len(), |k| self.kth(k))
    }

    fn at_most(&self, x: f64) -> usize {
        let mut count = 0;
        let mut end = self.sorted.len();
        for (i, &first) in self.sorted.iter().enumerate() {
            while end > i && first.midpoint(self.sorted[end - 1]) > x {
                end -= 1;
            }
            if end <= i {
                break;
            }
            count += end - i;
        }
        count
    }
}

/// The n1·n2 differences of all pairs, first sample minus second.
pub(crate) struct PairDifferences {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl PairDifferences {
    /// Of samples that have been checked: not empty, finite.
    pub(crate) fn new(first: &[f64], second: &[f64]) -> Self {
        let (mut first, mut second) = (first.to_vec(), second.to_vec());
        first.sort_by(f64::total_cmp);
        second.sort_by(f64::total_cmp);
        PairDifferences { first, second }
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() * self.second.len()
    }

    /// The k-th smallest, 1-based.
    pub(crate) fn kth(&self, k: usize) -> f64 {
        let low = self.first[0] - self.second[self.second.len() - 1];
        let high = self.first[self.first.len() - 1] - self.second[0];
        kth_smallest(k, low, high, |x| self.at_most(x))
    }

    /// Their median: the Hodges-Lehmann shift.
    pub(crate) fn median(&self) -> f64 {
        middle(self.len(), |k| self.kth(k))
    }

    fn at_most(&self, x: f64) -> usize {
        let mut count = 0;
        let mut start = 0;
        for first in &self.first {
            while start < self.second.len() && first - self.second[start] > x {
                start += 1;
            }
            count += self.second.len() - start;
        }
        count
    }
}

fn middle(len: usize, kth: impl Fn(usize) -> f64) -> f64 {
    let upper = kth(len / 2 + 1);
    if len % 2 == 1 {
        upper
    } else {
        kth(len / 2).midpoint(upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midranks_share() {
        assert_eq!(doubled_midranks(&[10.0, 20.0, 10.0, 30.0]), [3, 6, 3, 8]);
        assert_eq!(doubled_midranks(&[0.0, -0.0]), [3, 3]);
        assert!(doubled_midranks(&[]).is_empty());
    }

    #[test]
    fn signed_rank_table_of_three() {
        // The eight sign patterns of ranks 1, 2, 3.
        let table = signed_sum_distribution(1..=3);
        assert_eq!(
            table,
            [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0].map(|count| count / 8.0)
        );
    }

    #[test]
    fn chosen_sums_of_two_out_of_four() {
        // {1,2} {1,3} {1,4} {2,3} {2,4} {3,4}
        let table = chosen_sum_distribution(&[1, 2, 3, 4], 2);
        let expected = [0, 0, 0, 1, 1, 2, 1, 1, 0, 0, 0].map(|count| f64::from(count) / 6.0);
        for (got, want) in table.iter().zip(expected) {
            assert!((got - want).abs() < 1e-15, "{table:?}");
        }
    }

    #[test]
    fn order_statistics_match_the_sorted_list() {
        let values: [f64; 7] = [0.3, -1.0, 2.5, 0.3, -0.0, 7.0e-3, 1.0e9];
        let mut listed: Vec<f64> = (0..values.len())
            .flat_map(|i| (i..values.len()).map(move |j| values[i].midpoint(values[j])))
            .collect();
        listed.sort_by(f64::total_cmp);
        let walsh = WalshAverages::new(&values);
        for (index, expected) in listed.iter().enumerate() {
            assert_eq!(walsh.kth(index + 1), *expected, "Walsh average {index}");
        }
        let other: [f64; 3] = [4.0, -2.0, 0.3];
        let mut listed: Vec<f64> = values
            .iter()
            .flat_map(|x| other.iter().map(move |y| x - y))
            .collect();
        listed.sort_by(f64::total_cmp);
        let differences = PairDifferences::new(&values, &other);
        for (index, expected) in listed.iter().enumerate() {
            assert_eq!(differences.kth(index + 1), *expected, "difference {index}");
        }
    }
}
