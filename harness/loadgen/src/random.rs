//! A small seeded generator for arrivals, mixes and templates.
//!
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
//! OOPSLA 2014): stateless use by index makes request `k` of a seed the same in every run, on
//! any number of threads and under any version of any dependency, which is what makes paired
//! comparisons possible. Cryptographic strength is deliberately absent.

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// One well-mixed 64-bit value from one input.
#[inline]
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(GOLDEN_GAMMA);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The value at `index` of the stream `seed`.
#[inline]
pub(crate) fn at(seed: u64, index: u64) -> u64 {
    mix(mix(seed).wrapping_add(index.wrapping_mul(GOLDEN_GAMMA)))
}

/// A value in `[0, 1)` from 64 random bits, with the 53 bits that an `f64` holds.
#[inline]
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// An integer in `[0, bound)`, unbiased enough for any bound far below 2^64
/// (Lemire's multiply-shift, bias below bound / 2^64).
#[inline]
pub(crate) fn below(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

/// A sequential stream.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    state: u64,
}

impl Stream {
    /// The stream that `seed` names.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        let value = mix(self.state);
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_unit_interval_is_a_half() {
        let mean = (0..100_000).map(|k| unit(at(7, k))).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
    }

    #[test]
    fn below_stays_below_and_reaches_both_ends() {
        let values: Vec<u64> = (0..1_000).map(|k| below(at(3, k), 10)).collect();
        assert!(values.iter().all(|value| *value < 10));
        assert!(values.contains(&0) && values.contains(&9));
    }

    #[test]
    fn seeds_and_indices_give_different_values() {
        assert_ne!(at(1, 0), at(2, 0));
        assert_ne!(at(1, 0), at(1, 1));
        assert_eq!(at(1, 5), at(1, 5));
    }
}
