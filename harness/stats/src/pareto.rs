//! The Pareto front of several objectives, when every one of them is noisy.
//!
//! A cell is **dominated** only if some other is no worse than the margin δ in every objective (nor significantly
//! worse in any) and significantly better in at least one. Point estimates alone would throw good cells away for
//! noise. How firmly a cell sits on the front is its **frequency**: the share of resamples of whole blocks in which
//! no other cell is no worse than δ everywhere and better by more than δ somewhere. 0.8 and above is solid.

use crate::additive;
use crate::blocks::CompleteBlocks;
use crate::distribution::t_quantile;
use crate::error::{StatsError, check_not_negative, check_probability};
use crate::paired::signs_only_p;
use crate::random::{Random, Resampling};

/// One objective: logs, higher is better, the same blocks and cells as the other objectives.
#[derive(Debug, Clone, Copy)]
pub struct ParetoAxis<'a> {
    /// The values; turn latencies with negating the logarithms.
    pub values: &'a CompleteBlocks,
    /// δ ≥ 0, in the unit of the values: a difference that nobody would act on.
    pub margin: f64,
}

/// The rule of a front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrontRule {
    /// Size for "significantly better", shared out (Bonferroni) over all rivals and objectives.
    pub alpha: f64,
    /// For the frequencies; 0 draws leave them out.
    pub resampling: Resampling,
}

/// Where one cell stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrontStanding {
    /// The cell.
    pub cell: usize,
    /// True where it is not dominated.
    pub on_front: bool,
    /// A cell on the front, or dominated itself, that dominates this one.
    pub dominated_by: Option<usize>,
    /// Share of resamples in which it is on the front; `None` without draws.
    pub frequency: Option<f64>,
}

/// The front, one [`FrontStanding`] per cell in cell order. At least one cell is on it.
///
/// # Errors
/// [`StatsError::TooFew`] without objectives or below two blocks, [`StatsError::LengthMismatch`] where objectives
/// differ in blocks or cells, [`StatsError::OutOfRange`] for a margin or α.
pub fn front(
    objectives: &[ParetoAxis<'_>],
    rule: FrontRule,
) -> Result<Vec<FrontStanding>, StatsError> {
    check(objectives, rule)?;
    let cells = objectives[0].values.cells();
    let frequencies = frequencies(objectives, rule.resampling);
    let dominators = dominators(objectives, rule.alpha)?;
    Ok((0..cells)
        .map(|cell| FrontStanding {
            cell,
            on_front: dominators[cell].is_none(),
            dominated_by: dominators[cell],
            frequency: frequencies.as_ref().map(|frequencies| frequencies[cell]),
        })
        .collect())
}

fn check(objectives: &[ParetoAxis<'_>], rule: FrontRule) -> Result<(), StatsError> {
    check_probability("alpha", rule.alpha)?;
    let Some(first) = objectives.first() else {
        return Err(StatsError::TooFew {
            what: "objectives",
            needed: 1,
            got: 0,
        });
    };
    for objective in objectives {
        check_not_negative("margin", objective.margin)?;
        let sides = [
            (
                "blocks of two objectives",
                first.values.blocks(),
                objective.values.blocks(),
            ),
            (
                "cells of two objectives",
                first.values.cells(),
                objective.values.cells(),
            ),
        ];
        for (what, left, right) in sides {
            if left != right {
                return Err(StatsError::LengthMismatch { what, left, right });
            }
        }
    }
    let got = first.values.blocks();
    if got < 2 {
        return Err(StatsError::TooFew {
            what: "blocks",
            needed: 2,
            got,
        });
    }
    Ok(())
}

/// For each cell one that dominates it, or `None` for the front.
fn dominators(objectives: &[ParetoAxis<'_>], alpha: f64) -> Result<Vec<Option<usize>>, StatsError> {
    let cells = objectives[0].values.cells();
    if cells == 1 {
        return Ok(vec![None]);
    }
    let tests = ((cells - 1) * objectives.len()) as f64;
    let judged = objectives
        .iter()
        .map(|objective| Judged::new(objective, alpha / tests))
        .collect::<Result<Vec<_>, _>>()?;
    let levels = Levels::new(judged.iter().map(|judged| judged.levels.as_slice()));
    let worse: Vec<f64> = judged.iter().map(|j| j.margin.min(j.significant)).collect();
    let better: Vec<f64> = judged.iter().map(|j| j.significant).collect();
    let found: Vec<Vec<usize>> = (0..cells)
        .map(|cell| {
            (0..cells)
                .filter(|&rival| levels.beats(rival, cell, &worse, &better))
                .collect()
        })
        .collect();
    Ok(reachable_from_front(&found))
}

/// Domination with margins can run in a circle, where it says nothing: a cell is out only if the chain of its
/// dominators starts on the front.
fn reachable_from_front(dominators: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut out = vec![None; dominators.len()];
    let mut known: Vec<bool> = dominators.iter().map(Vec::is_empty).collect();
    let mut grew = true;
    while grew {
        grew = false;
        for (cell, rivals) in dominators.iter().enumerate() {
            if !known[cell]
                && let Some(&rival) = rivals.iter().find(|&&rival| known[rival])
            {
                known[cell] = true;
                out[cell] = Some(rival);
                grew = true;
            }
        }
    }
    out
}

/// One objective with what makes a difference significant in it.
struct Judged {
    levels: Vec<f64>,
    margin: f64,
    /// The least difference of two cells that is significant, one-sided, pooled residual.
    significant: f64,
}

impl Judged {
    fn new(objective: &ParetoAxis<'_>, alpha: f64) -> Result<Self, StatsError> {
        let fit = additive::fit(objective.values)?;
        let error = fit.standard_error(0, 1);
        let significant = if error > 0.0 {
            t_quantile(1.0 - alpha, fit.residual_df as f64) * error
        } else if signs_only_p(objective.values.blocks()) <= alpha {
            0.0
        } else {
            f64::INFINITY
        };
        Ok(Judged {
            levels: fit.cell_levels,
            margin: objective.margin,
            significant,
        })
    }
}

/// Share of resamples in which each cell is on the front by margins alone.
fn frequencies(objectives: &[ParetoAxis<'_>], resampling: Resampling) -> Option<Vec<f64>> {
    if resampling.draws == 0 {
        return None;
    }
    let (blocks, cells) = (objectives[0].values.blocks(), objectives[0].values.cells());
    let margins: Vec<f64> = objectives
        .iter()
        .map(|objective| objective.margin)
        .collect();
    let mut random = Random::new(resampling.seed);
    let mut counts = vec![0_usize; cells];
    for _ in 0..resampling.draws {
        let mut weights = vec![0.0; blocks];
        (0..blocks).for_each(|_| weights[random.below(blocks)] += 1.0 / blocks as f64);
        let drawn: Vec<Vec<f64>> = objectives
            .iter()
            .map(|objective| weighted_levels(objective.values, &weights))
            .collect();
        let levels = Levels::new(drawn.iter().map(Vec::as_slice));
        for cell in levels.undominated(&margins) {
            counts[cell] += 1;
        }
    }
    Some(
        counts
            .into_iter()
            .map(|count| count as f64 / resampling.draws as f64)
            .collect(),
    )
}

fn weighted_levels(values: &CompleteBlocks, weights: &[f64]) -> Vec<f64> {
    let mut levels = vec![0.0; values.cells()];
    for (row, &weight) in values.rows().zip(weights) {
        if weight > 0.0 {
            for (level, value) in levels.iter_mut().zip(row) {
                *level += weight * value;
            }
        }
    }
    levels
}

/// Levels of all cells in all objectives, cell after cell.
struct Levels {
    objectives: usize,
    values: Vec<f64>,
}

impl Levels {
    fn new<'a>(by_objective: impl Iterator<Item = &'a [f64]>) -> Self {
        let columns: Vec<&[f64]> = by_objective.collect();
        let cells = columns[0].len();
        let values = (0..cells)
            .flat_map(|cell| columns.iter().map(move |column| column[cell]))
            .collect();
        Levels {
            objectives: columns.len(),
            values,
        }
    }

    fn of(&self, cell: usize) -> &[f64] {
        &self.values[cell * self.objectives..(cell + 1) * self.objectives]
    }

    /// Whether the rival is behind by at most `worse` everywhere and ahead by more than `better` somewhere.
    fn beats(&self, rival: usize, cell: usize, worse: &[f64], better: &[f64]) -> bool {
        let mut ahead = false;
        for (((a, b), worse), better) in self
            .of(rival)
            .iter()
            .zip(self.of(cell))
            .zip(worse)
            .zip(better)
        {
            let difference = a - b;
            if difference < -worse {
                return false;
            }
            ahead |= difference > *better;
        }
        ahead
    }

    /// Cells that no other beats with the same margin for both sides of the rule. Strong cells are tried as rivals
    /// first, so that most weak ones fall at once.
    fn undominated(&self, margins: &[f64]) -> Vec<usize> {
        let cells = self.values.len() / self.objectives;
        let total: Vec<f64> = (0..cells).map(|cell| self.of(cell).iter().sum()).collect();
        let mut order: Vec<usize> = (0..cells).collect();
        order.sort_by(|&a, &b| total[b].total_cmp(&total[a]));
        (0..cells)
            .filter(|&cell| {
                !order
                    .iter()
                    .any(|&rival| self.beats(rival, cell, margins, margins))
            })
            .collect()
    }
}
