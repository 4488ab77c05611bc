//! Figures as they are written.

/// Milliseconds with as many digits as they are worth.
pub(crate) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms >= 100.0 => format!("{ms:.1}"),
        ms if ms >= 10.0 => format!("{ms:.2}"),
        ms => format!("{ms:.3}"),
    }
}

/// A rate with as many digits as it is worth.
pub(crate) fn per_second(rate: f64) -> String {
    if rate >= 100.0 {
        format!("{rate:.0}")
    } else {
        format!("{rate:.2}")
    }
}
