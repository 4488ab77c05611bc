//! What a run came to.
//!
//! The main type is [`LoadOutcome`]. Times are nanoseconds or `Duration`s; turning them into
//! tables and files is deliberately absent.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::endpoint::EngineChoice;
use crate::errors::ErrorClass;
use crate::host::HostShare;
use crate::latency::{LatencySet, LatencyTally};
use crate::ledger::Ledger;
use crate::spin::Spin;
use crate::validity::{LoadVerdict, Stretch};

/// Everything that one run measured.
#[derive(Debug, Clone)]
pub struct LoadOutcome {
    /// Whether the figures can be taken for the server's, and if not, why and when.
    pub verdict: LoadVerdict,
    /// What became of every scheduled request.
    pub ledger: Ledger,
    /// Failed and timed-out requests by class; their sum is the ledger's.
    pub errors: BTreeMap<ErrorClass, ErrorCount>,
    /// Complete or broken answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Latencies by request class, in the order of the mix.
    pub classes: Vec<ClassOutcome>,
    /// Latencies of all classes together.
    pub latency: LatencySet,
    /// Send lag that the generator alone is to blame for, in nanoseconds.
    pub generator_lag: Histogram<u64>,
    /// What was undone at moments of the run; empty for arrivals without one rate that lasts.
    pub backlog: Vec<BacklogLook>,
    /// The time series.
    pub intervals: Vec<Interval>,
    /// The rate that was asked for, on average over the run; none for the closed loop.
    pub requested_rate_per_s: Option<f64>,
    /// Completed requests per second.
    pub achieved_rate_per_s: f64,
    /// The zero of the run's clock on `CLOCK_MONOTONIC`, to set other observations alongside it.
    pub started_monotonic_ns: u64,
    /// From the start of the clock to its end, drain not included.
    pub elapsed: Duration,
    /// When the service stopped answering, in seconds on the run's clock: from then to the end it
    /// answered nothing, though requests waited.
    pub stopped_at_s: Option<f64>,
    /// Why the interval log was given up, where it was: the result does not depend on it.
    pub hlog_lost: Option<String>,
    /// What the generator itself spent.
    pub generator: GeneratorCost,
    /// What the host did over the run, where the caller tells.
    pub host: Option<HostShare>,
    /// Connections opened and refused.
    pub connections: ConnectionCounts,
    /// Bytes in both directions.
    pub bytes: ByteTotals,
    /// The check of the closed loop's books by Little's law; none for open loops.
    pub littles_law: Option<LittlesLaw>,
}

/// The latencies of one request class.
#[derive(Debug, Clone)]
pub struct ClassOutcome {
    /// The class's name.
    pub name: String,
    /// Its requests that failed or timed out.
    pub errors: u64,
    /// The first answer that was complete and not the expected one.
    pub wrong: Option<WrongAnswer>,
    pub(crate) tally: LatencyTally,
}

/// A complete answer that was not the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongAnswer {
    /// Its status.
    pub status: u16,
    /// What was not as expected.
    pub reason: String,
    /// The start of its body, decoded.
    pub body_start: Vec<u8>,
}

impl LoadOutcome {
    /// What our own side had too little of, where it did: the load was not the one asked for.
    pub fn ran_out(&self) -> Option<ErrorClass> {
        let requests = self.errors.keys();
        let connections = self.connections.failed.keys();
        requests
            .chain(connections)
            .copied()
            .find(|class| class.is_own_side())
    }
}

impl ClassOutcome {
    /// Its latencies. Made when asked for, since there may be hundreds of classes.
    pub fn latency(&self) -> LatencySet {
        self.tally.to_histograms()
    }
}

/// Failed requests of one error class.
#[derive(Debug, Clone)]
pub struct ErrorCount {
    /// How many.
    pub count: u64,
    /// How long they took from their intended send time, in nanoseconds.
    pub latency: Histogram<u64>,
}

/// What was undone at one moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BacklogLook {
    /// When, on the run's clock, in seconds.
    pub at_s: f64,
    /// Requests due and not answered, sent or not.
    pub undone: f64,
}

/// One interval of the time series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    /// Start on the run's clock, in seconds.
    pub start_s: f64,
    /// Length in seconds; the last one may be shorter, and one in which a generator thread did
    /// not run is longer.
    pub length_s: f64,
    /// Requests sent.
    pub started: u64,
    /// Requests answered as expected.
    pub completed: u64,
    /// Requests failed.
    pub failed: u64,
    /// Requests given up.
    pub timed_out: u64,
    /// Completed requests per second.
    pub rate_per_s: f64,
    /// Median response time of what ended in the interval.
    pub response_p50_ns: u64,
    /// Its 99th percentile.
    pub response_p99_ns: u64,
    /// Its maximum.
    pub response_max_ns: u64,
    /// Median service time.
    pub service_p50_ns: u64,
    /// Its 99th percentile.
    pub service_p99_ns: u64,
    /// 99th percentile of the send lag, whoever is to blame.
    pub send_lag_p99_ns: u64,
    /// 99th percentile of the send lag that the generator is to blame for.
    pub generator_lag_p99_ns: u64,
    /// Its maximum.
    pub generator_lag_max_ns: u64,
    /// Requests sent and unanswered at the interval's end.
    pub in_flight: u64,
    /// Age of the oldest unsent request at the interval's end.
    pub backlog_age_ns: u64,
    /// HTTP bytes received.
    pub read_bytes: u64,
    /// HTTP bytes sent.
    pub written_bytes: u64,
    /// Errors by class, without the classes that did not occur.
    pub errors: BTreeMap<ErrorClass, u64>,
    /// What the host did meanwhile, where the caller tells.
    pub host: Option<HostShare>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The end of the last interval, on the run's clock.
    pub elapsed: Duration,
    /// How long the run is to last.
    pub duration: Duration,
    /// The last interval.
    pub interval: &'a Interval,
    /// Requests answered as expected so far.
    pub completed: u64,
    /// Requests failed or given up so far.
    pub errors: u64,
}

/// What the generator spent between the start of the clock and its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GeneratorCost {
    /// CPU time of all generator threads, user and system, in seconds.
    pub cpu_seconds: f64,
    /// CPU time per request sent, without that spent spinning, in microseconds; none when
    /// nothing was sent.
    pub cpu_us_per_request: Option<f64>,
    /// The busiest thread's CPU time, without that spent spinning, over the elapsed time.
    pub busiest_thread_share: f64,
    /// CPU time spent spinning before due times, in seconds; part of `cpu_seconds`.
    pub spin_seconds: f64,
    /// How threads passed the time before due times.
    pub spin: Spin,
    /// Generator threads.
    pub threads: usize,
    /// The engine that was used.
    pub engine: EngineChoice,
    /// Times that a thread waited of itself.
    pub voluntary_switches: u64,
    /// Times that the kernel took the CPU from a thread.
    pub involuntary_switches: u64,
    /// Time that threads were ready to run and had no CPU, in seconds; none where the kernel
    /// does not tell.
    pub run_delay_seconds: Option<f64>,
    /// The longest time that a thread was to run and did not, where that is 1 ms or more.
    pub longest_stall: Option<Stretch>,
    /// How long the machine was suspended during the run, in seconds; the run's clock stood still.
    pub suspended_s: f64,
}

/// Connections over the run, those before the clock included.
#[derive(Debug, Clone)]
pub struct ConnectionCounts {
    /// Connections opened.
    pub opened: u64,
    /// Of these, opened in place of one that had ended.
    pub reconnects: u64,
    /// Attempts that failed, by class.
    pub failed: BTreeMap<ErrorClass, u64>,
    /// Time to open (TCP and TLS), in nanoseconds.
    pub latency: Histogram<u64>,
}

/// Bytes in both directions, from the start of the clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByteTotals {
    /// HTTP bytes received: heads and bodies as they came, above TLS.
    pub read: u64,
    /// HTTP bytes sent.
    pub written: u64,
    /// Body bytes received, without transfer coding, still compressed.
    pub body: u64,
    /// Body bytes after decompression.
    pub decoded: u64,
}

/// Little's law on a closed run: N = X · R, for N slots, throughput X and mean response R
/// (J. D. C. Little, "A proof for the queuing formula L = λW", Operations Research 9, 1961).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LittlesLaw {
    /// Slots that were kept busy.
    pub expected: f64,
    /// X · R, from the exact sum of service times and ages.
    pub measured: f64,
    /// |N − X·R| / N.
    pub relative_error: f64,
}

/// An outcome of a second's run without any figures, for tests to put theirs in.
#[cfg(test)]
pub(crate) fn made_up() -> LoadOutcome {
    LoadOutcome {
        verdict: LoadVerdict::Valid,
        ledger: Ledger::default(),
        errors: BTreeMap::new(),
        statuses: BTreeMap::new(),
        classes: Vec::new(),
        latency: LatencySet::new(),
        generator_lag: crate::histogram::new_histogram(),
        backlog: Vec::new(),
        intervals: Vec::new(),
        requested_rate_per_s: Some(1_000.0),
        achieved_rate_per_s: 0.0,
        started_monotonic_ns: 0,
        elapsed: Duration::from_secs(1),
        stopped_at_s: None,
        hlog_lost: None,
        generator: GeneratorCost {
            cpu_seconds: 0.0,
            cpu_us_per_request: None,
            busiest_thread_share: 0.0,
            spin_seconds: 0.0,
            spin: Spin::Off,
            threads: 1,
            engine: EngineChoice::H1Fast,
            voluntary_switches: 0,
            involuntary_switches: 0,
            run_delay_seconds: None,
            longest_stall: None,
            suspended_s: 0.0,
        },
        host: None,
        connections: ConnectionCounts {
            opened: 0,
            reconnects: 0,
            failed: BTreeMap::new(),
            latency: crate::histogram::new_histogram(),
        },
        bytes: ByteTotals::default(),
        littles_law: None,
    }
}
