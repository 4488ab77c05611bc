//! Profiles as text: `heap?debug=1`, `goroutine?debug=1`, `threadcreate?debug=1`, `mutex?debug=1` and `block?debug=1`.
//!
//! Source of the format: `writeHeapInternal`, `printCountProfile` and `writeProfileInternal` in runtime/pprof/pprof.go of
//! Go 1.5 to 1.27; what its numbers mean: `parseHeap` and `parseContention` in google/pprof, profile/legacy_profile.go.

use super::decode::MOST_RECORDS;
use super::model::{Frame, FrameIndex, FrameTable, Profile, Sample, ValueType};
use crate::Error;

/// Which profile a text is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    /// Bytes between two samples.
    Heap {
        rate: f64,
    },
    Count(&'static str),
    /// Ticks of the clock per second, and how many contentions stand for one.
    Contention {
        per_second: f64,
        every: f64,
    },
}

impl Profile {
    /// Reads the text form of a profile. What stands before its first line and behind its records is passed over.
    ///
    /// # Errors
    /// [`Error::Profile`] if there is no such text, or if its stacks name more than [`MOST_RECORDS`] frames.
    pub fn parse_text(text: &str) -> Result<Self, Error> {
        let mut lines = text.lines();
        let mut form = lines
            .by_ref()
            .find_map(header)
            .ok_or_else(|| Error::Profile {
                why: "no line such as \"heap profile: ...\" or \"goroutine profile: total N\""
                    .to_owned(),
            })?;
        let mut records = Records::default();
        for line in lines {
            if line.starts_with("# runtime.MemStats") {
                break;
            }
            if let (Form::Contention { per_second, every }, Some((name, value))) =
                (&mut form, line.split_once('='))
            {
                let number = value.trim().parse().unwrap_or(0.0);
                match name {
                    "cycles/second" if number > 0.0 => *per_second = number,
                    "sampling period" if number > 0.0 => *every = number,
                    _ => {}
                }
            } else if let Some(frame) = line.strip_prefix("#\t") {
                records.frame(frame)?;
            } else if let Some((values, addresses)) = line.split_once(" @") {
                records.begin(form.values(values), addresses)?;
            }
        }
        Ok(Profile {
            sample_types: form.sample_types(),
            default_sample_type: None,
            samples: records.finish()?,
            frames: records.table.into_frames(),
            ..form.whole()
        })
    }
}

/// The first line of a text profile, wherever a shell or a header of HTTP stands before it.
fn header(line: &str) -> Option<Form> {
    if let Some(rest) = line.strip_prefix("heap profile: ") {
        let rate = rest
            .rsplit_once("@ heap/")
            .map_or(0.0, |(_, rate)| rate.trim().parse().unwrap_or(0.0));
        // Twice the rate, for the readers of before Go.
        return Some(Form::Heap { rate: rate / 2.0 });
    }
    for name in ["goroutine", "goroutineleak", "threadcreate"] {
        if line
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(" profile: total "))
        {
            return Some(Form::Count(name));
        }
    }
    (line.starts_with("--- mutex:") || line.starts_with("--- contention:")).then_some(
        Form::Contention {
            per_second: 1e9,
            every: 1.0,
        },
    )
}

impl Form {
    fn sample_types(self) -> Vec<ValueType> {
        let types: &[(&str, &str)] = match self {
            Self::Heap { .. } => &[
                ("alloc_objects", "count"),
                ("alloc_space", "bytes"),
                ("inuse_objects", "count"),
                ("inuse_space", "bytes"),
            ],
            Self::Count(name) => &[(name, "count")],
            Self::Contention { .. } => &[("contentions", "count"), ("delay", "nanoseconds")],
        };
        types
            .iter()
            .map(|(kind, unit)| ValueType {
                kind: (*kind).to_owned(),
                unit: (*unit).to_owned(),
            })
            .collect()
    }

    fn whole(self) -> Profile {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "a rate of sampling")]
            Self::Heap { rate } => Profile {
                period: rate as i64,
                ..Profile::default()
            },
            _ => Profile::default(),
        }
    }

    /// The values of a record; `None` where the line is none.
    fn values(self, text: &str) -> Option<Vec<i64>> {
        match self {
            Self::Heap { rate } => {
                // `1: 90112 [2: 180224]`: in use, and allocated.
                let mut numbers = text
                    .split(|c: char| !c.is_ascii_digit())
                    .filter(|word| !word.is_empty())
                    .map(|word| word.parse::<i64>().ok());
                let mut pair = || Some(unsampled(numbers.next()??, numbers.next()??, rate));
                let (in_use, allocated) = (pair()?, pair()?);
                Some(vec![allocated.0, allocated.1, in_use.0, in_use.1])
            }
            Self::Count(_) => Some(vec![text.trim().parse().ok()?]),
            Self::Contention { per_second, every } => {
                let (ticks, count) = text.trim().split_once(' ')?;
                let (ticks, count): (f64, f64) = (ticks.parse().ok()?, count.parse().ok()?);
                Some(vec![
                    whole(count * every),
                    whole(ticks * every * 1e9 / per_second),
                ])
            }
        }
    }
}

/// What a sampled record stands for (`scaleHeapSample` in runtime/pprof/protomem.go).
fn unsampled(count: i64, size: i64, rate: f64) -> (i64, i64) {
    if count <= 0 || size <= 0 || rate <= 1.0 {
        return (count, size);
    }
    let average = size as f64 / count as f64;
    let scale = 1.0 / (1.0 - (-average / rate).exp());
    (whole(count as f64 * scale), whole(size as f64 * scale))
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, as wanted")]
fn whole(value: f64) -> i64 {
    value as i64
}

/// Records as they come: values, and then the frames of each.
#[derive(Default)]
struct Records {
    table: FrameTable,
    samples: Vec<Sample>,
    pending: Option<Sample>,
    addresses: String,
    references: usize,
}

impl Records {
    fn begin(&mut self, values: Option<Vec<i64>>, addresses: &str) -> Result<(), Error> {
        self.end()?;
        self.pending = values.map(|values| Sample {
            values,
            ..Sample::default()
        });
        addresses.clone_into(&mut self.addresses);
        Ok(())
    }

    /// Address, function with its offset, and place, parted by tabs.
    fn frame(&mut self, line: &str) -> Result<(), Error> {
        if self.pending.is_none() {
            return Ok(());
        }
        let mut columns = line.split('\t').filter(|column| !column.is_empty());
        let (Some(address), Some(function)) = (columns.next(), columns.next()) else {
            return Ok(());
        };
        if !address.starts_with("0x") {
            return Ok(());
        }
        let function = function
            .rsplit_once("+0x")
            .map_or(function, |(name, _)| name);
        let (file, line) = columns
            .next()
            .and_then(|place| place.rsplit_once(':'))
            .unwrap_or_default();
        let frame = Frame {
            function: function.to_owned(),
            file: file.to_owned(),
            line: line.parse().unwrap_or(0),
        };
        self.add(frame)
    }

    fn add(&mut self, frame: Frame) -> Result<(), Error> {
        self.references += 1;
        if self.references > MOST_RECORDS {
            return Err(Error::Profile {
                why: format!(
                    "its stacks name more than {MOST_RECORDS} frames; take a shorter window"
                ),
            });
        }
        let index: FrameIndex = self.table.intern(frame);
        if let Some(sample) = &mut self.pending {
            sample.stack.push(index);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        // Without symbols there are addresses only.
        if self
            .pending
            .as_ref()
            .is_some_and(|sample| sample.stack.is_empty())
        {
            let addresses = std::mem::take(&mut self.addresses);
            for address in addresses.split_ascii_whitespace() {
                self.add(Frame {
                    function: address.to_owned(),
                    ..Frame::default()
                })?;
            }
        }
        self.samples.extend(self.pending.take());
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<Sample>, Error> {
        self.end()?;
        Ok(std::mem::take(&mut self.samples))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_is_read() {
        let heap = "% cat heap.out\nheap profile: 1: 90112 [1: 90112] @ heap/1048576\n1: 90112 [2: 180224] @ 0x1 0x2\n#\t0x1\thtml.init+0x75\t\t/go/html/entity.go:16\n#\t0x2\truntime.main+0x1\t/go/proc.go:1\n\n# runtime.MemStats\n# Alloc = 1\n";
        let profile = Profile::parse_text(heap).expect("heap");
        assert_eq!(profile.samples.len(), 1);
        // 90,112 bytes at a rate of 524,288 stand for 1 / (1 - exp(-0.171875)) = 6.33 times as much.
        assert_eq!(profile.samples[0].values, [12, 1_141_268, 6, 570_634]);
        assert_eq!(
            profile.frame(profile.samples[0].stack[0]).function,
            "html.init"
        );
        let goroutines = Profile::parse_text(
            "goroutine profile: total 5\n3 @ 0x1\n#\t0x1\tmain.f+0x2\t/a.go:3\n\n2 @ 0x9\n",
        )
        .expect("goroutines");
        assert_eq!(goroutines.total(0), 5);
        assert_eq!(goroutines.frames[1].function, "0x9");
        let mutex = Profile::parse_text(
            "--- mutex:\ncycles/second=2000000000\nsampling period=5\n4000 3 @ 0x1\n",
        )
        .expect("mutex");
        assert_eq!(mutex.samples[0].values, [15, 10_000]);
        assert!(Profile::parse_text("nothing of it").is_err());
    }

    proptest! {
        #[test]
        fn any_records_are_read(text in "([0-9]{1,25}(: [0-9]{1,25})?( \\[[0-9]{1,20}: [0-9]{1,20}\\])? @( 0x[0-9a-f]{1,4}){0,4}\n(#\t0x[0-9a-f]+\t\\PC{0,20}\n)?){0,20}") {
            for head in ["heap profile: 1: 1 [1: 1] @ heap/1048576\n", "goroutine profile: total 5\n", "--- mutex:\n"] {
                let profile = Profile::parse_text(&format!("{head}{text}")).expect("a header");
                let types = profile.sample_types.len();
                prop_assert!(profile.samples.iter().all(|sample| sample.values.len() == types));
            }
        }
    }
}
