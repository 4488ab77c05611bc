//! The time series: rows for JSON and CSV.

use std::collections::BTreeMap;
use std::fmt::Write;

use loadgen::{ErrorClass, Interval, LoadOutcome};
use serde::Serialize;

/// One interval, as it stands in files.
#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    start_s: f64,
    length_s: f64,
    started: u64,
    completed: u64,
    failed: u64,
    timed_out: u64,
    rate_per_s: f64,
    response_p50_ms: f64,
    response_p99_ms: f64,
    response_max_ms: f64,
    service_p50_ms: f64,
    service_p99_ms: f64,
    send_lag_p99_ms: f64,
    generator_lag_p99_ms: f64,
    generator_lag_max_ms: f64,
    in_flight: u64,
    backlog_age_ms: f64,
    read_bytes: u64,
    written_bytes: u64,
    errors: &'a BTreeMap<ErrorClass, u64>,
}

impl<'a> Row<'a> {
    pub(super) fn of(interval: &'a Interval) -> Self {
        let ms = |ns: u64| ns as f64 / 1e6;
        Self {
            start_s: interval.start_s,
            length_s: interval.length_s,
            started: interval.started,
            completed: interval.completed,
            failed: interval.failed,
            timed_out: interval.timed_out,
            rate_per_s: interval.rate_per_s,
            response_p50_ms: ms(interval.response_p50_ns),
            response_p99_ms: ms(interval.response_p99_ns),
            response_max_ms: ms(interval.response_max_ns),
            service_p50_ms: ms(interval.service_p50_ns),
            service_p99_ms: ms(interval.service_p99_ns),
            send_lag_p99_ms: ms(interval.send_lag_p99_ns),
            generator_lag_p99_ms: ms(interval.generator_lag_p99_ns),
            generator_lag_max_ms: ms(interval.generator_lag_max_ns),
            in_flight: interval.in_flight,
            backlog_age_ms: ms(interval.backlog_age_ns),
            read_bytes: interval.read_bytes,
            written_bytes: interval.written_bytes,
            errors: &interval.errors,
        }
    }

    /// The columns of the CSV, by name; errors by class are for the JSON.
    fn columns(&self) -> [(&'static str, f64); 19] {
        [
            ("start_s", self.start_s),
            ("length_s", self.length_s),
            ("started", self.started as f64),
            ("completed", self.completed as f64),
            ("failed", self.failed as f64),
            ("timed_out", self.timed_out as f64),
            ("rate_per_s", self.rate_per_s),
            ("response_p50_ms", self.response_p50_ms),
            ("response_p99_ms", self.response_p99_ms),
            ("response_max_ms", self.response_max_ms),
            ("service_p50_ms", self.service_p50_ms),
            ("service_p99_ms", self.service_p99_ms),
            ("send_lag_p99_ms", self.send_lag_p99_ms),
            ("generator_lag_p99_ms", self.generator_lag_p99_ms),
            ("generator_lag_max_ms", self.generator_lag_max_ms),
            ("in_flight", self.in_flight as f64),
            ("backlog_age_ms", self.backlog_age_ms),
            ("read_bytes", self.read_bytes as f64),
            ("written_bytes", self.written_bytes as f64),
        ]
    }
}

/// The time series as CSV with a header line; always the same columns.
pub(super) fn csv(outcome: &LoadOutcome) -> String {
    let mut text = String::new();
    for interval in &outcome.intervals {
        let columns = Row::of(interval).columns();
        if text.is_empty() {
            text = columns.map(|(name, _)| name).join(",");
            text.push('\n');
        }
        for (index, (_, value)) in columns.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(text, "{comma}{value}").expect("writing to a string cannot fail");
        }
        text.push('\n');
    }
    text
}
