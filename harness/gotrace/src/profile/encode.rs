//! From a [`Profile`] back to bytes that every pprof reads.

use std::collections::HashMap;

use prost::Message;

use super::model::{Frame, LabelValue, Profile, ValueType};
use super::wire;

impl Profile {
    /// The profile as plain protobuf. pprof reads it with or without gzip around it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut strings = StringTable::default();
        let mut message = wire::Profile {
            sample_type: self
                .sample_types
                .iter()
                .map(|it| strings.value_type(it))
                .collect(),
            time_nanos: self.time_unix_ns,
            duration_nanos: self.duration_ns,
            period_type: self.period_type.as_ref().map(|it| strings.value_type(it)),
            period: self.period,
            comment: self.comments.iter().map(|it| strings.intern(it)).collect(),
            default_sample_type: self
                .default_sample_type
                .as_deref()
                .map_or(0, |it| strings.intern(it)),
            ..wire::Profile::default()
        };
        // One function and one location per frame; ids start at 1 since 0 means "none".
        for (id, frame) in (1_u64..).zip(&self.frames) {
            message.function.push(strings.function(id, frame));
            let line = wire::Line {
                function_id: id,
                line: frame.line,
            };
            message.location.push(wire::Location {
                id,
                address: 0,
                line: vec![line],
            });
        }
        for sample in &self.samples {
            let label = sample
                .labels
                .iter()
                .map(|label| {
                    let key = strings.intern(&label.key);
                    match &label.value {
                        LabelValue::Text(text) => wire::Label {
                            key,
                            text: strings.intern(text),
                            ..wire::Label::default()
                        },
                        LabelValue::Number(number, unit) => wire::Label {
                            key,
                            number: *number,
                            number_unit: strings.intern(unit),
                            ..wire::Label::default()
                        },
                    }
                })
                .collect();
            message.sample.push(wire::Sample {
                location_id: sample
                    .stack
                    .iter()
                    .map(|index| u64::from(index.0) + 1)
                    .collect(),
                value: sample.values.clone(),
                label,
            });
        }
        message.string_table = strings.texts.into_iter().map(String::into_bytes).collect();
        message.encode_to_vec()
    }
}

struct StringTable {
    texts: Vec<String>,
    positions: HashMap<String, i64>,
}

impl Default for StringTable {
    fn default() -> Self {
        // Position 0 must be the empty string (profile.proto).
        Self {
            texts: vec![String::new()],
            positions: HashMap::from([(String::new(), 0)]),
        }
    }
}

impl StringTable {
    fn intern(&mut self, text: &str) -> i64 {
        if let Some(position) = self.positions.get(text) {
            return *position;
        }
        let position = i64::try_from(self.texts.len()).expect("fewer than 2^63 strings");
        self.texts.push(text.to_owned());
        self.positions.insert(text.to_owned(), position);
        position
    }

    fn value_type(&mut self, it: &ValueType) -> wire::ValueType {
        wire::ValueType {
            kind: self.intern(&it.kind),
            unit: self.intern(&it.unit),
        }
    }

    fn function(&mut self, id: u64, frame: &Frame) -> wire::Function {
        let name = self.intern(&frame.function);
        wire::Function {
            id,
            name,
            system_name: name,
            filename: self.intern(&frame.file),
        }
    }
}
