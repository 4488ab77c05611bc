//! Counts of latencies while they are recorded: HdrHistogram's buckets, in pieces made when first
//! used.
//!
//! The main type is [`Tally`]. A histogram of the crate's bounds takes some 44,000 counts, 344 KiB,
//! of which one request class in one interval uses a few hundred; a mix of many classes would
//! take hundreds of MiB for zeros. A tally has the same buckets at the same places and becomes a
//! [`Histogram`] without loss. Quantiles are deliberately absent: they are the histogram's.

use hdrhistogram::Histogram;

use crate::histogram::{MAX_TRACKED_NS, new_histogram};

/// Values below 2^11 have a bucket each, and every doubling above is split into half as many:
/// 2^11 is the least power of two that keeps three significant digits (2 · 10^3 buckets), see
/// `HdrHistogram.java`, "sub bucket count", in <https://github.com/HdrHistogram/HdrHistogram>.
const UNIT_BITS: u32 = 11;
/// Buckets of each doubling above the first.
const HALF: usize = 1 << (UNIT_BITS - 1);
/// Buckets of a whole histogram.
const BUCKETS: usize = bucket_of(MAX_TRACKED_NS) + 1;
/// Buckets of one piece: a quarter of a doubling, 2 KiB.
const PIECE: usize = HALF / 4;
const PIECES: usize = BUCKETS.div_ceil(PIECE);

type Piece = [u64; PIECE];

/// Counts of values, in nanoseconds; grows with the buckets that values fell into and never with
/// their number.
#[derive(Debug, Clone)]
pub struct Tally {
    pieces: Box<[Option<Box<Piece>>; PIECES]>,
}

impl Tally {
    /// An empty tally.
    pub fn new() -> Self {
        Self {
            pieces: Box::new([const { None }; PIECES]),
        }
    }

    /// Counts one value; one above [`MAX_TRACKED_NS`] counts as that.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        self.record_n(value_ns, 1);
    }

    /// Counts a value `count` times.
    #[inline]
    pub fn record_n(&mut self, value_ns: u64, count: u64) {
        let bucket = bucket_of(value_ns.min(MAX_TRACKED_NS));
        let piece = self.pieces[bucket / PIECE].get_or_insert_with(new_piece);
        piece[bucket % PIECE] += count;
    }

    /// Adds another tally's counts.
    pub fn add(&mut self, other: &Self) {
        for (into, from) in self.pieces.iter_mut().zip(other.pieces.iter()) {
            let Some(from) = from else { continue };
            let into = into.get_or_insert_with(new_piece);
            for (into, from) in into.iter_mut().zip(from.iter()) {
                *into += from;
            }
        }
    }

    /// Forgets all counts and keeps the memory, for the next interval to need none.
    pub fn clear(&mut self) {
        for piece in self.pieces.iter_mut().flatten() {
            piece.fill(0);
        }
    }

    /// Adds the counts to a histogram of the crate's one shape.
    pub fn add_to(&self, histogram: &mut Histogram<u64>) {
        for (number, piece) in self.pieces.iter().enumerate() {
            let Some(piece) = piece else { continue };
            for (offset, count) in piece.iter().enumerate().filter(|(_, count)| **count > 0) {
                histogram.saturating_record_n(least_of(number * PIECE + offset), *count);
            }
        }
    }

    /// The same counts as a histogram.
    pub fn to_histogram(&self) -> Histogram<u64> {
        let mut histogram = new_histogram();
        self.add_to(&mut histogram);
        histogram
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

#[cold]
fn new_piece() -> Box<Piece> {
    Box::new([0; PIECE])
}

/// The bucket of a value.
#[inline]
const fn bucket_of(value_ns: u64) -> usize {
    let first = (1 << UNIT_BITS) - 1;
    let doublings = (u64::BITS - UNIT_BITS) - (value_ns | first).leading_zeros();
    doublings as usize * HALF + (value_ns >> doublings) as usize
}

/// The least value of a bucket.
fn least_of(bucket: usize) -> u64 {
    if bucket < 2 * HALF {
        return bucket as u64;
    }
    let doublings = bucket / HALF - 1;
    ((bucket % HALF + HALF) as u64) << doublings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values of every size alike, the smallest and those above the bound among them.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        let any_size = (0u32..64, any::<u64>()).prop_map(|(shift, bits)| bits >> shift);
        prop::collection::vec(any_size, 0..200)
    }

    fn tally_of(values: &[u64]) -> Tally {
        let mut tally = Tally::new();
        values.iter().for_each(|value| tally.record(*value));
        tally
    }

    fn histogram_of(values: &[u64]) -> Histogram<u64> {
        let mut histogram = new_histogram();
        let recorded = values.iter().map(|value| *value.min(&MAX_TRACKED_NS));
        recorded.for_each(|value| histogram.record(value).unwrap());
        histogram
    }

    proptest! {
        #[test]
        fn a_tally_is_the_histogram_of_the_same_values(
            values in values(), others in values()
        ) {
            let mut tally = tally_of(&values);
            prop_assert_eq!(tally.to_histogram(), histogram_of(&values));
            tally.add(&tally_of(&others));
            let all: Vec<u64> = values.iter().chain(&others).copied().collect();
            prop_assert_eq!(tally.to_histogram(), histogram_of(&all));
            tally.clear();
            prop_assert_eq!(tally.to_histogram(), new_histogram());
        }
    }

    #[test]
    fn buckets_are_those_of_the_histogram() {
        // The histogram has those of the last doubling to its end.
        let last = new_histogram().distinct_values();
        assert_eq!(BUCKETS.next_multiple_of(HALF), last);
    }

    #[test]
    fn only_pieces_with_values_take_memory() {
        let mut tally = Tally::new();
        (0..1_000_000).for_each(|k| tally.record(1_000_000 + k % 1_000));
        assert_eq!(tally.pieces.iter().flatten().count(), 1);
    }
}
