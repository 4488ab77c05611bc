//! What one generator thread writes down: per interval while it runs, the rest at its end.
//!
//! The main type is [`Recorder`]. Its size does not depend on the run's length: each interval
//! is handed to the collector and begun anew.

use std::rc::Rc;

use hdrhistogram::Histogram;

use crate::errors::ErrorClass;
use crate::latency::{LatencySet, new_histogram};
use crate::request::BodyCount;
use crate::transport::ByteCount;

/// One thread's record of one interval.
#[derive(Debug, Clone)]
pub(crate) struct IntervalPart {
    pub(crate) index: u64,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    /// One set for each request class.
    pub(crate) latencies: Vec<LatencySet>,
    /// Lateness that the generator alone is to blame for.
    pub(crate) generator_lag: Histogram<u64>,
    pub(crate) counts: Counts,
    pub(crate) in_flight: u64,
    /// Age of the oldest request that was due and unsent at the interval's end.
    pub(crate) backlog_age_ns: u64,
}

/// Counts that add up over intervals and threads.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) started: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) timed_out: u64,
    pub(crate) wire_read_bytes: u64,
    pub(crate) wire_written_bytes: u64,
    pub(crate) body_bytes: u64,
    pub(crate) decoded_bytes: u64,
    pub(crate) errors: [u64; ErrorClass::ALL.len()],
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.started += other.started;
        self.completed += other.completed;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.wire_read_bytes += other.wire_read_bytes;
        self.wire_written_bytes += other.wire_written_bytes;
        self.body_bytes += other.body_bytes;
        self.decoded_bytes += other.decoded_bytes;
        for (into, from) in self.errors.iter_mut().zip(other.errors) {
            *into += from;
        }
    }
}

/// What is kept for the whole run and handed over at its end.
#[derive(Debug)]
pub(crate) struct RunTotals {
    /// Answers by status, 0 to 999.
    pub(crate) statuses: Box<[u64; 1000]>,
    /// Response time of failed requests, by error class, made when first needed.
    pub(crate) error_latency: [Option<Box<Histogram<u64>>>; ErrorClass::ALL.len()],
    pub(crate) connect_latency: Histogram<u64>,
    pub(crate) connects: u64,
    pub(crate) connect_failures: [u64; ErrorClass::ALL.len()],
    pub(crate) reconnects: u64,
    /// Sum of all service times and ages, for Little's law: exact where the histogram rounds.
    pub(crate) occupied_ns: u128,
    /// Time spent awake with nothing to do before due times.
    pub(crate) spin_ns: u64,
    /// The longest time in which the thread did not run, on the run's clock.
    pub(crate) longest_stall: (u64, u64),
}

/// One thread's notebook.
pub(crate) struct Recorder {
    part: IntervalPart,
    /// Requests of each class sent at the very nanosecond they were due.
    on_time: Vec<u64>,
    pub(crate) totals: RunTotals,
    bytes: Rc<ByteCount>,
}

impl Recorder {
    pub(crate) fn new(classes: usize, bytes: Rc<ByteCount>) -> Self {
        let totals = RunTotals {
            statuses: Box::new([0; 1000]),
            error_latency: Default::default(),
            connect_latency: new_histogram(),
            connects: 0,
            connect_failures: Default::default(),
            reconnects: 0,
            occupied_ns: 0,
            spin_ns: 0,
            longest_stall: (0, 0),
        };
        Self {
            part: new_part(classes, 0, 0),
            on_time: vec![0; classes],
            totals,
            bytes,
        }
    }

    /// Forgets the bytes of the time before the clock.
    pub(crate) fn start_counting(&self) {
        self.bytes.read.set(0);
        self.bytes.written.set(0);
    }

    #[inline]
    pub(crate) fn sent(&mut self, class: usize, send_lag_ns: u64, generator_lag_ns: u64) {
        self.part.counts.started += 1;
        if send_lag_ns == 0 {
            // Every request of a closed loop: counted here, recorded when the interval ends.
            self.on_time[class] += 1;
            return;
        }
        self.part.latencies[class]
            .send_lag
            .saturating_record(send_lag_ns);
        self.part.generator_lag.saturating_record(generator_lag_ns);
    }

    #[inline]
    pub(crate) fn completed(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.part.counts.completed += 1;
        self.answered(class, response_ns, service_ns);
    }

    /// A timed-out request stays in the latencies at its age: leaving it out would flatter them.
    pub(crate) fn timed_out(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.part.counts.timed_out += 1;
        self.count_error(ErrorClass::Timeout, response_ns);
        self.answered(class, response_ns, service_ns);
    }

    pub(crate) fn failed(&mut self, error: ErrorClass, response_ns: u64, service_ns: u64) {
        self.part.counts.failed += 1;
        self.totals.occupied_ns += u128::from(service_ns);
        self.count_error(error, response_ns);
    }

    /// A request that was sent and has no answer at the run's end.
    pub(crate) fn in_flight_at_end(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.answered(class, response_ns, service_ns);
    }

    /// A request that was due and not sent by the run's end.
    pub(crate) fn never_sent(&mut self, class: usize, age_ns: u64) {
        self.part.latencies[class]
            .response
            .saturating_record(age_ns);
    }

    #[inline]
    pub(crate) fn status(&mut self, status: u16, body: BodyCount) {
        if let Some(count) = self.totals.statuses.get_mut(usize::from(status)) {
            *count += u64::from(status != 0);
        }
        self.part.counts.body_bytes += body.wire_bytes;
        self.part.counts.decoded_bytes += body.decoded_bytes;
    }

    pub(crate) fn stalled(&mut self, from_ns: u64, to_ns: u64) {
        self.part.generator_lag.saturating_record(to_ns - from_ns);
        let (longest_from, longest_to) = self.totals.longest_stall;
        if to_ns - from_ns > longest_to - longest_from {
            self.totals.longest_stall = (from_ns, to_ns);
        }
    }

    #[inline]
    fn answered(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.totals.occupied_ns += u128::from(service_ns);
        let set = &mut self.part.latencies[class];
        set.response.saturating_record(response_ns);
        set.service.saturating_record(service_ns);
    }

    fn count_error(&mut self, error: ErrorClass, response_ns: u64) {
        self.part.counts.errors[error as usize] += 1;
        self.totals.error_latency[error as usize]
            .get_or_insert_with(|| Box::new(new_histogram()))
            .saturating_record(response_ns);
    }

    /// Ends the interval at `end_ns` and begins the next one.
    pub(crate) fn cut(&mut self, end_ns: u64, in_flight: u64, backlog_age_ns: u64) -> IntervalPart {
        let next = new_part(self.part.latencies.len(), self.part.index + 1, end_ns);
        let mut part = std::mem::replace(&mut self.part, next);
        for (set, on_time) in part.latencies.iter_mut().zip(&mut self.on_time) {
            let count = std::mem::take(on_time);
            set.send_lag.saturating_record_n(0, count);
            part.generator_lag.saturating_record_n(0, count);
        }
        part.end_ns = end_ns;
        part.in_flight = in_flight;
        part.backlog_age_ns = backlog_age_ns;
        part.counts.wire_read_bytes = self.bytes.read.replace(0);
        part.counts.wire_written_bytes = self.bytes.written.replace(0);
        part
    }

    /// Bytes read and written in the interval so far.
    pub(crate) fn bytes_moved(&self) -> u64 {
        self.bytes.read.get().wrapping_add(self.bytes.written.get())
    }

    pub(crate) fn interval_start_ns(&self) -> u64 {
        self.part.start_ns
    }
}

fn new_part(classes: usize, index: u64, start_ns: u64) -> IntervalPart {
    IntervalPart {
        index,
        start_ns,
        end_ns: start_ns,
        latencies: (0..classes).map(|_| LatencySet::new()).collect(),
        generator_lag: new_histogram(),
        counts: Counts::default(),
        in_flight: 0,
        backlog_age_ns: 0,
    }
}
