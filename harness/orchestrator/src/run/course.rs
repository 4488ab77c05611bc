//! Where a run stands by its decisions: searching, confirming or at its end, and who is still in play. Pure: a run that
//! is taken up again goes through the same decisions and stands where it stood.

use std::collections::BTreeSet;

use record::cell::CellId;
use record::decision::{Decision, StopReason};
use record::run::{Design, Run};
use record::trial::Stage;

use crate::plan::ReadyCell;

/// The course of a run.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) design: Design,
    /// Search blocks at most.
    pub(super) most: u32,
    eliminated: BTreeSet<CellId>,
    leg: Leg,
    /// Search blocks that have ended.
    pub(super) searched: u32,
    /// Blocks of the leg under way that have ended.
    pub(super) in_leg: u32,
    /// Why the search ended.
    search_ended: Option<StopReason>,
}

#[derive(Debug, PartialEq, Eq)]
enum Leg {
    Search,
    Confirm(BTreeSet<CellId>),
    End,
}

impl Course {
    /// The start of a run's course, none of its decisions taken yet. A run without a design runs every block of every
    /// cell.
    pub(super) fn start(run: &Run) -> Course {
        Course {
            design: run.design.clone().unwrap_or_else(|| Design {
                min_blocks: run.blocks,
                ..Design::default()
            }),
            most: run.blocks,
            eliminated: BTreeSet::new(),
            leg: Leg::Search,
            searched: 0,
            in_leg: 0,
            search_ended: None,
        }
    }

    /// Whether the number of trials is known beforehand.
    pub(super) fn is_fixed(&self) -> bool {
        let design = &self.design;
        design.precision.is_empty() && !design.race && design.confirm_blocks == 0
    }

    /// What the next block is for; `None` at the end.
    pub(super) fn stage(&self) -> Option<Stage> {
        match self.leg {
            Leg::Search => Some(Stage::Search),
            Leg::Confirm(_) => Some(Stage::Confirm),
            Leg::End => None,
        }
    }

    /// The block whose order the next block runs in, and whether backwards. Of a confirmation every second block turns the
    /// order of the one before it around, so that a finalist runs before its control as often as after it.
    pub(super) fn order_of(&self, block: u32) -> (u32, bool) {
        let is_second = matches!(self.leg, Leg::Confirm(_)) && self.in_leg % 2 == 1;
        (block - u32::from(is_second && block > 0), is_second)
    }

    /// Whether a slot is run in the next block.
    pub(super) fn runs(&self, cells: &[ReadyCell], cell: usize) -> bool {
        let ready = &cells[cell];
        match &self.leg {
            Leg::Search => self.is_in_play(ready),
            Leg::Confirm(finalists) => {
                let target = &ready.planned.spec.target;
                let of_target = |other: &ReadyCell| {
                    other.planned.spec.target == *target && finalists.contains(&other.id)
                };
                // The control twice here too: fresh figures have a noise floor of their own.
                finalists.contains(&ready.id)
                    || ready.planned.control && cells.iter().any(of_target)
            }
            Leg::End => false,
        }
    }

    /// Whether a cell has not left the race.
    pub(super) fn is_in_play(&self, cell: &ReadyCell) -> bool {
        !self.eliminated.contains(&cell.id)
    }

    /// Whether any cell but the controls is still in play.
    pub(super) fn has_rivals(&self, cells: &[ReadyCell]) -> bool {
        cells
            .iter()
            .any(|cell| !cell.planned.control && self.is_in_play(cell))
    }

    /// Whether more search blocks may follow on an end: it came by their number or by time, and there is room now.
    pub(super) fn may_be_extended(&self) -> bool {
        let by_room = matches!(
            self.search_ended,
            Some(StopReason::Blocks | StopReason::Budget)
        );
        by_room && self.searched < self.most
    }

    /// Counts a block that has ended.
    pub(super) fn block_ended(&mut self) {
        self.in_leg += 1;
        if self.leg == Leg::Search {
            self.searched += 1;
        }
    }

    /// Follows a decision.
    pub(super) fn follow(&mut self, decision: &Decision) {
        let leaving = decision.eliminated.iter().map(|out| out.cell.clone());
        self.eliminated.extend(leaving);
        if decision.extended {
            self.leg = Leg::Search;
            self.in_leg = 0;
        }
        let Some(stop) = &decision.stop else { return };
        if self.leg == Leg::Search {
            self.search_ended = Some(stop.reason);
        }
        let finalists: BTreeSet<CellId> = decision
            .finalists
            .iter()
            .map(|finalist| finalist.cell.clone())
            .collect();
        self.leg = match &self.leg {
            Leg::Search if !finalists.is_empty() => Leg::Confirm(finalists),
            _ => Leg::End,
        };
        self.in_leg = 0;
    }
}
