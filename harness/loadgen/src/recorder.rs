//! What one generator thread writes down: per interval while it runs, the rest at its end.
//!
//! The main type is [`Recorder`]. Its size does not depend on the run's length: each interval
//! is handed to the collector, which gives its memory back for a later one.

use std::rc::Rc;
use std::sync::mpsc;

use crate::errors::ErrorClass;
use crate::latency::LatencyTally;
use crate::request::BodyCount;
use crate::tally::Tally;
use crate::transport::ByteCount;
use crate::unanswered::Answers;

/// One thread's record of one interval.
#[derive(Debug, Clone)]
pub(crate) struct IntervalPart {
    /// Which thread.
    pub(crate) thread: usize,
    /// Whether the thread has ended, and tells of no more.
    pub(crate) is_last: bool,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    /// One for each request class.
    pub(crate) latencies: Vec<LatencyTally>,
    /// Failed and timed-out requests of each class.
    pub(crate) errors: Vec<u64>,
    /// Send lag that the generator alone is to blame for.
    pub(crate) generator_lag: Tally,
    pub(crate) counts: Counts,
    pub(crate) in_flight: u64,
    /// Age of the oldest request that was due and unsent at the interval's end.
    pub(crate) backlog_age_ns: u64,
}

impl IntervalPart {
    pub(crate) fn new(thread: usize, classes: usize) -> Self {
        Self {
            thread,
            is_last: false,
            start_ns: 0,
            end_ns: 0,
            latencies: vec![LatencyTally::default(); classes],
            errors: vec![0; classes],
            generator_lag: Tally::new(),
            counts: Counts::default(),
            in_flight: 0,
            backlog_age_ns: 0,
        }
    }

    /// Makes it an empty part again, with its memory kept.
    pub(crate) fn clear(&mut self) {
        self.latencies.iter_mut().for_each(LatencyTally::clear);
        self.errors.fill(0);
        self.generator_lag.clear();
        self.counts = Counts::default();
    }
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
    /// Response time of failed requests, by error class.
    pub(crate) error_latency: [Tally; ErrorClass::ALL.len()],
    pub(crate) connect_latency: Tally,
    pub(crate) connects: u64,
    pub(crate) connect_failures: [u64; ErrorClass::ALL.len()],
    pub(crate) reconnects: u64,
    /// Sum of all service times and ages, for Little's law: exact where the histogram rounds.
    pub(crate) occupied_ns: u128,
    /// Time spent busy-waiting with nothing to do before due times.
    pub(crate) spin_ns: u64,
    pub(crate) answers: Answers,
    /// The longest time in which the thread did not run, on the run's clock.
    pub(crate) longest_stall: (u64, u64),
}

impl RunTotals {
    fn new() -> Self {
        Self {
            statuses: Box::new([0; 1000]),
            error_latency: Default::default(),
            connect_latency: Tally::new(),
            connects: 0,
            connect_failures: Default::default(),
            reconnects: 0,
            occupied_ns: 0,
            spin_ns: 0,
            answers: Answers::default(),
            longest_stall: (0, 0),
        }
    }
}

/// One thread's notebook.
pub(crate) struct Recorder {
    part: Box<IntervalPart>,
    /// Parts that the collector has done with.
    spare: mpsc::Receiver<Box<IntervalPart>>,
    /// The part of the next interval, made before the clock starts.
    next: Option<Box<IntervalPart>>,
    /// Requests of each class sent at the very nanosecond they were due.
    on_time: Vec<u64>,
    pub(crate) totals: RunTotals,
    bytes: Rc<ByteCount>,
}

impl Recorder {
    /// The notebook of thread `thread`; `spare` gives back parts that were handed over.
    pub(crate) fn new(
        thread: usize,
        classes: usize,
        bytes: Rc<ByteCount>,
        spare: mpsc::Receiver<Box<IntervalPart>>,
    ) -> Self {
        let part = || Box::new(IntervalPart::new(thread, classes));
        Self {
            part: part(),
            spare,
            next: Some(part()),
            on_time: vec![0; classes],
            totals: RunTotals::new(),
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
        self.part.latencies[class].send_lag.record(send_lag_ns);
        self.part.generator_lag.record(generator_lag_ns);
    }

    #[inline]
    pub(crate) fn completed(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.part.counts.completed += 1;
        self.answered(class, response_ns, service_ns);
    }

    /// A timed-out request stays in the latencies at its age: leaving it out would flatter them.
    pub(crate) fn timed_out(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.part.counts.timed_out += 1;
        self.part.errors[class] += 1;
        self.count_error(ErrorClass::Timeout, response_ns);
        self.answered(class, response_ns, service_ns);
    }

    pub(crate) fn failed(
        &mut self,
        class: usize,
        error: ErrorClass,
        response_ns: u64,
        service_ns: u64,
    ) {
        self.part.counts.failed += 1;
        self.part.errors[class] += 1;
        self.totals.occupied_ns += u128::from(service_ns);
        self.count_error(error, response_ns);
    }

    /// A request that was sent and has no answer at the run's end.
    pub(crate) fn in_flight_at_end(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.answered(class, response_ns, service_ns);
    }

    /// A request that was due and not sent by the run's end.
    pub(crate) fn never_sent(&mut self, class: usize, age_ns: u64) {
        self.part.latencies[class].response.record(age_ns);
    }

    #[inline]
    pub(crate) fn status(&mut self, status: u16, body: BodyCount) {
        if let Some(count) = self.totals.statuses.get_mut(usize::from(status)) {
            *count += u64::from(status != 0);
        }
        self.part.counts.body_bytes += body.wire_bytes;
        self.part.counts.decoded_bytes += body.decoded_bytes;
    }

    /// Notes that the thread did not run. It is late by that for the requests that were due then
    /// and for no other: their lag says so, and a stall that none fell into made none late.
    pub(crate) fn stalled(&mut self, from_ns: u64, to_ns: u64) {
        let (longest_from, longest_to) = self.totals.longest_stall;
        if to_ns - from_ns > longest_to - longest_from {
            self.totals.longest_stall = (from_ns, to_ns);
        }
    }

    #[inline]
    fn answered(&mut self, class: usize, response_ns: u64, service_ns: u64) {
        self.totals.occupied_ns += u128::from(service_ns);
        let set = &mut self.part.latencies[class];
        set.response.record(response_ns);
        set.service.record(service_ns);
    }

    fn count_error(&mut self, error: ErrorClass, response_ns: u64) {
        self.part.counts.errors[error as usize] += 1;
        self.totals.error_latency[error as usize].record(response_ns);
    }

    /// Ends the interval at `end_ns` and begins the next one.
    pub(crate) fn cut(
        &mut self,
        end_ns: u64,
        in_flight: u64,
        backlog_age_ns: u64,
    ) -> Box<IntervalPart> {
        for (tally, on_time) in self.part.latencies.iter_mut().zip(&mut self.on_time) {
            let count = std::mem::take(on_time);
            if count > 0 {
                tally.send_lag.record_n(0, count);
                self.part.generator_lag.record_n(0, count);
            }
        }
        let part = &mut *self.part;
        part.end_ns = end_ns;
        part.in_flight = in_flight;
        part.backlog_age_ns = backlog_age_ns;
        part.counts.wire_read_bytes = self.bytes.read.replace(0);
        part.counts.wire_written_bytes = self.bytes.written.replace(0);
        let mut next = self.unused_part();
        next.start_ns = end_ns;
        std::mem::replace(&mut self.part, next)
    }

    /// An empty part: one that was given back, and a new one only while the collector is behind.
    fn unused_part(&mut self) -> Box<IntervalPart> {
        self.next
            .take()
            .or_else(|| self.spare.try_recv().ok())
            .unwrap_or_else(|| {
                let (thread, classes) = (self.part.thread, self.part.latencies.len());
                Box::new(IntervalPart::new(thread, classes))
            })
    }

    /// Gives what is kept for the whole run, once.
    pub(crate) fn take_totals(&mut self) -> RunTotals {
        std::mem::replace(&mut self.totals, RunTotals::new())
    }

    /// Bytes read and written in the interval so far.
    pub(crate) fn bytes_moved(&self) -> u64 {
        self.bytes.read.get().wrapping_add(self.bytes.written.get())
    }

    pub(crate) fn interval_start_ns(&self) -> u64 {
        self.part.start_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder() -> (Recorder, mpsc::Sender<Box<IntervalPart>>) {
        let (sender, spare) = mpsc::channel();
        (Recorder::new(0, 200, Rc::default(), spare), sender)
    }

    #[test]
    fn a_stall_is_noted_and_is_no_lag_of_requests() {
        let (mut recorder, _sender) = recorder();
        (0..8).for_each(|_| recorder.sent(0, 0, 0));
        recorder.stalled(1_000_000, 9_400_000);
        let part = recorder.cut(10_000_000, 0, 0);
        let lag = part.generator_lag.to_histogram();
        assert_eq!((lag.len(), lag.max()), (8, 0));
        assert_eq!(recorder.take_totals().longest_stall, (1_000_000, 9_400_000));
    }

    #[test]
    fn parts_are_used_again_and_begin_empty() {
        let (mut recorder, sender) = recorder();
        recorder.completed(7, 2_000, 1_000);
        let mut first = recorder.cut(10, 1, 0);
        let address = &raw const *first;
        recorder.cut(20, 0, 0);
        first.clear();
        sender.send(first).unwrap();
        recorder.cut(30, 0, 0);
        let again = recorder.cut(40, 0, 0);
        assert_eq!(&raw const *again, address);
        assert_eq!((again.start_ns, again.end_ns), (30, 40));
        assert_eq!(again.counts.completed, 0);
        assert_eq!(again.latencies[7].service.to_histogram().len(), 0);
    }
}
