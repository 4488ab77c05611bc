//! The finalist measured afresh: blocks that were run after it had been chosen, so that they carry no winner's curse.
//!
//! The choice was made before them, so the question is one-sided and has one answer: is the gain there again
//! ([`stats::confirmation`]), and does nothing suffer that counts for more ([`crate::losses`])? The noise floor is that
//! of the fresh blocks' own duplicate, or the search's over so many blocks. The two stages are never pooled.

use std::collections::BTreeMap;

use documents::effect::{CellObjective, Criterion, Effect};
use documents::ranking::{Confirmation, ConfirmationOutcome, ConstraintCheck, ConstraintState};
use record::axis::Axis;
use record::objective::Objective;
use record::run::Run;
use record::trial::Trial;
use stats::confirmation::{self, Outcome};

use super::compare::{Compared, Design};
use super::preference::Preference;
use super::{compare, constraint};
use crate::error::JudgingError;
use crate::evidence::{TargetTrials, Values, label};
use crate::losses::{self, Levels, Loss, Priority, State};
use crate::margin::NoiseFloor;
use crate::options::RankOptions;
use crate::pair::Pair;

/// Below this nothing can be compared.
const FEWEST_BLOCKS: usize = 2;

/// More blocks than this are not worth naming.
pub(crate) const MOST_BLOCKS: usize = 400;

/// What fresh blocks say to a claim of the search.
pub(crate) struct Answer {
    pub(crate) outcome: ConfirmationOutcome,
    /// The criteria on which the gain is there again.
    pub(crate) held: Vec<Criterion>,
    /// What counts for more than the first of them and is lost,
    pub(crate) lost: Vec<Criterion>,
    /// or may be.
    pub(crate) open: Vec<Loss>,
}

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
    /// One-sided level of every answer.
    alpha: f64,
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
        // The finalist alone: nobody else was measured again.
        let limits = constraint::checks(&evidence, question.limits, options).swap_remove(at);
        let cell = evidence.cells[at].cell;
        Ok(Some(Fresh {
            cell: cell.id.to_string(),
            label: label(cell, question.varying),
            blocks,
            compared: question.compared(searched, &evidence, blocks),
            alpha: options.alpha,
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

    /// Whether the fresh blocks cannot tell.
    pub(crate) fn is_unclear(&self, criterion: impl Into<Criterion>) -> bool {
        self.on(criterion)
            .is_some_and(|figures| figures.effect == Effect::Unclear)
    }

    /// What the gain on a criterion came to; `None` where it was not measured.
    fn gain_again(&self, criterion: Criterion) -> Option<Outcome> {
        let pair = self.compared.pair(criterion, self.at)?;
        let margins = self.compared.margins(criterion)?;
        let rule = confirmation::Rule {
            alpha: self.alpha,
            margin: margins.bar(criterion, pair.scale),
            floor: margins.reach(pair.scale),
            chance: 0.8,
            at_most_blocks: pair.n(),
        };
        let answer = confirmation::confirm(&pair.differences, &rule).ok()?;
        Some(answer.outcome)
    }

    /// Whether these criteria suffer, judged together at one total level. What was not measured is not among them.
    pub(crate) fn losses(&self, of: &[Priority]) -> Vec<Loss> {
        let levels = Levels {
            kept: self.alpha,
            lost: self.alpha,
            most_blocks: MOST_BLOCKS,
        };
        losses::judge(&self.compared.watched(of, self.at), levels)
    }

    /// The limits that the fresh blocks show to be broken.
    pub(crate) fn broken_limits(&self) -> impl Iterator<Item = &ConstraintCheck> {
        self.limits_that(ConstraintState::Violated)
    }

    /// The limits of which they cannot tell.
    pub(crate) fn open_limits(&self) -> impl Iterator<Item = &ConstraintCheck> {
        let unknown = self.limits_that(ConstraintState::Unknown);
        self.limits_that(ConstraintState::Uncertain).chain(unknown)
    }

    /// The limits that are kept again.
    pub(crate) fn kept_limits(&self) -> impl Iterator<Item = &ConstraintCheck> {
        self.limits_that(ConstraintState::Ok)
    }

    fn limits_that(&self, state: ConstraintState) -> impl Iterator<Item = &ConstraintCheck> {
        self.limits.iter().filter(move |check| check.state == state)
    }

    /// What becomes of what the search `claimed`. Where nothing was claimed (the cell keeps limits that the control breaks)
    /// the limits alone decide.
    pub(crate) fn answer(&self, claimed: &[Criterion], priorities: &[Priority]) -> Answer {
        let again: Vec<(Criterion, Option<Outcome>)> = claimed
            .iter()
            .map(|&own| (own, self.gain_again(own)))
            .collect();
        let held: Vec<Criterion> = again
            .iter()
            .filter(|(_, outcome)| *outcome == Some(Outcome::Confirmed))
            .map(|(own, _)| *own)
            .collect();
        let first = priorities.iter().position(|own| held.contains(&own.of));
        let losses = self.losses(&priorities[..first.unwrap_or(0)]);
        let with = |state: State| losses.iter().filter(move |own| own.state == state);
        let lost: Vec<Criterion> = with(State::Lost).map(|own| own.of).collect();
        let open: Vec<Loss> = with(State::Open).copied().collect();
        let ruled_out =
            |(_, outcome): &(Criterion, Option<Outcome>)| *outcome == Some(Outcome::RuledOut);
        let limits_open = self.open_limits().next().is_some();
        let outcome = if self.broken_limits().next().is_some() || !lost.is_empty() {
            ConfirmationOutcome::Refuted
        } else if !claimed.is_empty() && held.is_empty() {
            match again.iter().all(ruled_out) {
                true => ConfirmationOutcome::Refuted,
                false => ConfirmationOutcome::Open,
            }
        } else if limits_open || !open.is_empty() {
            ConfirmationOutcome::LossOpen
        } else {
            ConfirmationOutcome::Confirmed
        };
        Answer {
            outcome,
            held,
            lost,
            open,
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
    /// Control and finalist on everything. Intervals have one-sided bounds at the level of the answers as their ends.
    fn compared(
        &self,
        searched: &TargetTrials<'_>,
        fresh: &TargetTrials<'_>,
        blocks: usize,
    ) -> Compared {
        let options = &RankOptions {
            level: 1.0 - 2.0 * self.options.alpha,
            ..self.options.clone()
        };
        let design = |of_search: &Values| Design {
            blocks,
            cross_check: Some(self.run.seed),
            floor: floor_over(of_search, blocks, self.options.level),
        };
        let objectives = Objective::ALL
            .into_iter()
            .map(|objective| (objective, fresh.values(objective)))
            .filter(|(_, values)| values.cells.iter().any(|cell| !cell.is_empty()))
            .map(|(objective, values)| {
                let design = design(&searched.values(objective));
                let mut own = compare::compare(objective, &values, design, options);
                self.as_answered(&mut own.cells, &own.gains, fresh.control);
                own
            })
            .collect();
        let asked = self.preference.score_margin(options);
        let scores = self.preference.scores(searched);
        let scores = scores.zip(self.preference.scores(fresh));
        Compared {
            objectives,
            score: scores.map(|(of_search, values)| {
                let design = design(&of_search);
                let mut own = compare::compare_scores(&values, asked, design, options);
                self.as_answered(&mut own.cells, &own.gains, fresh.control);
                own
            }),
        }
    }

    /// A fresh figure's effect is that of the one-sided answer: nothing was chosen among several here.
    fn as_answered(
        &self,
        cells: &mut [CellObjective],
        gains: &[Option<super::claim::Gain>],
        control: usize,
    ) {
        for (cell, (figures, gain)) in cells.iter_mut().zip(gains).enumerate() {
            let Some(gain) = gain.filter(|_| cell != control) else {
                continue;
            };
            let estimate = gain.estimate;
            figures.disputed = false;
            figures.effect = if estimate.low > 0.0 && estimate.point >= gain.required {
                Effect::Better
            } else if estimate.high < -gain.loss && estimate.point < -gain.floor {
                Effect::Worse
            } else if estimate.low >= -gain.loss && estimate.high <= gain.asked {
                Effect::WithinMargin
            } else {
                Effect::Unclear
            };
        }
    }
}

/// The search's noise floor for an estimate over so many blocks, where fresh blocks have no duplicate of their own.
fn floor_over(of_search: &Values, blocks: usize, level: f64) -> Option<NoiseFloor> {
    let control = &of_search.cells[of_search.control];
    let pair = Pair::new(of_search.of, &of_search.duplicate, control);
    Some(pair.noise_floor(level)?.over(blocks))
}
