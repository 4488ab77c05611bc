//! The result as JSON. Names and shapes are relied on by scripts: add, never change.

use std::collections::BTreeMap;

use loadgen::{
    Arrival, ByteTotals, ErrorClass, HostShare, Ledger, LittlesLaw, LoadOutcome, LoadVerdict,
    Protocol, SearchOutcome, Stretch, Summary,
};
use serde::Serialize;

use super::document::Report;
use super::series::Row;
use crate::failure::Failure;

/// Raised when a name or a meaning changes, never when something is added.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    tool: &'a str,
    url: &'a str,
    verdict: &'static str,
    verdict_reason: Option<&'a str>,
    verdict_interval: Option<Stretch>,
    interrupted: bool,
    load: Load,
    rate: Rate,
    ledger: Ledger,
    errors: BTreeMap<ErrorClass, u64>,
    error_response_ms: BTreeMap<ErrorClass, Summary>,
    statuses: &'a BTreeMap<u16, u64>,
    response_ms: Summary,
    service_ms: Summary,
    send_lag_ms: Summary,
    /// Send lag that the generator alone is to blame for.
    generator_lag_ms: Summary,
    classes: Vec<Class<'a>>,
    generator: Generator,
    /// What the host did to the generator's CPUs; null where it does not tell.
    host: Option<HostShare>,
    connections: Connections<'a>,
    bytes: ByteTotals,
    littles_law: Option<LittlesLaw>,
    thresholds: Vec<ThresholdRow<'a>>,
    search: Option<Search>,
    warnings: &'a [String],
    intervals: Vec<Row<'a>>,
}

/// What was asked for, enough to ask for it again.
#[derive(Serialize)]
struct Load {
    arrival: &'static str,
    seed: u64,
    duration_s: f64,
    elapsed_s: f64,
    connections: usize,
    streams: usize,
    timeout_s: f64,
    protocol: Protocol,
    tls: bool,
    keep_alive: bool,
}

#[derive(Serialize)]
struct Rate {
    requested: Option<f64>,
    achieved: f64,
}

#[derive(Serialize)]
struct Class<'a> {
    name: &'a str,
    response_ms: Summary,
    service_ms: Summary,
    send_lag_ms: Summary,
    /// Failed and timed-out requests.
    errors: u64,
}

#[derive(Serialize)]
struct Generator {
    cpu_seconds: f64,
    cpu_us_per_request: Option<f64>,
    threads: usize,
    engine: &'static str,
    engine_reason: &'static str,
    busiest_thread_share: f64,
    spin_seconds: f64,
    spin: &'static str,
    spin_reason: &'static str,
    run_delay_seconds: Option<f64>,
    longest_stall: Option<Stretch>,
    suspended_seconds: f64,
    cpus: Vec<u32>,
}

#[derive(Serialize)]
struct Connections<'a> {
    opened: u64,
    reconnects: u64,
    failed: &'a BTreeMap<ErrorClass, u64>,
    open_ms: Summary,
}

#[derive(Serialize)]
struct ThresholdRow<'a> {
    expression: &'a str,
    failed: bool,
    measured: &'a str,
}

#[derive(Serialize)]
struct Search {
    rate_per_s: Option<f64>,
    best_rate_per_s: Option<f64>,
    worst_rate_per_s: Option<f64>,
    converged: bool,
    generator_bound: bool,
    probes: Vec<SearchProbe>,
}

#[derive(Serialize)]
struct SearchProbe {
    rate_per_s: Option<f64>,
    good: bool,
    achieved_per_s: f64,
    verdict: &'static str,
    response_ms: Summary,
}

/// The whole document, indented.
pub(super) fn text(report: &Report<'_>, tool: &str) -> Result<String, Failure> {
    let mut text =
        serde_json::to_string_pretty(&document(report, tool)).map_err(Failure::internal)?;
    text.push('\n');
    Ok(text)
}

fn document<'a>(report: &'a Report<'a>, tool: &'a str) -> Document<'a> {
    let outcome = report.outcome;
    let (reason, interval) = match &outcome.verdict {
        LoadVerdict::Valid => (None, None),
        LoadVerdict::GeneratorBound { interval, reason }
        | LoadVerdict::Failed { interval, reason }
        | LoadVerdict::Overloaded { interval, reason }
        | LoadVerdict::Noisy { interval, reason } => (Some(reason.as_str()), Some(*interval)),
    };
    Document {
        format: FORMAT,
        tool,
        url: &report.job.url,
        verdict: outcome.verdict.name(),
        verdict_reason: reason,
        verdict_interval: interval,
        interrupted: report.was_interrupted,
        load: load(report),
        rate: Rate {
            requested: outcome.requested_rate_per_s,
            achieved: outcome.achieved_rate_per_s,
        },
        ledger: outcome.ledger,
        errors: outcome
            .errors
            .iter()
            .map(|(class, error)| (*class, error.count))
            .collect(),
        error_response_ms: outcome
            .errors
            .iter()
            .map(|(class, error)| (*class, Summary::of_ms(&error.latency)))
            .collect(),
        statuses: &outcome.statuses,
        response_ms: Summary::of_ms(&outcome.latency.response),
        service_ms: Summary::of_ms(&outcome.latency.service),
        send_lag_ms: Summary::of_ms(&outcome.latency.send_lag),
        generator_lag_ms: Summary::of_ms(&outcome.generator_lag),
        classes: outcome.classes.iter().map(class).collect(),
        generator: generator(report),
        host: outcome.host,
        connections: Connections {
            opened: outcome.connections.opened,
            reconnects: outcome.connections.reconnects,
            failed: &outcome.connections.failed,
            open_ms: Summary::of_ms(&outcome.connections.latency),
        },
        bytes: outcome.bytes,
        littles_law: outcome.littles_law,
        thresholds: thresholds(report),
        search: report.search.map(search),
        warnings: &report.warnings,
        intervals: outcome.intervals.iter().map(Row::of).collect(),
    }
}

fn load(report: &Report<'_>) -> Load {
    let spec = &report.job.spec;
    let is_search = report.search.is_some();
    Load {
        arrival: match &spec.arrival {
            _ if is_search => "constant",
            Arrival::Closed => "closed",
            Arrival::Constant { .. } => "constant",
            Arrival::Poisson { .. } => "poisson",
            Arrival::Stages { .. } => "stages",
        },
        seed: spec.seed,
        duration_s: spec.duration.as_secs_f64(),
        elapsed_s: report.outcome.elapsed.as_secs_f64(),
        connections: spec.connections,
        streams: spec.streams,
        timeout_s: spec.timeout.as_secs_f64(),
        protocol: spec.protocol,
        tls: spec.endpoint.tls.is_some(),
        keep_alive: spec.keep_alive,
    }
}

fn class(class: &loadgen::ClassOutcome) -> Class<'_> {
    let latency = class.latency();
    Class {
        name: &class.name,
        response_ms: Summary::of_ms(&latency.response),
        service_ms: Summary::of_ms(&latency.service),
        send_lag_ms: Summary::of_ms(&latency.send_lag),
        errors: class.errors,
    }
}

fn generator(report: &Report<'_>) -> Generator {
    let cost = &report.outcome.generator;
    Generator {
        cpu_seconds: cost.cpu_seconds,
        cpu_us_per_request: cost.cpu_us_per_request,
        threads: cost.threads,
        engine: cost.engine.name(),
        engine_reason: report.engine_reason(),
        busiest_thread_share: cost.busiest_thread_share,
        spin_seconds: cost.spin_seconds,
        spin: cost.spin.name(),
        spin_reason: report.job.spin_reason,
        run_delay_seconds: cost.run_delay_seconds,
        longest_stall: cost.longest_stall,
        suspended_seconds: cost.suspended_s,
        cpus: report.job.cpus.clone(),
    }
}

fn thresholds<'a>(report: &'a Report<'_>) -> Vec<ThresholdRow<'a>> {
    let threshold = |finding: &'a crate::threshold::Finding| ThresholdRow {
        expression: &finding.expression,
        failed: finding.failed,
        measured: &finding.measured,
    };
    report.findings.iter().map(threshold).collect()
}

fn search(search: &SearchOutcome) -> Search {
    let probe = |rate_per_s: Option<f64>, good: bool, outcome: &LoadOutcome| SearchProbe {
        rate_per_s,
        good,
        achieved_per_s: outcome.achieved_rate_per_s,
        verdict: outcome.verdict.name(),
        response_ms: Summary::of_ms(&outcome.latency.response),
    };
    Search {
        rate_per_s: search.rate_per_s(),
        best_rate_per_s: search.best_rate_per_s,
        worst_rate_per_s: search.worst_rate_per_s,
        converged: search.is_converged,
        generator_bound: search.is_generator_bound,
        probes: search
            .probes
            .iter()
            .map(|each| probe(each.rate_per_s, each.is_good, &each.outcome))
            .collect(),
    }
}
