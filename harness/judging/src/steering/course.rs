//! Where a search stands: who has left, how often it may look, and what it can look at.

use record::cell::CellId;
use record::matrix::Matrix;
use record::objective::Objective;
use record::run::{Design, Run};

use crate::evidence::{TargetTrials, Values};

/// Whether a cell has left the race.
pub(super) fn has_left(run: &Run, cell: &CellId) -> bool {
    let decisions = run.decisions.iter();
    decisions
        .flat_map(|decision| &decision.eliminated)
        .any(|out| out.cell == *cell)
}

/// The largest number of times that a race of this design can look.
pub(super) fn planned_looks(run: &Run, design: &Design) -> usize {
    run.blocks.saturating_sub(design.min_blocks).max(1) as usize
}

/// The ranked objectives, as far as somebody observed them. Weights do not matter here: who is behind on every weighed
/// objective is behind on their score.
pub(super) fn observed(matrix: &Matrix, evidence: &TargetTrials<'_>) -> Vec<(Objective, Values)> {
    let values = matrix
        .rank_by
        .iter()
        .map(|&objective| (objective, evidence.values(objective)));
    values
        .filter(|(_, values)| values.cells.iter().any(|cell| !cell.is_empty()))
        .collect()
}
