//! Is this host fit to measure on?
//!
//! [`readiness`] reads and judges; it changes nothing and samples nothing, so that it may run before every measurement.
//! Each [`Check`] says what was found, why it matters and what would fix it. What cannot be read is [`State::Unknown`],
//! never taken for good.

mod frequency;
mod kernel;
mod load;
mod machine;
mod process;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::model::Topology;
use crate::source::Source;

/// How one property of the host bears on measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing to do.
    Ok,
    /// Not there, or cannot be told, on this host.
    #[serde(rename = "absent")]
    Unknown,
    /// Adds noise or bias; figures remain usable with care.
    Warn,
    /// Makes figures unusable.
    #[serde(rename = "fail")]
    Bad,
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Ok => "OK",
            Self::Unknown => "ABSENT",
            Self::Warn => "WARN",
            Self::Bad => "FAIL",
        })
    }
}

/// One property of the host, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A stable name, such as `governor`.
    pub id: &'static str,
    /// The verdict.
    pub state: State,
    /// What was found, one line.
    pub found: String,
    /// Why it matters, one line.
    pub why: &'static str,
    /// What to do about it, one line; `None` when nothing needs doing or nothing can be done.
    #[serde(rename = "cure")]
    pub fix: Option<String>,
}

impl Check {
    fn ok(id: &'static str, why: &'static str, found: impl Into<String>) -> Self {
        Self {
            id,
            state: State::Ok,
            found: found.into(),
            why,
            fix: None,
        }
    }

    fn unknown(id: &'static str, why: &'static str, found: impl Into<String>) -> Self {
        Self {
            id,
            state: State::Unknown,
            found: found.into(),
            why,
            fix: None,
        }
    }

    fn warn(id: &'static str, why: &'static str, found: impl Into<String>, fix: &str) -> Self {
        Self {
            id,
            state: State::Warn,
            found: found.into(),
            why,
            fix: Some(fix.to_owned()),
        }
    }

    fn bad(self) -> Self {
        Self {
            state: State::Bad,
            ..self
        }
    }
}

/// Judges the host whose `sys/` and `proc/` lie below `root`, in a fixed order.
///
/// Every check is always present, with [`State::Unknown`] where its file is missing.
pub fn readiness(root: &Path) -> Vec<Check> {
    let source = Source::new(root);
    let topology = crate::read(root).ok();
    let mut checks = vec![machine::cores(topology.as_ref())];
    checks.extend(frequency::checks(&source, topology.as_ref()));
    checks.push(machine::smt(&source, topology.as_ref()));
    checks.push(machine::isolation(topology.as_ref()));
    checks.push(machine::virtualisation(&source, topology.as_ref()));
    checks.push(machine::clock_source(&source));
    checks.push(machine::cpu_quota(topology.as_ref()));
    checks.extend(load::checks(&source, topology.as_ref()));
    checks.extend(kernel::checks(&source, topology.as_ref()));
    checks.extend(process::checks(&source));
    checks
}

fn online_count(topology: Option<&Topology>) -> usize {
    topology.map_or(1, |topology| topology.sets.online.len().max(1))
}
