//! Figures in Bencher Metric Format: benchmark → measure → value with bounds.
//!
//! The bounds are the lowest and the highest trial. Measures are named as objectives are, in the same unit.
//! Source: Bencher's reference, "Bencher Metric Format (BMF) JSON".

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::ReportError;
use crate::format::Format;
use crate::measured::{Figures, Measured};

/// Bencher Metric Format.
#[derive(Debug, Clone, Copy)]
pub struct Bencher;

#[derive(Serialize)]
struct Metric {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

impl<D: Measured + ?Sized> Format<D> for Bencher {
    fn write(&self, document: &D) -> Result<String, ReportError> {
        let mut text = serde_json::to_string_pretty(&metrics(&document.measured()))?;
        text.push('\n');
        Ok(text)
    }
}

fn metrics(of: &Figures) -> BTreeMap<String, BTreeMap<&'static str, Metric>> {
    let cells = of.cells.iter().map(|cell| {
        let figures = cell.figures.iter().map(|figure| {
            let range = figure.range();
            let metric = Metric {
                value: figure.value,
                lower_value: range.map(|[low, _]| low),
                upper_value: range.map(|[_, high]| high),
            };
            (figure.objective.name(), metric)
        });
        (cell.name(), figures.collect())
    });
    cells.collect()
}
