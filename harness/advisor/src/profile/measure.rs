//! Which of a profile's values are shown.

use documents::profile::Measure;
use gotrace::profile::{Profile, ProfileKind};

/// The value at a position of [`Profile::sample_types`]; `None` beyond their end.
#[must_use]
pub fn measure_at(profile: &Profile, index: usize) -> Option<Measure> {
    let it = profile.sample_types.get(index)?;
    Some(Measure {
        index,
        kind: it.kind.clone(),
        unit: it.unit.clone(),
    })
}

/// The value that says most about a profile of this kind: time where there is time, what is in use of a heap profile,
/// what was allocated of an allocation profile.
///
/// `None` for a profile without sample types, which [`Profile::parse`] refuses.
#[must_use]
pub fn main_measure(profile: &Profile) -> Option<Measure> {
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
    measure_at(profile, index)
}

/// Every value of a profile, in its order.
#[must_use]
pub fn measures(profile: &Profile) -> Vec<Measure> {
    (0..profile.sample_types.len())
        .filter_map(|index| measure_at(profile, index))
        .collect()
}
