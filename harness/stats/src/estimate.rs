//! The shapes that every method answers in: an estimate with its interval, and a test with its p-value.

/// How an [`Estimate`] was made. Print it: an interval without its method cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Hodges-Lehmann median of Walsh averages, exact signed-rank interval.
    SignedRank,
    /// As [`Method::SignedRank`], with the normal approximation for the interval's ranks (large n).
    SignedRankNormal,
    /// Mean and t interval of paired values: too few blocks for a signed-rank interval.
    PairedT,
    /// Hodges-Lehmann shift between two samples, exact Mann-Whitney interval.
    MannWhitney,
    /// As [`Method::MannWhitney`], with the normal approximation for the interval's ranks (large n).
    MannWhitneyNormal,
    /// Difference of means and Welch's t interval: too few values for a rank interval.
    WelchT,
    /// Contrast of an additive cell + block fit, t interval with the pooled residual.
    AdditiveT,
    /// Difference of two runs' means, t interval by what days differ by.
    BetweenDays,
    /// Least squares with profile t interval (the threshold of R's `confint.nls`).
    ProfileT,
}

impl Method {
    /// The short name that tables print.
    pub fn label(self) -> &'static str {
        match self {
            Method::SignedRank => "Hodges-Lehmann, exact signed-rank",
            Method::SignedRankNormal => "Hodges-Lehmann, signed-rank (normal)",
            Method::PairedT => "paired t",
            Method::MannWhitney => "Hodges-Lehmann shift, exact Mann-Whitney",
            Method::MannWhitneyNormal => "Hodges-Lehmann shift, Mann-Whitney (normal)",
            Method::WelchT => "Welch t",
            Method::AdditiveT => "additive fit, pooled t",
            Method::BetweenDays => "difference of runs, t by the noise between days",
            Method::ProfileT => "least squares, profile t",
        }
    }
}

/// A point estimate with its confidence interval, in the unit of the values it was made of
/// (a log ratio where log ratios went in).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate itself; lies within the interval.
    pub point: f64,
    /// Lower end; may be minus infinity where the data set no bound.
    pub low: f64,
    /// Upper end; may be infinity where the data set no bound.
    pub high: f64,
    /// The confidence level that was asked for.
    pub level: f64,
    /// The level that the method guarantees. Rank statistics are discrete, so an exact interval holds at
    /// least `level` (0.969 at n = 6 for 0.95); the others state `level` again.
    pub attained_level: f64,
    /// How the interval was made.
    pub method: Method,
    /// How many values (blocks, in this project) it rests on.
    pub n: usize,
}

impl Estimate {
    /// Half the interval's width; what precision-based stopping looks at.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether the interval covers `value`.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// True where all values were equal, so that the interval has no width. It is then a statement about
    /// the resolution of the measure, not about its noise: say so where it is printed.
    pub fn is_degenerate(&self) -> bool {
        self.low == self.high
    }

    /// The same estimate as a ratio, where it was made of log ratios.
    pub fn exp(&self) -> Estimate {
        Estimate {
            point: self.point.exp(),
            low: self.low.exp(),
            high: self.high.exp(),
            ..*self
        }
    }

    /// The same estimate with its sign turned: control against cell instead of cell against control.
    pub fn negated(&self) -> Estimate {
        Estimate {
            point: -self.point,
            low: -self.high,
            high: -self.low,
            ..*self
        }
    }
}

/// Which departure from the null hypothesis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Alternative {
    /// Either side.
    #[default]
    TwoSided,
    /// Values (or the first sample) lie higher.
    Greater,
    /// Values (or the first sample) lie lower.
    Less,
}

impl Alternative {
    /// The p-value from the two tails P(S ≤ s) and P(S ≥ s). Two-sided is twice the smaller tail, the
    /// convention of R's and scipy's exact rank tests.
    pub(crate) fn p_value(self, lower_tail: f64, upper_tail: f64) -> f64 {
        let p = match self {
            Alternative::TwoSided => 2.0 * lower_tail.min(upper_tail),
            Alternative::Greater => upper_tail,
            Alternative::Less => lower_tail,
        };
        p.clamp(0.0, 1.0)
    }
}

/// How a [`Test`]'s p-value was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TestMethod {
    /// The whole null distribution was counted, ties and zeros included.
    Exact,
    /// Normal approximation with tie and continuity correction.
    Normal,
    /// Student's or Welch's t distribution.
    T,
    /// Seeded random rearrangements; p = (1 + hits) / (1 + rearrangements), never 0 (Phipson & Smyth 2010).
    Resampled,
    /// All values were equal and not zero: a t statistic would be infinite, so the p-value is that of a sign
    /// test, 2^-n one-sided, the most that n agreeing blocks can say without a model of noise.
    SignsOnly,
}

/// The outcome of one test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The test's statistic, as the function that made it documents.
    pub statistic: f64,
    /// The p-value, in 0..=1.
    pub p_value: f64,
    /// How the p-value was made.
    pub method: TestMethod,
    /// How many values it rests on.
    pub n: usize,
}
