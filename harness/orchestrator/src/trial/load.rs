//! Between a target file and the load driver, both ways.

use std::path::Path;
use std::time::Duration;

use loadgen::{
    Address, Arrival, Body, ClassOutcome, Endpoint, EngineChoice, Expect, LoadOutcome, LoadSpec,
    LoadVerdict, RequestMix, RequestSpec, StatusExpectation, TlsOptions,
};
use record::matrix::Engine;
use record::target_file::{Request, RequestBody, Target};
use record::trial::{
    self, Generator, Ledger, Phase, Quantiles, RequestWindow, WindowJudgement, WindowVerdict,
};

use super::bindings::Bindings;

/// The load of one window, without its hooks.
pub(super) fn load_spec(
    target: &Target,
    bindings: &Bindings,
    load: &record::matrix::Load,
    threads: usize,
    seed: u64,
) -> LoadSpec {
    let address = bindings.address.as_str();
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "80"));
    let endpoint = Endpoint {
        address: Address::Tcp {
            host: host.to_owned(),
            port: port.parse().unwrap_or(80),
        },
        authority: address.to_owned(),
        tls: target.protocol.tls().then(|| TlsOptions {
            insecure: target.insecure,
            ca_files: target.ca.iter().map(|ca| bindings.path(ca)).collect(),
            ..TlsOptions::default()
        }),
    };
    let requests = RequestMix {
        requests: request_specs(target),
        rows: None,
    };
    let protocol = match target.protocol.http2() {
        true => loadgen::Protocol::Http2,
        false => loadgen::Protocol::Http1,
    };
    LoadSpec {
        connections: load.connections.max(threads),
        threads,
        timeout: load.timeout,
        engine: engine(load.engine),
        protocol,
        seed,
        interval: Duration::from_millis(250),
        ..LoadSpec::new(endpoint, requests)
    }
}

fn engine(engine: Engine) -> EngineChoice {
    match engine {
        Engine::Auto => EngineChoice::Auto,
        Engine::Hyper => EngineChoice::Hyper,
        Engine::H1Fast => EngineChoice::H1Fast,
    }
}

/// A target file's requests as the load driver wants them. A status that the file does not name is 200.
pub fn request_specs(target: &Target) -> Vec<RequestSpec> {
    let requests = target.requests.iter();
    requests
        .map(|request| request_spec(request, target.folder()))
        .collect()
}

fn request_spec(request: &Request, folder: &Path) -> RequestSpec {
    RequestSpec {
        name: record::secret::url(&request.name).into_owned(),
        weight: f64::from(request.weight),
        method: request.method.clone(),
        target: request.path.clone(),
        headers: request.headers.clone(),
        body: match &request.body {
            Some(RequestBody::Text(text)) => Body::Template(text.clone()),
            Some(RequestBody::File(file)) => Body::File(folder.join(file)),
            None => Body::Empty,
        },
        expect: Expect {
            status: StatusExpectation::OneOf(vec![request.expect.status.unwrap_or(200)]),
            length: request.expect.length,
            sha256: request.expect.sha256.as_deref().and_then(hash),
        },
    }
}

/// 64 hexadecimal digits, which the target file was checked for.
fn hash(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The record of a window as the load driver saw it; what others saw is added by the caller.
pub(super) fn phase(spec: &LoadSpec, outcome: &LoadOutcome, secrets: &[String]) -> Phase {
    let arrival = match &spec.arrival {
        Arrival::Closed => trial::Arrival::Closed,
        Arrival::Poisson { .. } => trial::Arrival::Poisson,
        Arrival::Constant { .. } | Arrival::Stages { .. } => trial::Arrival::Constant,
    };
    let ledger = &outcome.ledger;
    let completed_by_interval = outcome.intervals.iter().map(|interval| interval.completed);
    Phase {
        arrival,
        offered_per_s: outcome.requested_rate_per_s,
        connections: spec.connections,
        seconds: outcome.elapsed.as_secs_f64(),
        ledger: Ledger {
            scheduled: ledger.scheduled,
            completed: ledger.completed,
            failed: ledger.failed,
            timed_out: ledger.timed_out,
            in_flight: ledger.in_flight,
            never_sent: ledger.never_sent,
            unanswered: Some(ledger.unanswered),
        },
        errors: outcome
            .errors
            .iter()
            .map(|(class, count)| (class.to_string(), count.count))
            .collect(),
        statuses: outcome.statuses.clone(),
        requests: outcome
            .classes
            .iter()
            .map(|class| request_window(class, secrets))
            .collect(),
        response_ms: quantiles(&outcome.latency.response),
        service_ms: quantiles(&outcome.latency.service),
        send_lag_ms: quantiles(&outcome.latency.send_lag),
        verdict: verdict(&outcome.verdict),
        littles_law_error: outcome.littles_law.as_ref().map(|law| law.relative_error),
        generator: Generator {
            engine: outcome.generator.engine.name().into(),
            threads: outcome.generator.threads,
            cpu_seconds: outcome.generator.cpu_seconds,
            cpu_us_per_request: outcome.generator.cpu_us_per_request,
            stalled_seconds: stalled_seconds(spec, outcome),
        },
        completed_by_interval: completed_by_interval.collect(),
        runtime: None,
        allocated: None,
        gctrace: None,
        schedtrace: None,
        process: None,
        host: None,
        cgroup: None,
    }
}

/// One kind of request. A service may send back what it was sent, so the secrets are taken out.
fn request_window(class: &ClassOutcome, secrets: &[String]) -> RequestWindow {
    let response = class.latency().response;
    let quantile = |q: f64| {
        let has_samples = !response.is_empty();
        has_samples.then(|| response.value_at_quantile(q) as f64 / 1e6)
    };
    RequestWindow {
        name: class.name.clone(),
        completed: response.len(),
        errors: class.errors,
        response_p50_ms: quantile(0.5),
        response_p99_ms: quantile(0.99),
        wrong: class.wrong.as_ref().map(|wrong| trial::WrongAnswer {
            status: wrong.status,
            reason: wrong.reason.clone(),
            body_start: body_start(&wrong.body_start, secrets),
        }),
    }
}

/// The start of a body as a line of text, without secrets, of which the last may be cut off.
pub(super) fn body_start(bytes: &[u8], secrets: &[String]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for secret in secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST_SECRET)
    {
        text = text.replace(secret.as_str(), record::secret::REDACTED);
    }
    let cut_off = |secret: &&String| {
        let ends = (1..secret.len())
            .rev()
            .filter(|end| secret.is_char_boundary(*end));
        ends.map(|end| &secret[..end])
            .find(|begun| text.ends_with(begun))
            .map(str::len)
    };
    let long = secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST_SECRET);
    let begun = long
        .filter_map(|secret| cut_off(&secret))
        .max()
        .unwrap_or(0);
    text.truncate(text.len() - begun);
    record::shown::line(&text).trim().to_owned()
}

/// Shorter ones are too common to be taken out, as in logs.
const SHORTEST_SECRET: usize = 6;

/// How long our own threads did not run, where that is longer than the verdict lets pass, and how
/// long the machine was suspended.
fn stalled_seconds(spec: &LoadSpec, outcome: &LoadOutcome) -> Option<f64> {
    let generator = &outcome.generator;
    let stall_s = generator
        .longest_stall
        .map_or(0.0, |stall| stall.length_s());
    let stalled_s = [
        Some(stall_s).filter(|stall_s| *stall_s > spec.limits.stall_s),
        Some(generator.suspended_s).filter(|suspended_s| *suspended_s > SUSPENDED_S),
    ];
    let stalled_s: f64 = stalled_s.into_iter().flatten().sum();
    (stalled_s > 0.0).then_some(stalled_s)
}

/// A machine that slept for longer than this did sleep: the clocks that tell are read one by one.
const SUSPENDED_S: f64 = 0.001;

fn verdict(verdict: &LoadVerdict) -> WindowJudgement {
    let reason = match verdict {
        LoadVerdict::Valid => String::new(),
        LoadVerdict::GeneratorBound { interval, reason }
        | LoadVerdict::Failed { interval, reason }
        | LoadVerdict::Overloaded { interval, reason }
        | LoadVerdict::Noisy { interval, reason } => {
            format!("{reason} ({:.2}-{:.2} s)", interval.from_s, interval.to_s)
        }
    };
    WindowJudgement {
        name: match verdict {
            LoadVerdict::Valid => WindowVerdict::Valid,
            LoadVerdict::GeneratorBound { .. } => WindowVerdict::GeneratorBound,
            LoadVerdict::Overloaded { .. } => WindowVerdict::Overloaded,
            LoadVerdict::Failed { .. } => WindowVerdict::Failed,
            LoadVerdict::Noisy { .. } => WindowVerdict::Noisy,
        },
        reason,
    }
}

fn quantiles(histogram: &loadgen::Histogram<u64>) -> Quantiles {
    let summary = loadgen::Summary::of_ms(histogram);
    Quantiles {
        mean: summary.mean,
        p50: summary.p50,
        p90: summary.p90,
        p95: summary.p95,
        p99: summary.p99,
        p999: summary.p99_9,
        max: summary.max,
        count: summary.count,
    }
}
