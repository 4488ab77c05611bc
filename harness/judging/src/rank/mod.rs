//! From a run and its trials to a ranking.
//!
//! [`rank()`] reads as the method: choose the trials that count ([`crate::evidence`]), compare every cell with the
//! control on every objective (`compare`, `groups`), check the limits (`constraint`), order the cells (`order`), and
//! form the verdict (`verdict`). [`ranked`] gives alongside the ranking what it was made of, for whoever looks for what
//! is wrong with it (`advisor`).
//!
//! Deliberately absent: statistics (crate `stats`), text layout (crate `report`), warnings (crate `advisor`),
//! comparison of two sides ([`crate::comparison`]).

mod cells;
mod claim;
mod compare;
mod confirmation;
mod constraint;
mod cross_check;
mod detectable;
mod groups;
mod model;
mod order;
mod preference;
mod provenance;
mod requests;
mod same;
mod trials;
mod verdict;
mod whole;

pub(crate) use cells::states;
pub use compare::Comparison;
pub(crate) use detectable::smallest_claimed;
pub(crate) use model::{Trials, observations};
pub use provenance::SHORTEST_JUDGED;
pub use whole::{Ranked, RankedTarget, rank, ranked};
