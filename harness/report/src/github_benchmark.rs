//! Figures for github-action-benchmark, which keeps them over time and comments on commits.
//!
//! It takes one file for figures where more is better and one for those where less is
//! (`tool: customBiggerIsBetter`, `tool: customSmallerIsBetter`): an array of name, unit, value, range and extra.
//! Source: README of github-action-benchmark, "Charts for custom benchmark results".

use record::objective::Direction;
use serde::Serialize;

use crate::error::ReportError;
use crate::format::Format;
use crate::measured::{Figures, Measured};

/// The entries of one direction.
#[derive(Debug, Clone, Copy)]
pub struct GithubBenchmark(pub Direction);

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

impl<D: Measured + ?Sized> Format<D> for GithubBenchmark {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        let mut text = serde_json::to_string_pretty(&entries(&document.measured(), self.0))?;
        text.push('\n');
        Ok(text)
    }
}

fn entries(of: &Figures, direction: Direction) -> Vec<Entry> {
    let notes = of.notes.join("\n");
    let figures = of.cells.iter().flat_map(|cell| {
        let own = cell.figures.iter();
        own.map(move |figure| (cell, figure))
    });
    let wanted = figures.filter(|(_, figure)| figure.objective.direction() == direction);
    let entries = wanted.map(|(cell, figure)| {
        let n = documents::figures::counted(figure.trials.len(), "trial");
        Entry {
            name: format!("{}: {}", cell.name(), figure.objective.heading()),
            unit: figure.objective.unit(),
            value: figure.value,
            range: figure.range().map(|[low, high]| format!("{low} to {high}")),
            extra: match figure.trials.len() {
                0 => format!("median\n{notes}"),
                _ => format!("median of {n}\n{notes}"),
            },
        }
    });
    entries.collect()
}
