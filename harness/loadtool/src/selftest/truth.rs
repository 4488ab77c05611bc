//! E3, E4 and E5: whether the driver tells what happened, and who is to blame.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loadgen::{LoadOutcome, LoadVerdict, Summary};
use rustix::process::Signal;
use serde::Deserialize;

use super::findings::Findings;
use super::lab::Lab;
use super::process::Running;
use super::server::{Log, ServerSpec};
use super::table::Row;
use crate::failure::Failure;

const RATE: f64 = 1_000.0;
const STOP: Duration = Duration::from_millis(500);

/// E3: the server stands still for a second in mid-run. Gives what the same load does without.
pub(super) fn stall(lab: &Lab, findings: &mut Findings) -> Result<(), Failure> {
    let server = lab.server(ServerSpec::default())?;
    let mut spec = lab.spec(&server, RATE)?;
    spec.duration = lab.length(2_000, 1_000);
    let calm = lab.run(&spec)?;
    findings.disturbed("E3 without stall", &calm);
    drop(server);

    let stall = Some((lab.length(2_000, 1_000), Duration::from_secs(1)));
    let mut server = lab.server(ServerSpec {
        stall,
        ..ServerSpec::default()
    })?;
    let mut spec = lab.spec(&server, RATE)?;
    spec.duration = lab.length(5_000, 3_500);
    spec.drain = Duration::from_millis(500);
    let outcome = lab.run(&spec)?;
    findings.disturbed("E3", &outcome);
    let log = server.log()?;
    let truth = true_response_ns(&log, outcome.started_monotonic_ns);
    if truth.is_empty() {
        return Err(Failure::internal("the reference server answered nothing"));
    }
    for (name, quantile) in [("P95", 0.95), ("P99", 0.99), ("P99.9", 0.999)] {
        let expected =
            truth[((truth.len() as f64 * quantile).ceil() as usize).clamp(1, truth.len()) - 1];
        let measured = outcome.latency.response.value_at_quantile(quantile) as f64;
        let error = (measured / expected - 1.0) * 100.0;
        findings.add(Row::judged(
            "E3",
            format!("1 s stall: {name}"),
            format!(
                "{:.1} ms, truth {:.1} ms ({error:+.2} %)",
                measured / 1e6,
                expected / 1e6
            ),
            "within 1 %",
            error.abs() <= 1.0,
        ));
    }
    let (recorded, scheduled) = (outcome.latency.response.len(), outcome.ledger.scheduled);
    findings.add(Row::judged(
        "E3",
        "1 s stall: requests in the histogram",
        format!("{recorded} of {scheduled} scheduled"),
        "all",
        recorded == scheduled,
    ));
    let p50 = |outcome: &LoadOutcome| outcome.latency.response.value_at_quantile(0.5) as f64 / 1e3;
    let moved = p50(&outcome) - p50(&calm);
    findings.add(Row::judged(
        "E3",
        "1 s stall: P50 against that without",
        format!("{moved:+.0} us"),
        "within 100 us",
        moved.abs() <= 100.0,
    ));
    let lag = Summary::of_ms(&calm.latency.send_lag);
    findings.add(Row::shown(
        "lag floor: send lag P50/P99 at 1000/s",
        format!("{:.0}/{:.0} us", lag.p50 * 1e3, lag.p99 * 1e3),
    ));
    Ok(())
}

/// The response times as the server knows them, smallest first: when it wrote the k-th answer
/// against when the k-th request was due. How long it took to work off the backlog is in them.
fn true_response_ns(log: &Log, started_ns: u64) -> Vec<f64> {
    let mut answers = log.answers_ns.clone();
    answers.sort_unstable();
    let due_ns = |k: usize| started_ns as f64 + k as f64 / RATE * 1e9;
    let waits = answers
        .iter()
        .enumerate()
        .map(|(k, at)| *at as f64 - due_ns(k));
    let mut waits: Vec<f64> = waits.collect();
    waits.sort_unstable_by(f64::total_cmp);
    waits
}

/// E4: the server stands still until after the end.
pub(super) fn stall_across_the_end(lab: &Lab, findings: &mut Findings) -> Result<(), Failure> {
    let stall = Some((Duration::from_secs(1), Duration::from_secs(3600)));
    let server = lab.server(ServerSpec {
        stall,
        ..ServerSpec::default()
    })?;
    let mut spec = lab.spec(&server, RATE)?;
    spec.duration = Duration::from_secs(2);
    let outcome = lab.run(&spec)?;
    findings.disturbed("E4", &outcome);
    let ledger = &outcome.ledger;
    let balances = ledger.balances() && ledger.scheduled == 2_000;
    findings.add(Row::judged(
        "E4",
        "stall across the end: ledger",
        format!(
            "{} = {} done, {} in flight, {} unsent",
            ledger.scheduled, ledger.completed, ledger.in_flight, ledger.never_sent
        ),
        "2000, balanced",
        balances,
    ));
    findings.add(Row::judged(
        "E4",
        "stall across the end: verdict",
        outcome.verdict.name(),
        "OVERLOADED",
        matches!(outcome.verdict, LoadVerdict::Overloaded { .. }),
    ));
    Ok(())
}

/// What is read of the JSON of a run.
#[derive(Deserialize)]
struct StoppedRun {
    verdict: String,
    verdict_interval: Option<Interval>,
    response_ms: Quantile,
    service_ms: Quantile,
}

#[derive(Deserialize)]
struct Interval {
    from_s: f64,
    to_s: f64,
}

#[derive(Deserialize)]
struct Quantile {
    p95: f64,
}

/// E5: the generator is stopped for half a second, by the signal that stops any process.
pub(super) fn stopped_generator(lab: &Lab, findings: &mut Findings) -> Result<(), Failure> {
    let mut server = lab.server(ServerSpec::default())?;
    let program = std::env::current_exe().map_err(Failure::internal)?;
    let url = format!("http://{}/", server.address());
    let mut command = Command::new(program);
    command.args([
        "load", &url, "-r", "1000", "-d", "3s", "-c", "64", "--json", "-", "--quiet",
    ]);
    if let Some(cpus) = &lab.generator_cpus {
        command.args(["--cpus", &cpus.to_string()]);
    }
    let child = Running::start(command.stdout(Stdio::piped()))?;
    wait_for_requests(lab, &mut server, 1_000)?;
    child.signal(Signal::STOP)?;
    std::thread::sleep(STOP);
    child.signal(Signal::CONT)?;
    let text = child.output()?;
    lab.refuse_cancelled()?;
    let run: StoppedRun = serde_json::from_str(&text)
        .map_err(|error| Failure::internal(format!("the stopped run's JSON: {error}: {text}")))?;
    let interval = run.verdict_interval.as_ref();
    let named = interval.is_some_and(|interval| {
        // It was stopped at about 1 s, when the server had read 1000 requests.
        (0.9..2.0).contains(&interval.from_s) && interval.to_s - interval.from_s > 0.4
    });
    let stretch =
        interval.map(|interval| format!(" {:.2}-{:.2} s", interval.from_s, interval.to_s));
    findings.add(Row::judged(
        "E5",
        "generator stopped for 0.5 s: verdict",
        format!("{}{}", run.verdict, stretch.unwrap_or_default()),
        "GENERATOR_BOUND, when",
        run.verdict == "GENERATOR_BOUND" && named,
    ));
    // A sixth of the requests were due in the stop: it must show in the response times and must
    // not in the service times.
    findings.add(Row::judged(
        "E5",
        "generator stopped: response and service P95",
        format!(
            "{:.0} and {:.2} ms",
            run.response_ms.p95, run.service_ms.p95
        ),
        "> 100 and < 20 ms",
        run.response_ms.p95 > 100.0 && run.service_ms.p95 < 20.0,
    ));
    Ok(())
}

fn wait_for_requests(
    lab: &Lab,
    server: &mut super::server::ServerProcess,
    wanted: u64,
) -> Result<(), Failure> {
    let limit = Instant::now() + Duration::from_secs(10);
    while server.count()? < wanted {
        lab.refuse_cancelled()?;
        if Instant::now() > limit {
            return Err(Failure::internal("the stopped run never got going"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
