//! Sums and differences of profiles.

use std::collections::HashMap;

use super::model::{FrameIndex, FrameTable, Label, Profile, Sample};
use crate::Error;

type Key = (Vec<FrameIndex>, Vec<Label>);

/// Adds profiles of the same kind: same stacks with the same labels become one sample.
///
/// Durations add up, the time is the earliest, the period is the first profile's.
///
/// # Errors
/// [`Error::ProfileMismatch`] if there is none, if sample types differ, or if CPU sampling
/// periods differ (counts would then not be comparable).
pub fn merge<'a>(profiles: impl IntoIterator<Item = &'a Profile>) -> Result<Profile, Error> {
    let mut profiles = profiles.into_iter();
    let first = profiles.next().ok_or_else(|| mismatch("there is none"))?;
    let mut sum = Sum::of(first, 1);
    let mut whole = Profile {
        samples: Vec::new(),
        frames: Vec::new(),
        ..first.clone()
    };
    for profile in profiles {
        fit(first, profile)?;
        sum.add(profile, 1);
        whole.duration_ns = whole.duration_ns.saturating_add(profile.duration_ns);
        whole.time_unix_ns = whole.time_unix_ns.min(profile.time_unix_ns);
        for comment in &profile.comments {
            if !whole.comments.contains(comment) {
                whole.comments.push(comment.clone());
            }
        }
    }
    Ok(sum.into_profile(whole))
}

/// `after` minus `before`; values may be negative. Samples that come to nothing are left out.
///
/// # Errors
/// [`Error::ProfileMismatch`] as [`merge`].
pub fn diff(before: &Profile, after: &Profile) -> Result<Profile, Error> {
    fit(before, after)?;
    let mut sum = Sum::of(after, 1);
    sum.add(before, -1);
    let whole = Profile {
        samples: Vec::new(),
        frames: Vec::new(),
        ..after.clone()
    };
    let mut difference = sum.into_profile(whole);
    difference
        .samples
        .retain(|sample| sample.values.iter().any(|value| *value != 0));
    Ok(difference)
}

fn fit(first: &Profile, second: &Profile) -> Result<(), Error> {
    if first.sample_types != second.sample_types {
        let names = |profile: &Profile| {
            let names: Vec<String> = profile
                .sample_types
                .iter()
                .map(|it| format!("{}/{}", it.kind, it.unit))
                .collect();
            names.join(" ")
        };
        return Err(mismatch(&format!(
            "one counts {}, another {}",
            names(first),
            names(second)
        )));
    }
    let is_cpu = first.value_index("cpu").is_some();
    if is_cpu && first.period != second.period {
        return Err(mismatch(&format!(
            "CPU sampling periods differ: {} and {}",
            first.period, second.period
        )));
    }
    Ok(())
}

/// Samples by stack and labels, over one table of frames, in order of first appearance.
struct Sum {
    table: FrameTable,
    positions: HashMap<Key, usize>,
    samples: Vec<Sample>,
}

impl Sum {
    fn of(profile: &Profile, sign: i64) -> Self {
        let mut sum = Self {
            table: FrameTable::default(),
            positions: HashMap::new(),
            samples: Vec::new(),
        };
        sum.add(profile, sign);
        sum
    }

    fn add(&mut self, profile: &Profile, sign: i64) {
        let translated: Vec<FrameIndex> = profile
            .frames
            .iter()
            .map(|frame| self.table.intern(frame.clone()))
            .collect();
        for sample in &profile.samples {
            let stack: Vec<FrameIndex> = sample
                .stack
                .iter()
                .map(|index| translated[index.0 as usize])
                .collect();
            let key = (stack, sample.labels.clone());
            let position = *self.positions.entry(key.clone()).or_insert_with(|| {
                let (stack, labels) = key;
                self.samples.push(Sample {
                    stack,
                    labels,
                    values: vec![0; sample.values.len()],
                });
                self.samples.len() - 1
            });
            for (total, value) in self.samples[position].values.iter_mut().zip(&sample.values) {
                *total = total.saturating_add(value.saturating_mul(sign));
            }
        }
    }

    fn into_profile(self, whole: Profile) -> Profile {
        Profile {
            samples: self.samples,
            frames: self.table.into_frames(),
            ..whole
        }
    }
}

fn mismatch(why: &str) -> Error {
    Error::ProfileMismatch {
        why: why.to_owned(),
    }
}
