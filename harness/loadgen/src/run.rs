//! One run from specification to outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::arrival::Arrival;
use crate::backlog;
use crate::clock::{Clock, monotonic_ns, suspended_ns};
use crate::collector::{Collector, errors_of};
use crate::endpoint::{EngineChoice, Protocol};
use crate::engine::{Engine, H1Fast, HyperH1, HyperH2};
use crate::errors::{ErrorClass, LoadError};
use crate::gate::{CallOff, Gate};
use crate::generator::{Mailbox, Message, Shared, ThreadEnd, run_thread, slots_of};
use crate::histogram::new_histogram;
use crate::latency::LatencySet;
use crate::ledger::Ledger;
use crate::outcome::{
    ByteTotals, ClassOutcome, ConnectionCounts, ErrorCount, GeneratorCost, LittlesLaw, LoadOutcome,
};
use crate::request::{PreparedMix, WireForm};
use crate::spec::{Hooks, LoadSpec};
use crate::transport::Connector;
use crate::unanswered;
use crate::validity::{LoadVerdict, Stretch};
use crate::verdict;

/// How far ahead the clock is set, for every thread to be there when it starts.
const CLOCK_LEAD_NS: u64 = 2_000_000;

/// Makes one run and gives what it measured. Blocks; starts its own threads and joins them
/// all, on every path. Requests that fail are part of the outcome.
///
/// # Errors
/// A [`LoadError`] when the specification cannot be run, when no connection can be opened
/// before the clock starts, or when the books do not balance.
pub fn run(spec: &LoadSpec, hooks: &Hooks<'_>) -> Result<LoadOutcome, LoadError> {
    spec.validate()?;
    match (spec.resolved_engine(), spec.protocol) {
        (EngineChoice::H1Fast, Protocol::Http1) => run_with::<H1Fast>(spec, hooks),
        (_, Protocol::Http1) => run_with::<HyperH1>(spec, hooks),
        (_, Protocol::Http2) => run_with::<HyperH2>(spec, hooks),
    }
}

fn run_with<E: Engine>(spec: &LoadSpec, hooks: &Hooks<'_>) -> Result<LoadOutcome, LoadError> {
    let shared = Shared {
        spec,
        hooks: hooks.into(),
        mix: Arc::new(PreparedMix::compile(
            &spec.requests,
            &WireForm {
                endpoint: &spec.endpoint,
                protocol: spec.protocol,
                keep_alive: spec.keep_alive,
                seed: spec.seed,
            },
        )?),
        connector: Arc::new(Connector::new(spec)?),
        gate: Gate::default(),
    };
    let names = shared
        .mix
        .classes()
        .iter()
        .map(|class| class.name.clone())
        .collect();
    let (spare, spares): (Vec<_>, Vec<_>) = (0..spec.threads).map(|_| mpsc::channel()).unzip();
    let mut collector = Collector::new(spec, hooks, names, spare)?;
    let (sender, messages) = mpsc::channel();
    let suspended_before_ns = suspended_ns();
    let (ends, clock) = thread::scope(|scope| {
        let shared = &shared;
        let call_off = CallOff(&shared.gate);
        let mut threads = Vec::with_capacity(spec.threads);
        let mut refused = None;
        for (thread, spare) in spares.into_iter().enumerate() {
            let mailbox = Mailbox {
                messages: sender.clone(),
                spare,
            };
            let started = thread::Builder::new()
                .spawn_scoped(scope, move || run_thread::<E>(shared, thread, mailbox));
            match started {
                Ok(handle) => threads.push(handle),
                Err(source) => {
                    let what = "start of the thread";
                    refused = Some(LoadError::Generator {
                        thread,
                        what,
                        source,
                    });
                    break;
                }
            }
        }
        drop(sender);
        let started = match refused {
            Some(error) => Err(error),
            None => start_clock(shared, hooks, &messages),
        };
        if started.is_ok() {
            collector.start();
            collect(&messages, &mut collector);
        }
        // Where the clock was not started nobody must wait for it.
        drop(call_off);
        let ends: Vec<_> = threads
            .into_iter()
            .enumerate()
            .map(|(thread, handle)| {
                handle
                    .join()
                    .map_err(|_| LoadError::Panicked { thread })
                    .and_then(|end| end)
            })
            .collect();
        let clock = started?;
        let ends = ends.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok::<_, LoadError>((ends, clock))
    })?;
    let ends: Vec<ThreadEnd> = ends
        .into_iter()
        .map(|end| end.expect("the clock was started for all"))
        .collect();
    let suspended_s = suspended_ns().saturating_sub(suspended_before_ns) as f64 / 1e9;
    let mut outcome = summarize(spec, collector, ends, clock, suspended_s)?;
    for (class, prepared) in outcome.classes.iter_mut().zip(shared.mix.classes()) {
        class.wrong = prepared.wrong().cloned();
    }
    Ok(outcome)
}

/// Waits for every thread's connections and starts the clock.
fn start_clock(
    shared: &Shared<'_>,
    hooks: &Hooks<'_>,
    messages: &mpsc::Receiver<Message>,
) -> Result<Clock, LoadError> {
    let mut opened = 0;
    let mut failure = None;
    let mut refusal = None;
    let mut words = 0;
    while words < shared.spec.threads {
        match messages.recv() {
            Ok(Message::Ready(Ok(word))) => {
                opened += word.count;
                failure = word.failure.or(failure);
            }
            Ok(Message::Ready(Err(error))) => refusal = Some(error),
            Ok(Message::Interval(_)) => unreachable!("no interval ends before the clock starts"),
            // A thread panicked before it gave its word.
            Err(_) => return Err(LoadError::Panicked { thread: words }),
        }
        words += 1;
    }
    if refusal.is_none() && opened == 0 {
        let failure = failure.expect("a thread without connections tells why");
        let attempts: usize = (0..shared.spec.threads)
            .map(|t| slots_of(shared.spec, t))
            .sum();
        refusal = Some(LoadError::NoConnection {
            target: shared.spec.endpoint.address.to_string(),
            class: failure.class,
            message: failure.message.into_owned(),
            attempts: if shared.spec.keep_alive {
                attempts
            } else {
                shared.spec.threads
            } as u64,
        });
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    if let Some(before_clock) = hooks.before_clock {
        before_clock();
    }
    let clock = Clock::starting_at(monotonic_ns() + CLOCK_LEAD_NS);
    shared.gate.open(Some(clock));
    Ok(clock)
}

/// Takes intervals until all threads have ended.
fn collect(messages: &mpsc::Receiver<Message>, collector: &mut Collector<'_>) {
    for message in messages {
        if let Message::Interval(part) = message {
            collector.take(part);
        }
    }
}

fn summarize(
    spec: &LoadSpec,
    mut collector: Collector<'_>,
    ends: Vec<ThreadEnd>,
    clock: Clock,
    suspended_s: f64,
) -> Result<LoadOutcome, LoadError> {
    let mut ledger = Ledger::default();
    for (thread, end) in ends.iter().enumerate() {
        if !end.lane.ledger.balances() {
            return Err(LoadError::Unbalanced {
                thread,
                ledger: end.lane.ledger,
            });
        }
        ledger.add(&end.lane.ledger);
    }
    collector.finish();
    let end_ns = ends.iter().map(|end| end.lane.end_ns).max().unwrap_or(0);
    let elapsed = Duration::from_nanos(end_ns);
    let left = unanswered::of(&ledger, ends.iter().map(|end| &end.lane.left), end_ns);
    ledger.unanswered = left.count;
    let mut latency = LatencySet::new();
    collector
        .classes
        .iter()
        .for_each(|class| class.add_to(&mut latency));
    let seconds = elapsed.as_secs_f64().max(1e-9);
    let counts = collector.counts;
    let host = collector.host();
    let names = spec
        .requests
        .requests
        .iter()
        .map(|request| request.name.clone());
    let mut outcome = LoadOutcome {
        verdict: LoadVerdict::Valid,
        ledger,
        errors: errors(&counts.errors, &ends),
        statuses: statuses(&ends),
        classes: names
            .zip(collector.classes)
            .zip(collector.class_errors)
            .map(|((name, tally), errors)| ClassOutcome {
                name,
                errors,
                wrong: None,
                tally,
            })
            .collect(),
        latency,
        generator_lag: collector.generator_lag.to_histogram(),
        intervals: collector.intervals,
        backlog: {
            let watches: Vec<_> = ends.iter().map(|end| &end.lane.backlog).collect();
            backlog::looks_of(&spec.arrival, &watches)
        },
        requested_rate_per_s: requested_rate(spec, &ledger, seconds),
        achieved_rate_per_s: ledger.completed as f64 / seconds,
        started_monotonic_ns: clock.absolute_ns(0),
        elapsed,
        stopped_at_s: left.silent_from_ns.map(|ns| ns as f64 / 1e9),
        hlog_lost: collector.hlog_lost,
        generator: GeneratorCost {
            suspended_s,
            ..generator_cost(spec, &ends, counts.started, seconds)
        },
        host,
        connections: connections(&ends),
        bytes: ByteTotals {
            read: counts.wire_read_bytes,
            written: counts.wire_written_bytes,
            body: counts.body_bytes,
            decoded: counts.decoded_bytes,
        },
        littles_law: littles_law(spec, &ends, seconds),
    };
    outcome.verdict = verdict::judge(&outcome, spec);
    Ok(outcome)
}

fn requested_rate(spec: &LoadSpec, ledger: &Ledger, seconds: f64) -> Option<f64> {
    match &spec.arrival {
        Arrival::Closed => None,
        Arrival::Constant { rate_per_s } | Arrival::Poisson { rate_per_s } => Some(*rate_per_s),
        Arrival::Stages { .. } => Some(ledger.scheduled as f64 / seconds),
    }
}

fn errors(
    counts: &[u64; ErrorClass::ALL.len()],
    ends: &[ThreadEnd],
) -> BTreeMap<ErrorClass, ErrorCount> {
    errors_of(counts)
        .into_iter()
        .map(|(class, count)| {
            let mut latency = new_histogram();
            for end in ends {
                end.lane.totals.error_latency[class as usize].add_to(&mut latency);
            }
            (class, ErrorCount { count, latency })
        })
        .collect()
}

fn statuses(ends: &[ThreadEnd]) -> BTreeMap<u16, u64> {
    let mut statuses = BTreeMap::new();
    for end in ends {
        for (status, count) in end.lane.totals.statuses.iter().enumerate() {
            if *count > 0 {
                *statuses.entry(status as u16).or_default() += count;
            }
        }
    }
    statuses
}

fn connections(ends: &[ThreadEnd]) -> ConnectionCounts {
    let mut latency = new_histogram();
    let mut failed = [0; ErrorClass::ALL.len()];
    for end in ends {
        end.lane.totals.connect_latency.add_to(&mut latency);
        for (into, from) in failed.iter_mut().zip(end.lane.totals.connect_failures) {
            *into += from;
        }
    }
    ConnectionCounts {
        opened: ends.iter().map(|end| end.lane.totals.connects).sum(),
        reconnects: ends.iter().map(|end| end.lane.totals.reconnects).sum(),
        failed: errors_of(&failed),
        latency,
    }
}

fn generator_cost(
    spec: &LoadSpec,
    ends: &[ThreadEnd],
    started: u64,
    seconds: f64,
) -> GeneratorCost {
    // Spinning is timed by the wall clock, and cannot have used more CPU than there was.
    let spin_ns = |end: &ThreadEnd| end.lane.totals.spin_ns.min(end.cpu_ns);
    let work_ns = |end: &ThreadEnd| end.cpu_ns - spin_ns(end);
    let cpu_ns: u64 = ends.iter().map(|end| end.cpu_ns).sum();
    let all_work_ns: u64 = ends.iter().map(work_ns).sum();
    let busiest_ns = ends.iter().map(work_ns).max().unwrap_or(0);
    let delays: Option<u64> = ends.iter().map(|end| end.switches.run_delay_ns).sum();
    GeneratorCost {
        cpu_seconds: cpu_ns as f64 / 1e9,
        cpu_us_per_request: (started > 0).then(|| all_work_ns as f64 / 1e3 / started as f64),
        suspended_s: 0.0,
        busiest_thread_share: busiest_ns as f64 / 1e9 / seconds,
        spin_seconds: ends.iter().map(spin_ns).sum::<u64>() as f64 / 1e9,
        spin: spec.spin,
        threads: spec.threads,
        engine: spec.resolved_engine(),
        voluntary_switches: ends.iter().map(|end| end.switches.voluntary).sum(),
        involuntary_switches: ends.iter().map(|end| end.switches.involuntary).sum(),
        run_delay_seconds: delays.map(|ns| ns as f64 / 1e9),
        longest_stall: ends
            .iter()
            .map(|end| end.lane.totals.longest_stall)
            .max_by_key(|(from_ns, to_ns)| to_ns - from_ns)
            .filter(|(from_ns, to_ns)| to_ns > from_ns)
            .map(|(from_ns, to_ns)| Stretch {
                from_s: from_ns as f64 / 1e9,
                to_s: to_ns as f64 / 1e9,
            }),
    }
}

fn littles_law(spec: &LoadSpec, ends: &[ThreadEnd], seconds: f64) -> Option<LittlesLaw> {
    if spec.arrival.is_open() {
        return None;
    }
    let expected: usize = (0..spec.threads).map(|thread| slots_of(spec, thread)).sum();
    let expected = expected as f64;
    let occupied_ns: u128 = ends.iter().map(|end| end.lane.totals.occupied_ns).sum();
    let measured = occupied_ns as f64 / 1e9 / seconds;
    let relative_error = (expected - measured).abs() / expected;
    Some(LittlesLaw {
        expected,
        measured,
        relative_error,
    })
}
