//! The advisor's rules: pure functions from evidence to advice.
//!
//! Main function: [`judge()`], from an [`Evidence`] to a [`Judgement`] of findings. A run's cell and a foreign log both
//! become evidence: samples with whatever parts were observed. A rule names the signals that it needs ([`Signal`]);
//! where they are absent it is not judged, and the judgement says so with what is missing.
//!
//! A rule fires only if it holds in three samples of a trial or in two trials. Validity rules come first: a critical
//! one means that the cell supports no recommendation. Numbers to compare with are in one table
//! ([`record::threshold`]), which a matrix may override.
//!
//! Deliberately absent: any file or process (the caller hands in what was read), and a ranking of settings
//! ([`crate::rank()`]): a rule says what is likely, a measurement what is so.

mod catalogue;
mod evidence;
mod finding;
mod judge;
mod of_run;
mod page;
mod physics;
mod profiles;
mod rule;
mod runtime;
mod signal;

pub use catalogue::rules;
pub use evidence::{
    Beside, ControlReading, CpuShares, Drive, Evidence, Interaction, Load, LockSite, Profiles,
    Sample, Scaling, Setting, Subject, VersionStep,
};
pub use finding::{
    Family, Finding, Held, Judgement, NotJudged, Once, Seen, Severity, Try, TryKind,
};
pub use judge::judge;
pub use of_run::{Raw, Source, TargetEvidence, of_run};
pub use page::{
    ADVICE_FORMAT, Ablation, Advice, AdviseOptions, CellAdvice, CellName, CodeChange, Given, Limit,
    LimitedBy, MeasuredEffect, Recommendation, SettingAdvice, SpoiltBy, TargetAdvice, Tried,
    advise,
};
pub use rule::Rule;
pub use runtime::{Memory, Runtime};
pub use signal::Signal;
