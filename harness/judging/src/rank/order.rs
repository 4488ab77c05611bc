//! The composite order of the cells.
//!
//! First by what may be said of a cell (feasible, uncertain, violated, failed, no data), then lexicographically by its
//! tie group on each objective of `rank_by`, or on the score where it weighs them. Among cells that tie everywhere the
//! control comes first, because no change is the cheapest change; then fewer non-default settings, then less memory,
//! then the order of the matrix.

use std::cmp::Ordering;

use documents::effect::Criterion;
use documents::ranking::{CellRanking, CellState};
use record::objective::Objective;

/// Sorts the cells, the best first, and numbers those that can be ranked.
pub(crate) fn sort_and_number(cells: &mut [CellRanking], criteria: &[Criterion]) {
    cells.sort_by(|a, b| compare(a, b, criteria));
    let ranked = cells
        .iter_mut()
        .filter(|cell| !matches!(cell.state, CellState::Failed | CellState::NoData));
    for (place, cell) in ranked.enumerate() {
        cell.rank = Some(place + 1);
    }
}

/// Whether two cells are tied on everything that the ranking goes by.
pub(crate) fn tied(a: &CellRanking, b: &CellRanking, criteria: &[Criterion]) -> bool {
    a.state == b.state && groups(a, criteria).eq(groups(b, criteria))
}

fn compare(a: &CellRanking, b: &CellRanking, criteria: &[Criterion]) -> Ordering {
    let simplicity = |cell: &CellRanking| (!cell.control, cell.non_default_settings);
    a.state
        .cmp(&b.state)
        .then_with(|| groups(a, criteria).cmp(groups(b, criteria)))
        .then_with(|| simplicity(a).cmp(&simplicity(b)))
        .then_with(|| memory(a).total_cmp(&memory(b)))
}

/// A cell without a value on an objective comes after all that have one.
fn groups<'a>(
    cell: &'a CellRanking,
    criteria: &'a [Criterion],
) -> impl Iterator<Item = usize> + 'a {
    criteria.iter().map(|&criterion| {
        cell.on(criterion)
            .and_then(|figures| figures.group)
            .unwrap_or(usize::MAX)
    })
}

fn memory(cell: &CellRanking) -> f64 {
    cell.objectives
        .get(&Objective::Rss)
        .and_then(|figures| figures.value)
        .unwrap_or(f64::INFINITY)
}
