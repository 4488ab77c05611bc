//! From bytes to a [`Profile`], with every size bounded.

use std::cell::Cell;
use std::collections::HashMap;

use prost::Message;

use super::model::{Frame, FrameIndex, FrameTable, Label, LabelValue, Profile, Sample, ValueType};
use super::{budget, combine, wire};
use crate::{Error, gunzip_members};

/// Largest input, compressed or not.
pub const LARGEST_INPUT_BYTES: usize = 64 << 20;
/// Largest profile after decompression: what a small gzip may unfold to.
pub const LARGEST_PROFILE_BYTES: usize = 64 << 20;
/// Most frame references of all samples together.
pub const MOST_RECORDS: usize = 8 << 20;
/// Most text of all frames and labels together: each has its own copy, so one long name could be copied without end.
const MOST_TEXT_BYTES: usize = 128 << 20;

impl Profile {
    /// Reads a profile, gzipped or plain. Several gzipped ones behind one another are added up, as `merge` does.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond the bounds of this module; [`Error::Profile`] for broken gzip,
    /// broken protobuf, references to strings or functions that do not exist, or samples whose
    /// values do not match the sample types.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let members = unpacked(bytes)?;
        if members.len() > 1 {
            let each: Result<Vec<Self>, Error> = members.iter().map(|own| decoded(own)).collect();
            if let Ok(profiles) = each {
                return combine::merge(&profiles);
            }
        }
        decoded(&members.concat())
    }
}

fn decoded(plain: &[u8]) -> Result<Profile, Error> {
    if plain.is_empty() {
        return Err(fail("empty"));
    }
    budget::check(plain)?;
    let message =
        wire::Profile::decode(plain).map_err(|error| fail(&format!("broken protobuf: {error}")))?;
    // Every table begins with the empty string, so a second one begins another profile.
    let tables = message
        .string_table
        .iter()
        .filter(|text| text.is_empty())
        .count();
    if tables > 1 {
        return Err(fail(&format!(
            "{tables} profiles were written behind one another into it; give each a file of its own"
        )));
    }
    from_wire(message)
}

/// The members of a gzip, or the bytes as they are.
fn unpacked(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    if bytes.len() > LARGEST_INPUT_BYTES {
        return Err(too_large("the profile", LARGEST_INPUT_BYTES));
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(vec![bytes.to_vec()]);
    }
    gunzip_members(bytes, LARGEST_PROFILE_BYTES, "the decompressed profile")
}

fn from_wire(message: wire::Profile) -> Result<Profile, Error> {
    let room = Cell::new(MOST_TEXT_BYTES);
    let strings = Strings(&message.string_table, &room);
    let value_type = |it: &wire::ValueType| {
        Ok::<_, Error>(ValueType {
            kind: strings.get(it.kind)?,
            unit: strings.get(it.unit)?,
        })
    };
    let sample_types = message
        .sample_type
        .iter()
        .map(value_type)
        .collect::<Result<Vec<_>, _>>()?;
    if sample_types.is_empty() {
        return Err(fail("it names no sample type"));
    }
    let mut table = FrameTable::default();
    let stacks = location_frames(&message, strings, &mut table)?;
    let mut references = 0_usize;
    let samples = message
        .sample
        .iter()
        .map(|it| sample(it, sample_types.len(), &stacks, strings, &mut references))
        .collect::<Result<Vec<_>, _>>()?;
    let comments = message
        .comment
        .iter()
        .map(|it| strings.get(*it))
        .collect::<Result<_, _>>()?;
    let default = strings.get(message.default_sample_type)?;
    Ok(Profile {
        sample_types,
        default_sample_type: (!default.is_empty()).then_some(default),
        samples,
        frames: table.into_frames(),
        period_type: message.period_type.as_ref().map(value_type).transpose()?,
        period: message.period,
        time_unix_ns: message.time_nanos,
        duration_ns: message.duration_nanos,
        comments,
    })
}

/// The frames of every location, innermost first: more than one where calls were inlined.
fn location_frames(
    message: &wire::Profile,
    strings: Strings<'_>,
    table: &mut FrameTable,
) -> Result<HashMap<u64, Vec<FrameIndex>>, Error> {
    let functions: HashMap<u64, &wire::Function> =
        message.function.iter().map(|it| (it.id, it)).collect();
    let frame = |line: &wire::Line| {
        let function = functions.get(&line.function_id).ok_or_else(|| {
            fail(&format!(
                "a location refers to function {}, which is missing",
                line.function_id
            ))
        })?;
        Ok::<_, Error>(Frame {
            function: strings.get(function.name)?,
            file: strings.get(function.filename)?,
            line: line.line,
        })
    };
    message
        .location
        .iter()
        .map(|location| {
            if location.line.is_empty() {
                let unnamed = Frame {
                    function: format!("{:#x}", location.address),
                    ..Frame::default()
                };
                return Ok((location.id, vec![table.intern(unnamed)]));
            }
            let frames = location
                .line
                .iter()
                .map(|line| Ok(table.intern(frame(line)?)))
                .collect::<Result<_, Error>>()?;
            Ok((location.id, frames))
        })
        .collect()
}

fn sample(
    it: &wire::Sample,
    value_count: usize,
    stacks: &HashMap<u64, Vec<FrameIndex>>,
    strings: Strings<'_>,
    references: &mut usize,
) -> Result<Sample, Error> {
    if it.value.len() != value_count {
        return Err(fail(&format!(
            "a sample has {} values where there are {value_count} sample types",
            it.value.len()
        )));
    }
    let mut stack = Vec::with_capacity(it.location_id.len());
    for id in &it.location_id {
        let frames = stacks.get(id).ok_or_else(|| {
            fail(&format!(
                "a sample refers to location {id}, which is missing"
            ))
        })?;
        // A location with many inlined frames, named by many samples, would unfold without end.
        *references += frames.len();
        if *references > MOST_RECORDS {
            return Err(fail(&format!(
                "its stacks name more than {MOST_RECORDS} frames; take a shorter window"
            )));
        }
        stack.extend_from_slice(frames);
    }
    let labels = it
        .label
        .iter()
        .map(|it| label(it, strings))
        .collect::<Result<_, _>>()?;
    Ok(Sample {
        stack,
        values: it.value.clone(),
        labels,
    })
}

fn label(it: &wire::Label, strings: Strings<'_>) -> Result<Label, Error> {
    let value = if it.text == 0 {
        LabelValue::Number(it.number, strings.get(it.number_unit)?)
    } else {
        LabelValue::Text(strings.get(it.text)?)
    };
    Ok(Label {
        key: strings.get(it.key)?,
        value,
    })
}

#[derive(Clone, Copy)]
struct Strings<'a>(&'a [Vec<u8>], &'a Cell<usize>);

impl Strings<'_> {
    fn get(self, index: i64) -> Result<String, Error> {
        if index == 0 {
            return Ok(String::new());
        }
        let text = usize::try_from(index)
            .ok()
            .and_then(|index| self.0.get(index))
            .ok_or_else(|| {
                fail(&format!(
                    "it refers to string {index}, but there are {}",
                    self.0.len()
                ))
            })?;
        let room = self.1.get().checked_sub(text.len());
        self.1.set(
            room.ok_or_else(|| too_large("the text of the profile's names", MOST_TEXT_BYTES))?,
        );
        Ok(String::from_utf8_lossy(text).into_owned())
    }
}

fn fail(why: &str) -> Error {
    Error::Profile {
        why: why.to_owned(),
    }
}

fn too_large(what: &'static str, limit: usize) -> Error {
    Error::TooLarge {
        what,
        limit_bytes: limit as u64,
    }
}
