//! Tie groups: who may be the best on one objective.
//!
//! The top group is every cell that no rival beats significantly **and** by more than the margin. The first half is
//! Gupta's subset selection (`stats::selection`); the second keeps a difference that nobody would act on from deciding
//! a ranking. The next group is the top group of the rest, and so on.

use documents::effect::Scale;
use stats::CompleteBlocks;
use stats::additive::{self, Observation};
use stats::selection::{GroupRule, PairTest, Standing, top_group, top_group_of_fit};

use super::model::observations;
use crate::evidence::Values;
use crate::margin::Margin;

/// The group of every cell, from 1; `None` for a cell without values.
pub(crate) fn tie_groups(
    values: &Values,
    scale: Scale,
    equal_noise: bool,
    margin: Margin,
    alpha: f64,
) -> Vec<Option<usize>> {
    let (place, mut observations) = observations(values, scale);
    let sign = values.of.orientation();
    for observation in &mut observations {
        observation.value *= sign;
    }
    let cells = place.iter().flatten().count();
    let mut group_of = vec![0; cells];
    let mut left: Vec<usize> = (0..cells).collect();
    let mut group = 0;
    while !left.is_empty() {
        group += 1;
        let Some(standings) = judge(&observations, &left, equal_noise, alpha) else {
            // Too little data to tell any of the rest apart: they tie.
            left.iter().for_each(|&cell| group_of[cell] = group);
            break;
        };
        let best = standings
            .iter()
            .map(|standing| standing.level)
            .fold(f64::NEG_INFINITY, f64::max);
        let allowance = margin.on(scale);
        for standing in &standings {
            if standing.in_top_group || standing.level >= best - allowance {
                group_of[left[standing.cell]] = group;
            }
        }
        left.retain(|&cell| group_of[cell] == 0);
    }
    place
        .into_iter()
        .map(|place| place.map(|place| group_of[place]))
        .collect()
}

/// Standings of the cells in `left`; a standing's `cell` is a position in `left`.
fn judge(
    observations: &[Observation],
    left: &[usize],
    equal_noise: bool,
    alpha: f64,
) -> Option<Vec<Standing>> {
    let kept: Vec<Observation> = observations
        .iter()
        .filter_map(|observation| {
            let cell = left.binary_search(&observation.cell).ok()?;
            Some(Observation {
                cell,
                ..*observation
            })
        })
        .collect();
    let kept = without_block_gaps(kept);
    if !equal_noise && let Some(blocks) = complete(&kept, left.len()) {
        let test = PairTest::PairedT;
        return top_group(&blocks, GroupRule { alpha, test }).ok();
    }
    let fit = additive::fit_observations(&kept).ok()?;
    top_group_of_fit(&fit, alpha).ok()
}

fn without_block_gaps(mut observations: Vec<Observation>) -> Vec<Observation> {
    let mut blocks: Vec<usize> = observations.iter().map(|o| o.block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    for observation in &mut observations {
        observation.block = blocks
            .binary_search(&observation.block)
            .expect("the list was made of these blocks");
    }
    observations
}

/// The observations as a table, if no cell lacks a block.
fn complete(observations: &[Observation], cells: usize) -> Option<CompleteBlocks> {
    let blocks = observations.iter().map(|o| o.block + 1).max()?;
    if observations.len() != blocks * cells {
        return None;
    }
    let mut rows = vec![vec![f64::NAN; cells]; blocks];
    for observation in observations {
        rows[observation.block][observation.cell] = observation.value;
    }
    CompleteBlocks::from_rows(&rows).ok()
}
