//! Histograms of one shape: 1 ns to 31 days at three significant digits.
//!
//! Every histogram of the crate has these bounds, since merging mixed bounds loses silently. No
//! request can be older than the upper one: it is above the longest run with the longest drain
//! that [`crate::LoadSpec::validate`] lets pass.

use hdrhistogram::Histogram;

/// The largest value a histogram tells apart, in nanoseconds: 31 days.
pub const MAX_TRACKED_NS: u64 = 31 * 24 * 3600 * 1_000_000_000;
/// Significant decimal digits.
pub const SIGNIFICANT_DIGITS: u8 = 3;

/// An empty histogram of the crate's one shape.
pub fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_TRACKED_NS, SIGNIFICANT_DIGITS)
        .expect("the bounds are constants that the histogram accepts")
}
