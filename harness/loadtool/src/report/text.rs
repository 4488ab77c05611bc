//! The result as a person reads it: the verdict first, then the figures.

use std::fmt::Write;

use loadgen::{Arrival, LoadOutcome, LoadVerdict, Protocol, SearchOutcome, Spacing, Summary};
use record::quantity::{format_bytes, format_duration};

use super::chart::chart;
use super::document::Report;
use super::figures::{milliseconds, per_second};
use crate::job::{Aim, Job};

/// The whole table.
pub(super) fn text(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let mut text = String::new();
    if let Some(search) = report.search {
        text.push_str(&search_text(report.job, search));
        text.push('\n');
    }
    line(&mut text, &verdict(outcome));
    line(&mut text, &format!("{}  {}", report.job.url, load(report)));
    text.push('\n');
    field(&mut text, "rate", &rate(outcome));
    field(&mut text, "ledger", &ledger(outcome));
    text.push('\n');
    text.push_str(&latency_table(outcome));
    let chart = chart(&outcome.latency.response);
    if !chart.is_empty() {
        line(&mut text, "\nshare of the response times");
        text.push_str(&chart);
    }
    text.push('\n');
    text.push_str(&classes(outcome));
    field(&mut text, "errors", &errors(outcome));
    field(&mut text, "statuses", &statuses(outcome));
    field(&mut text, "bytes", &bytes(outcome));
    field(&mut text, "connections", &connections(outcome));
    field(&mut text, "generator", &generator(report));
    for finding in &report.findings {
        let mark = if finding.failed { "FAILED" } else { "ok" };
        field(
            &mut text,
            "fail if",
            &format!("{}: {mark}, {}", finding.expression, finding.measured),
        );
    }
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn field(text: &mut String, name: &str, value: &str) {
    for (index, row) in value.lines().enumerate() {
        let name = if index == 0 { name } else { "" };
        writeln!(text, "{name:<12}{row}").expect("writing to a string cannot fail");
    }
}

fn verdict(outcome: &LoadOutcome) -> String {
    match &outcome.verdict {
        LoadVerdict::Valid if outcome.ledger.errors() > 0 => format!(
            "VALID: the generator was on time and the server kept up, but {} % of requests failed; the \
             latencies are those of the others",
            share(outcome.ledger.error_rate())
        ),
        LoadVerdict::Valid => {
            "VALID: the generator was on time and the server kept up; the figures are the server's"
                .to_owned()
        }
        LoadVerdict::GeneratorBound { interval, reason }
        | LoadVerdict::Overloaded { interval, reason }
        | LoadVerdict::Failed { interval, reason }
        | LoadVerdict::Noisy { interval, reason } => format!(
            "{} from {:.1} to {:.1} s: {reason}",
            outcome.verdict.name(),
            interval.from_s,
            interval.to_s
        ),
    }
}

/// A share in per cent, never rounded to nothing.
fn share(share: f64) -> String {
    match share * 100.0 {
        percent if percent < 0.01 => "less than 0.01".to_owned(),
        percent if percent < 1.0 => format!("{percent:.2}"),
        percent => format!("{percent:.1}"),
    }
}

fn load(report: &Report<'_>) -> String {
    let spec = &report.job.spec;
    let arrival = match (&report.search, &spec.arrival) {
        (Some(_), _) => "constant rate".to_owned(),
        (None, Arrival::Closed) => "closed loop".to_owned(),
        (None, Arrival::Constant { .. }) => "constant rate".to_owned(),
        (None, Arrival::Poisson { .. }) => format!("Poisson arrivals (seed {})", spec.seed),
        (None, Arrival::Stages { stages, spacing }) => {
            let spacing = if *spacing == Spacing::Poisson {
                ", Poisson arrivals"
            } else {
                ""
            };
            format!("{} stages{spacing}", stages.len())
        }
    };
    let protocol = if spec.protocol == Protocol::Http2 {
        "HTTP/2"
    } else {
        "HTTP/1.1"
    };
    let tls = if spec.endpoint.tls.is_some() {
        " over TLS"
    } else {
        ""
    };
    format!(
        "{arrival}, {} connections, {protocol}{tls}, {}",
        spec.connections,
        format_duration(report.outcome.elapsed)
    )
}

fn rate(outcome: &LoadOutcome) -> String {
    let achieved = per_second(outcome.achieved_rate_per_s);
    match outcome.requested_rate_per_s {
        Some(requested) => format!(
            "{achieved}/s achieved of {}/s requested",
            per_second(requested)
        ),
        None => format!("{achieved}/s achieved, as fast as answered"),
    }
}

fn ledger(outcome: &LoadOutcome) -> String {
    let ledger = &outcome.ledger;
    let owed = match ledger.unanswered {
        0 => String::new(),
        count => format!("\n{count} of them are owed an answer: they waited far too long for one"),
    };
    format!(
        "{} scheduled = {} completed + {} failed + {} timed out + {} in flight + {} never sent{owed}",
        ledger.scheduled,
        ledger.completed,
        ledger.failed,
        ledger.timed_out,
        ledger.in_flight,
        ledger.never_sent
    )
}

fn latency_table(outcome: &LoadOutcome) -> String {
    let latency = &outcome.latency;
    let mut text = format!(
        "{:<12}{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        "latency, ms", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"
    );
    for (name, histogram) in [
        ("response", &latency.response),
        ("service", &latency.service),
        ("send lag", &latency.send_lag),
    ] {
        let of = Summary::of_ms(histogram);
        let figures = [of.mean, of.p50, of.p90, of.p95, of.p99, of.p99_9, of.max];
        let figures = figures.map(|ms| column(&of, ms));
        line(&mut text, &format!("{name:<12}{}", figures.join(" ")));
    }
    text
}

/// A latency in its column; of no request at all there is none.
fn column(of: &Summary, ms: f64) -> String {
    match of.count {
        0 => format!("{:>9}", "-"),
        _ => format!("{:>9}", milliseconds(ms)),
    }
}

fn classes(outcome: &LoadOutcome) -> String {
    if outcome.classes.len() < 2 {
        return String::new();
    }
    let mut text = format!(
        "{:<32}{:>9} {:>9} {:>9} {:>9} {:>9}\n",
        "response by request, ms", "p50", "p99", "max", "count", "errors"
    );
    for class in &outcome.classes {
        let of = Summary::of_ms(&class.latency().response);
        let figures = [of.p50, of.p99, of.max].map(|ms| column(&of, ms));
        line(
            &mut text,
            &format!(
                "  {:<30}{} {:>9} {:>9}",
                class.name,
                figures.join(" "),
                of.count,
                class.errors
            ),
        );
    }
    text.push('\n');
    text
}

fn errors(outcome: &LoadOutcome) -> String {
    if outcome.errors.is_empty() {
        return "none".to_owned();
    }
    let rows = outcome.errors.iter().map(|(class, error)| {
        let p50 = milliseconds(Summary::of_ms(&error.latency).p50);
        format!("{} {class} (half of them within {p50} ms)", error.count)
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn statuses(outcome: &LoadOutcome) -> String {
    if outcome.statuses.is_empty() {
        return "none".to_owned();
    }
    let statuses = outcome
        .statuses
        .iter()
        .map(|(status, count)| format!("{status}: {count}"));
    statuses.collect::<Vec<_>>().join("   ")
}

fn bytes(outcome: &LoadOutcome) -> String {
    let bytes = &outcome.bytes;
    let decoded = if bytes.decoded == bytes.body {
        String::new()
    } else {
        format!(", {} decoded", format_bytes(bytes.decoded as f64))
    };
    format!(
        "{} received (bodies {}{decoded}), {} sent",
        format_bytes(bytes.read as f64),
        format_bytes(bytes.body as f64),
        format_bytes(bytes.written as f64)
    )
}

fn connections(outcome: &LoadOutcome) -> String {
    let connections = &outcome.connections;
    let opening = Summary::of_ms(&connections.latency);
    let mut text = format!(
        "{} opened, {} of them in place of closed ones; opening p50 {} ms, p99 {} ms",
        connections.opened,
        connections.reconnects,
        milliseconds(opening.p50),
        milliseconds(opening.p99)
    );
    for (class, count) in &connections.failed {
        write!(text, "; {count} not opened: {class}").expect("writing to a string cannot fail");
    }
    text
}

fn generator(report: &Report<'_>) -> String {
    let cost = &report.outcome.generator;
    let each = match cost.cpu_us_per_request {
        Some(us) => format!(" ({us:.1} us a request)"),
        None => String::new(),
    };
    let threads = if cost.threads == 1 {
        "thread"
    } else {
        "threads"
    };
    let spinning = if cost.spin_seconds > 0.05 * cost.cpu_seconds {
        format!(
            ", and {:.2} s spinning to be on time ({})",
            cost.spin_seconds, report.job.spin_reason
        )
    } else {
        String::new()
    };
    format!(
        "engine {} ({})\n{} {threads}, {:.2} s of CPU time for requests{each}{spinning}; busiest thread {:.0} % of a CPU",
        cost.engine.name(),
        report.engine_reason(),
        cost.threads,
        cost.cpu_seconds - cost.spin_seconds,
        cost.busiest_thread_share * 100.0
    )
}

fn search_text(job: &Job, search: &SearchOutcome) -> String {
    let question = match &job.aim {
        Aim::Objectives { .. } => "meets the objectives",
        Aim::Knee { .. } | Aim::Measure => "the server keeps up with",
    };
    let mut text = match (search.best_rate_per_s, search.worst_rate_per_s) {
        (Some(best), Some(worst)) => format!(
            "{}/s is the highest rate tried that {question}; {}/s is too much\n",
            per_second(best),
            per_second(worst)
        ),
        (Some(best), None) if search.is_cancelled => format!(
            "{}/s {question}; the search was stopped before it tried anything higher\n",
            per_second(best)
        ),
        (None, _) if search.is_cancelled => {
            format!("the search was stopped before it found a rate that {question}\n")
        }
        (Some(best), None) => format!(
            "{}/s {question}, and nothing higher was tried; allow more probes (--probes)\n",
            per_second(best)
        ),
        (None, _) => format!("no rate tried {question}\n"),
    };
    if !search.is_converged && !search.is_cancelled && search.best_rate_per_s.is_some() {
        line(
            &mut text,
            "the bounds are further apart than 3 %; allow more probes (--probes) or longer ones (-d)",
        );
    }
    line(
        &mut text,
        &format!(
            "\n{:<12}{:>12} {:>11} {:>11}  verdict",
            "rate", "achieved", "p50, ms", "p99, ms"
        ),
    );
    for probe in &search.probes {
        let rate = probe.rate_per_s.map_or("closed".to_owned(), |rate| {
            format!("{}/s", per_second(rate))
        });
        let response = Summary::of_ms(&probe.outcome.latency.response);
        let verdict = match (probe.rate_per_s, probe.is_good) {
            (None, _) => "gives the scale",
            (_, true) => "good",
            (_, false) => "too much",
        };
        let failed = match probe.outcome.ledger.error_rate() {
            0.0 => String::new(),
            share => format!(", {:.1} % failed", share * 100.0),
        };
        line(
            &mut text,
            &format!(
                "{rate:<12}{:>10}/s {:>11} {:>11}  {verdict} ({}{failed})",
                per_second(probe.outcome.achieved_rate_per_s),
                milliseconds(response.p50),
                milliseconds(response.p99),
                probe.outcome.verdict.name()
            ),
        );
    }
    if search.best_rate_per_s.is_some() {
        line(&mut text, "\nthe run at the highest good rate:");
    }
    text
}
