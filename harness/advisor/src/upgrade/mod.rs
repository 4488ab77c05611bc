//! The page on an upgrade of Go: what was measured, what carries it, what changes without being asked for.
//!
//! [`upgrade()`] makes the document of a run in which the versions stand side by side, and of the runs in which the new
//! version's switches were put back one at a time; [`unexplained`] says which of those are wanted. [`ModuleSources`] are
//! what the caller has read of a target's module, for what needs no run.
//!
//! Deliberately absent: any file or process, and a verdict of its own ([`judging::upgrade`] has that).

mod compared;
mod defaults;
mod facts;
mod latencies;
mod page;
mod samples;
mod scan;
mod switches;

pub use compared::{Switched, UpgradeGiven};
pub use defaults::go_line;
pub use page::upgrade;
pub use scan::{ModuleSources, SourceLine};
pub use switches::{Unexplained, unexplained};

#[cfg(test)]
mod tests;
