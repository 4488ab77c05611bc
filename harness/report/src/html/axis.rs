//! Scales and their ticks.

/// Maps values to coordinates, linearly or by logarithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    /// From `low..high` to the coordinates `from..to`; an empty range is widened.
    pub(super) fn linear((low, high): (f64, f64), (from, to): (f64, f64)) -> Scale {
        let (low, high) = if high > low {
            (low, high)
        } else {
            (low - 0.5, high + 0.5)
        };
        Scale {
            low,
            high,
            from,
            to,
            logarithmic: false,
        }
    }

    /// The same for positive values by their logarithm.
    pub(super) fn logarithmic((low, high): (f64, f64), coordinates: (f64, f64)) -> Scale {
        Scale {
            logarithmic: true,
            ..Scale::linear((low.ln(), high.ln()), coordinates)
        }
    }

    /// The coordinate of a value; what lies outside is put on the edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.ln() } else { value };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }
}

/// Round values in a range, about `wanted` of them.
pub(super) fn round_ticks((low, high): (f64, f64), wanted: usize) -> Vec<f64> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return vec![low];
    }
    let rough = span / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// Ratios that read well as a change in per cent or a factor.
const RATIOS: [f64; 25] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0, 1.01, 1.02, 1.05,
    1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0,
];

/// Ticks of a ratio axis: 1 always, others where `apart` coordinates lie between neighbours.
pub(super) fn ratio_ticks((low, high): (f64, f64), scale: &Scale, apart: f64) -> Vec<f64> {
    let mut ticks = vec![1.0];
    let mut candidates: Vec<f64> = RATIOS
        .into_iter()
        .filter(|ratio| (low..=high).contains(ratio))
        .collect();
    // From the outside in, so that the ends of the range are named first.
    candidates.sort_by(|a, b| b.ln().abs().total_cmp(&a.ln().abs()));
    for candidate in candidates {
        if ticks
            .iter()
            .all(|tick| (scale.at(*tick) - scale.at(candidate)).abs() >= apart)
        {
            ticks.push(candidate);
        }
    }
    ticks.sort_by(f64::total_cmp);
    ticks
}

/// A ratio as a tick's label: a change in per cent, from 3 on a factor.
pub(super) fn ratio_label(ratio: f64) -> String {
    let percent = ((ratio - 1.0) * 100.0).round();
    if ratio >= 3.0 {
        format!("×{ratio}")
    } else if percent == 0.0 {
        "control".to_owned()
    } else if percent < 0.0 {
        format!("−{}%", percent.abs())
    } else {
        format!("+{percent}%")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(round_ticks((0.0, 9.0), 5), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(round_ticks((12_100.0, 22_000.0), 4), [15_000.0, 20_000.0]);
        assert_eq!(round_ticks((3.0, 3.0), 4), [3.0]);
        assert_eq!(ratio_label(0.95), "−5%");
        assert_eq!(ratio_label(1.2), "+20%");
        assert_eq!(ratio_label(5.0), "×5");
    }

    #[test]
    fn ratio_ticks_keep_apart_and_name_the_control() {
        let range = (0.25, 1.9);
        let scale = Scale::logarithmic(range, (0.0, 400.0));
        let ticks = ratio_ticks(range, &scale, 50.0);
        assert!(ticks.contains(&1.0));
        assert!(
            ticks
                .windows(2)
                .all(|pair| scale.at(pair[1]) - scale.at(pair[0]) >= 50.0)
        );
    }

    #[test]
    fn an_empty_range_has_a_middle() {
        let scale = Scale::linear((2.0, 2.0), (0.0, 10.0));
        assert_eq!(scale.at(2.0), 5.0);
    }
}
