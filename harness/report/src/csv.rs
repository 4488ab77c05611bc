//! Figures as CSV in the long form: one row per figure of a trial, which spreadsheets pivot and data frames read.
//!
//! Where a document keeps no trials, a row holds the median. Values are in the unit that stands beside them.

use std::collections::BTreeSet;

use crate::error::ReportError;
use crate::format::Format;
use crate::measured::{Figures, Measured, Measurements};

/// CSV (RFC 4180) with a heading.
#[derive(Debug, Clone, Copy)]
pub struct Csv;

impl<D: Measured + ?Sized> Format<D> for Csv {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        Ok(written(&document.measured()))
    }
}

fn written(of: &Figures) -> String {
    let axes: BTreeSet<&str> = of
        .cells
        .iter()
        .flat_map(|cell| cell.axes.keys().map(String::as_str))
        .collect();
    let fixed = [
        "run",
        "target",
        "cell",
        "label",
        "control",
        "recommended",
        "trial",
        "objective",
        "value",
        "unit",
    ];
    let axis_names = axes.iter().map(|axis| format!("axis.{axis}"));
    let heading = fixed.iter().map(|own| (*own).to_owned()).chain(axis_names);
    let mut text = row(heading);
    for cell in &of.cells {
        let settings: Vec<&str> = axes
            .iter()
            .map(|axis| cell.axes.get(*axis).map_or("", String::as_str))
            .collect();
        rows(&mut text, &of.run, cell, &settings);
    }
    text
}

fn rows(text: &mut String, run: &str, cell: &Measurements, settings: &[&str]) {
    for figure in &cell.figures {
        let trials = figure.trials.iter();
        let mut values: Vec<(&str, f64)> =
            trials.map(|own| (own.trial.as_str(), own.value)).collect();
        if values.is_empty() {
            values.push(("median", figure.value));
        }
        for (trial, value) in values {
            let words = [run, &cell.target, &cell.cell, &cell.label].map(as_text);
            let known = [
                cell.control.to_string(),
                cell.recommended.to_string(),
                as_text(trial),
                figure.objective.name().to_owned(),
                value.to_string(),
                figure.objective.unit().to_owned(),
            ];
            let settings = settings.iter().map(|own| as_text(own));
            text.push_str(&row(words.into_iter().chain(known).chain(settings)));
        }
    }
}

fn row(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.map(|field| quoted(&field)).collect();
    format!("{}\r\n", fields.join(","))
}

/// RFC 4180, section 2: what holds a comma, a quote or a line's end is quoted, with its quotes doubled.
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\r', '\n']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

/// Text that no spreadsheet takes for a formula (OWASP, CSV injection).
fn as_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stays_in_its_place() {
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(as_text("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(as_text("a=b"), "a=b");
    }
}
