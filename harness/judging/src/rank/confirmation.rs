//! The finalist measured afresh: blocks that were run after it had been chosen, so that they carry no winner's curse.
//!
//! They are compared by the very rule of the search (`compare`), with the margins that the search's A/A pairs set. What
//! holds up is what is recommended; the two are never pooled.

use std::collections::BTreeMap;

use documents::effect::{CellObjective, Criterion, Effect};
use documents::ranking::{Confirmation, ConfirmationOutcome, ConstraintCheck, ConstraintState};
use record::axis::Axis;
use record::objective::Objective;
use record::run::Run;
use record::trial::Trial;

use super::claim::Gain;
use super::compare::{Compared, Design, detectable_deviations};
use super::preference::Preference;
use super::{compare, constraint};
use crate::error::JudgingError;
use crate::evidence::{TargetTrials, Values, label};
use crate::margin::{Margins, default_margin};
use crate::options::RankOptions;

/// Below this nothing can be compared.
const FEWEST_BLOCKS: usize = 2;

/// What fresh blocks are judged by.
pub(crate) struct Question<'a> {
    pub(crate) run: &'a Run,
    pub(crate) preference: Preference<'a>,
    pub(crate) limits: &'a BTreeMap<Objective, f64>,
    pub(crate) varying: &'a [Axis],
    pub(crate) options: &'a RankOptions,
}

/// A finalist's fresh blocks, compared.
pub(crate) struct Fresh {
    /// The finalist's id.
    pub(crate) cell: String,
    pub(crate) label: String,
    /// Blocks in which both it and the control are valid.
    pub(crate) blocks: usize,
    compared: Compared,
    /// Its position in the comparisons.
    at: usize,
    limits: Vec<ConstraintCheck>,
    /// The trials that it rests on, the control's included.
    pub(crate) trials: Vec<String>,
}

impl Fresh {
    /// The fresh blocks of a target; `None` where too few were run.
    pub(crate) fn of_target(
        question: &Question<'_>,
        searched: &TargetTrials<'_>,
        trials: &[Trial],
    ) -> Result<Option<Fresh>, JudgingError> {
        let (run, options) = (question.run, question.options);
        let Some(evidence) = TargetTrials::of_confirmation(run, searched.target, trials)? else {
            return Ok(None);
        };
        let chosen = (0..evidence.cells.len()).find(|&cell| cell != evidence.control);
        let Some(at) = chosen else { return Ok(None) };
        let both = evidence.cells[at].valid.keys();
        let blocks = both
            .filter(|block| evidence.cells[evidence.control].valid.contains_key(block))
            .count();
        if blocks < FEWEST_BLOCKS {
            return Ok(None);
        }
        let limits = question
            .limits
            .iter()
            .map(|(&objective, &limit)| {
                constraint::check(objective, &evidence.values(objective), at, limit, options)
            })
            .collect();
        let cell = evidence.cells[at].cell;
        Ok(Some(Fresh {
            cell: cell.id.to_string(),
            label: label(cell, question.varying),
            blocks,
            compared: question.compared(searched, &evidence, blocks),
            at,
            limits,
            trials: evidence
                .cells
                .iter()
                .flat_map(|cell| cell.valid.values())
                .map(|trial| trial.id.clone())
                .collect(),
        }))
    }

    /// The finalist's figures.
    pub(crate) fn on(&self, criterion: impl Into<Criterion>) -> Option<&CellObjective> {
        self.compared.figures(criterion.into(), self.at)
    }

    /// Whether it is better, by the rule of the search.
    pub(crate) fn is_better(&self, criterion: impl Into<Criterion>) -> bool {
        self.on(criterion)
            .is_some_and(|figures| figures.effect == Effect::Better)
    }

    /// Whether the fresh blocks cannot tell.
    pub(crate) fn is_unclear(&self, criterion: impl Into<Criterion>) -> bool {
        self.on(criterion)
            .is_some_and(|figures| figures.effect == Effect::Unclear)
    }

    /// Whether it is clearly worse beyond the margin asked for.
    pub(crate) fn is_cost(&self, criterion: impl Into<Criterion>) -> bool {
        self.gain(criterion).is_some_and(|gain| gain.is_cost())
    }

    /// Whether a gain as large as the margin is ruled out.
    fn is_refuted(&self, criterion: Criterion) -> bool {
        self.gain(criterion)
            .is_some_and(|gain| gain.estimate.high < gain.asked)
    }

    fn gain(&self, criterion: impl Into<Criterion>) -> Option<Gain> {
        self.compared.gain(criterion.into(), self.at)
    }

    /// The limits that the fresh blocks show to be broken.
    pub(crate) fn broken_limits(&self) -> impl Iterator<Item = &ConstraintCheck> {
        self.limits
            .iter()
            .filter(|check| check.state == ConstraintState::Violated)
    }

    /// Whether what the search `claimed` holds up. Where nothing was claimed (the cell keeps limits that the control
    /// breaks) the limits alone decide.
    pub(crate) fn outcome(
        &self,
        claimed: &[Criterion],
        criteria: &[Criterion],
    ) -> ConfirmationOutcome {
        if self.broken_limits().next().is_some() {
            return ConfirmationOutcome::Refuted;
        }
        if claimed.is_empty() {
            return ConfirmationOutcome::Confirmed;
        }
        let held = criteria
            .iter()
            .position(|own| claimed.contains(own) && self.is_better(*own));
        let cost = criteria.iter().position(|&own| self.is_cost(own));
        match (held, cost) {
            (Some(held), Some(cost)) if cost < held => ConfirmationOutcome::Refuted,
            (Some(_), _) => ConfirmationOutcome::Confirmed,
            (None, _) if claimed.iter().all(|&own| self.is_refuted(own)) => {
                ConfirmationOutcome::Refuted
            }
            (None, _) => ConfirmationOutcome::Open,
        }
    }

    /// As the document keeps it.
    pub(crate) fn document(&self, outcome: ConfirmationOutcome) -> Confirmation {
        let objectives = self.compared.objectives.iter();
        let score = self.compared.score.as_ref();
        Confirmation {
            cell: self.cell.clone(),
            label: self.label.clone(),
            blocks: self.blocks,
            outcome,
            objectives: objectives
                .map(|own| (own.objective(), own.cells[self.at].clone()))
                .collect(),
            score: score.map(|own| own.cells[self.at].clone()),
            constraints: self.limits.clone(),
        }
    }
}

impl Question<'_> {
    /// Control and finalist on everything, by the margins that the search's A/A pairs set.
    fn compared(
        &self,
        searched: &TargetTrials<'_>,
        fresh: &TargetTrials<'_>,
        blocks: usize,
    ) -> Compared {
        let options = self.options;
        let design = |of_search: &Values, asked: f64| Design {
            detectable: detectable_deviations(blocks, options),
            cross_check: Some(self.run.seed),
            margins: Some(Margins::of_values(of_search, asked, options)),
        };
        let objectives = Objective::ALL
            .into_iter()
            .map(|objective| (objective, fresh.values(objective)))
            .filter(|(_, values)| values.cells.iter().any(|cell| !cell.is_empty()))
            .map(|(objective, values)| {
                let asked = default_margin(objective, options);
                let design = design(&searched.values(objective), asked);
                compare::compare(objective, &values, design, options)
            })
            .collect();
        let asked = self.preference.score_margin(options);
        let scores = self.preference.scores(searched);
        let scores = scores.zip(self.preference.scores(fresh));
        Compared {
            objectives,
            score: scores.map(|(of_search, values)| {
                compare::compare_scores(&values, asked, design(&of_search, asked), options)
            }),
        }
    }
}
