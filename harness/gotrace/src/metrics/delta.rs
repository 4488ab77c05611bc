//! The change between two snapshots of one process.

use std::collections::BTreeMap;

use super::{Histogram, Nature, Snapshot, Value, nature};

/// What changed between two snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct Delta {
    /// Seconds between them, by their own stamps; negative if they were given the wrong way round.
    pub elapsed_s: f64,
    /// Changes by metric name; metrics that only one snapshot has are left out.
    pub changes: BTreeMap<String, Change>,
}

/// What happened to one metric.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A counter: by how much it grew.
    Grown(f64),
    /// A gauge, or a metric of unknown nature: its two values.
    Gauge {
        /// In the earlier snapshot.
        before: f64,
        /// In the later one.
        after: f64,
    },
    /// A distribution: the samples added.
    Added(Histogram),
    /// No difference can be told.
    Incomparable(String),
}

impl Delta {
    /// Subtracts `before` from `after`.
    #[must_use]
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let changes = after
            .metrics
            .iter()
            .filter_map(|(name, now)| {
                let then = before.metrics.get(name)?;
                Some((name.clone(), change(name, then, now)))
            })
            .collect();
        // The difference is taken in integers: nanoseconds since 1970 do not fit an f64.
        let elapsed_ns = i128::from(after.taken_unix_ns) - i128::from(before.taken_unix_ns);
        Self {
            elapsed_s: elapsed_ns as f64 / 1e9,
            changes,
        }
    }

    /// By how much a counter grew.
    #[must_use]
    pub fn grown(&self, name: &str) -> Option<f64> {
        match self.changes.get(name)? {
            Change::Grown(by) => Some(*by),
            _ => None,
        }
    }

    /// The samples added to a distribution.
    #[must_use]
    pub fn added(&self, name: &str) -> Option<&Histogram> {
        match self.changes.get(name)? {
            Change::Added(histogram) => Some(histogram),
            _ => None,
        }
    }
}

fn change(name: &str, then: &Value, now: &Value) -> Change {
    let cumulative = nature(name) == Some(Nature::Cumulative);
    match (then, now) {
        (Value::Uint64(then), Value::Uint64(now)) if cumulative => now
            .checked_sub(*then)
            .map_or_else(fell, |by| Change::Grown(by as f64)),
        (Value::Float64(then), Value::Float64(now)) if cumulative => {
            // Negated so that NaN counts as fallen.
            if now >= then {
                Change::Grown(now - then)
            } else {
                fell()
            }
        }
        (Value::Uint64(then), Value::Uint64(now)) => Change::Gauge {
            before: *then as f64,
            after: *now as f64,
        },
        (Value::Float64(then), Value::Float64(now)) => Change::Gauge {
            before: *then,
            after: *now,
        },
        (Value::Histogram(then), Value::Histogram(now)) => match now.since(then) {
            Ok(added) => Change::Added(added),
            Err(why) => Change::Incomparable(why),
        },
        (Value::Other(kind), _) | (_, Value::Other(kind)) => {
            Change::Incomparable(format!("unknown kind {kind}"))
        }
        _ => Change::Incomparable("the kind differs".to_owned()),
    }
}

fn fell() -> Change {
    Change::Incomparable(
        "a counter fell: another process, or snapshots in the wrong order".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(taken: i64, metrics: &str) -> Snapshot {
        let json = format!(
            r#"{{"go_version":"go1.26.8","taken_unix_ns":{taken},"metrics":{{{metrics}}}}}"#
        );
        Snapshot::parse(json.as_bytes()).expect("valid snapshot")
    }

    #[test]
    fn counters_gauges_and_distributions() {
        let before = snapshot(
            1_795_254_963_000_000_000,
            r#""/gc/heap/allocs:bytes":{"kind":"uint64","value":100},"/gc/heap/live:bytes":{"kind":"uint64","value":9},
            "/sync/mutex/wait/total:seconds":{"kind":"float64","value":1.5},"/gone:x":{"kind":"uint64","value":1},
            "/sched/latencies:seconds":{"kind":"histogram","counts":[1,1],"buckets":[0,1,"+Inf"]}"#,
        );
        let after = snapshot(
            1_795_254_965_500_000_000,
            r#""/gc/heap/allocs:bytes":{"kind":"uint64","value":350},"/gc/heap/live:bytes":{"kind":"uint64","value":4},
            "/sync/mutex/wait/total:seconds":{"kind":"float64","value":2.0},
            "/sched/latencies:seconds":{"kind":"histogram","counts":[5,1],"buckets":[0,1,"+Inf"]}"#,
        );
        let delta = Delta::between(&before, &after);
        assert_eq!(delta.elapsed_s, 2.5);
        assert_eq!(delta.grown("/gc/heap/allocs:bytes"), Some(250.0));
        assert_eq!(delta.grown("/sync/mutex/wait/total:seconds"), Some(0.5));
        assert_eq!(
            delta.changes["/gc/heap/live:bytes"],
            Change::Gauge {
                before: 9.0,
                after: 4.0
            }
        );
        assert_eq!(
            delta
                .added("/sched/latencies:seconds")
                .map(Histogram::counts),
            Some(&[4_u64, 0][..])
        );
        assert!(!delta.changes.contains_key("/gone:x"));
        let reversed = Delta::between(&after, &before);
        assert!(matches!(
            reversed.changes["/gc/heap/allocs:bytes"],
            Change::Incomparable(_)
        ));
    }
}
