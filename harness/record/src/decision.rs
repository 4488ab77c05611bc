//! What a run decided as it went: which cells left the race, why no further block was searched, and who is measured
//! afresh. One line of `decisions.jsonl` for each block that was judged.
//!
//! A decision is taken once and kept, so that a run that was killed goes on exactly as it would have, and a reader sees
//! why cells have unequal numbers of trials. What is deliberately absent: the deciding itself. The measuring half asks
//! for it and the thinking half answers.

use serde::{Deserialize, Serialize};

use crate::cell::CellId;
use crate::objective::Objective;

/// The version of a decision's format.
pub const DECISION_FORMAT: u32 = 1;

/// What was decided when a block had ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The version of this format.
    pub format: u32,
    /// Blocks of the run that had ended, confirmation included: it holds from the block of this number on.
    pub blocks: u32,
    /// Cells that are not run any more.
    #[serde(default)]
    pub eliminated: Vec<Elimination>,
    /// Set where the stretch of blocks under way (search or confirmation) ends.
    #[serde(default)]
    pub stop: Option<Stop>,
    /// The cells that are measured afresh from here on, with their controls.
    #[serde(default)]
    pub finalists: Vec<Finalist>,
    /// The search goes on again, because more blocks were asked for after it had ended.
    #[serde(default)]
    pub extended: bool,
}

impl Decision {
    /// Nothing decided.
    pub fn nothing(blocks: u32) -> Decision {
        Decision {
            format: DECISION_FORMAT,
            blocks,
            eliminated: Vec::new(),
            stop: None,
            finalists: Vec::new(),
            extended: false,
        }
    }
}

/// A cell that left the race.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Elimination {
    /// The cell.
    pub cell: CellId,
    /// On every ranked objective, how far it lies behind a rival.
    pub behind: Vec<Behind>,
    /// The reason for a person, e.g. `cannot reach the top group: ...`.
    pub words: String,
}

/// A cell behind a rival on one objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behind {
    /// The objective.
    pub objective: Objective,
    /// The rival that it cannot catch.
    pub rival: CellId,
    /// Cell ÷ rival; `None` where zeros allow differences only.
    #[serde(default)]
    pub ratio: Option<f64>,
    /// Cell − rival in the objective's unit, where there is no ratio.
    #[serde(default)]
    pub difference: Option<f64>,
    /// One-sided p of "behind by no more than the margin", adjusted for rivals and for all looks of the race.
    pub p_value: f64,
}

/// Why a stretch of blocks ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The kind of reason.
    pub reason: StopReason,
    /// The same for a person.
    pub words: String,
}

/// The kinds of reason to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Every interval is as narrow as was asked for.
    Precise,
    /// All blocks that were planned are done.
    Blocks,
    /// The next block would overrun the time budget.
    Budget,
    /// No cell but the controls is left in play.
    Decided,
}

/// A cell that is measured afresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finalist {
    /// The cell.
    pub cell: CellId,
    /// Why it was chosen, for a person.
    pub words: String,
}

/// What the search blocks so far say about going on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Cells that cannot reach the top group any more.
    pub eliminated: Vec<Elimination>,
    /// Set where every interval is as narrow as was asked for: what was reached, for a person.
    pub precise: Option<String>,
}
