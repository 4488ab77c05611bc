//! Checks a toolchain again, as it lies on disk now.

use std::collections::BTreeMap;

use crate::digest;
use crate::discover;
use crate::error::ToolchainError;
use crate::goroot::{self, Origin, ToolDigests, Toolchain};
use crate::toolbox::Toolbox;
use crate::watch::{Progress, Watch};

/// How a check came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not as it should be, and what is wrong.
    Failed(String),
    /// Cannot be checked, and why.
    Skipped(String),
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What, in a few words.
    pub what: &'static str,
    /// How it came out.
    pub outcome: Outcome,
}

/// All checks of one toolchain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// In the order they were made.
    pub checks: Vec<Check>,
}

impl Verification {
    /// Nothing failed. Skipped checks do not count against it: whoever needs
    /// them all looks at [`Verification::checks`].
    pub fn is_good(&self) -> bool {
        !self
            .checks
            .iter()
            .any(|check| matches!(check.outcome, Outcome::Failed(_)))
    }
}

/// Checks that VERSION and `go version` say what is recorded, that go,
/// compile and link are the recorded ones, and, for a toolchain that gosweep
/// installed, that every file is there as it was and no other.
///
/// # Errors
/// Only when stopped: what is wrong with the toolchain is in the result.
pub fn verify(
    toolchain: &Toolchain,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Verification, ToolchainError> {
    watch.tell(Progress::Verifying {
        what: toolchain.version.to_string(),
    });
    let checks = vec![
        Check {
            what: "VERSION file",
            outcome: outcome(version_file(toolchain))?,
        },
        Check {
            what: "go version runs",
            outcome: outcome(runs(toolchain, toolbox, watch))?,
        },
        Check {
            what: "go, compile and link",
            outcome: outcome(tools(toolchain))?,
        },
        Check {
            what: "every file",
            outcome: outcome(files(toolchain, toolbox))?,
        },
    ];
    Ok(Verification { checks })
}

fn outcome(result: Result<Outcome, ToolchainError>) -> Result<Outcome, ToolchainError> {
    match result {
        Err(error) if error.is_cancelled() => Err(ToolchainError::Cancelled),
        Err(error) => Ok(Outcome::Failed(error.to_string())),
        Ok(outcome) => Ok(outcome),
    }
}

fn version_file(toolchain: &Toolchain) -> Result<Outcome, ToolchainError> {
    let found = goroot::version_of(&toolchain.goroot)?;
    Ok(expect(found == toolchain.version, || {
        format!("it says {found}, not {}", toolchain.version)
    }))
}

fn runs(
    toolchain: &Toolchain,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Outcome, ToolchainError> {
    let scratch = toolbox.store.scratch()?;
    let told = discover::told_version(&toolchain.goroot, scratch.path(), watch)?;
    let same = told.same_release(&toolchain.version);
    Ok(expect(same, || {
        format!("it says {told}, not {}", toolchain.version)
    }))
}

fn tools(toolchain: &Toolchain) -> Result<Outcome, ToolchainError> {
    let now = ToolDigests::of(&toolchain.goroot)?;
    let was = &toolchain.tools;
    let changed: Vec<_> = [
        ("go", now.go != was.go),
        ("compile", now.compile != was.compile),
        ("link", now.link != was.link),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    Ok(expect(changed.is_empty(), || {
        format!("changed: {}", changed.join(", "))
    }))
}

fn files(toolchain: &Toolchain, toolbox: &Toolbox) -> Result<Outcome, ToolchainError> {
    if matches!(toolchain.origin, Origin::Path | Origin::Goroot) {
        let reason = "gosweep did not install it, so no checksums are recorded";
        return Ok(Outcome::Skipped(reason.to_owned()));
    }
    let was = toolbox.store.recorded_files(&toolchain.version)?;
    let goroot = &toolchain.goroot;
    let now = digest::of_tree(goroot).map_err(|e| ToolchainError::io("hash", goroot, e))?;
    let differences = differences(&was, &now);
    Ok(expect(differences.is_empty(), || {
        let first: Vec<_> = differences.iter().take(5).map(String::as_str).collect();
        format!(
            "{} of {} files: {}",
            differences.len(),
            was.len(),
            first.join(", ")
        )
    }))
}

fn differences(was: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let gone_or_changed = was.iter().filter_map(|(name, sum)| match now.get(name) {
        None => Some(format!("{name} is gone")),
        Some(other) if other != sum => Some(format!("{name} changed")),
        Some(_) => None,
    });
    let new = now
        .keys()
        .filter(|name| !was.contains_key(*name))
        .map(|name| format!("{name} is new"));
    gone_or_changed.chain(new).collect()
}

fn expect(good: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if good {
        Outcome::Passed
    } else {
        Outcome::Failed(otherwise())
    }
}
