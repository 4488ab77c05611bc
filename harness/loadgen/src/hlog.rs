//! The V2 interval log of HdrHistogram, as its own tools read it.
//!
//! One line per interval, request class and kind of latency; the tag names class and kind
//! (`GET_/.response`). Values are nanoseconds. Format: HdrHistogramLogFormat in
//! <https://github.com/HdrHistogram/HdrHistogram>, log version 1.3 over encoding V2.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::errors::LoadError;
use crate::recorder::IntervalPart;

/// The "max" column is in milliseconds, as HdrHistogram's own writers have it.
const MAX_VALUE_DIVISOR: f64 = 1e6;

/// Writes a run's interval log.
pub(crate) struct HlogWriter {
    path: String,
    file: BufWriter<File>,
    serializer: V2DeflateSerializer,
    /// Tags of the three latencies of each class.
    tags: Vec<[String; 3]>,
}

impl HlogWriter {
    pub(crate) fn create(path: &Path, class_names: Vec<String>) -> Result<Self, LoadError> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|source| LoadError::File {
            path: name.clone(),
            source,
        })?;
        let tag = |class: &str, kind: &str| format!("{}.{kind}", tag_text(class));
        let tags = class_names
            .iter()
            .map(|class| ["response", "service", "send_lag"].map(|kind| tag(class, kind)))
            .collect();
        let mut writer = Self {
            path: name,
            file: BufWriter::new(file),
            serializer: V2DeflateSerializer::new(),
            tags,
        };
        let started = unix_seconds();
        writer.put(|file| {
            writeln!(file, "#[Histogram log format version 1.3]")?;
            writeln!(file, "#[Values are nanoseconds; tags are request class and latency kind]")?;
            writeln!(file, "#[StartTime: {started:.3} (seconds since epoch)]")?;
            writeln!(file, "#[BaseTime: {started:.3} (seconds since epoch)]")?;
            writeln!(file, "#[MaxValueDivisor: {MAX_VALUE_DIVISOR:.3}]")?;
            writeln!(
                file,
                "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\""
            )
        })?;
        Ok(writer)
    }

    pub(crate) fn write(&mut self, part: &IntervalPart) -> Result<(), LoadError> {
        let start = Duration::from_nanos(part.start_ns);
        let length = Duration::from_nanos(part.end_ns - part.start_ns);
        let mut text = Vec::new();
        for (class, tags) in part.latencies.iter().zip(&self.tags) {
            let tallies = [&class.response, &class.service, &class.send_lag];
            for (tally, tag) in tallies.into_iter().zip(tags) {
                append(
                    &mut text,
                    &mut self.serializer,
                    &tally.to_histogram(),
                    start,
                    length,
                    tag,
                )
                .map_err(|source| LoadError::File {
                    path: self.path.clone(),
                    source,
                })?;
            }
        }
        self.put(|file| file.write_all(&text))
    }

    pub(crate) fn finish(&mut self) -> Result<(), LoadError> {
        self.put(BufWriter::flush)
    }

    fn put(
        &mut self,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), LoadError> {
        write(&mut self.file).map_err(|source| LoadError::File {
            path: self.path.clone(),
            source,
        })
    }
}

fn append(
    text: &mut Vec<u8>,
    serializer: &mut V2DeflateSerializer,
    histogram: &Histogram<u64>,
    start: Duration,
    length: Duration,
    tag: &str,
) -> io::Result<()> {
    let tag = Tag::new(tag).expect("tag_text leaves no character that a tag may not have");
    let mut lines = Vec::new();
    IntervalLogWriterBuilder::new()
        .with_max_value_divisor(MAX_VALUE_DIVISOR)
        .begin_log_with(&mut lines, serializer)?
        .write_histogram(histogram, start, length, Some(tag))
        .map_err(|error| io::Error::other(format!("{error:?}")))?;
    // The builder repeats its header comment for every writer it makes; ours stands at the top.
    for line in lines
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line[0] != b'#')
    {
        text.extend_from_slice(line);
    }
    Ok(())
}

/// A class name as a tag: without the comma, spaces and line ends that the format is made of.
fn tag_text(class: &str) -> String {
    let keep = |c: char| {
        if c == ',' || c.is_whitespace() || c.is_control() {
            '_'
        } else {
            c
        }
    };
    class.chars().map(keep).collect()
}

fn unix_seconds() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
