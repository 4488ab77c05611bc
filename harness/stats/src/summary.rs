//! Medians, quantiles and spreads of one sample. Every function answers `None` where the input has no answer:
//! empty, too short, or holding a NaN or an infinity.

/// Arithmetic mean.
pub fn mean(values: &[f64]) -> Option<f64> {
    usable(values, 1).then(|| mean_of(values))
}

/// Standard deviation with n − 1 in the denominator; needs two values.
pub fn deviation(values: &[f64]) -> Option<f64> {
    usable(values, 2).then(|| deviation_of(values))
}

/// Median; the mean of the two middle values where n is even.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The `q` quantile, q in 0..=1, by linear interpolation between order statistics (Hyndman & Fan's type 7,
/// the default of R and numpy).
///
/// For a handful of trials only. A latency quantile of requests comes from the trial's own histogram.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    if !usable(values, 1) || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let share = position - below as f64;
    Some(sorted[below] + share * (sorted[above] - sorted[below]))
}

fn usable(values: &[f64], needed: usize) -> bool {
    values.len() >= needed && values.iter().all(|value| value.is_finite())
}

/// Mean of input that has been checked: not empty, finite.
pub(crate) fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Deviation of input that has been checked: two values or more, finite.
///
/// Spread that is rounding noise of the mean (equal values whose mean is not representable) counts as none,
/// so that constant input is recognised as constant.
pub(crate) fn deviation_of(values: &[f64]) -> f64 {
    let centre = mean_of(values);
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let deviation = (squares / (values.len() - 1) as f64).sqrt();
    let largest = values
        .iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    if deviation <= 8.0 * f64::EPSILON * largest {
        0.0
    } else {
        deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_for_what_has_none() {
        assert_eq!(mean(&[]), None);
        assert_eq!(deviation(&[1.0]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
        assert_eq!(quantile(&[1.0, 2.0], 95.0), None);
    }

    #[test]
    fn constant_input_has_no_spread() {
        assert_eq!(deviation(&[0.1; 7]), Some(0.0));
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.25), Some(1.75));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(quantile(&[7.0], 0.95), Some(7.0));
    }
}
