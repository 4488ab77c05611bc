//! What a profile counts, and how people read its values.

use gotrace::profile::{Profile, ProfileKind};
use record::quantity::format_bytes;
use serde::Serialize;

use crate::figures::{count_text, significant};

/// One of the values that every sample of a profile has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// Its position among the sample types.
    #[serde(skip)]
    pub index: usize,
    /// What it counts, e.g. `delay`.
    pub kind: String,
    /// In what unit, e.g. `nanoseconds`.
    pub unit: String,
}

impl Measure {
    /// The value at a position of [`Profile::sample_types`]; `None` beyond their end.
    #[must_use]
    pub fn at(profile: &Profile, index: usize) -> Option<Measure> {
        let it = profile.sample_types.get(index)?;
        Some(Measure {
            index,
            kind: it.kind.clone(),
            unit: it.unit.clone(),
        })
    }

    /// The value that says most about a profile of this kind: time where there is time, what is in use of a heap
    /// profile, what was allocated of an allocation profile.
    ///
    /// `None` for a profile without sample types, which [`Profile::parse`] refuses.
    #[must_use]
    pub fn main(profile: &Profile) -> Option<Measure> {
        let wanted = match profile.kind() {
            ProfileKind::Cpu => "cpu",
            ProfileKind::Heap => "inuse_space",
            ProfileKind::Allocs => "alloc_space",
            ProfileKind::Mutex
            | ProfileKind::Block
            | ProfileKind::Contention
            | ProfileKind::TraceDelay => "delay",
            _ => "",
        };
        let index = profile
            .value_index(wanted)
            .or_else(|| profile.sample_types.len().checked_sub(1))?;
        Measure::at(profile, index)
    }

    /// A value of this measure with its unit.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        amount_text(&self.unit, value)
    }
}

/// Every value of a profile, in its order.
#[must_use]
pub fn measures(profile: &Profile) -> Vec<Measure> {
    (0..profile.sample_types.len())
        .filter_map(|index| Measure::at(profile, index))
        .collect()
}

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
pub(super) fn percent_text(share: f64) -> String {
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
