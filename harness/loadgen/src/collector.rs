//! Puts the threads' intervals together: time series, `.hlog`, progress, totals.
//!
//! The main type is [`Collector`]. It runs on the caller's thread, off the send path.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::monotonic_ns;
use crate::errors::{ErrorClass, LoadError};
use crate::generator::nanoseconds;
use crate::hlog::HlogWriter;
use crate::host::{HostCounters, HostShare};
use crate::latency::{LatencySet, add, new_histogram};
use crate::outcome::{Interval, Progress};
use crate::recorder::{Counts, IntervalPart};
use crate::spec::{Hooks, LoadSpec};

/// Puts intervals together.
pub(crate) struct Collector<'a> {
    spec: &'a LoadSpec,
    hooks: &'a Hooks<'a>,
    hlog: Option<HlogWriter>,
    /// Intervals that not all threads have told of, by start; more than one only while a
    /// thread is behind.
    open: BTreeMap<u64, OpenInterval>,
    /// The whole run's latencies, by request class.
    pub(crate) classes: Vec<LatencySet>,
    pub(crate) generator_lag: Histogram<u64>,
    pub(crate) counts: Counts,
    pub(crate) intervals: Vec<Interval>,
    /// The first look at the host and the latest one, with the monotonic time of each.
    host: Option<[(u64, HostCounters); 2]>,
}

struct OpenInterval {
    parts: usize,
    merged: IntervalPart,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(
        spec: &'a LoadSpec,
        hooks: &'a Hooks<'a>,
        class_names: Vec<String>,
    ) -> Result<Self, LoadError> {
        let classes = class_names.iter().map(|_| LatencySet::new()).collect();
        let hlog = match &spec.hlog {
            Some(path) => Some(HlogWriter::create(path, class_names)?),
            None => None,
        };
        Ok(Self {
            spec,
            hooks,
            hlog,
            open: BTreeMap::new(),
            classes,
            generator_lag: new_histogram(),
            counts: Counts::default(),
            intervals: Vec::new(),
            host: None,
        })
    }

    /// Takes the first look at the host, when the clock starts.
    pub(crate) fn start(&mut self) {
        self.host = self.look().map(|look| [look, look]);
    }

    /// What the host did over the run so far.
    pub(crate) fn host(&self) -> Option<HostShare> {
        let [(from_ns, first), (to_ns, last)] = self.host?;
        last.since(&first, to_ns - from_ns)
    }

    /// What the host did since the last look.
    fn host_since_last(&mut self) -> Option<HostShare> {
        let (now_ns, now) = self.look()?;
        let [_, latest] = self.host.as_mut()?;
        let (then_ns, then) = std::mem::replace(latest, (now_ns, now));
        now.since(&then, now_ns - then_ns)
    }

    fn look(&self) -> Option<(u64, HostCounters)> {
        let counters = self.hooks.host?()?;
        Some((monotonic_ns(), counters))
    }

    /// Takes one thread's part; an interval is told of when every thread has told its part.
    pub(crate) fn take(&mut self, part: IntervalPart) -> Result<(), LoadError> {
        let slot = part.start_ns / nanoseconds(self.spec.interval);
        match self.open.get_mut(&slot) {
            Some(open) => {
                open.merged.add(&part);
                open.parts += 1;
            }
            None => {
                self.open.insert(
                    slot,
                    OpenInterval {
                        parts: 1,
                        merged: part,
                    },
                );
            }
        }
        while let Some(first) = self.open.first_entry() {
            if first.get().parts < self.spec.threads {
                return Ok(());
            }
            let finished = first.remove().merged;
            self.finish_interval(finished)?;
        }
        Ok(())
    }

    /// Tells of what is left when all threads have ended. A thread that missed an interval
    /// while it did not run leaves one with fewer parts.
    pub(crate) fn finish(&mut self) -> Result<(), LoadError> {
        while let Some((_, open)) = self.open.pop_first() {
            self.finish_interval(open.merged)?;
        }
        match &mut self.hlog {
            Some(hlog) => hlog.finish(),
            None => Ok(()),
        }
    }

    fn finish_interval(&mut self, part: IntervalPart) -> Result<(), LoadError> {
        if let Some(hlog) = &mut self.hlog {
            hlog.write(&part)?;
        }
        for (total, latest) in self.classes.iter_mut().zip(&part.latencies) {
            total.add(latest);
        }
        add(&mut self.generator_lag, &part.generator_lag);
        self.counts.add(&part.counts);
        let interval = interval_of(&part, self.host_since_last());
        if let Some(progress) = self.hooks.progress {
            progress(&Progress {
                elapsed: Duration::from_nanos(part.end_ns),
                duration: self.spec.duration,
                interval: &interval,
                completed: self.counts.completed,
                errors: self.counts.failed + self.counts.timed_out,
            });
        }
        self.intervals.push(interval);
        Ok(())
    }
}

impl IntervalPart {
    fn add(&mut self, other: &Self) {
        self.start_ns = self.start_ns.min(other.start_ns);
        self.end_ns = self.end_ns.max(other.end_ns);
        for (into, from) in self.latencies.iter_mut().zip(&other.latencies) {
            into.add(from);
        }
        add(&mut self.generator_lag, &other.generator_lag);
        self.counts.add(&other.counts);
        self.in_flight += other.in_flight;
        self.backlog_age_ns = self.backlog_age_ns.max(other.backlog_age_ns);
    }
}

fn interval_of(part: &IntervalPart, host: Option<HostShare>) -> Interval {
    let mut all = LatencySet::new();
    part.latencies.iter().for_each(|set| all.add(set));
    let length_s = (part.end_ns - part.start_ns) as f64 / 1e9;
    let counts = &part.counts;
    Interval {
        start_s: part.start_ns as f64 / 1e9,
        length_s,
        started: counts.started,
        completed: counts.completed,
        failed: counts.failed,
        timed_out: counts.timed_out,
        rate_per_s: if length_s > 0.0 {
            counts.completed as f64 / length_s
        } else {
            0.0
        },
        response_p50_ns: all.response.value_at_quantile(0.5),
        response_p99_ns: all.response.value_at_quantile(0.99),
        response_max_ns: all.response.max(),
        service_p50_ns: all.service.value_at_quantile(0.5),
        service_p99_ns: all.service.value_at_quantile(0.99),
        send_lag_p99_ns: all.send_lag.value_at_quantile(0.99),
        generator_lag_p99_ns: part.generator_lag.value_at_quantile(0.99),
        generator_lag_max_ns: part.generator_lag.max(),
        in_flight: part.in_flight,
        backlog_age_ns: part.backlog_age_ns,
        read_bytes: counts.wire_read_bytes,
        written_bytes: counts.wire_written_bytes,
        errors: errors_of(&counts.errors),
        host,
    }
}

/// The classes that occurred, with their counts.
pub(crate) fn errors_of(counts: &[u64; ErrorClass::ALL.len()]) -> BTreeMap<ErrorClass, u64> {
    ErrorClass::ALL
        .into_iter()
        .zip(*counts)
        .filter(|(_, count)| *count > 0)
        .collect()
}
