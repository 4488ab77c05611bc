//! The distribution of response times as a few bars of text.

use loadgen::Histogram;

use super::figures::milliseconds;

const ROWS: usize = 11;
const BAR_WIDTH: f64 = 40.0;

/// One line for each of about a dozen ranges of equal ratio between the smallest and the
/// largest value; empty for an empty histogram. Ranges of equal length would put nearly all of
/// a long-tailed distribution into the first.
pub(super) fn chart(histogram: &Histogram<u64>) -> String {
    if histogram.is_empty() {
        return String::new();
    }
    // What lies below one in a thousand (requests just sent when the run ended) goes into the
    // first row, or it would stretch the scale.
    let low = histogram.value_at_quantile(0.001).max(1) as f64;
    let high = histogram.max().max(1) as f64;

    let rows = if high / low < 1.01 { 1 } else { ROWS };
    let ratio = (high / low).powf(1.0 / rows as f64);
    let mut counts = vec![0u64; rows];
    for value in histogram.iter_recorded() {
        let at = (value.value_iterated_to() as f64 / low).ln() / ratio.ln().max(f64::MIN_POSITIVE);
        counts[(at.max(0.0) as usize).min(rows - 1)] += value.count_at_value();
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let marks = [("P50", 0.5), ("P99", 0.99)].map(|(name, quantile)| {
        let value = histogram.value_at_quantile(quantile) as f64;
        let at = (value / low).ln() / ratio.ln().max(f64::MIN_POSITIVE);
        (name, (at.max(0.0) as usize).min(rows - 1))
    });
    let mut text = String::new();
    for (row, count) in counts.iter().enumerate() {
        let up_to = low * ratio.powi(row as i32 + 1);
        let share = *count as f64 / histogram.len() as f64 * 100.0;
        let bar = bar(*count as f64 / most * BAR_WIDTH);
        let names: Vec<&str> = marks
            .iter()
            .filter(|mark| mark.1 == row)
            .map(|mark| mark.0)
            .collect();
        let line = format!(
            "  up to {:>9} ms {share:6.2} %  {bar}{}{}",
            milliseconds(up_to / 1e6),
            if names.is_empty() { "" } else { " " },
            names.join(" "),
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A bar of eighths, so that small shares are told from none.
fn bar(width: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (width * 8.0).round() as usize;
    let eighths = if width > 0.0 { eighths.max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_tail_is_seen() {
        let mut histogram = loadgen::new_histogram();
        for value in 1..=10_000u64 {
            histogram.record(100_000 + value * 10).unwrap();
        }
        for value in 1..=50u64 {
            histogram.record(20_000_000 + value * 1_000_000).unwrap();
        }
        insta::assert_snapshot!(chart(&histogram));
    }

    #[test]
    fn one_value_is_one_bar_and_none_is_none() {
        let mut histogram = loadgen::new_histogram();
        assert_eq!(chart(&histogram), "");
        histogram.record(1_000_000).unwrap();
        assert_eq!(chart(&histogram).lines().count(), 1);
    }
}
