//! Which trials count: the last attempt of each slot, in complete blocks.

use std::collections::{BTreeMap, BTreeSet};

use record::cell::CellId;
use record::objective::{self, Objective};
use record::run::{Cell, Run};
use record::trial::{Outcome, Role, Trial};

use super::preference::Criterion;
use crate::error::AnalysisError;

/// All trials of one target, sorted into what they are good for.
pub(crate) struct Evidence<'a> {
    pub(crate) target: &'a str,
    /// The cells in the order of the run; the control is at [`Evidence::control`].
    pub(crate) cells: Vec<CellEvidence<'a>>,
    pub(crate) control: usize,
    /// Blocks in which every cell has been tried.
    pub(crate) complete: BTreeSet<u32>,
    /// Blocks that were begun and not finished, or that a stop cut short.
    pub(crate) incomplete: BTreeSet<u32>,
    /// The valid second trial of the control, by complete block.
    pub(crate) duplicates: BTreeMap<u32, &'a Trial>,
    /// All trials, by block and place.
    pub(crate) trials: Vec<&'a Trial>,
}

/// The trials of one cell.
pub(crate) struct CellEvidence<'a> {
    pub(crate) cell: &'a Cell,
    /// The valid trial of each complete block.
    pub(crate) valid: BTreeMap<u32, &'a Trial>,
    /// Trials in which the target failed, in any block.
    pub(crate) failed: Vec<&'a Trial>,
    /// Trials that host or generator evidence spoke against, in any block.
    pub(crate) invalid: Vec<&'a Trial>,
}

impl<'a> Evidence<'a> {
    /// Sorts the trials of a target. The order of `trials` does not matter.
    pub(crate) fn of_target(
        run: &'a Run,
        target: &'a str,
        trials: &'a [Trial],
    ) -> Result<Self, AnalysisError> {
        let cells: Vec<&Cell> = run
            .cells
            .iter()
            .filter(|cell| cell.target == target)
            .collect();
        let control = cells
            .iter()
            .position(|cell| cell.control)
            .ok_or_else(|| AnalysisError::NoControl(target.to_owned()))?;
        let mut by_cell: BTreeMap<&CellId, Vec<&Trial>> =
            cells.iter().map(|cell| (&cell.id, Vec::new())).collect();
        for trial in trials {
            if let Some(own) = by_cell.get_mut(&trial.cell) {
                own.push(trial);
            }
        }
        let mut own: Vec<&Trial> = by_cell.values().flatten().copied().collect();
        own.sort_by_key(|trial| (trial.block, trial.position, trial.attempt, &trial.id));

        let (complete, incomplete) = blocks_by_completeness(&by_cell);
        let evidence = cells
            .iter()
            .map(|&cell| {
                let own = &by_cell[&cell.id];
                CellEvidence {
                    cell,
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
        Ok(Evidence {
            target,
            cells: evidence,
            control,
            complete,
            incomplete,
            duplicates,
            trials: own,
        })
    }

    /// One objective's values, for every cell and the control's duplicate.
    pub(crate) fn values(&self, objective: Objective) -> Values {
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

    /// The cells whose trials satisfy a condition, with those trials, in the order of the run.
    pub(crate) fn where_trials(
        &self,
        condition: impl Fn(&CellEvidence<'a>, &Trial) -> bool,
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
pub(crate) struct Values {
    pub(crate) of: Criterion,
    pub(crate) control: usize,
    pub(crate) cells: Vec<BTreeMap<u32, f64>>,
    pub(crate) duplicate: BTreeMap<u32, f64>,
}

impl Values {
    /// Median over a cell's trials.
    pub(crate) fn median(&self, cell: usize) -> Option<f64> {
        let values: Vec<f64> = self.cells[cell].values().copied().collect();
        stats::summary::median(&values)
    }
}

/// Splits the blocks into those in which every cell was tried, whatever came of it, and the rest: the block that a
/// stop cut short.
fn blocks_by_completeness(
    by_cell: &BTreeMap<&CellId, Vec<&Trial>>,
) -> (BTreeSet<u32>, BTreeSet<u32>) {
    let mut cells_tried: BTreeMap<u32, BTreeSet<&CellId>> = BTreeMap::new();
    for (&cell, own) in by_cell {
        for trial in own {
            let tried = cells_tried.entry(trial.block).or_default();
            if trial.role == Role::Measured {
                tried.insert(cell);
            }
        }
    }
    let complete = |block: &u32| cells_tried[block].len() == by_cell.len();
    cells_tried.keys().partition(|block| complete(block))
}

/// The valid trial of each slot in complete blocks. A re-run slot has several attempts; the last that is not
/// invalid is the slot's, and a failed one leaves it empty.
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
