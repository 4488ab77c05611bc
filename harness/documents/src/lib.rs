//! What every output is made of: the documents that gosweep prints and stores, and the figures they are written with.
//!
//! | document | printed by |
//! |---|---|
//! | [`ranking::Ranking`] | `rank`, `report` |
//! | [`exploration::Exploration`] | `rank --explore`, and within a ranking |
//! | [`proof::Proof`] | `rank --selftest` |
//! | [`comparison::Comparison`] | `compare` |
//! | [`gate::GateReport`] | `gate` |
//! | [`upgrade::Upgrade`] | `upgrade` |
//! | [`advice::Advice`] | `advise`, and within a ranking |
//! | [`diagnosis::Diagnoses`] | `diagnose` |
//! | [`export::Export`] | `export` |
//! | [`analysis::Analysis`] | `analyze` |
//!
//! [`schema`] has the JSON Schema of each. They share [`effect`] (one figure against another), [`finding`] and [`warning`] (what is wrong and what to do), and
//! [`profile`] (tables and flame graphs out of profiles). Whatever writes a figure for a person takes it from [`figures`].
//!
//! Values are in the unit that stands alongside them; what was not observed is null. Nothing here is computed from a
//! record: crates `judging` and `advisor` fill documents, crate `report` renders them.

pub mod advice;
pub mod analysis;
pub mod comparison;
pub mod diagnosis;
pub mod effect;
pub mod exploration;
pub mod export;
pub mod figures;
pub mod finding;
pub mod gate;
pub mod profile;
pub mod proof;
pub mod ranking;
pub mod schema;
pub mod upgrade;
pub mod warning;
