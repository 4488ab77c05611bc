//! Figures in the format of Go's benchmarks, which benchstat and others of golang.org/x/perf read.
//!
//! One line per trial, so that benchstat sees the spread. A cell's settings are the parts of its name: `benchstat -col
//! /gogc` sets the values of an axis side by side. Only the usual keys stand above the lines, since benchstat makes
//! a table of its own for every combination of keys; the rest are comments.
//!
//! Format: <https://go.googlesource.com/proposal/+/master/design/14313-benchmark-format.md>; the `Unit` lines:
//! golang.org/x/perf/benchfmt.

use std::fmt::Write;

use record::objective::{Direction, Objective};

use crate::error::ReportError;
use crate::format::Format;
use crate::measured::{Figures, Measured, Measurements};

/// Go's benchmark format.
#[derive(Debug, Clone, Copy)]
pub struct Benchfmt;

impl<D: Measured + ?Sized> Format<D> for Benchfmt {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        Ok(written(&document.measured()))
    }
}

fn written(of: &Figures) -> String {
    let mut text = String::new();
    for note in &of.notes {
        put(&mut text, format_args!("# {}", one_line(note)));
    }
    for objective in Objective::ALL {
        let better = match objective.direction() {
            Direction::HigherIsBetter => "higher",
            Direction::LowerIsBetter => "lower",
        };
        let (unit, _) = unit(objective);
        put(&mut text, format_args!("Unit {unit} better={better}"));
    }
    put(&mut text, format_args!("goos: linux"));
    if let Some(goarch) = &of.goarch {
        put(&mut text, format_args!("goarch: {}", one_line(goarch)));
    }
    if !of.cpu.is_empty() {
        put(&mut text, format_args!("cpu: {}", one_line(&of.cpu)));
    }
    for cell in &of.cells {
        lines(&mut text, cell);
    }
    text
}

/// A line for each trial, or one of the medians where the document keeps no trials.
fn lines(text: &mut String, cell: &Measurements) {
    let name = name(cell);
    let mut trials: Vec<&str> = Vec::new();
    for own in cell.figures.iter().flat_map(|own| &own.trials) {
        if !trials.contains(&own.trial.as_str()) {
            trials.push(&own.trial);
        }
    }
    if trials.is_empty() {
        let values = cell.figures.iter().map(|own| (own.objective, own.value));
        return line(text, &name, values);
    }
    for trial in trials {
        let values = cell.figures.iter().filter_map(|own| {
            let found = own.trials.iter().find(|own| own.trial == trial)?;
            Some((own.objective, found.value))
        });
        line(text, &name, values);
    }
}

fn line(text: &mut String, name: &str, values: impl Iterator<Item = (Objective, f64)>) {
    let values = values.map(|(objective, value)| {
        let (unit, factor) = unit(objective);
        format!("\t{} {unit}", value * factor)
    });
    let values: String = values.collect();
    if !values.is_empty() {
        // One iteration: a trial is one measurement, however many requests it made.
        put(text, format_args!("Benchmark{name}\t1{values}"));
    }
}

/// The unit of an objective, and what its own values are multiplied with. benchstat scales units that end in `sec`,
/// `B` or `bytes` by itself.
fn unit(objective: Objective) -> (&'static str, f64) {
    match objective {
        Objective::Qps => ("req/s", 1.0),
        Objective::P50 => ("p50-sec", 1e-3),
        Objective::P99 => ("p99-sec", 1e-3),
        Objective::P999 => ("p99.9-sec", 1e-3),
        Objective::GcPerKreq => ("gc/1000-req", 1.0),
        Objective::GcPerS => ("gc/s", 1.0),
        Objective::GcCpu => ("gc-cpu-share", 1.0),
        Objective::Rss => ("rss-bytes", 1.0),
        Objective::CpuPerReq => ("cpu-sec/req", 1e-6),
        Objective::AllocPerReq => ("alloc-bytes/req", 1.0),
        Objective::ErrorRate => ("error-share", 1.0),
    }
}

/// `Httpjson/gogc=400`: a name begins with a capital letter and has no blanks; a number after its last dash would be
/// read as GOMAXPROCS.
fn name(cell: &Measurements) -> String {
    let mut name: String = cell.name().chars().map(name_character).collect();
    if !name.starts_with(|c: char| c.is_uppercase()) {
        let mut rest = name.chars();
        let first = rest.next().filter(|c| c.is_alphabetic());
        name = match first {
            Some(first) => first.to_uppercase().chain(rest).collect(),
            None => format!("Of_{name}"),
        };
        if !name.starts_with(|c: char| c.is_uppercase()) {
            name.insert_str(0, "Of_");
        }
    }
    if let Some((before, after)) = name.rsplit_once('-')
        && !after.is_empty()
        && after.chars().all(|c| c.is_ascii_digit())
    {
        name = format!("{before}_{after}");
    }
    name
}

fn name_character(c: char) -> char {
    match c {
        c if c.is_whitespace() || c.is_control() => '_',
        c => c,
    }
}

fn one_line(text: &str) -> String {
    let shown = text.chars();
    shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes all that is written");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(target: &str, settings: &[(&str, &str)]) -> Measurements {
        let settings = settings.iter();
        Measurements {
            target: target.to_owned(),
            cell: String::new(),
            label: String::new(),
            settings: settings
                .map(|(axis, value)| ((*axis).to_owned(), (*value).to_owned()))
                .collect(),
            axes: Default::default(),
            control: false,
            recommended: false,
            figures: Vec::new(),
        }
    }

    #[test]
    fn names_are_benchmarks_whatever_they_hold() {
        assert_eq!(
            name(&cell("httpjson", &[("gogc", "400")])),
            "Httpjson/gogc=400"
        );
        assert_eq!(
            name(&cell("a", &[("placement", "cpus:0-3")])),
            "A/placement=cpus:0_3"
        );
        assert_eq!(name(&cell("a b\n", &[])), "A_b_");
        assert_eq!(name(&cell("7up", &[])), "Of_7up");
        assert_eq!(name(&cell("世", &[])), "Of_世");
        assert_eq!(name(&cell("Épée", &[])), "Épée");
    }
}
