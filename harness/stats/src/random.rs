//! The seeded generator behind everything that draws: one algorithm, so that a recorded seed means the same
//! rearrangements in every later version.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

use crate::distribution::normal_quantile;

/// How many random rearrangements to draw, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Number of draws; the smallest p-value is 1/(draws + 1).
    pub draws: usize,
    /// Seed; the same seed gives the same answer.
    pub seed: u64,
}

impl Resampling {
    /// 1,999 draws: p-values down to 0.0005, with a standard error of 0.005 at p = 0.05.
    pub fn seeded(seed: u64) -> Self {
        Resampling { draws: 1_999, seed }
    }
}

/// xoshiro256++ with our own bounded draw and shuffle: rand keeps the generator stable, but not how it makes
/// ranges and shuffles of it.
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in 0..bound, for bound ≥ 1. Multiply and shift (Lemire 2019); the bias without rejection is below
    /// bound/2^64 and cannot be seen.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// A standard normal number, by inversion, so that it takes one draw whatever its value.
    pub(crate) fn normal(&mut self) -> f64 {
        let fraction = ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        normal_quantile(fraction)
    }

    /// Fisher-Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut random = Random::new(7);
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7];
        random.shuffle(&mut items);
        assert_eq!(items, [7, 5, 6, 3, 2, 4, 1, 0]);
    }

    #[test]
    fn draws_fill_their_range_evenly() {
        let mut random = Random::new(1);
        let mut counts = [0_u32; 7];
        (0..70_000).for_each(|_| counts[random.below(7)] += 1);
        // Standard deviation of each count is 93; the seed makes this the same every time.
        assert!(
            counts.iter().all(|count| count.abs_diff(10_000) < 400),
            "{counts:?}"
        );
    }
}
