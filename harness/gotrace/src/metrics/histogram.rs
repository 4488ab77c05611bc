//! Histograms with explicit bucket bounds, as `runtime/metrics.Float64Histogram` has them.

/// Counts between bounds: `counts[i]` samples lie in `[buckets[i], buckets[i + 1])`.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    counts: Vec<u64>,
    buckets: Vec<f64>,
}

/// Where a quantile lies: in one bucket, whose bounds are all that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// Lower bound of the bucket; may be minus infinity.
    pub lower: f64,
    /// Upper bound of the bucket, exclusive; may be infinity.
    pub upper: f64,
}

impl Quantile {
    /// The finite bound that errs on the high side; the lower one if the bucket is open above.
    #[must_use]
    pub fn conservative(&self) -> f64 {
        if self.upper.is_finite() {
            self.upper
        } else {
            self.lower
        }
    }
}

impl Histogram {
    /// Checks and builds a histogram.
    ///
    /// # Errors
    /// A fragment that says what is wrong: one bound more than counts is needed, none of them
    /// NaN, each greater than the one before.
    pub fn new(counts: Vec<u64>, buckets: Vec<f64>) -> Result<Self, String> {
        if counts.is_empty() || buckets.len() != counts.len() + 1 {
            return Err(format!(
                "{} counts need one bucket bound more, not {}",
                counts.len(),
                buckets.len()
            ));
        }
        // Written so that NaN fails as well.
        if !buckets.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err("bucket bounds do not increase".to_owned());
        }
        Ok(Self { counts, buckets })
    }

    /// Samples per bucket.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Bucket bounds, one more than counts.
    #[must_use]
    pub fn buckets(&self) -> &[f64] {
        &self.buckets
    }

    /// All samples.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The bucket that holds the `q` quantile by nearest rank: the smallest with at least
    /// `ceil(q * total)` samples up to its end. `None` if empty or `q` is outside 0 to 1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        let total = self.total();
        if total == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let rank = ((q * total as f64).ceil() as u64).clamp(1, total);
        let mut seen = 0_u64;
        self.counts.iter().enumerate().find_map(|(index, count)| {
            seen = seen.saturating_add(*count);
            (seen >= rank).then(|| self.bucket(index))
        })
    }

    /// The highest bucket with a sample.
    #[must_use]
    pub fn max(&self) -> Option<Quantile> {
        self.counts
            .iter()
            .rposition(|count| *count > 0)
            .map(|index| self.bucket(index))
    }

    /// Bounds of the sum of all samples. Open buckets make a bound infinite, unless empty.
    #[must_use]
    pub fn sum_bounds(&self) -> (f64, f64) {
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .fold((0.0, 0.0), |(low, high), (index, count)| {
                let Quantile { lower, upper } = self.bucket(index);
                (low + lower * *count as f64, high + upper * *count as f64)
            })
    }

    /// What was added since `earlier`.
    ///
    /// # Errors
    /// A fragment that says why they do not fit: other bounds, or a count that fell.
    pub fn since(&self, earlier: &Self) -> Result<Self, String> {
        if self.buckets != earlier.buckets {
            return Err("bucket bounds differ".to_owned());
        }
        let counts = self
            .counts
            .iter()
            .zip(&earlier.counts)
            .map(|(now, then)| now.checked_sub(*then))
            .collect::<Option<Vec<u64>>>()
            .ok_or("a bucket holds fewer samples than before")?;
        Ok(Self {
            counts,
            buckets: self.buckets.clone(),
        })
    }

    fn bucket(&self, index: usize) -> Quantile {
        Quantile {
            lower: self.buckets[index],
            upper: self.buckets[index + 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(counts: &[u64], buckets: &[f64]) -> Histogram {
        Histogram::new(counts.to_vec(), buckets.to_vec()).expect("valid histogram")
    }

    #[test]
    fn quantiles_are_buckets() {
        let it = histogram(
            &[0, 90, 9, 1],
            &[f64::NEG_INFINITY, 0.0, 1.0, 2.0, f64::INFINITY],
        );
        assert_eq!(
            it.quantile(0.5),
            Some(Quantile {
                lower: 0.0,
                upper: 1.0
            })
        );
        assert_eq!(
            it.quantile(0.9),
            Some(Quantile {
                lower: 0.0,
                upper: 1.0
            })
        );
        assert_eq!(
            it.quantile(0.91),
            Some(Quantile {
                lower: 1.0,
                upper: 2.0
            })
        );
        assert_eq!(
            it.quantile(1.0),
            Some(Quantile {
                lower: 2.0,
                upper: f64::INFINITY
            })
        );
        assert_eq!(
            it.quantile(0.0),
            Some(Quantile {
                lower: 0.0,
                upper: 1.0
            })
        );
        assert_eq!(it.max().map(|it| it.conservative()), Some(2.0));
        assert_eq!(it.quantile(1.1), None);
        assert_eq!(histogram(&[0], &[0.0, 1.0]).quantile(0.5), None);
        assert_eq!(
            histogram(&[2, 1], &[0.0, 1.0, 3.0]).sum_bounds(),
            (1.0, 5.0)
        );
    }

    #[test]
    fn malformed_ones_are_refused() {
        for (counts, buckets) in [
            (vec![1], vec![0.0]),
            (vec![], vec![0.0]),
            (vec![1, 2], vec![0.0, 1.0, 1.0]),
            (vec![1, 2], vec![0.0, f64::NAN, 1.0]),
        ] {
            assert!(Histogram::new(counts, buckets).is_err());
        }
    }

    #[test]
    fn differences() {
        let bounds = [0.0, 1.0, 2.0];
        let (early, late) = (histogram(&[1, 2], &bounds), histogram(&[4, 2], &bounds));
        assert_eq!(late.since(&early), Ok(histogram(&[3, 0], &bounds)));
        assert!(early.since(&late).is_err());
        assert!(late.since(&histogram(&[1, 2], &[0.0, 1.0, 3.0])).is_err());
    }
}
