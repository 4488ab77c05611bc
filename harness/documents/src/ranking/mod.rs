//! The ranking document: what `gosweep rank --json` and `gosweep report --format json` print, and all that the other
//! reports are made of.
//!
//! One shape for every use. Values are in the unit that stands alongside them; ratios are cell ÷ control; whatever was
//! not observed is null and `missing` says why. Nothing here is computed; `judging::rank` fills it.

mod cell;
mod run;
mod target;

pub use cell::{
    CellRanking, CellState, ConstraintCheck, ConstraintState, FailedTrial, InvalidTrial, LeftRace,
    RequestFigures,
};
pub use run::{Provenance, RANKING_FORMAT, Ranking, TrialFigures};
pub use target::{
    AaFigure, Change, Confirmation, ConfirmationOutcome, EffectLine, ObjectiveSummary,
    RankingVerdict, ScoreSummary, TargetRanking, VerdictKind,
};
