//! Which of a process's lines belong to a window.
//!
//! gctrace and schedtrace lines carry the process's own clock, windows are cut by the wall clock of two snapshots. A
//! snapshot's count of GC cycles ties the two together: cycle k had ended when it was taken, cycle k+1 had not. Every
//! snapshot of a trial narrows the offset further, and the process began right after its trial did; so runs of any age
//! can be aligned, and no field is needed for it. On a quiet host both agree to a few milliseconds.

use gotrace::gctrace::GcCycle;
use gotrace::metrics::Snapshot;
use gotrace::schedtrace::SchedSample;

/// From a trial's stamp to its process's first instruction it takes no longer than this, seconds: a spawn on a busy
/// host. It matters only where no GC cycle narrows the offset.
const LONGEST_SPAWN: f64 = 0.2;
/// Bounds may cross by this much: lines carry milliseconds, and are printed a moment after the count moves.
const CROSSING: f64 = 0.05;

/// Wall time minus the process's own time, seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Offset(f64);

impl Offset {
    /// The offset that all snapshots of a process agree with; `None` where they contradict each other. `started` is
    /// when the trial began, RFC 3339, UTC.
    pub(super) fn of(cycles: &[GcCycle], snapshots: &[Snapshot], started: &str) -> Option<Offset> {
        let began = unix_seconds(started)?;
        let (mut low, mut high) = (began, f64::INFINITY);
        for snapshot in snapshots {
            let taken = seconds(snapshot);
            let count = gc_count(snapshot)?;
            let ended = cycles.iter().rev().find(|cycle| cycle.seq <= count);
            let not_ended = cycles.iter().find(|cycle| cycle.seq > count);
            if let Some(cycle) = ended {
                high = high.min(taken - cycle.ended_s());
            }
            if let Some(cycle) = not_ended {
                low = low.max(taken - cycle.ended_s());
            }
        }
        let high = high.min(low + LONGEST_SPAWN);
        (high - low >= -CROSSING).then(|| Offset(f64::midpoint(low, high)))
    }

    /// The scheduler lines between two snapshots.
    pub(super) fn sched(
        self,
        lines: &[SchedSample],
        before: &Snapshot,
        after: &Snapshot,
    ) -> Vec<SchedSample> {
        // sysmon prints the first line when it starts, right after the runtime: their clocks begin together.
        let inside = |line: &&SchedSample| {
            let at = line.head.at_ms as f64 / 1e3 + self.0;
            seconds(before) <= at && at < seconds(after)
        };
        lines.iter().filter(inside).cloned().collect()
    }
}

/// The GC cycles between two snapshots, by their numbers.
pub(super) fn cycles(
    cycles: &[GcCycle],
    before: &Snapshot,
    after: &Snapshot,
) -> Option<Vec<GcCycle>> {
    let (from, to) = (gc_count(before)?, gc_count(after)?);
    let inside = |cycle: &&GcCycle| from < cycle.seq && cycle.seq <= to;
    Some(cycles.iter().filter(inside).cloned().collect())
}

fn gc_count(snapshot: &Snapshot) -> Option<u64> {
    snapshot.uint64("/gc/cycles/total:gc-cycles")
}

/// Wall time in seconds. An f64 holds today's to a quarter of a microsecond.
fn seconds(snapshot: &Snapshot) -> f64 {
    snapshot.taken_unix_ns as f64 / 1e9
}

/// `2026-11-21T13:44:40.869Z` as seconds since 1970. Days by H. Hinnant's `days_from_civil`.
fn unix_seconds(text: &str) -> Option<f64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era_day = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + era_day - 719_468;
    let mut time = time.splitn(3, ':').map(str::parse::<f64>);
    let (hours, minutes, seconds) = (time.next()?.ok()?, time.next()?.ok()?, time.next()?.ok()?);
    Some(days as f64 * 86_400.0 + hours * 3_600.0 + minutes * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read() {
        let read = unix_seconds("2026-11-21T13:44:40.869Z").unwrap();
        assert!((read - 1_795_268_680.869).abs() < 1e-3, "{read}");
        assert_eq!(unix_seconds("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(unix_seconds("2000-02-29T00:00:00Z"), Some(951_782_400.0));
        assert_eq!(unix_seconds("yesterday"), None);
        assert_eq!(unix_seconds("2026-13-01T00:00:00Z"), None);
    }
}
