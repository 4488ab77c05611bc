//! Values of objectives, changes of them, and plain numbers.

use record::objective::Objective;
use record::quantity::format_bytes;

use crate::effect::{CellObjective, Criterion, Scale};

/// What stands for a figure that was not observed.
pub const NOT_OBSERVED: &str = "–";

/// A value with its unit: `12,345/s`, `3.21 ms`, `31.2 MiB`.
pub fn value_text(objective: Objective, value: f64) -> String {
    match objective {
        // A slow service answers a few requests a second: the digits behind the point are its figure.
        Objective::Qps if value.abs() < 99.95 => format!("{}/s", significant(value)),
        Objective::Qps => format!("{}/s", grouped(value)),
        Objective::P50 | Objective::P99 | Objective::P999 => milliseconds(value),
        Objective::GcPerKreq => significant(value),
        Objective::GcPerS => format!("{}/s", significant(value)),
        Objective::Rss | Objective::AllocPerReq => format_bytes(value),
        Objective::CpuPerReq => format!("{} µs", significant(value)),
        Objective::GcCpu | Objective::ErrorRate => percent(value),
    }
}

/// A share as a percentage: `3.12%`.
pub fn percent(share: f64) -> String {
    format!("{}%", significant(share * 100.0))
}

/// A time given in milliseconds: `3.21 ms`.
pub fn milliseconds(value: f64) -> String {
    format!("{} ms", significant(value))
}

/// A difference with its sign and unit.
pub fn difference_text(objective: Objective, difference: f64) -> String {
    let sign = match difference {
        0.0 => "±",
        d if d < 0.0 => "−",
        _ => "+",
    };
    let size = value_text(objective, difference.abs());
    match objective {
        Objective::GcCpu | Objective::ErrorRate => {
            format!("{sign}{} pp", size.trim_end_matches('%'))
        }
        _ => format!("{sign}{size}"),
    }
}

/// An effect with its interval: `+8.1% [+5.2, +10.9]`, from a ratio of 3 on `×4.1 [3.8, 4.4]`, or a difference.
pub fn effect_text(objective: Objective, figures: &CellObjective) -> String {
    if let Some(ratio) = figures.ratio {
        return ratio_text(ratio, figures.interval);
    }
    let Some(difference) = figures.difference else {
        return NOT_OBSERVED.to_owned();
    };
    let point = difference_text(objective, difference);
    match figures.interval {
        Some([low, high]) => {
            let low = difference_text(objective, low);
            format!("{point} [{low}, {}]", difference_text(objective, high))
        }
        None => point,
    }
}

/// What stands for a ratio whose interval says nothing.
pub const TOO_NOISY: &str = "too noisy to say";

/// Whether an interval holds anything from a tenth to ten times.
fn says_nothing([low, high]: [f64; 2]) -> bool {
    low <= 0.1 && high >= 10.0
}

/// A ratio with its interval, as a change in per cent where that reads well.
pub fn ratio_text(ratio: f64, interval: Option<[f64; 2]>) -> String {
    if interval.is_some_and(says_nothing) {
        return TOO_NOISY.to_owned();
    }
    if ratio >= 3.0 {
        let bounds = interval
            .map(|[low, high]| format!(" [{}, {}]", significant(low), significant(high)))
            .unwrap_or_default();
        return format!("×{}{bounds}", significant(ratio));
    }
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    // In a large change a digit behind the point is noise, unless the interval is that narrow.
    let narrow = interval.is_some_and(|[low, high]| percent(high) - percent(low) < 1.0);
    let digits =
        usize::from(percent(ratio).abs() < 19.95 || narrow).max(digits_near_nothing(ratio));
    let bounds = interval
        .map(|[low, high]| {
            let (low, high) = (percent(low), percent(high));
            format!(" [{}, {}]", signed(low, digits), signed(high, digits))
        })
        .unwrap_or_default();
    format!("{}%{bounds}", signed(percent(ratio), digits))
}

/// Digits behind the point that keep a change to next to nothing from reading as −100 %.
fn digits_near_nothing(ratio: f64) -> usize {
    const MOST: usize = 4;
    let left = 100.0 * ratio;
    match left > 0.0 && left < 0.995 {
        // 0.4 % is left: −99.6 %; 0.04 %: −99.96 %.
        true => (1..MOST)
            .find(|&digits| left * 10_f64.powi(digits as i32) >= 0.995)
            .unwrap_or(MOST),
        false => 0,
    }
}

/// Whether a cell's median and its ratio to the control point in different directions, by more than what rounding shows.
/// The ratio compares trials of one block; medians over all blocks hold what drifted between them.
pub fn disagrees(figures: &CellObjective, control: Option<f64>) -> bool {
    let (Some(value), Some(control), Some(ratio)) = (figures.value, control, figures.ratio) else {
        return false;
    };
    const SHOWN: f64 = 0.001;
    let by_medians = value / control;
    by_medians.is_finite()
        && (by_medians - 1.0) * (ratio - 1.0) < 0.0
        && (by_medians - 1.0).abs() > SHOWN
        && (ratio - 1.0).abs() > SHOWN
}

/// The A/A pair or another bare estimate, on its scale.
pub fn on_scale_text(
    objective: Objective,
    scale: Scale,
    estimate: f64,
    interval: Option<[f64; 2]>,
) -> String {
    match scale {
        Scale::Ratio => ratio_text(estimate, interval),
        Scale::Difference => {
            let point = difference_text(objective, estimate);
            match interval {
                Some([low, high]) => format!(
                    "{point} [{}, {}]",
                    difference_text(objective, low),
                    difference_text(objective, high)
                ),
                None => point,
            }
        }
    }
}

/// From here on a margin or floor says nothing any more: +300 %.
const NO_MARGIN: f64 = 3.0;

/// A margin or floor: relative, for the error rate in percentage points.
pub fn margin_text(of: impl Into<Criterion>, margin: f64) -> String {
    if of.into().is_difference() {
        format!("{} pp", significant(margin * 100.0))
    } else if margin >= NO_MARGIN {
        TOO_NOISY.to_owned()
    } else {
        percent(margin)
    }
}

/// A p-value: `0.031`, `<0.001`.
pub fn p_text(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

fn signed(percent: f64, digits: usize) -> String {
    let size = format!("{:.digits$}", percent.abs());
    // What rounds to nothing has no direction.
    let sign = if size.chars().all(|c| matches!(c, '0' | '.')) {
        "±"
    } else if percent < 0.0 {
        "−"
    } else {
        "+"
    };
    format!("{sign}{size}")
}

/// About three digits, without exponent.
pub fn significant(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        0.0 => return "0".to_owned(),
        s if s >= 999.5 => return grouped(value),
        s if s >= 99.95 => format!("{value:.0}"),
        s if s >= 9.995 => format!("{value:.1}"),
        s if s >= 0.0995 => format!("{value:.2}"),
        s if s >= 0.000_995 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    };
    text.replace('-', "−")
}

/// A number of things: `26,307`; what is no whole number, such as a scaled one, as about three digits.
pub fn count_text(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(value)
    } else {
        significant(value)
    }
}

/// A whole number with its thousands apart: `26,307`.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 {
        format!("−{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_their_unit() {
        assert_eq!(value_text(Objective::Qps, 1_234_567.8), "1,234,568/s");
        assert_eq!(value_text(Objective::Qps, 987.4), "987/s");
        assert_eq!(value_text(Objective::Qps, 2.4), "2.40/s");
        assert_eq!(value_text(Objective::P99, 3.2149), "3.21 ms");
        assert_eq!(value_text(Objective::GcCpu, 0.0312), "3.12%");
        assert_eq!(value_text(Objective::ErrorRate, 0.0), "0%");
        assert_eq!(value_text(Objective::GcPerKreq, 0.0042), "0.0042");
    }

    #[test]
    fn effects_read_as_changes() {
        assert_eq!(
            ratio_text(1.081, Some([1.052, 1.109])),
            "+8.1% [+5.2, +10.9]"
        );
        assert_eq!(ratio_text(0.26, Some([0.24, 0.28])), "−74% [−76, −72]");
        assert_eq!(ratio_text(1.0001, None), "±0.0%");
        assert_eq!(ratio_text(0.0004, None), "−99.96%");
        assert_eq!(
            ratio_text(0.004, Some([0.003, 0.0052])),
            "−99.6% [−99.7, −99.5]"
        );
        assert_eq!(ratio_text(9.57, Some([6.7e-8, 1.3e9])), "too noisy to say");
        assert_eq!(ratio_text(4.123, Some([3.8, 4.5])), "×4.12 [3.80, 4.50]");
        assert_eq!(difference_text(Objective::ErrorRate, -0.0012), "−0.12 pp");
        assert_eq!(difference_text(Objective::GcPerKreq, -4.1), "−4.10");
    }

    #[test]
    fn small_p_values_are_bounded() {
        assert_eq!(p_text(0.0004), "<0.001");
    }
}
