//! Caveats about the figures, in plain language, each with the next step.

use loadgen::{Address, Arrival, ErrorClass, LoadOutcome, LoadVerdict, Protocol, SearchOutcome};

use super::figures::per_second;
use crate::job::Job;

/// Requests beyond a quantile below which the quantile is little more than chance.
const FEW: f64 = 10.0;

/// Every caveat that a run or search gives reason for.
pub(super) fn of(job: &Job, outcome: &LoadOutcome, search: Option<&SearchOutcome>) -> Vec<String> {
    let of_search = search.and_then(generator_bound_search);
    let of_run = [
        verdict(outcome),
        errors(outcome),
        unanswered(outcome),
        hlog_lost(outcome),
        if search.is_none() {
            closed_loop(job, outcome)
        } else {
            None
        },
        few_samples(outcome),
        reconnects(job, outcome),
        littles_law(outcome),
        shared_cpus(job),
        bounded_concurrency(job, outcome),
    ];
    of_search
        .into_iter()
        .chain(of_run.into_iter().flatten())
        .collect()
}

fn generator_bound_search(search: &SearchOutcome) -> Option<String> {
    search.is_generator_bound.then(|| {
        "the generator was late at a rate that was refused: the server may be capable of more; give \
         the generator more threads (-t) and CPUs of its own (--cpus)"
            .to_owned()
    })
}

fn verdict(outcome: &LoadOutcome) -> Option<String> {
    let next = match &outcome.verdict {
        LoadVerdict::Valid => return None,
        LoadVerdict::GeneratorBound { .. } => match outcome.ran_out() {
            Some(ErrorClass::FdExhausted) => "raise `ulimit -n`, or lower -c, and measure again",
            Some(ErrorClass::PortsExhausted) => {
                "keep connections alive, lower -c, or widen net.ipv4.ip_local_port_range, and measure again"
            }
            Some(_) => "lower -c, or give this process more memory, and measure again",
            None => {
                "the latencies are partly the generator's own; give it more threads (-t) and CPUs that \
             nothing else uses (--cpus), or lower the rate"
            }
        },
        LoadVerdict::Failed { .. } => {
            "these are no figures of a service at work: see errors and statuses, put right the request or \
             the service, and measure again"
        }
        LoadVerdict::Overloaded { .. } => {
            "latencies grow for as long as the run lasts and mean little; lower -r, or find the \
             highest rate that holds with --max or --slo 'p99<5ms'"
        }
        LoadVerdict::Noisy { .. } => {
            "end what else runs here, or pin the generator to idle CPUs (--cpus), and measure again; \
             `gosweep host` says what disturbs"
        }
    };
    Some(next.to_owned())
}

fn errors(outcome: &LoadOutcome) -> Option<String> {
    let ledger = &outcome.ledger;
    let (class, error) = outcome.errors.iter().max_by_key(|(_, error)| error.count)?;
    let share = (ledger.failed + ledger.timed_out) as f64 / ledger.due() as f64 * 100.0;
    let next = match class {
        ErrorClass::WrongStatus => {
            "see the statuses; where they are right, name them with --expect-status"
        }
        ErrorClass::WrongBody => {
            "the bodies are not what --expect-length or --expect-sha256 has, or are broken"
        }
        ErrorClass::Timeout => "lower the rate or -c, or raise --timeout",
        ErrorClass::FdExhausted => "raise `ulimit -n`, or lower -c",
        ErrorClass::PortsExhausted => "keep connections alive, or lower -c",
        ErrorClass::MemoryExhausted => "lower -c, or raise the memory limit",
        ErrorClass::Closed | ErrorClass::Reset => {
            "the server ends connections while requests are under way; see its log and idle timeouts"
        }
        ErrorClass::Protocol => {
            "the answers are not the HTTP that was asked for; check --http2 and the URL"
        }
        _ => "see the server's log",
    };
    let completed = if ledger.completed == 0 {
        "; not one was answered as expected"
    } else {
        ""
    };
    Some(format!(
        "{share:.2} % of requests failed{completed}, most of them {class} ({}): {next}; latencies leave failed requests out",
        error.count
    ))
}

fn unanswered(outcome: &LoadOutcome) -> Option<String> {
    let ledger = &outcome.ledger;
    (ledger.unanswered > 0).then(|| {
        format!(
            "{} of {} requests due waited far longer than any answer took, and count as errors; a run \
             longer than --timeout tells what becomes of them",
            ledger.unanswered,
            ledger.due()
        )
    })
}

fn hlog_lost(outcome: &LoadOutcome) -> Option<String> {
    let why = outcome.hlog_lost.as_ref()?;
    Some(format!(
        "--hlog was given up, and its file is not whole: {why}"
    ))
}

fn closed_loop(job: &Job, outcome: &LoadOutcome) -> Option<String> {
    let suggested = (outcome.achieved_rate_per_s * 0.6).max(1.0);
    (!job.spec.arrival.is_open() && outcome.ledger.completed > 0).then(|| {
        format!(
            "a closed loop asks only when it is answered, so a slow moment hides the requests it \
             would have met: its P99 is not what users see; for that use -r, e.g. -r {suggested:.0} \
             (60 % of what was reached)"
        )
    })
}

fn few_samples(outcome: &LoadOutcome) -> Option<String> {
    let count = outcome.latency.response.len();
    let beyond = |quantile: f64| count as f64 * (1.0 - quantile);
    let weak = [("P99", 0.99), ("P99.9", 0.999)]
        .into_iter()
        .find(|(_, quantile)| beyond(*quantile) < FEW);
    let (name, quantile) = weak.filter(|_| count > 0)?;
    Some(format!(
        "{name} rests on {:.1} of {count} requests; run longer (-d) before relying on it",
        beyond(quantile)
    ))
}

fn reconnects(job: &Job, outcome: &LoadOutcome) -> Option<String> {
    let spec = &job.spec;
    let reconnects = outcome.connections.reconnects;
    let is_own_doing = !spec.keep_alive || spec.requests_per_connection.is_some();
    // With errors, connections end with their requests, which the errors say already.
    let unexplained = !is_own_doing && outcome.ledger.failed + outcome.ledger.timed_out == 0;
    (unexplained && reconnects as f64 > outcome.ledger.completed as f64 * 0.01).then(|| {
        format!(
            "the server closed connections {reconnects} times, and opening them again is part of the \
             latencies; check its keep-alive settings"
        )
    })
}

fn littles_law(outcome: &LoadOutcome) -> Option<String> {
    let law = outcome
        .littles_law
        .filter(|law| law.relative_error > 0.02)?;
    Some(format!(
        "by Little's law {:.1} requests were under way on average where {:.0} should be: connections \
         stood idle {:.1} % of the time; the generator or failing connections held them up",
        law.measured,
        law.expected,
        law.relative_error * 100.0
    ))
}

fn shared_cpus(job: &Job) -> Option<String> {
    let is_local = match &job.spec.endpoint.address {
        Address::Unix(_) => true,
        Address::Tcp { host, .. } => {
            host == "localhost"
                || host
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|ip| ip.is_loopback())
        }
    };
    (is_local && job.cpus.is_empty()).then(|| {
        "server and generator share this machine's CPUs and disturb each other; pin the generator \
         with --cpus and the server with taskset to others"
            .to_owned()
    })
}

/// An open loop is only open while a connection is free.
fn bounded_concurrency(job: &Job, outcome: &LoadOutcome) -> Option<String> {
    let spec = &job.spec;
    let is_open = !matches!(spec.arrival, Arrival::Closed);
    let waited_ns = outcome.latency.send_lag.value_at_quantile(0.99);
    let own_ns = outcome.generator_lag.value_at_quantile(0.99);
    let slots = match spec.protocol {
        Protocol::Http1 => spec.connections,
        Protocol::Http2 => spec.connections * spec.streams,
    };
    (is_open && outcome.verdict.is_valid() && waited_ns > own_ns.max(1_000_000) * 2).then(|| {
        format!(
            "1 % of requests waited {:.1} ms or more for one of {slots} connections to be free; the \
             response times count it, but with more connections (-c) the server would have had \
             them sooner (rate {}/s)",
            waited_ns as f64 / 1e6,
            per_second(outcome.achieved_rate_per_s)
        )
    })
}
