//! What checks look at, and what they have in common.

use std::collections::BTreeSet;

use documents::figures::grouped;
use documents::ranking::TargetRanking;
use record::threshold::Thresholds;

use crate::evidence::{CellTrials, TargetTrials};
use crate::options::RankOptions;

/// Blocks of a part: the least that carries an exact 95 % interval.
pub(super) const PART: usize = 6;

/// A check fails where chance explains what was seen less often than this.
pub(super) const SURPRISE: f64 = 0.01;

/// More blocks than this are no advice.
pub(super) const MOST_BLOCKS: f64 = 2_000.0;

/// A target with everything that checks look at.
pub(super) struct Known<'a> {
    pub(super) evidence: &'a TargetTrials<'a>,
    pub(super) ranking: &'a TargetRanking,
    /// The rankings of the parts, in the order of time.
    pub(super) parts: Vec<&'a TargetRanking>,
    pub(super) options: &'a RankOptions,
    /// The matrix's.
    pub(super) thresholds: &'a Thresholds,
}

impl Known<'_> {
    /// Cells that differ from the control on this axis alone, with their value on it.
    pub(super) fn differing_in<'k>(
        &'k self,
        axis: &'k str,
    ) -> impl Iterator<Item = (usize, &'k CellTrials<'k>, &'k str)> {
        let control = &self.evidence.cells[self.evidence.control].cell.axes;
        let cells = self.evidence.cells.iter().enumerate();
        cells.filter_map(move |(at, cell)| {
            let own = &cell.cell.axes;
            let names: BTreeSet<&String> = own.keys().chain(control.keys()).collect();
            let differing: Vec<&String> = names
                .into_iter()
                .filter(|name| own.get(*name) != control.get(*name))
                .collect();
            match differing.as_slice() {
                [only] if only.as_str() == axis => Some((at, cell, own.get(axis)?.as_str())),
                _ => None,
            }
        })
    }

    pub(super) fn id(&self, cell: usize) -> String {
        self.evidence.cells[cell].cell.id.to_string()
    }

    pub(super) fn label(&self, cell: usize) -> String {
        let id = self.id(cell);
        let mut cells = self.ranking.cells.iter();
        cells
            .find(|own| own.id == id)
            .map_or(id, |own| own.label.clone())
    }
}

/// So many blocks, and why a sensible number would not do where there is none.
pub(super) fn blocks_that_would_do(blocks: f64, otherwise: &str) -> String {
    if blocks.is_finite() && blocks <= MOST_BLOCKS {
        format!("about {} blocks", grouped(blocks.ceil()))
    } else {
        otherwise.to_owned()
    }
}

/// The same for runs of six blocks.
pub(super) fn parts_that_would_do(parts: f64, otherwise: &str) -> String {
    blocks_that_would_do(parts.ceil() * PART as f64, otherwise)
}
