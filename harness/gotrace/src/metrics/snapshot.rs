//! The JSON snapshot and its values.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Histogram;
use crate::{Error, GoVersion};

/// Largest snapshot read; one of Go 1.27 is about 60 KiB.
pub const LARGEST_SNAPSHOT_BYTES: usize = 16 << 20;
/// Most buckets of one histogram; Go's have at most a few thousand.
pub const MOST_BUCKETS: usize = 65_536;

/// All metrics of one process at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The process's Go version.
    pub go_version: GoVersion,
    /// When it was taken, nanoseconds since the Unix epoch.
    pub taken_unix_ns: i64,
    /// Values by full metric name, e.g. `/sched/gomaxprocs:threads`.
    pub metrics: BTreeMap<String, Value>,
}

/// One metric's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count or gauge.
    Uint64(u64),
    /// A count or gauge; seconds for the most part.
    Float64(f64),
    /// A distribution.
    Histogram(Histogram),
    /// A kind that this crate does not know, by its name.
    Other(String),
}

impl Snapshot {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond [`LARGEST_SNAPSHOT_BYTES`]; [`Error::Metrics`] for malformed
    /// JSON, a missing field, a value that does not fit its kind, or bounds of a histogram that
    /// do not increase. Unknown kinds and unknown fields are no errors.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        if json.len() > LARGEST_SNAPSHOT_BYTES {
            return Err(Error::TooLarge {
                what: "the runtime/metrics snapshot",
                limit_bytes: LARGEST_SNAPSHOT_BYTES as u64,
            });
        }
        let wire: WireSnapshot = serde_json::from_slice(json).map_err(|error| Error::Metrics {
            why: error.to_string(),
        })?;
        let metrics = wire
            .metrics
            .into_iter()
            .map(|(name, metric)| {
                let value = metric.value().map_err(|why| Error::Metrics {
                    why: format!("{name}: {why}"),
                })?;
                Ok((name, value))
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            go_version: GoVersion::parse(&wire.go_version)?,
            taken_unix_ns: wire.taken_unix_ns,
            metrics,
        })
    }

    /// An integer metric.
    #[must_use]
    pub fn uint64(&self, name: &str) -> Option<u64> {
        match self.metrics.get(name)? {
            Value::Uint64(value) => Some(*value),
            _ => None,
        }
    }

    /// A number of either kind.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.metrics.get(name)? {
            Value::Uint64(value) => Some(*value as f64),
            Value::Float64(value) => Some(*value),
            _ => None,
        }
    }

    /// A distribution.
    #[must_use]
    pub fn histogram(&self, name: &str) -> Option<&Histogram> {
        match self.metrics.get(name)? {
            Value::Histogram(histogram) => Some(histogram),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct WireSnapshot {
    go_version: String,
    taken_unix_ns: i64,
    metrics: BTreeMap<String, WireMetric>,
}

#[derive(Deserialize)]
struct WireMetric {
    kind: String,
    value: Option<serde_json::Value>,
    counts: Option<Vec<u64>>,
    buckets: Option<Vec<serde_json::Value>>,
}

impl WireMetric {
    fn value(self) -> Result<Value, String> {
        match self.kind.as_str() {
            "uint64" => self
                .value
                .as_ref()
                .and_then(serde_json::Value::as_u64)
                .map(Value::Uint64)
                .ok_or_else(|| "a uint64 metric needs a whole non-negative \"value\"".to_owned()),
            "float64" => self
                .value
                .as_ref()
                .and_then(float)
                .map(Value::Float64)
                .ok_or_else(|| "a float64 metric needs a \"value\" that is a number".to_owned()),
            "histogram" => {
                let counts = self.counts.ok_or("a histogram needs \"counts\"")?;
                let buckets = self.buckets.ok_or("a histogram needs \"buckets\"")?;
                if buckets.len() > MOST_BUCKETS {
                    return Err(format!("more than {MOST_BUCKETS} buckets"));
                }
                let buckets = buckets
                    .iter()
                    .map(float)
                    .collect::<Option<Vec<f64>>>()
                    .ok_or("a bucket bound is neither a number nor \"-Inf\" or \"+Inf\"")?;
                Histogram::new(counts, buckets).map(Value::Histogram)
            }
            _ => Ok(Value::Other(self.kind)),
        }
    }
}

fn float(value: &serde_json::Value) -> Option<f64> {
    match value {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => match text.as_str() {
            "-Inf" => Some(f64::NEG_INFINITY),
            "+Inf" | "Inf" => Some(f64::INFINITY),
            "NaN" => Some(f64::NAN),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const SAMPLE: &str = r#"{"go_version":"go1.26.8","taken_unix_ns":123,"metrics":{
        "/sched/gomaxprocs:threads":{"kind":"uint64","value":2},
        "/gc/gogc:percent":{"kind":"uint64","value":18446744073709551615},
        "/cpu/classes/gc/total:cpu-seconds":{"kind":"float64","value":0.5},
        "/some/new:thing":{"kind":"matrix","value":[[1]]},
        "/sched/latencies:seconds":{"kind":"histogram","counts":[0,3,1],"buckets":["-Inf",0,0.5,"+Inf"]}}}"#;

    #[test]
    fn reads_the_contract() {
        let snapshot = Snapshot::parse(SAMPLE.as_bytes()).expect("sample");
        assert_eq!(snapshot.go_version, GoVersion::release(26, 8));
        assert_eq!(snapshot.uint64("/sched/gomaxprocs:threads"), Some(2));
        assert_eq!(snapshot.uint64("/gc/gogc:percent"), Some(u64::MAX));
        assert_eq!(
            snapshot.number("/cpu/classes/gc/total:cpu-seconds"),
            Some(0.5)
        );
        let latencies = snapshot
            .histogram("/sched/latencies:seconds")
            .expect("histogram");
        assert_eq!(
            (latencies.total(), latencies.buckets()[0]),
            (4, f64::NEG_INFINITY)
        );
        assert_eq!(
            snapshot.metrics.get("/some/new:thing"),
            Some(&Value::Other("matrix".to_owned()))
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |metric: &str| {
            let json = format!(
                r#"{{"go_version":"go1.26.8","taken_unix_ns":1,"metrics":{{"/x":{metric}}}}}"#
            );
            Snapshot::parse(json.as_bytes())
                .expect_err(metric)
                .to_string()
        };
        assert_eq!(
            message(r#"{"kind":"uint64","value":-1}"#),
            "runtime/metrics snapshot: /x: a uint64 metric needs a whole non-negative \"value\""
        );
        assert_eq!(
            message(r#"{"kind":"histogram","counts":[1],"buckets":[0]}"#),
            "runtime/metrics snapshot: /x: 1 counts need one bucket bound more, not 1"
        );
        assert!(
            message(r#"{"kind":"histogram","counts":[1],"buckets":[0,"many"]}"#)
                .contains("bucket bound")
        );
        assert!(Snapshot::parse(b"{}").is_err());
        assert!(Snapshot::parse(b"").is_err());
    }
}
