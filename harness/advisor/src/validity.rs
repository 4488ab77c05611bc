//! Whether figures may be believed: what the rules of validity ask of a window, asked the same way for warnings and for
//! findings. All bounds are of the matrix ([`record::threshold`]).
//!
//! Rule V1 is [`judging::physics`]'s, and V2 `readback`'s.

use std::collections::BTreeSet;

use documents::finding::Severity;
use judging::evidence::cpus;
use record::run::Cell;
use record::threshold::{Threshold, Thresholds};

/// Without a latency objective, sends may be late by this share of the P99 that they are part of.
const SEND_LAG_OF_P99: f64 = 0.10;

/// The P99 of send lag, ms, that is still negligible against a latency objective, ms (rule V3).
pub(crate) fn lag_bound_ms(thresholds: &Thresholds, objective_p99_ms: f64) -> f64 {
    thresholds.get(Threshold::V3SendLag) * objective_p99_ms
}

/// The same where nobody set an objective, by the P99 that was measured, ms.
pub(crate) fn lag_bound_without_objective_ms(measured_p99_ms: f64) -> f64 {
    SEND_LAG_OF_P99 * measured_p99_ms
}

/// How severe it is that the hypervisor took this share of the CPU time (rule V4); `None` where it is not.
pub(crate) fn steal(thresholds: &Thresholds, share: f64) -> Option<Severity> {
    let steps = [
        (Severity::Critical, Threshold::V4Critical),
        (Severity::Warn, Threshold::V4Warn),
    ];
    let found = steps
        .into_iter()
        .find(|(_, bound)| share > thresholds.get(*bound));
    found.map(|(severity, _)| severity)
}

/// The CPUs that target and generator share (rule V6).
pub(crate) fn shared_cpus(cell: &Cell) -> BTreeSet<u32> {
    let target = cpus(&cell.target_cpus).unwrap_or_default();
    let generator = cpus(&cell.generator_cpus).unwrap_or_default();
    target.intersection(&generator).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_matrix() {
        let usual = Thresholds::default();
        assert_eq!(steal(&usual, 0.02), None);
        assert_eq!(steal(&usual, 0.03), Some(Severity::Warn));
        assert_eq!(steal(&usual, 0.06), Some(Severity::Critical));
        assert_eq!(lag_bound_ms(&usual, 5.0), 0.05);
    }
}
