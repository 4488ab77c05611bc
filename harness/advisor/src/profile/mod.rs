//! Documents out of profiles: tables, flame graphs, differences, and the cross-check of locks.
//!
//! | question | function |
//! |---|---|
//! | which functions does it come from | [`top()`], and for waiting [`places`] |
//! | which calls led there, as a picture | [`flame_graph`] |
//! | what changed between two profiles | [`difference`] |
//! | is this lock really contended | [`lock_check`] |
//!
//! All take [`gotrace::profile::Profile`]s, however they were gathered, and give values; `report` draws them.
//!
//! Reading rules that callers must keep: a mutex profile blames the unlocker, a block profile the waiter; profiles of
//! Go 1.21 and of later versions do not compare in mutex delay (see [`gotrace::profile`]); allocation profiles cover
//! the time since the process began unless they were taken as a difference (`?seconds=N`).
//!
//! Deliberately absent: gathering profiles (`orchestrator`), and rules that judge them beyond locks (`advice`).

mod flame;
mod lock_site;
mod locks;
mod measure;
mod top;
mod tree;

pub use flame::{FlameOptions, Scaling, difference, flame_graph};
pub use locks::{LockEvidence, LockLimits, lock_check};
pub use measure::{main_measure, measure_at, measures};
pub(crate) use top::is_waiting_machinery;
pub use top::{places, top};
