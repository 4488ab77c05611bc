//! Tie groups: who may be the best on one objective.
//!
//! The top group is every cell that no rival beats significantly **and** by more than the margin. The first half is
//! Gupta's subset selection (`stats::selection`); the second keeps a difference that nobody would act on from deciding
//! a ranking. The next group is the top group of the rest, and so on.

use documents::effect::Scale;
use stats::additive::Observation;
use stats::selection::{GroupRule, PairTest, Standing, top_group_of_trials};

use super::model::{Trials, observations};
use crate::evidence::Values;
use crate::margin::Margin;

/// The group of every cell, from 1; `None` for a cell without values. `shown` is what each cell is shown to differ from
/// the control by, higher being better: no cell stands in a group behind one that is shown to be worse.
pub(crate) fn tie_groups(
    values: &Values,
    scale: Scale,
    equal_noise: bool,
    margin: Margin,
    alpha: f64,
    shown: &[Option<f64>],
) -> Vec<Option<usize>> {
    let (place, mut observations) = observations(values, scale, Trials::Measured);
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
    let mut groups: Vec<Option<usize>> = place
        .into_iter()
        .map(|place| place.map(|place| group_of[place]))
        .collect();
    in_the_order_shown(&mut groups, shown);
    groups
}

/// Groups go by the fit's levels, the table shows each cell's own median of differences. Where the two put cells in
/// another order, the one that is shown to be better joins the better group: a group may hold more than it need.
fn in_the_order_shown(groups: &mut [Option<usize>], shown: &[Option<f64>]) {
    let mut order: Vec<usize> = (0..groups.len())
        .filter(|&cell| groups[cell].is_some() && shown[cell].is_some())
        .collect();
    order.sort_by(|&a, &b| {
        let value = |cell: usize| shown[cell].unwrap_or(f64::NEG_INFINITY);
        value(a).total_cmp(&value(b))
    });
    let mut best = None;
    for cell in order {
        best = match (best, groups[cell]) {
            (Some(best), Some(own)) if best < own => Some(best),
            (_, own) => own,
        };
        groups[cell] = best;
    }
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
    let test = if equal_noise {
        PairTest::PooledT
    } else {
        PairTest::PairedT
    };
    top_group_of_trials(&without_block_gaps(kept), GroupRule { alpha, test }).ok()
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
