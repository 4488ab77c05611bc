//! Figures with the trials behind them, which the formats for other programs are made of.
//!
//! Main types: [`Measured`], what a document that holds figures implements, and [`Figures`]. Every format for programs
//! (CSV, benchfmt, github-action-benchmark, Bencher, OpenMetrics) goes by them, so a document that implements the trait
//! has all of them.

mod comparison;
mod ranking;

use std::collections::BTreeMap;

use record::objective::Objective;

/// A document that holds figures of cells.
pub trait Measured {
    /// Its figures.
    fn measured(&self) -> Figures;
}

/// The figures of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The run, or what else the figures come from.
    pub run: String,
    /// Wall clock at its start, RFC 3339, UTC.
    pub started: String,
    /// The tool that measured.
    pub tool: String,
    /// The CPU model; empty where it is not known.
    pub cpu: String,
    /// GOARCH of the programs; `None` where they do not agree or do not say.
    pub goarch: Option<String>,
    /// What to know about the figures, one line each.
    pub notes: Vec<String>,
    /// The verdicts.
    pub verdicts: Vec<MeasuredVerdict>,
    /// The cells in the order of the document.
    pub cells: Vec<Measurements>,
}

/// What a document says of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredVerdict {
    /// The target.
    pub target: String,
    /// The kind in one word, in the spelling of the document.
    pub kind: String,
    /// In a sentence.
    pub headline: String,
}

/// The figures of one cell, or of one side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurements {
    /// The target.
    pub target: String,
    /// The cell's id; empty for a side that is several cells.
    pub cell: String,
    /// Its settings in words.
    pub label: String,
    /// Its settings by axis, those alone on which the cells differ, in the order shown.
    pub settings: Vec<(String, String)>,
    /// Its settings on every axis that is known.
    pub axes: BTreeMap<String, String>,
    /// Whether it is what others are compared with.
    pub control: bool,
    /// Whether the document recommends it.
    pub recommended: bool,
    /// Its figures, those alone that were observed.
    pub figures: Vec<Figure>,
}

/// One figure of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is.
    pub objective: Objective,
    /// The median over the trials that count, in the objective's unit.
    pub value: f64,
    /// Cell ÷ control with its interval; `None` for the control and where zeros forbid a ratio.
    pub ratio: Option<(f64, Option<[f64; 2]>)>,
    /// The trials that count, in the order in which they were run; empty where the document does not keep them.
    pub trials: Vec<TrialValue>,
}

/// The figure of one trial.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialValue {
    /// The trial.
    pub trial: String,
    /// In the objective's unit.
    pub value: f64,
}

impl Measurements {
    /// `target/axis=value/axis=value`: the name under which other programs keep the figures.
    pub fn name(&self) -> String {
        let settings = self.settings.iter();
        let settings = settings.map(|(axis, value)| format!("/{axis}={value}"));
        let settings: String = settings.collect();
        match settings.as_str() {
            "" if self.label.is_empty() => self.target.clone(),
            "" => format!("{}/{}", self.target, self.label),
            settings => format!("{}{settings}", self.target),
        }
    }
}

impl Figure {
    /// The lowest and the highest trial, where there are two or more.
    pub fn range(&self) -> Option<[f64; 2]> {
        if self.trials.len() < 2 {
            return None;
        }
        let values = self.trials.iter().map(|own| own.value);
        Some([values.clone().reduce(f64::min)?, values.reduce(f64::max)?])
    }
}
