//! What is wrong, why, and what to do: pure functions from evidence to advice.
//!
//! | asked | answered by |
//! |---|---|
//! | what are a run's figures worth | [`rank()`] and [`measured`]: judging, with warnings |
//! | what limits the service, what to change | [`advise`] |
//! | what of that can be put in place, and how | [`export`] |
//! | what do the diagnoses of a run show | [`diagnosis`] |
//! | what does a foreign log, profile or crash show | [`analyze`] |
//! | where do time and memory go, which lock is contended | [`profile`] |
//!
//! Main function: [`judge()`], from a [`RuleEvidence`] to a [`Judgement`](documents::finding::Judgement) of findings. A run's cell and a foreign log
//! both become evidence: samples with whatever parts were observed. A rule names the signals that it needs
//! ([`Signal`]); where they are absent it is not judged, and the judgement says so with what is missing.
//!
//! A rule fires only if it holds in three samples of a trial or in two trials. Validity rules come first: a critical
//! one means that the cell supports no recommendation. Numbers to compare with are in one table
//! ([`record::threshold`]), which a matrix may override.
//!
//! Deliberately absent: any file or process (the caller hands in what was read), and a ranking of settings
//! ([`judging::rank()`]): a rule says what is likely, a measurement what is so.

mod catalogue;
mod defects;
mod error;
mod evidence;
mod judge;
mod of_run;
mod page;
mod physics;
mod profiles;
mod readback;
mod rule;
mod runtime;
mod signal;
mod validity;
mod warnings;

pub mod analyze;
pub mod diagnosis;
pub mod export;
pub mod profile;
pub mod upgrade;

pub use catalogue::rules;
pub use defects::{BREAKS, Break, DEFECTS, Defect};
pub use error::AdvisorError;
pub use evidence::{
    Beside, ChannelWait, ControlReading, CpuShares, Drive, GoroutineGroup, GoroutineGroups,
    HeapUse, Interaction, Load, Profiles, RuleEvidence, Sample, Scaling, Setting, Subject,
    VersionStep, Waiting,
};
pub use judge::judge;
pub use of_run::{Raw, Source, TargetEvidence, of_run};
pub use page::{AdviseOptions, Given, advise};
pub use profiles::ProfileEvidence;
pub use rule::{Rival, Rule};
pub use runtime::{Memory, Runtime};
pub use signal::Signal;
pub use warnings::{measured, rank};
