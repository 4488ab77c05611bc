//! Figures as OpenMetrics text, for a textfile collector.
//!
//! Only gauges, and no suffix that one of the two formats keeps for itself: so the text is good OpenMetrics and good
//! Prometheus text (which takes `# EOF` for a comment). A file that stops being written is told by
//! `gosweep_last_success_timestamp_seconds`.
//!
//! Source: OpenMetrics 1.0, "Text format".

use std::fmt::Write;

use record::objective::Objective;

use crate::error::ReportError;
use crate::format::Format;
use crate::measured::{Figures, Measured, Measurements};

/// OpenMetrics text.
#[derive(Debug, Clone, Copy)]
pub struct OpenMetrics {
    /// When it is written, seconds since the Unix epoch.
    pub written_at_s: i64,
}

impl<D: Measured + ?Sized> Format<D> for OpenMetrics {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        Ok(written(&document.measured(), self.written_at_s))
    }
}

fn written(of: &Figures, written_at_s: i64) -> String {
    let mut text = String::new();
    for objective in Objective::ALL {
        let (name, factor, help) = family(objective);
        let samples = of.cells.iter().filter_map(|cell| {
            let figure = cell.figures.iter().find(|own| own.objective == objective)?;
            Some((labels(cell), figure.value * factor))
        });
        put_family(&mut text, name, help, samples);
    }
    changes(&mut text, of);
    let verdicts = of.verdicts.iter().map(|own| {
        let labels = format!(
            "target=\"{}\",kind=\"{}\"",
            escaped(&own.target),
            escaped(&own.kind)
        );
        (labels, 1.0)
    });
    put_family(
        &mut text,
        "gosweep_verdict",
        "What the document says of a target; always 1.",
        verdicts,
    );
    put_family(
        &mut text,
        "gosweep_last_success_timestamp_seconds",
        "When this file was written.",
        [(String::new(), written_at_s as f64)].into_iter(),
    );
    text.push_str("# EOF\n");
    text
}

/// Cell ÷ control on every objective, with its interval.
fn changes(text: &mut String, of: &Figures) {
    let figures = of.cells.iter().flat_map(|cell| {
        let own = cell.figures.iter();
        own.filter_map(move |figure| {
            let (ratio, interval) = figure.ratio?;
            let labels = format!("{},objective=\"{}\"", labels(cell), figure.objective);
            Some((labels, ratio, interval))
        })
    });
    let figures: Vec<_> = figures.collect();
    let ratios = figures
        .iter()
        .map(|(labels, ratio, _)| (labels.clone(), *ratio));
    put_family(
        text,
        "gosweep_change_ratio",
        "Median of the cell against the control of the same blocks.",
        ratios,
    );
    for (name, help, end) in [
        ("gosweep_change_low_ratio", "Lower end of its interval.", 0),
        ("gosweep_change_high_ratio", "Upper end of its interval.", 1),
    ] {
        let ends = figures
            .iter()
            .filter_map(|(labels, _, interval)| Some((labels.clone(), interval.as_ref()?[end])));
        put_family(text, name, help, ends);
    }
}

/// Name in base units, what the objective's own values are multiplied with, and its help.
fn family(objective: Objective) -> (&'static str, f64, &'static str) {
    match objective {
        Objective::Qps => (
            "gosweep_throughput_requests_per_second",
            1.0,
            "Completed requests per second at saturation.",
        ),
        Objective::P50 => (
            "gosweep_latency_p50_seconds",
            1e-3,
            "Median response time at the constant rate.",
        ),
        Objective::P99 => (
            "gosweep_latency_p99_seconds",
            1e-3,
            "99th percentile of the response time at the constant rate.",
        ),
        Objective::P999 => (
            "gosweep_latency_p999_seconds",
            1e-3,
            "99.9th percentile of the response time at the constant rate.",
        ),
        Objective::GcPerKreq => (
            "gosweep_gc_cycles_per_request",
            1e-3,
            "GC cycles per request at the constant rate.",
        ),
        Objective::GcPerS => (
            "gosweep_gc_cycles_per_second",
            1.0,
            "GC cycles per second at the constant rate.",
        ),
        Objective::GcCpu => (
            "gosweep_gc_cpu_ratio",
            1.0,
            "Share of the CPU time of the process spent in GC at the constant rate.",
        ),
        Objective::Rss => (
            "gosweep_resident_memory_peak_bytes",
            1.0,
            "Peak resident set.",
        ),
        Objective::CpuPerReq => (
            "gosweep_cpu_seconds_per_request",
            1e-6,
            "CPU time per request at the constant rate.",
        ),
        Objective::AllocPerReq => (
            "gosweep_allocated_bytes_per_request",
            1.0,
            "Heap bytes allocated per request at the constant rate.",
        ),
        Objective::ErrorRate => (
            "gosweep_error_ratio",
            1.0,
            "Share of requests that failed or timed out.",
        ),
    }
}

fn labels(cell: &Measurements) -> String {
    format!(
        "target=\"{}\",cell=\"{}\",settings=\"{}\",control=\"{}\",recommended=\"{}\"",
        escaped(&cell.target),
        escaped(&cell.cell),
        escaped(&cell.label),
        cell.control,
        cell.recommended
    )
}

/// A family with its samples; nothing where there are none.
fn put_family(
    text: &mut String,
    name: &str,
    help: &str,
    samples: impl Iterator<Item = (String, f64)>,
) {
    let mut samples = samples.peekable();
    if samples.peek().is_none() {
        return;
    }
    put(text, format_args!("# TYPE {name} gauge"));
    put(text, format_args!("# HELP {name} {help}"));
    for (labels, value) in samples {
        match labels.as_str() {
            "" => put(text, format_args!("{name} {value}")),
            labels => put(text, format_args!("{name}{{{labels}}} {value}")),
        }
    }
}

/// A label's value: backslash, quote and line feed are escaped; other controls have no meaning there.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes all that is written");
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_label_stays_within_its_quotes() {
        assert_eq!(escaped("a\"} 1\nb\\"), "a\\\"} 1\\nb\\\\");
        assert_eq!(escaped("\r\u{1b}"), "\u{fffd}\u{fffd}");
    }
}
