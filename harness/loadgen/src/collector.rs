//! Puts the threads' intervals together: time series, `.hlog`, progress, totals.
//!
//! The main type is [`Collector`]. It runs on the caller's thread, off the send path, and gives
//! the memory of what it has taken back to the thread that it came from.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc;
use std::time::Duration;

use crate::clock::monotonic_ns;
use crate::errors::{ErrorClass, LoadError, is_full};
use crate::hlog::HlogWriter;
use crate::host::{HostCounters, HostShare};
use crate::latency::{LatencySet, LatencyTally};
use crate::outcome::{Interval, Progress};
use crate::recorder::{Counts, IntervalPart};
use crate::spec::{Hooks, LoadSpec};
use crate::tally::Tally;

/// Puts intervals together.
pub(crate) struct Collector<'a> {
    spec: &'a LoadSpec,
    hooks: &'a Hooks<'a>,
    hlog: Option<HlogWriter>,
    /// Why the log was given up, where it was.
    pub(crate) hlog_lost: Option<String>,
    /// What each thread has told of so far: the end of its last part, or all there is.
    told_ns: Vec<u64>,
    /// Where each thread takes parts from that are done with.
    spare: Vec<mpsc::Sender<Box<IntervalPart>>>,
    /// Each thread's parts of intervals that not all threads have told of; more than one only
    /// while another thread is behind.
    open: Vec<VecDeque<Box<IntervalPart>>>,
    /// The whole run's latencies, by request class.
    pub(crate) classes: Vec<LatencyTally>,
    /// The whole run's failed and timed-out requests, by request class.
    pub(crate) class_errors: Vec<u64>,
    pub(crate) generator_lag: Tally,
    pub(crate) counts: Counts,
    pub(crate) intervals: Vec<Interval>,
    /// The first look at the host and the latest one, with the monotonic time of each.
    host: Option<[(u64, HostCounters); 2]>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(
        spec: &'a LoadSpec,
        hooks: &'a Hooks<'a>,
        class_names: Vec<String>,
        spare: Vec<mpsc::Sender<Box<IntervalPart>>>,
    ) -> Result<Self, LoadError> {
        let classes = vec![LatencyTally::default(); class_names.len()];
        let class_errors = vec![0; class_names.len()];
        let (hlog, hlog_lost) = match &spec.hlog {
            None => (None, None),
            Some(path) => match HlogWriter::create(path, class_names) {
                Ok(hlog) => (Some(hlog), None),
                Err(LoadError::File { source, path }) if is_full(&source) => {
                    (None, Some(LoadError::File { source, path }.to_string()))
                }
                // A path that was wrong from the start is the caller's to put right.
                Err(error) => return Err(error),
            },
        };
        Ok(Self {
            spec,
            hooks,
            hlog,
            hlog_lost,
            told_ns: vec![0; spec.threads],
            spare,
            open: (0..spec.threads).map(|_| VecDeque::new()).collect(),
            classes,
            class_errors,
            generator_lag: Tally::new(),
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

    /// Takes one thread's part; an interval is told of when every thread has told of all of it.
    pub(crate) fn take(&mut self, part: Box<IntervalPart>) {
        self.told_ns[part.thread] = match part.is_last {
            true => u64::MAX,
            false => part.end_ns,
        };
        self.open[part.thread].push_back(part);
        while let Some(end_ns) = self.finished_end_ns() {
            let finished = self.pop_until(end_ns);
            self.finish_interval(finished);
        }
    }

    /// Closes the log when all threads have ended.
    pub(crate) fn finish(&mut self) {
        debug_assert!(
            self.open.iter().all(VecDeque::is_empty),
            "every thread has told of its end"
        );
        self.log(HlogWriter::finish);
    }

    /// Writes to the log, which is given up where that fails: what was measured does not depend on it.
    fn log(&mut self, write: impl FnOnce(&mut HlogWriter) -> Result<(), LoadError>) {
        if let Some(hlog) = &mut self.hlog
            && let Err(error) = write(hlog)
        {
            self.hlog = None;
            self.hlog_lost = Some(error.to_string());
        }
    }

    /// The end of the first interval, if no thread can add to it any more. A thread that did not
    /// run for a while tells of one long interval instead of several; those of the others that
    /// begin within it are part of it.
    fn finished_end_ns(&self) -> Option<u64> {
        let firsts = self.open.iter().filter_map(VecDeque::front);
        let mut end_ns = firsts.map(|part| part.end_ns).min()?;
        loop {
            let begun = self
                .open
                .iter()
                .flatten()
                .filter(|part| part.start_ns < end_ns);
            let latest_ns = begun.map(|part| part.end_ns).max().unwrap_or(end_ns);
            if latest_ns <= end_ns {
                break;
            }
            end_ns = latest_ns;
        }
        let told_ns = *self.told_ns.iter().min()?;
        (told_ns >= end_ns).then_some(end_ns)
    }

    /// Puts all parts together that end by `end_ns`, of which there is one.
    fn pop_until(&mut self, end_ns: u64) -> Box<IntervalPart> {
        let mut merged: Option<Box<IntervalPart>> = None;
        let (mut in_flight, mut backlog_age_ns) = (0, 0);
        for thread in 0..self.open.len() {
            let mut at_end = (0, 0);
            while let Some(part) = self.open[thread].pop_front_if(|part| part.end_ns <= end_ns) {
                at_end = (part.in_flight, part.backlog_age_ns);
                match &mut merged {
                    None => merged = Some(part),
                    Some(merged) => {
                        merged.add(&part);
                        self.give_back(part);
                    }
                }
            }
            in_flight += at_end.0;
            backlog_age_ns = at_end.1.max(backlog_age_ns);
        }
        let mut merged = merged.expect("a part ends there");
        (merged.in_flight, merged.backlog_age_ns) = (in_flight, backlog_age_ns);
        merged
    }

    /// Gives a part's memory back to the thread that it came from.
    fn give_back(&self, mut part: Box<IntervalPart>) {
        part.clear();
        // A thread that has ended needs no more.
        let _ = self.spare[part.thread].send(part);
    }

    fn finish_interval(&mut self, part: Box<IntervalPart>) {
        self.log(|hlog| hlog.write(&part));
        for (total, latest) in self.classes.iter_mut().zip(&part.latencies) {
            total.add(latest);
        }
        add_each(&mut self.class_errors, &part.errors);
        self.generator_lag.add(&part.generator_lag);
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
        self.give_back(part);
    }
}

impl IntervalPart {
    /// Adds what adds up; what is true of one moment is the caller's to put together.
    fn add(&mut self, other: &Self) {
        self.start_ns = self.start_ns.min(other.start_ns);
        self.end_ns = self.end_ns.max(other.end_ns);
        for (into, from) in self.latencies.iter_mut().zip(&other.latencies) {
            into.add(from);
        }
        add_each(&mut self.errors, &other.errors);
        self.generator_lag.add(&other.generator_lag);
        self.counts.add(&other.counts);
    }
}

fn add_each(into: &mut [u64], from: &[u64]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into += from;
    }
}

fn interval_of(part: &IntervalPart, host: Option<HostShare>) -> Interval {
    let mut all = LatencySet::new();
    part.latencies
        .iter()
        .for_each(|class| class.add_to(&mut all));
    let generator_lag = part.generator_lag.to_histogram();
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
        generator_lag_p99_ns: generator_lag.value_at_quantile(0.99),
        generator_lag_max_ns: generator_lag.max(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::request::RequestMix;

    const SECOND_NS: u64 = 1_000_000_000;

    fn spec(threads: usize) -> LoadSpec {
        let endpoint = Endpoint::tcp(([127, 0, 0, 1], 1).into());
        let mut spec = LoadSpec::new(endpoint, RequestMix::get("/"));
        spec.threads = threads;
        spec
    }

    /// A part of `thread` from one second to another, with one request in each of them.
    fn part(thread: usize, seconds: std::ops::Range<u64>) -> Box<IntervalPart> {
        let mut part = IntervalPart::new(thread, 1);
        part.start_ns = seconds.start * SECOND_NS;
        part.end_ns = seconds.end * SECOND_NS;
        part.counts.completed = seconds.end - seconds.start;
        part.in_flight = 10;
        part.latencies[0]
            .response
            .record_n(1_000, part.counts.completed);
        Box::new(part)
    }

    fn last(mut part: Box<IntervalPart>) -> Box<IntervalPart> {
        part.is_last = true;
        part
    }

    /// Start, length and completed requests of each interval told of so far.
    fn told(collector: &Collector<'_>) -> Vec<(f64, f64, u64)> {
        let figures = |interval: &Interval| {
            assert!(interval.in_flight <= 20, "each thread has 10 at any moment");
            (interval.start_s, interval.length_s, interval.completed)
        };
        collector.intervals.iter().map(figures).collect()
    }

    /// Tells what is told of after each of `parts`.
    fn told_after(parts: impl IntoIterator<Item = Box<IntervalPart>>) -> Vec<Vec<(f64, f64, u64)>> {
        let spec = spec(2);
        let hooks = Hooks::default();
        let (spare, _receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel()).unzip();
        let mut collector = Collector::new(&spec, &hooks, vec!["a".into()], spare).unwrap();
        let mut after = Vec::new();
        for part in parts {
            collector.take(part);
            after.push(told(&collector));
        }
        after
    }

    #[test]
    fn an_interval_is_told_of_when_the_last_thread_has_told_its_part() {
        let after = told_after([part(0, 0..1), part(0, 1..2), part(1, 0..1), part(1, 1..2)]);
        let first = (0.0, 1.0, 2);
        assert_eq!(
            after,
            [vec![], vec![], vec![first], vec![first, (1.0, 1.0, 2)]]
        );
    }

    #[test]
    fn a_thread_that_missed_intervals_holds_up_none_of_the_later_ones() {
        let after = told_after([
            part(0, 0..1),
            part(1, 0..3),
            part(0, 1..2),
            part(0, 2..3),
            part(0, 3..4),
            part(1, 3..4),
        ]);
        let missed = (0.0, 3.0, 6);
        assert_eq!(after[2], []);
        assert_eq!(after[3], [missed]);
        assert_eq!(after[5], [missed, (3.0, 1.0, 2)]);
    }

    #[test]
    fn a_thread_that_has_ended_holds_up_nobody() {
        let after = told_after([last(part(1, 0..1)), part(0, 0..1), last(part(0, 1..2))]);
        assert_eq!(after[2], [(0.0, 1.0, 2), (1.0, 1.0, 1)]);
    }

    #[test]
    fn the_memory_of_a_part_goes_back_empty_to_its_thread() {
        let spec = spec(1);
        let hooks = Hooks::default();
        let (spare, received) = mpsc::channel();
        let mut collector = Collector::new(&spec, &hooks, vec!["a".into()], vec![spare]).unwrap();
        collector.take(part(0, 0..1));
        let back = received.try_recv().unwrap();
        assert_eq!(back.counts.completed, 0);
        assert_eq!(back.latencies[0].response.to_histogram().len(), 0);
    }
}
