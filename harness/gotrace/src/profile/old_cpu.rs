//! CPU profiles of before Go 1.9: machine words, without symbols.
//!
//! Format: google/pprof, profile/legacy_profile.go, `parseCPU`: a header `0 3 0 PERIOD 0`, samples `COUNT N PC...`, and
//! an end of `0 1 0`.

use super::decode::MOST_RECORDS;
use super::model::{Frame, FrameTable, Profile, Sample, ValueType};
use crate::Error;

/// Whether bytes begin as such a profile does.
#[must_use]
pub fn begins_old_cpu_profile(bytes: &[u8]) -> bool {
    header(bytes).is_some()
}

/// The sampling period, microseconds.
fn header(bytes: &[u8]) -> Option<u64> {
    let mut words = words(bytes);
    let head: [u64; 5] = std::array::from_fn(|_| words.next().unwrap_or(u64::MAX));
    match head {
        [0, 3, 0, period_us, 0] if (1..=10_000_000).contains(&period_us) => Some(period_us),
        _ => None,
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes
        .chunks_exact(8)
        .map(|word| u64::from_le_bytes(word.try_into().expect("chunks of eight bytes")))
}

impl Profile {
    /// Reads a CPU profile of before Go 1.9. Its frames are addresses: `go tool pprof -proto BINARY PROFILE` names them.
    ///
    /// # Errors
    /// [`Error::Profile`] if the header is another one, or a stack ends in its middle.
    pub fn parse_old_cpu(bytes: &[u8]) -> Result<Self, Error> {
        let fail = |why: &str| Error::Profile {
            why: why.to_owned(),
        };
        let period_us = header(bytes).ok_or_else(|| fail("no header of an old CPU profile"))?;
        let mut words = words(bytes).skip(5);
        let mut table = FrameTable::default();
        let mut samples = Vec::new();
        let mut references = 0_usize;
        while let (Some(count), Some(depth)) = (words.next(), words.next()) {
            if (count, depth) == (0, 1) {
                break;
            }
            references = references.saturating_add(usize::try_from(depth).unwrap_or(usize::MAX));
            if references > MOST_RECORDS {
                return Err(fail("its stacks name too many frames"));
            }
            let mut stack = Vec::new();
            for _ in 0..depth {
                let address = words.next().ok_or_else(|| fail("cut off within a stack"))?;
                stack.push(table.intern(Frame {
                    function: format!("{address:#x}"),
                    ..Frame::default()
                }));
            }
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let period_ns = i64::try_from(period_us).unwrap_or(0) * 1000;
            samples.push(Sample {
                stack,
                values: vec![count, count.saturating_mul(period_ns)],
                labels: Vec::new(),
            });
        }
        let named = |kind: &str, unit: &str| ValueType {
            kind: kind.to_owned(),
            unit: unit.to_owned(),
        };
        Ok(Profile {
            sample_types: vec![named("samples", "count"), named("cpu", "nanoseconds")],
            period_type: Some(named("cpu", "nanoseconds")),
            period: i64::try_from(period_us).unwrap_or(0) * 1000,
            samples,
            frames: table.into_frames(),
            ..Profile::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn samples_are_read_to_the_end_mark() {
        let profile = Profile::parse_old_cpu(&bytes(&[
            0, 3, 0, 10_000, 0, 2, 2, 16, 32, 1, 1, 16, 0, 1, 0, 77,
        ]))
        .expect("profile");
        assert_eq!(profile.total(0), 3);
        assert_eq!(profile.total(1), 30_000_000);
        assert_eq!(profile.frames[0].function, "0x10");
        assert!(Profile::parse_old_cpu(&bytes(&[0, 3, 0, 10_000, 0, 2, 9, 16])).is_err());
        assert!(!begins_old_cpu_profile(b"gc 1 @0.1s"));
    }

    proptest! {
        #[test]
        fn any_words_are_read(tail in proptest::collection::vec(0_u64..9, 0..200)) {
            let words: Vec<u64> = [0, 3, 0, 10_000, 0].into_iter().chain(tail).collect();
            if let Ok(profile) = Profile::parse_old_cpu(&bytes(&words)) {
                prop_assert!(profile.samples.len() <= words.len());
            }
        }
    }
}
