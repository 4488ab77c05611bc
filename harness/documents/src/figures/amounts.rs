//! Amounts in the units of profiles: times, bytes, counts, shares.

use record::quantity::format_bytes;

use super::values::{count_text, significant};

/// A value in one of pprof's units, as people read it: `1.49 s`, `31.2 MiB`, `1,204`.
#[must_use]
pub fn amount_text(unit: &str, value: f64) -> String {
    match unit {
        "nanoseconds" => duration_text(value),
        "bytes" if value < 0.0 => format!("−{}", format_bytes(-value)),
        "bytes" => format_bytes(value),
        "count" | "" => count_text(value),
        other => format!("{} {other}", significant(value)),
    }
}

/// A time given in nanoseconds, with the unit that suits its size.
#[must_use]
pub fn duration_text(nanoseconds: f64) -> String {
    let size = nanoseconds.abs();
    let (divisor, unit) = match size {
        s if s >= 1e9 => (1e9, "s"),
        s if s >= 1e6 => (1e6, "ms"),
        s if s >= 1e3 => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    if size == 0.0 {
        return "0".to_owned();
    }
    format!("{} {unit}", significant(nanoseconds / divisor))
}

/// A share of 0 to 1 in per cent, without pretending to more than two digits behind the point.
pub fn percent_text(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        p if p >= 99.95 => format!("{percent:.0} %"),
        p if p >= 9.95 => format!("{percent:.1} %"),
        _ => format!("{percent:.2} %"),
    }
    .replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_their_unit() {
        assert_eq!(amount_text("nanoseconds", 1_490_000_000.0), "1.49 s");
        assert_eq!(amount_text("nanoseconds", -90_000_000.0), "−90.0 ms");
        assert_eq!(amount_text("nanoseconds", 0.0), "0");
        assert_eq!(amount_text("bytes", -1_048_576.0), "−1.0 MiB");
        assert_eq!(amount_text("count", 26_307.0), "26,307");
        assert_eq!(amount_text("parsecs", 2.0), "2.00 parsecs");
        assert_eq!(percent_text(0.123_45), "12.3 %");
        assert_eq!(percent_text(0.001), "0.10 %");
        assert_eq!(percent_text(1.0), "100 %");
    }
}
