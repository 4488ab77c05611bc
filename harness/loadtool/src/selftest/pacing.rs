//! E1 and E2: when requests arrive, as the server sees it.

use loadgen::Arrival;

use super::findings::Findings;
use super::lab::Lab;
use super::table::Row;
use crate::failure::Failure;

/// E1: even pacing at a low and a high rate.
pub(super) fn even(lab: &Lab, findings: &mut Findings) -> Result<Paced, Failure> {
    let mut last = None;
    for (rate, limit) in [(2_000.0, 0.15), (10_000.0, 0.6)] {
        let mut server = lab.witness()?;
        let mut spec = lab.spec(&server, rate)?;
        spec.duration = lab.length(3_000, 1_500);
        let outcome = lab.run(&spec)?;
        findings.disturbed(&format!("E1 at {rate:.0}/s"), &outcome);
        let arrivals = server.log()?.arrivals_ns;
        let paced = Paced::of(arrivals, rate, Some(outcome.started_monotonic_ns));
        let cv = paced.gap_variation;
        findings.add(Row::judged(
            "E1",
            format!("gap CV at {rate:.0}/s"),
            format!("{cv:.3}"),
            format!("<= {limit}"),
            cv <= limit,
        ));
        let [p50, p99] = paced.lag_us;
        findings.add(Row::judged(
            "E1",
            format!("schedule lag P50/P99 at {rate:.0}/s"),
            format!("{p50:.0}/{p99:.0} us"),
            "P99 <= 150 us",
            p99 <= 150.0,
        ));
        last = Some(paced);
    }
    Ok(last.expect("two rates are measured"))
}

/// E2: Poisson arrivals.
pub(super) fn poisson(lab: &Lab, findings: &mut Findings) -> Result<(), Failure> {
    let rate_per_s = 5_000.0;
    let mut server = lab.witness()?;
    let mut spec = lab.spec(&server, rate_per_s)?;
    spec.arrival = Arrival::Poisson { rate_per_s };
    spec.duration = lab.length(8_000, 4_000);
    let outcome = lab.run(&spec)?;
    findings.disturbed("E2", &outcome);
    let mut arrivals = server.log()?.arrivals_ns;
    arrivals.sort_unstable();
    let gaps = gaps(&arrivals);
    let cv = variation(&gaps);
    let of_range = |value: f64, low: f64, high: f64| (low..=high).contains(&value);
    findings.add(Row::judged(
        "E2",
        "Poisson gap CV at 5000/s",
        format!("{cv:.3}"),
        "0.95 to 1.05",
        of_range(cv, 0.95, 1.05),
    ));
    for window_ms in [1u64, 10, 100] {
        let counts = counts(&arrivals, window_ms * 1_000_000);
        let ratio = dispersion(&counts);
        // The ratio of a true Poisson process scatters by sqrt(2/n) over n windows (the index
        // of dispersion is chi-squared; Cox and Lewis, "The Statistical Analysis of Series of
        // Events", 1966, section 6.3), which no driver can help.
        let scatter = 2.0 * (2.0 / counts.len().max(1) as f64).sqrt();
        findings.add(Row::judged(
            "E2",
            format!("variance/mean of counts in {window_ms} ms"),
            format!("{ratio:.3} ({} windows)", counts.len()),
            format!("0.9 to 1.1, +-{scatter:.2}"),
            of_range(ratio, 0.9 - scatter, 1.1 + scatter),
        ));
    }
    let distance = exponential_distance(&gaps);
    findings.add(Row::judged(
        "E2",
        "distance from exponential gaps (KS)",
        format!("{distance:.3}"),
        "<= 0.08",
        distance <= 0.08,
    ));
    Ok(())
}

/// How evenly requests arrived.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Paced {
    /// Coefficient of variation of the gaps.
    pub(super) gap_variation: f64,
    /// Schedule lag in microseconds: median and 99th percentile.
    pub(super) lag_us: [f64; 2],
}

impl Paced {
    /// Of arrivals that were due at even times from `zero_ns` on, on the same clock. Where the
    /// schedule's zero is not known, the earliest hundredth of the arrivals counts as on time.
    pub(super) fn of(mut arrivals: Vec<u64>, rate_per_s: f64, zero_ns: Option<u64>) -> Self {
        arrivals.sort_unstable();
        let first = arrivals.first().copied().unwrap_or(0);
        let zero = zero_ns.unwrap_or(first) as i128;
        let late_ns = |(index, at): (usize, &u64)| {
            (i128::from(*at) - zero) as f64 - index as f64 / rate_per_s * 1e9
        };
        let mut late: Vec<f64> = arrivals.iter().enumerate().map(late_ns).collect();
        late.sort_unstable_by(f64::total_cmp);
        let quantile = |q: f64| match late.len() {
            0 => f64::NAN,
            count => late[((count as f64 * q).ceil() as usize).clamp(1, count) - 1],
        };
        let on_time = if zero_ns.is_some() {
            0.0
        } else {
            quantile(0.01)
        };
        Self {
            gap_variation: variation(&gaps(&arrivals)),
            lag_us: [0.5, 0.99].map(|q| (quantile(q) - on_time) / 1e3),
        }
    }
}

fn gaps(arrivals: &[u64]) -> Vec<f64> {
    arrivals
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) as f64)
        .collect()
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (count - 1.0);
    (mean, variance)
}

fn variation(values: &[f64]) -> f64 {
    let (mean, variance) = mean_and_variance(values);
    variance.sqrt() / mean
}

fn dispersion(counts: &[f64]) -> f64 {
    let (mean, variance) = mean_and_variance(counts);
    variance / mean
}

/// Arrivals in each whole window between the first and the last.
fn counts(arrivals: &[u64], window_ns: u64) -> Vec<f64> {
    let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) else {
        return Vec::new();
    };
    let mut counts = vec![0.0; ((last - first) / window_ns) as usize];
    for at in arrivals {
        if let Some(count) = counts.get_mut(((at - first) / window_ns) as usize) {
            *count += 1.0;
        }
    }
    counts
}

/// The Kolmogorov-Smirnov distance between the gaps and the exponential distribution of their
/// mean.
fn exponential_distance(gaps: &[f64]) -> f64 {
    let (mean, _) = mean_and_variance(gaps);
    let mut sorted = gaps.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    sorted
        .iter()
        .enumerate()
        .map(|(index, gap)| {
            let expected = 1.0 - (-gap / mean).exp();
            let (below, above) = (index as f64 / count, (index + 1) as f64 / count);
            (expected - below).abs().max((above - expected).abs())
        })
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schedule lag to the nanosecond.
    fn lag(arrivals: Vec<u64>, zero_ns: Option<u64>) -> [f64; 2] {
        let paced = Paced::of(arrivals, 10_000.0, zero_ns);
        paced.lag_us.map(|us| (us * 1e3).round() / 1e3)
    }

    #[test]
    fn an_even_series_has_no_variation_and_no_lag() {
        let arrivals: Vec<u64> = (0..1_000).map(|k| 5_000 + k * 100_000).collect();
        assert!(Paced::of(arrivals.clone(), 10_000.0, None).gap_variation < 1e-9);
        assert_eq!(lag(arrivals, None), [0.0, 0.0]);
    }

    #[test]
    fn a_late_stretch_is_seen_in_the_tail_only() {
        let late = |k: u64| if k.is_multiple_of(50) { 60_000 } else { 0 };
        let arrivals = (0..1_000).map(|k| k * 100_000 + late(k)).collect();
        assert_eq!(lag(arrivals, None), [0.0, 60.0]);
    }

    #[test]
    fn a_known_zero_shows_what_all_were_late_by() {
        let arrivals: Vec<u64> = (0..1_000).map(|k| 5_000 + k * 100_000).collect();
        assert_eq!(lag(arrivals.clone(), Some(0)), [5.0, 5.0]);
        assert_eq!(lag(arrivals, Some(12_000)), [-7.0, -7.0]);
    }

    #[test]
    fn bunches_are_told_from_a_poisson_process() {
        // The quantiles of the exponential distribution, in a scrambled order.
        let count = 10_007u64;
        let gap = |k: u64| -((1.0 - (k as f64 + 0.5) / count as f64).ln()) * 200_000.0;
        let gaps: Vec<f64> = (0..count).map(|k| gap(k * 4_242 % count)).collect();
        assert!((variation(&gaps) - 1.0).abs() < 0.01);
        assert!(exponential_distance(&gaps) < 0.001);
        let bunched: Vec<f64> = (0..count)
            .map(|k| if k % 10 == 0 { 2e6 } else { 0.0 })
            .collect();
        assert!(variation(&bunched) > 2.0 && exponential_distance(&bunched) > 0.5);
    }

    #[test]
    fn counts_leave_the_last_broken_window_out() {
        let arrivals = [0, 1, 10, 11, 12, 25];
        assert_eq!(counts(&arrivals, 10), [2.0, 3.0]);
        assert_eq!(counts(&[], 10), [0.0; 0]);
    }
}
