//! What warnings are read from, and how they name cells and trials.

use std::collections::BTreeMap;

use documents::figures::{counted, listed};
use documents::finding::Severity;
use documents::warning::Warning;
use judging::evidence::{TargetTrials, label};
use judging::rank::Comparison;
use record::axis::Axis;
use record::objective::Objective;
use record::run::Run;
use record::threshold::Thresholds;
use record::trial::Trial;

/// What warnings are read from.
pub(crate) struct Context<'a> {
    pub(crate) run: &'a Run,
    pub(crate) evidence: &'a TargetTrials<'a>,
    pub(crate) comparisons: &'a [Comparison],
    pub(crate) rank_by: &'a [Objective],
    pub(crate) limits: &'a BTreeMap<Objective, f64>,
    pub(crate) same_as: &'a [Option<usize>],
    pub(crate) varying: &'a [Axis],
    pub(crate) thresholds: &'a Thresholds,
}

/// Cells, by position, with the trials that show something.
pub(super) type Shown<'a> = Vec<(usize, Vec<&'a Trial>)>;

impl<'a> Context<'a> {
    pub(super) fn control(&self) -> usize {
        self.evidence.control
    }

    pub(super) fn comparison(&self, objective: Objective) -> Option<&Comparison> {
        self.comparisons
            .iter()
            .find(|comparison| comparison.objective() == objective)
    }

    /// A warning about the target as a whole.
    pub(super) fn warning(
        &self,
        severity: Severity,
        code: &str,
        message: String,
        next_step: &str,
    ) -> Warning {
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
    pub(super) fn about(&self, warning: Warning, shown: &Shown<'_>) -> Warning {
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
    pub(super) fn named(&self, shown: &Shown<'_>) -> String {
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
        listed(&parts)
    }

    pub(super) fn label(&self, cell: usize) -> String {
        label(self.evidence.cells[cell].cell, self.varying)
    }
}
