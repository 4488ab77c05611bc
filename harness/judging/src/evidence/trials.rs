//! Which trials count: the last attempt of each slot, in complete blocks of the search.
//!
//! Trials of a confirmation were run because of what the search showed, so they are never mixed with it; they make an
//! evidence of their own ([`TargetTrials::of_confirmation`]).

use std::collections::{BTreeMap, BTreeSet};

use documents::effect::Criterion;
use record::cell::CellId;
use record::objective::{self, Objective};
use record::run::{Cell, Run};
use record::trial::{Outcome, Role, Stage, Trial};

use crate::error::JudgingError;

/// All trials of one target, sorted into what they are good for.
pub struct TargetTrials<'a> {
    /// The target.
    pub target: &'a str,
    /// The cells in the order of the run; the control is at [`TargetTrials::control`].
    pub cells: Vec<CellTrials<'a>>,
    /// The control, by its place among the cells.
    pub control: usize,
    /// Blocks in which every cell that was still in the race has been tried.
    pub complete: BTreeSet<u32>,
    /// Blocks that were begun and not finished, or that a stop cut short.
    pub incomplete: BTreeSet<u32>,
    /// The valid second trial of the control, by complete block.
    pub duplicates: BTreeMap<u32, &'a Trial>,
    /// All trials, by block and place.
    pub trials: Vec<&'a Trial>,
}

/// The trials of one cell.
pub struct CellTrials<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// Why and when it left the race, if it did.
    pub left: Option<Left<'a>>,
    /// The valid trial of each complete block.
    pub valid: BTreeMap<u32, &'a Trial>,
    /// Trials in which the target failed, in any block.
    pub failed: Vec<&'a Trial>,
    /// Trials that host or generator evidence spoke against, in any block.
    pub invalid: Vec<&'a Trial>,
}

impl<'a> TargetTrials<'a> {
    /// Sorts the trials of a target. The order of `trials` does not matter.
    pub fn of_target(
        run: &'a Run,
        target: &'a str,
        trials: &'a [Trial],
    ) -> Result<Self, JudgingError> {
        let cells: Vec<&Cell> = run
            .cells
            .iter()
            .filter(|cell| cell.target == target)
            .collect();
        let gathered = Gathered {
            target,
            in_play: InPlay::of(run),
            stage: Stage::Search,
            from: 0,
        };
        gathered.evidence(cells, trials)
    }

    /// The fresh blocks of a target's finalists and its control, after the last selection; `None` where none were run.
    pub fn of_confirmation(
        run: &'a Run,
        target: &'a str,
        trials: &'a [Trial],
    ) -> Result<Option<Self>, JudgingError> {
        let chosen = run
            .decisions
            .iter()
            .rfind(|decision| !decision.finalists.is_empty());
        let Some(selection) = chosen else {
            return Ok(None);
        };
        let is_finalist = |cell: &Cell| {
            let mut finalists = selection.finalists.iter();
            finalists.any(|finalist| finalist.cell == cell.id)
        };
        let cells: Vec<&Cell> = run
            .cells
            .iter()
            .filter(|cell| cell.target == target && (cell.control || is_finalist(cell)))
            .collect();
        let gathered = Gathered {
            target,
            in_play: InPlay::default(),
            stage: Stage::Confirm,
            from: selection.blocks,
        };
        let evidence = gathered.evidence(cells, trials)?;
        let any = evidence.cells.len() > 1 && !evidence.complete.is_empty();
        Ok(any.then_some(evidence))
    }

    /// One objective's values, for every cell and the control's duplicate.
    pub fn values(&self, objective: Objective) -> Values {
        let values = |trials: &BTreeMap<u32, &Trial>| {
            trials
                .iter()
                .filter_map(|(&block, trial)| Some((block, objective::value(trial, objective)?)))
                .collect()
        };
        Values {
            of: Criterion::Objective(objective),
            control: self.control,
            cells: self.cells.iter().map(|cell| values(&cell.valid)).collect(),
            duplicate: values(&self.duplicates),
        }
    }

    /// The complete blocks in which a cell was still in the race.
    pub fn blocks_of(&self, cell: usize) -> usize {
        let left = self.cells[cell].left;
        let in_play = |block: &&u32| left.is_none_or(|left| **block < left.block);
        self.complete.iter().filter(in_play).count()
    }

    /// The cells whose trials satisfy a condition, with those trials, in the order of the run.
    pub fn where_trials(
        &self,
        condition: impl Fn(&CellTrials<'a>, &Trial) -> bool,
    ) -> Vec<(usize, Vec<&'a Trial>)> {
        self.cells
            .iter()
            .enumerate()
            .map(|(index, cell)| {
                let found = cell
                    .valid
                    .values()
                    .copied()
                    .filter(|trial| condition(cell, trial));
                (index, found.collect::<Vec<_>>())
            })
            .filter(|(_, found)| !found.is_empty())
            .collect()
    }
}

/// One criterion's values by block: column by column the cells of the run.
pub struct Values {
    /// The criterion.
    pub of: Criterion,
    /// The control, by its place among the cells.
    pub control: usize,
    /// By cell, its value in each block that has one.
    pub cells: Vec<BTreeMap<u32, f64>>,
    /// The values of the control's duplicate.
    pub duplicate: BTreeMap<u32, f64>,
}

impl Values {
    /// The control by block, of both of its trials where there are two: their mean, of logs where all values of the
    /// criterion have one.
    pub fn both_controls(&self) -> BTreeMap<u32, f64> {
        let measured = &self.cells[self.control];
        let mut all = self.cells.iter().chain([&self.duplicate]);
        let logs =
            !self.of.is_difference() && all.all(|column| column.values().all(|value| *value > 0.0));
        let blocks = measured.keys().chain(self.duplicate.keys());
        blocks
            .map(|block| {
                let both = (measured.get(block), self.duplicate.get(block));
                let value = match both {
                    (Some(a), Some(b)) if logs => (a * b).sqrt(),
                    (Some(a), Some(b)) => f64::midpoint(*a, *b),
                    (Some(only), None) | (None, Some(only)) => *only,
                    (None, None) => f64::NAN,
                };
                (*block, value)
            })
            .collect()
    }

    /// Median over a cell's trials.
    pub fn median(&self, cell: usize) -> Option<f64> {
        let values: Vec<f64> = self.cells[cell].values().copied().collect();
        stats::summary::median(&values)
    }
}

/// How a cell left the race.
#[derive(Debug, Clone, Copy)]
pub struct Left<'a> {
    /// The first block that it was not run in.
    pub block: u32,
    /// Why, for a person.
    pub words: &'a str,
}

/// From which block on cells are out of the race.
#[derive(Default)]
struct InPlay<'a> {
    left: BTreeMap<&'a CellId, Left<'a>>,
}

impl<'a> InPlay<'a> {
    fn of(run: &'a Run) -> InPlay<'a> {
        let left = run.decisions.iter().flat_map(|decision| {
            let out = decision.eliminated.iter();
            out.map(|out| {
                let (block, words) = (decision.blocks, out.words.as_str());
                (&out.cell, Left { block, words })
            })
        });
        InPlay {
            left: left.collect(),
        }
    }

    fn has(&self, cell: &CellId, block: u32) -> bool {
        let left = self.left.get(cell);
        left.is_none_or(|left| block < left.block)
    }
}

/// How trials become evidence.
struct Gathered<'a> {
    target: &'a str,
    in_play: InPlay<'a>,
    /// The blocks that count.
    stage: Stage,
    from: u32,
}

impl<'a> Gathered<'a> {
    fn evidence(
        &self,
        cells: Vec<&'a Cell>,
        trials: &'a [Trial],
    ) -> Result<TargetTrials<'a>, JudgingError> {
        let control = cells
            .iter()
            .position(|cell| cell.control)
            .ok_or_else(|| JudgingError::NoControl(self.target.to_owned()))?;
        let mut by_cell: BTreeMap<&CellId, Vec<&Trial>> =
            cells.iter().map(|cell| (&cell.id, Vec::new())).collect();
        for trial in trials {
            if let Some(own) = by_cell.get_mut(&trial.cell) {
                own.push(trial);
            }
        }
        let mut own: Vec<&Trial> = by_cell.values().flatten().copied().collect();
        own.sort_by_key(|trial| (trial.block, trial.position, trial.attempt, &trial.id));
        let (complete, incomplete) = self.blocks_by_completeness(&by_cell);
        let evidence = cells
            .iter()
            .map(|&cell| {
                let own = &by_cell[&cell.id];
                CellTrials {
                    cell,
                    left: self.in_play.left.get(&cell.id).copied(),
                    valid: last_attempts(own, Role::Measured, &complete),
                    failed: with_outcome(own, |outcome| matches!(outcome, Outcome::Failed(_))),
                    invalid: with_outcome(own, |outcome| matches!(outcome, Outcome::Invalid(_))),
                }
            })
            .collect();
        let duplicates = last_attempts(
            &by_cell[&cells[control].id],
            Role::ControlDuplicate,
            &complete,
        );
        Ok(TargetTrials {
            target: self.target,
            cells: evidence,
            control,
            complete,
            incomplete,
            duplicates,
            trials: own,
        })
    }

    /// Splits the blocks into those in which every cell in play was tried, whatever came of it, and the rest: the block
    /// that a stop cut short.
    fn blocks_by_completeness(
        &self,
        by_cell: &BTreeMap<&CellId, Vec<&Trial>>,
    ) -> (BTreeSet<u32>, BTreeSet<u32>) {
        let mut cells_tried: BTreeMap<u32, BTreeSet<&CellId>> = BTreeMap::new();
        for (&cell, own) in by_cell {
            let counting = own
                .iter()
                .filter(|trial| trial.stage == self.stage && trial.block >= self.from);
            for trial in counting {
                let tried = cells_tried.entry(trial.block).or_default();
                if trial.role == Role::Measured {
                    tried.insert(cell);
                }
            }
        }
        let complete = |block: &u32| {
            by_cell
                .keys()
                .all(|cell| !self.in_play.has(cell, *block) || cells_tried[block].contains(cell))
        };
        cells_tried.keys().partition(|block| complete(block))
    }
}

/// The valid trial of each slot in complete blocks. A re-run slot has several attempts; the last that is not invalid is
/// the slot's, and a failed one leaves it empty.
fn last_attempts<'a>(
    own: &[&'a Trial],
    role: Role,
    complete: &BTreeSet<u32>,
) -> BTreeMap<u32, &'a Trial> {
    let mut slots: BTreeMap<u32, &Trial> = BTreeMap::new();
    for &trial in own {
        let wanted = trial.role == role
            && complete.contains(&trial.block)
            && !matches!(trial.outcome, Outcome::Invalid(_));
        if !wanted {
            continue;
        }
        let slot = slots.entry(trial.block).or_insert(trial);
        if (trial.attempt, &trial.started, &trial.id) > (slot.attempt, &slot.started, &slot.id) {
            *slot = trial;
        }
    }
    slots.retain(|_, trial| trial.is_ok());
    slots
}

fn with_outcome<'a>(own: &[&'a Trial], wanted: impl Fn(&Outcome) -> bool) -> Vec<&'a Trial> {
    let mut found: Vec<&Trial> = own
        .iter()
        .copied()
        .filter(|trial| wanted(&trial.outcome))
        .collect();
    found.sort_by_key(|trial| (trial.block, trial.position, trial.attempt, &trial.id));
    found
}
