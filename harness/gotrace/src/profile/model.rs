//! A profile in memory: samples over a table of frames.

use std::collections::HashMap;

/// A profile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// What each value of a sample counts.
    pub sample_types: Vec<ValueType>,
    /// The type that pprof would show first, if the profile names one.
    pub default_sample_type: Option<String>,
    /// The samples.
    pub samples: Vec<Sample>,
    /// Frames that samples refer to; each distinct one once.
    pub frames: Vec<Frame>,
    /// What a period counts, e.g. `cpu`/`nanoseconds`.
    pub period_type: Option<ValueType>,
    /// Distance of two samples in units of the period type.
    pub period: i64,
    /// When it was taken, nanoseconds since the Unix epoch; 0 if unknown.
    pub time_unix_ns: i64,
    /// The window it covers, nanoseconds; 0 if unknown or since process start.
    pub duration_ns: i64,
    /// Free text.
    pub comments: Vec<String>,
}

/// What a value counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ValueType {
    /// E.g. `delay`.
    pub kind: String,
    /// E.g. `nanoseconds`.
    pub unit: String,
}

/// Position in [`Profile::frames`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameIndex(pub u32);

/// One stack with its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// The stack, innermost call first, inlined calls included.
    pub stack: Vec<FrameIndex>,
    /// One value per sample type.
    pub values: Vec<i64>,
    /// Labels, e.g. of `pprof.Do`, or `bytes` in heap profiles.
    pub labels: Vec<Label>,
}

/// A label of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: LabelValue,
}

/// A label's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LabelValue {
    /// Text.
    Text(String),
    /// A number, and its unit if that is given.
    Number(i64, String),
}

/// A place in the code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Function name with its package path; `0x..` for an address without symbol.
    pub function: String,
    /// Source file.
    pub file: String,
    /// Line in it; 0 if unknown.
    pub line: i64,
}

impl Profile {
    /// The frame at a position.
    ///
    /// # Panics
    /// If the position is of another profile and beyond this one's table.
    #[must_use]
    pub fn frame(&self, index: FrameIndex) -> &Frame {
        &self.frames[index.0 as usize]
    }

    /// Position of a value among the sample types, by its kind (`delay`, `inuse_space`).
    #[must_use]
    pub fn value_index(&self, kind: &str) -> Option<usize> {
        self.sample_types.iter().position(|it| it.kind == kind)
    }

    /// Sum of one value over all samples; 0 for a position that does not exist.
    #[must_use]
    pub fn total(&self, value: usize) -> i64 {
        self.samples
            .iter()
            .filter_map(|sample| sample.values.get(value))
            .fold(0, |sum, value| sum.saturating_add(*value))
    }

    /// The frames of a sample, innermost first.
    pub fn stack<'a>(&'a self, sample: &'a Sample) -> impl DoubleEndedIterator<Item = &'a Frame> {
        sample.stack.iter().map(|index| self.frame(*index))
    }

    /// The samples in which some frame satisfies the condition.
    #[must_use]
    pub fn focus(&self, condition: impl Fn(&Frame) -> bool) -> Self {
        self.select(|sample| self.stack(sample).any(&condition))
    }

    /// The samples in which no frame satisfies the condition.
    #[must_use]
    pub fn without(&self, condition: impl Fn(&Frame) -> bool) -> Self {
        self.select(|sample| !self.stack(sample).any(&condition))
    }

    /// Drops what a net/http server does between requests: it stops its background read of an
    /// idle connection, and waits for that in `sync.(*Cond).Wait`. Harmless, and most of the
    /// block profile of such a server.
    #[must_use]
    pub fn without_idle_connections(&self) -> Self {
        self.without(|frame| frame.function == "net/http.(*connReader).abortPendingRead")
    }

    fn select(&self, keep: impl Fn(&Sample) -> bool) -> Self {
        let samples = self
            .samples
            .iter()
            .filter(|sample| keep(sample))
            .cloned()
            .collect();
        Self {
            samples,
            ..self.clone()
        }
    }
}

/// A table of frames under construction, each distinct frame once.
#[derive(Debug, Default)]
pub(super) struct FrameTable {
    frames: Vec<Frame>,
    positions: HashMap<Frame, FrameIndex>,
}

impl FrameTable {
    pub(super) fn intern(&mut self, frame: Frame) -> FrameIndex {
        if let Some(index) = self.positions.get(&frame) {
            return *index;
        }
        let index = FrameIndex(
            u32::try_from(self.frames.len()).expect("record bounds keep tables below 2^32"),
        );
        self.frames.push(frame.clone());
        self.positions.insert(frame, index);
        index
    }

    pub(super) fn into_frames(self) -> Vec<Frame> {
        self.frames
    }
}
