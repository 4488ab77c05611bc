//! Checks a toolchain again, as it lies on disk now.

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
    /// Nothing failed. Skipped checks do not count against it: whoever needs them all looks at
    /// [`Verification::checks`].
    pub fn is_good(&self) -> bool {
        !Self::failed(&self.checks)
    }

    fn failed(checks: &[Check]) -> bool {
        checks
            .iter()
            .any(|check| matches!(check.outcome, Outcome::Failed(_)))
    }
}

/// Checks that VERSION says what is recorded, that go, compile and link are the recorded ones, and, for a toolchain
/// that gosweep installed, that every file is there as it was and no other. Only if all that is so, `go version` is
/// run.
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
    let mut checks = vec![
        Check {
            what: "VERSION file",
            outcome: outcome(version_file(toolchain))?,
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
    // What is not as it should be is not run to be told that it is.
    let runs = if Verification::failed(&checks) {
        Outcome::Skipped("it is not run, since it is not as it was".to_owned())
    } else {
        outcome(runs(toolchain, toolbox, watch))?
    };
    checks.push(Check {
        what: "go version runs",
        outcome: runs,
    });
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
    let changes = toolbox.store.changes(toolchain)?;
    Ok(changes.map_or(Outcome::Passed, Outcome::Failed))
}

fn expect(good: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if good {
        Outcome::Passed
    } else {
        Outcome::Failed(otherwise())
    }
}
