//! What can be wrong with numbers handed to this crate.

/// Why a statistic cannot be given. `what` names the input, so that a caller can print the message as it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// Fewer values than the method needs.
    #[error("{what}: needs at least {needed}, got {got}")]
    TooFew {
        /// The input that is too short.
        what: &'static str,
        /// How many the method needs.
        needed: usize,
        /// How many there were.
        got: usize,
    },
    /// A NaN, an infinity, or a number beyond 1e75, whose powers would overflow.
    #[error("{what}: value {index} is not a usable number; leave the trial out before comparing")]
    NotFinite {
        /// The input that holds it.
        what: &'static str,
        /// Its position, from 0.
        index: usize,
    },
    /// A value that has no logarithm.
    #[error(
        "{what}: value {index} is {value} and has no logarithm; compare differences, not ratios"
    )]
    NotPositive {
        /// The input that holds it.
        what: &'static str,
        /// Its position, from 0.
        index: usize,
        /// The value itself.
        value: f64,
    },
    /// Two inputs that should pair up do not.
    #[error("{what}: {left} against {right}; both sides need one value per block")]
    LengthMismatch {
        /// The inputs that should pair up.
        what: &'static str,
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// A setting outside its meaning, such as a confidence level of 95.
    #[error("{what} is {value}; it must be {expected}")]
    OutOfRange {
        /// The setting.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What would do, in words.
        expected: &'static str,
    },
    /// Cells and blocks fall into parts that share no block, so their difference is unknown.
    #[error(
        "cell {cell} shares no block with cell 0, even through others; measure both in one block"
    )]
    Disconnected {
        /// A cell that cannot be compared with cell 0.
        cell: usize,
    },
    /// A model that the data cannot carry.
    #[error("{what}: {reason}")]
    NoFit {
        /// The model.
        what: &'static str,
        /// Why, and what to measure instead.
        reason: &'static str,
    },
}

/// Refuses short input and values that are not finite.
pub(crate) fn check_values(
    what: &'static str,
    values: &[f64],
    needed: usize,
) -> Result<(), StatsError> {
    if values.len() < needed {
        return Err(StatsError::TooFew {
            what,
            needed,
            got: values.len(),
        });
    }
    match values.iter().position(|value| !is_usable(*value)) {
        Some(index) => Err(StatsError::NotFinite { what, index }),
        None => Ok(()),
    }
}

/// Whether a value is finite, and so far from overflow that its fourth power (Welch's degrees of freedom) and sums
/// of such stay finite too. Nothing that gosweep measures comes near.
pub(crate) fn is_usable(value: f64) -> bool {
    value.abs() <= 1e75
}

/// Refuses a probability that is not strictly between 0 and 1.
pub(crate) fn check_probability(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            what,
            value,
            expected: "strictly between 0 and 1",
        })
    }
}

/// Refuses a number that is negative, NaN or infinite.
pub(crate) fn check_not_negative(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value >= 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            what,
            value,
            expected: "a finite number, zero or above",
        })
    }
}
