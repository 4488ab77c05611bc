//! Doubts in plain language, each with its next step. They never change a figure; they say what it is worth.
//!
//! One file per source of doubt; each function answers the warnings of one target, with the cells and trials that show
//! them.

mod course;
mod design;
mod host;
mod load;
mod outcomes;
mod physics;
mod settings;

use std::collections::BTreeMap;

use record::axis::Axis;
use record::objective::Objective;
use record::run::Run;
use record::threshold::Thresholds;
use record::trial::Trial;

use crate::figures::counted;
use crate::rank::{Comparison, Evidence, label};
use crate::ranking::{Severity, Warning};

pub(crate) use course::end_of_search;
pub(crate) use host::warnings_of_run;
pub(crate) use physics::SHORTEST_JUDGED;

/// What warnings are read from.
pub(crate) struct Context<'a> {
    pub(crate) run: &'a Run,
    pub(crate) evidence: &'a Evidence<'a>,
    pub(crate) comparisons: &'a [Comparison],
    pub(crate) rank_by: &'a [Objective],
    pub(crate) limits: &'a BTreeMap<Objective, f64>,
    pub(crate) same_as: &'a [Option<usize>],
    pub(crate) varying: &'a [Axis],
    pub(crate) thresholds: &'a Thresholds,
}

/// All warnings of one target.
pub(crate) fn warnings_of_target(context: &Context<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(outcomes::warnings(context));
    warnings.extend(course::warnings(context));
    warnings.extend(design::warnings(context));
    warnings.extend(load::warnings(context));
    warnings.extend(physics::warnings(context));
    warnings.extend(settings::warnings(context));
    warnings.extend(host::warnings(context));
    warnings
}

/// The gravest first; otherwise as they came.
pub(crate) fn sort(warnings: &mut [Warning]) {
    warnings.sort_by_key(|warning| warning.severity);
}

/// Cells, by position, with the trials that show something.
type Shown<'a> = Vec<(usize, Vec<&'a Trial>)>;

impl<'a> Context<'a> {
    fn control(&self) -> usize {
        self.evidence.control
    }

    fn comparison(&self, objective: Objective) -> Option<&Comparison> {
        self.comparisons
            .iter()
            .find(|comparison| comparison.objective() == objective)
    }

    /// A warning about the target as a whole.
    fn warning(&self, severity: Severity, code: &str, message: String, next_step: &str) -> Warning {
        Warning {
            code: code.to_owned(),
            severity,
            target: Some(self.evidence.target.to_owned()),
            cells: Vec::new(),
            trials: Vec::new(),
            message,
            next_step: next_step.to_owned(),
        }
    }

    /// The same with the cells and trials that show it.
    fn about(&self, warning: Warning, shown: &Shown<'_>) -> Warning {
        Warning {
            cells: shown
                .iter()
                .map(|(cell, _)| self.evidence.cells[*cell].cell.id.to_string())
                .collect(),
            trials: shown
                .iter()
                .flat_map(|(_, trials)| trials.iter().map(|trial| trial.id.clone()))
                .collect(),
            ..warning
        }
    }

    /// The cells in words: labels of the first three with how many of their trials show it.
    fn named(&self, shown: &Shown<'_>) -> String {
        let mut parts: Vec<String> = shown
            .iter()
            .take(3)
            .map(|(cell, trials)| {
                let all = self.evidence.cells[*cell].valid.len();
                format!(
                    "{} ({} of {})",
                    self.label(*cell),
                    trials.len(),
                    counted(all, "trial")
                )
            })
            .collect();
        if shown.len() > 3 {
            parts.push(format!("{} more", counted(shown.len() - 3, "cell")));
        }
        crate::figures::listed(&parts)
    }

    fn label(&self, cell: usize) -> String {
        label(self.evidence.cells[cell].cell, self.varying)
    }
}
