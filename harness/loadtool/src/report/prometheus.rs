//! The totals as Prometheus text
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Write;

use loadgen::Histogram;

use super::document::Report;

/// All metrics of a run, each with its help and type.
pub(super) fn text(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let mut out = Exposition::default();
    let ledger = &outcome.ledger;
    out.metric(
        "requests",
        "gauge",
        "Scheduled requests by what became of them.",
    );
    for (name, count) in [
        ("completed", ledger.completed),
        ("failed", ledger.failed),
        ("timed_out", ledger.timed_out),
        ("in_flight", ledger.in_flight),
        ("never_sent", ledger.never_sent),
    ] {
        out.sample("requests", &[("result", name)], count as f64);
    }
    out.metric("errors", "gauge", "Failed and timed-out requests by class.");
    for (class, error) in &outcome.errors {
        out.sample("errors", &[("class", class.name())], error.count as f64);
    }
    out.metric("responses", "gauge", "Answers by status.");
    for (status, count) in &outcome.statuses {
        out.sample(
            "responses",
            &[("status", &status.to_string())],
            *count as f64,
        );
    }
    out.metric("verdict", "gauge", "1 for the verdict of the run.");
    out.sample("verdict", &[("verdict", outcome.verdict.name())], 1.0);
    for (name, help, value) in [
        (
            "requested_rate",
            "Requests per second asked for; absent for the closed loop.",
            outcome.requested_rate_per_s,
        ),
        (
            "achieved_rate",
            "Requests completed per second.",
            Some(outcome.achieved_rate_per_s),
        ),
        (
            "elapsed_seconds",
            "Length of the run.",
            Some(outcome.elapsed.as_secs_f64()),
        ),
        (
            "generator_cpu_seconds",
            "CPU time of the generator.",
            Some(outcome.generator.cpu_seconds),
        ),
        (
            "read_bytes",
            "HTTP bytes received.",
            Some(outcome.bytes.read as f64),
        ),
        (
            "written_bytes",
            "HTTP bytes sent.",
            Some(outcome.bytes.written as f64),
        ),
    ] {
        if let Some(value) = value {
            out.metric(name, "gauge", help);
            out.sample(name, &[], value);
        }
    }
    let latency = &outcome.latency;
    out.summary(
        "response_seconds",
        "From the intended send time to the answer.",
        &latency.response,
    );
    out.summary(
        "service_seconds",
        "From the actual send to the answer.",
        &latency.service,
    );
    out.summary(
        "send_lag_seconds",
        "From the intended to the actual send.",
        &latency.send_lag,
    );
    out.text
}

#[derive(Default)]
struct Exposition {
    text: String,
}

impl Exposition {
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(
            self.text,
            "# HELP gosweep_load_{name} {help}\n# TYPE gosweep_load_{name} {kind}"
        )
        .expect("writing to a string cannot fail");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        writeln!(self.text, "gosweep_load_{name}{labels} {value}")
            .expect("writing to a string cannot fail");
    }

    fn summary(&mut self, name: &str, help: &str, histogram: &Histogram<u64>) {
        self.metric(name, "summary", help);
        for quantile in [0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
            let value = histogram.value_at_quantile(quantile) as f64 / 1e9;
            self.sample(name, &[("quantile", &quantile.to_string())], value);
        }
        let count = histogram.len() as f64;
        self.sample(&format!("{name}_sum"), &[], histogram.mean() / 1e9 * count);
        self.sample(&format!("{name}_count"), &[], count);
    }
}
