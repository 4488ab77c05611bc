//! A service without probe at the ends of a window: its runtime's own lines, and the page that its target file names.
//!
//! What comes of it has the form of the probe's snapshots, with the metrics that are known; so whoever reads evidence
//! reads both alike.

use std::time::Instant;

use gotrace::GoVersion;
use gotrace::metrics::{ALLOCATED_BYTES, ALLOCATED_OBJECTS, CYCLES, Delta, Snapshot, Value};
use record::trial::Allocated;
use supervise::Traces;

use crate::observe::RuntimePage;

/// GC cycles that had ended at a moment, by gctrace; `None` where several processes count on one stderr. A process that
/// has not collected yet has no line and no cycle.
pub(super) fn cycles_until(traces: &Traces, at: Instant) -> Option<u64> {
    let of_one = traces
        .gc
        .is_sorted_by(|(_, before), (_, after)| before.seq < after.seq);
    let ended = traces.gc.iter().take_while(|(read, _)| *read <= at);
    of_one.then(|| ended.last().map_or(0, |(_, cycle)| cycle.seq))
}

/// What is known at a moment; `None` where the Go version is not.
pub(super) fn snapshot(
    page: Option<&RuntimePage>,
    cycles: Option<u64>,
    version: Option<&GoVersion>,
    taken_unix_ns: i64,
) -> Option<(Snapshot, Vec<u8>)> {
    let told = page.and_then(|page| page.go_version.as_ref());
    let mut metrics = page.map(|page| page.metrics.clone()).unwrap_or_default();
    if let Some(cycles) = cycles {
        let value = Value::Uint64(cycles);
        metrics.entry(CYCLES.to_owned()).or_insert(value);
    }
    let snapshot = Snapshot {
        go_version: told.or(version)?.clone(),
        taken_unix_ns,
        metrics,
    };
    let text = snapshot.to_json().into_bytes();
    Some((snapshot, text))
}

/// What was allocated between two moments.
pub(super) fn allocated(before: &Snapshot, after: &Snapshot) -> Option<Allocated> {
    let delta = Delta::between(before, after);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counters below 2^53, never negative"
    )]
    let grown = |name: &str| delta.grown(name).map(|grown| grown.max(0.0) as u64);
    Some(Allocated {
        bytes: grown(ALLOCATED_BYTES)?,
        objects: grown(ALLOCATED_OBJECTS)?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    fn page(bytes: u64) -> RuntimePage {
        let metrics = [(ALLOCATED_BYTES, bytes), (ALLOCATED_OBJECTS, bytes / 10)];
        let metrics = metrics.map(|(name, value)| (name.to_owned(), Value::Uint64(value)));
        RuntimePage {
            metrics: BTreeMap::from(metrics),
            go_version: None,
        }
    }

    #[test]
    fn lines_and_page_together_are_a_snapshot() {
        let version = GoVersion::release(22, 4);
        let of = |bytes| {
            snapshot(Some(&page(bytes)), Some(7), Some(&version), 5)
                .unwrap()
                .0
        };
        let (before, after) = (of(1000), of(4000));
        assert_eq!(before.uint64(CYCLES), Some(7));
        let grown = allocated(&before, &after).unwrap();
        assert_eq!((grown.bytes, grown.objects), (3000, 300));
        let (alone, text) = snapshot(None, Some(7), Some(&version), 5).unwrap();
        assert_eq!(Snapshot::parse(&text).unwrap(), alone);
        assert_eq!(allocated(&alone, &alone), None);
        assert!(snapshot(None, Some(7), None, 5).is_none());
    }

    #[test]
    fn cycles_are_counted_up_to_the_moment() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let cycle = |seq: u64| {
            let line = format!(
                "gc {seq} @0.936s 2%: 0.10+0.95+0.21 ms clock, 0.20+0.11/0.24/0+0.42 ms cpu, 16->16->8 MB, 17 MB goal, 0 MB stacks, 0 MB globals, 2 P"
            );
            gotrace::gctrace::GcCycle::parse(line.as_bytes()).unwrap().0
        };
        let mut traces = Traces::default();
        assert_eq!(cycles_until(&traces, at(5)), Some(0));
        traces.gc = vec![(at(10), cycle(3)), (at(20), cycle(4))];
        assert_eq!(cycles_until(&traces, at(15)), Some(3));
        traces.gc.push((at(30), cycle(1)));
        assert_eq!(cycles_until(&traces, at(40)), None);
    }
}
