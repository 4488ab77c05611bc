//! What a Go service tells Prometheus of its runtime: the metrics of client_golang's Go and process collectors in the
//! text format, one scrape or several behind one another.
//!
//! Main type: [`Scrape`]. Formats: <https://prometheus.io/docs/instrumenting/exposition_formats/> and OpenMetrics 1.0;
//! names: prometheus/client_golang, `prometheus/go_collector*.go` and `process_collector.go`.
//!
//! Deliberately absent: metrics of the application.

use std::collections::BTreeMap;

/// Most series of the runtime kept of one scrape; the collector has some hundreds with all of its options.
pub const MOST_SERIES: usize = 10_000;
/// Most scrapes kept; of a longer file the first and the last ones count.
pub const MOST_SCRAPES: usize = 4_096;

/// The runtime's metrics at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scrape {
    /// When it was taken, milliseconds since the Unix epoch, where the text tells.
    pub taken_unix_ms: Option<i64>,
    /// Values by name with its labels as written, e.g. `go_gc_duration_seconds{quantile="0.5"}`.
    pub series: BTreeMap<String, f64>,
}

impl Scrape {
    /// Reads all scrapes of a text: a series that comes again begins another one. Lines that are no samples of the
    /// runtime are passed over; empty if there is none.
    #[must_use]
    pub fn parse_all(text: &[u8]) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut current = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let Some((name, value, taken)) = sample(line) else {
                continue;
            };
            if current.series.contains_key(&name) {
                keep(&mut found, std::mem::take(&mut current));
            }
            if current.series.len() < MOST_SERIES {
                current.series.insert(name, value);
            }
            current.taken_unix_ms = current.taken_unix_ms.or(taken);
        }
        if !current.series.is_empty() {
            keep(&mut found, current);
        }
        found
    }

    /// One value.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.series.get(name).copied()
    }

    /// The Go version, by `go_info`.
    #[must_use]
    pub fn go_version(&self) -> Option<&str> {
        self.series.keys().find_map(|name| {
            let (_, rest) = name.strip_prefix("go_info{")?.split_once("version=\"")?;
            rest.split('"').next()
        })
    }
}

fn keep(found: &mut Vec<Scrape>, scrape: Scrape) {
    if found.len() == MOST_SCRAPES {
        found.pop();
    }
    found.push(scrape);
}

/// `name{labels} value [milliseconds]`, of the runtime's or the process's metrics.
fn sample(line: &[u8]) -> Option<(String, f64, Option<i64>)> {
    let line = std::str::from_utf8(line.trim_ascii()).ok()?;
    if !(line.starts_with("go_") || line.starts_with("process_")) {
        return None;
    }
    let end = match line.find('{') {
        Some(open) => open + line[open..].rfind('}')? + 1,
        None => line.find([' ', '\t'])?,
    };
    let (name, rest) = line.split_at(end);
    let mut words = rest.split_ascii_whitespace();
    let value = words.next()?.parse().ok()?;
    // OpenMetrics writes seconds with a fraction, the older format whole milliseconds.
    let taken = words.next().and_then(|word| match word.contains('.') {
        #[expect(clippy::cast_possible_truncation, reason = "a time of this age fits")]
        true => word
            .parse::<f64>()
            .ok()
            .map(|seconds| (seconds * 1e3) as i64),
        false => word.parse().ok(),
    });
    Some((name.to_owned(), value, taken))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "# TYPE go_gc_duration_seconds summary\ngo_gc_duration_seconds{quantile=\"0.5\"} 2.7e-05\n\
        go_gc_duration_seconds_count 2056\ngo_info{version=\"go1.22.4\"} 1\nhttp_requests_total 5\n\
        go_memstats_alloc_bytes 3.36e+08 1714550400123\n";

    #[test]
    fn scrapes_are_told_apart() {
        let one = Scrape::parse_all(TEXT.as_bytes());
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].value("go_gc_duration_seconds_count"), Some(2056.0));
        assert_eq!(
            one[0].value("go_gc_duration_seconds{quantile=\"0.5\"}"),
            Some(2.7e-5)
        );
        assert_eq!(one[0].go_version(), Some("go1.22.4"));
        assert_eq!(one[0].taken_unix_ms, Some(1_714_550_400_123));
        assert_eq!(one[0].value("http_requests_total"), None);
        let two = Scrape::parse_all(TEXT.repeat(2).as_bytes());
        assert_eq!(two.len(), 2);
        assert!(Scrape::parse_all(b"no metrics here").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let scrapes = Scrape::parse_all(&bytes);
            prop_assert!(scrapes.len() <= bytes.len());
        }
    }
}
