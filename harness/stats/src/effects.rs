//! What an axis does: main effects and pairwise interactions, from cells that differ in nothing else.
//!
//! Every effect is a contrast within each block (matched cells of two levels, or a difference of differences), so the
//! machine's drift cancels; over the blocks it gets a Hodges-Lehmann interval like any paired comparison. Incomplete
//! matrices are fine: only cells with their matched partners count. Not a model: nothing is extrapolated.

use std::collections::BTreeMap;

use crate::blocks::CompleteBlocks;
use crate::correction::holm;
use crate::error::StatsError;
use crate::estimate::{Alternative, Estimate};
use crate::paired;

/// Which level of each axis every cell has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// One entry per cell, each with one level index per axis.
    pub levels: Vec<Vec<usize>>,
    /// The level of each axis that effects are measured from, usually the control's.
    pub reference: Vec<usize>,
}

/// One level of an axis against its reference level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MainEffect {
    /// The axis.
    pub axis: usize,
    /// The level.
    pub level: usize,
    /// How many pairs of cells that differ in this only it averages over.
    pub pairs: usize,
    /// Level − reference, on the scale of the values (log ratio for logs).
    pub estimate: Estimate,
    /// Two-sided t test over the blocks' contrasts.
    pub p_value: f64,
    /// Holm-adjusted over all main effects.
    pub p_holm: f64,
}

/// How much the effect of one axis depends on another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interaction {
    /// First axis and its level.
    pub first: (usize, usize),
    /// Second axis and its level.
    pub second: (usize, usize),
    /// How many squares of four cells it averages over.
    pub squares: usize,
    /// (both − second only) − (first only − neither): zero where log effects simply add up.
    pub estimate: Estimate,
    /// Two-sided t test over the blocks' contrasts.
    pub p_value: f64,
    /// Holm-adjusted over all interactions.
    pub p_holm: f64,
}

/// All main effects that the matrix lets see, axis by axis. A level without a matched pair is left out.
///
/// # Errors
/// [`StatsError::LengthMismatch`] where layout and table differ, [`StatsError::NoFit`] for two cells with all levels
/// the same, [`StatsError::TooFew`] below two blocks, [`StatsError::OutOfRange`] for the confidence level.
pub fn main_effects(
    blocks: &CompleteBlocks,
    layout: &Layout,
    confidence: f64,
) -> Result<Vec<MainEffect>, StatsError> {
    let index = CellIndex::new(blocks, layout)?;
    let mut effects = Vec::new();
    for axis in 0..layout.reference.len() {
        for level in index.levels_beside_reference(axis) {
            let pairs: Vec<[usize; 2]> = index
                .cells_with(&[(axis, level)])
                .filter_map(|(cell, own)| {
                    let other = index.find(own, &[(axis, layout.reference[axis])])?;
                    Some([cell, other])
                })
                .collect();
            if pairs.is_empty() {
                continue;
            }
            let contrasts = contrasts(blocks, &pairs, [1.0, -1.0]);
            effects.push(MainEffect {
                axis,
                level,
                pairs: pairs.len(),
                estimate: paired::estimate(&contrasts, confidence)?,
                p_value: paired::t_test(&contrasts, Alternative::TwoSided)?.p_value,
                p_holm: 1.0,
            });
        }
    }
    let p_values: Vec<f64> = effects.iter().map(|effect| effect.p_value).collect();
    for (effect, p_holm) in effects.iter_mut().zip(holm(&p_values)?) {
        effect.p_holm = p_holm;
    }
    Ok(effects)
}

/// All pairwise interactions that the matrix lets see. A pair of levels without a full square is left out.
///
/// # Errors
/// As [`main_effects`].
pub fn interactions(
    blocks: &CompleteBlocks,
    layout: &Layout,
    confidence: f64,
) -> Result<Vec<Interaction>, StatsError> {
    let index = CellIndex::new(blocks, layout)?;
    let mut found = Vec::new();
    for (first, second) in index.pairs_of_levels() {
        let neither_first = (first.0, layout.reference[first.0]);
        let neither_second = (second.0, layout.reference[second.0]);
        let squares: Vec<[usize; 4]> = index
            .cells_with(&[first, second])
            .filter_map(|(both, own)| {
                let second_only = index.find(own, &[neither_first])?;
                let first_only = index.find(own, &[neither_second])?;
                let neither = index.find(own, &[neither_first, neither_second])?;
                Some([both, second_only, first_only, neither])
            })
            .collect();
        if squares.is_empty() {
            continue;
        }
        let contrasts = contrasts(blocks, &squares, [1.0, -1.0, -1.0, 1.0]);
        found.push(Interaction {
            first,
            second,
            squares: squares.len(),
            estimate: paired::estimate(&contrasts, confidence)?,
            p_value: paired::t_test(&contrasts, Alternative::TwoSided)?.p_value,
            p_holm: 1.0,
        });
    }
    let p_values: Vec<f64> = found
        .iter()
        .map(|interaction| interaction.p_value)
        .collect();
    for (interaction, p_holm) in found.iter_mut().zip(holm(&p_values)?) {
        interaction.p_holm = p_holm;
    }
    Ok(found)
}

/// Per block the mean over all groups of the signed sum of a group's cells.
fn contrasts<const N: usize>(
    blocks: &CompleteBlocks,
    groups: &[[usize; N]],
    signs: [f64; N],
) -> Vec<f64> {
    blocks
        .rows()
        .map(|row| {
            let sum: f64 = groups
                .iter()
                .map(|group| {
                    group
                        .iter()
                        .zip(signs)
                        .map(|(&cell, sign)| sign * row[cell])
                        .sum::<f64>()
                })
                .sum();
            sum / groups.len() as f64
        })
        .collect()
}

/// Cells by their levels.
struct CellIndex<'a> {
    layout: &'a Layout,
    by_levels: BTreeMap<&'a [usize], usize>,
}

impl<'a> CellIndex<'a> {
    fn new(blocks: &CompleteBlocks, layout: &'a Layout) -> Result<Self, StatsError> {
        if layout.levels.len() != blocks.cells() {
            return Err(StatsError::LengthMismatch {
                what: "cells of layout and table",
                left: layout.levels.len(),
                right: blocks.cells(),
            });
        }
        let mut by_levels = BTreeMap::new();
        for (cell, levels) in layout.levels.iter().enumerate() {
            if levels.len() != layout.reference.len() {
                return Err(StatsError::LengthMismatch {
                    what: "axes of a cell and of the reference",
                    left: levels.len(),
                    right: layout.reference.len(),
                });
            }
            if by_levels.insert(levels.as_slice(), cell).is_some() {
                return Err(StatsError::NoFit {
                    what: "layout",
                    reason: "two cells have the same level on every axis; merge them or name the axis they differ in",
                });
            }
        }
        Ok(CellIndex { layout, by_levels })
    }

    fn levels_beside_reference(&self, axis: usize) -> Vec<usize> {
        let mut levels: Vec<usize> = self
            .layout
            .levels
            .iter()
            .map(|levels| levels[axis])
            .collect();
        levels.sort_unstable();
        levels.dedup();
        levels.retain(|level| *level != self.layout.reference[axis]);
        levels
    }

    /// All (axis, level) x (later axis, level), references left out.
    fn pairs_of_levels(&self) -> Vec<((usize, usize), (usize, usize))> {
        let by_axis: Vec<Vec<usize>> = (0..self.layout.reference.len())
            .map(|axis| self.levels_beside_reference(axis))
            .collect();
        let mut pairs = Vec::new();
        for first in 0..by_axis.len() {
            for second in first + 1..by_axis.len() {
                for &a in &by_axis[first] {
                    pairs.extend(by_axis[second].iter().map(|&b| ((first, a), (second, b))));
                }
            }
        }
        pairs
    }

    fn cells_with<'s>(
        &'s self,
        wanted: &'s [(usize, usize)],
    ) -> impl Iterator<Item = (usize, &'a [usize])> + 's {
        self.layout
            .levels
            .iter()
            .enumerate()
            .filter(move |(_, levels)| wanted.iter().all(|&(axis, level)| levels[axis] == level))
            .map(|(cell, levels)| (cell, levels.as_slice()))
    }

    /// The cell with these levels except for the changes.
    fn find(&self, levels: &[usize], changes: &[(usize, usize)]) -> Option<usize> {
        let mut wanted = levels.to_vec();
        for &(axis, level) in changes {
            wanted[axis] = level;
        }
        self.by_levels.get(wanted.as_slice()).copied()
    }
}
