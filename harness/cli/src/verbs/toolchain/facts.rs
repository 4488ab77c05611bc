//! `gosweep toolchain facts`: the built-in table of GODEBUG keys and experiments against the sources of Go.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ::toolchain::facts::{Place, releases_in};
use ::toolchain::{self, Toolbox, ToolchainSpec, Watch};
use clap::Args as ClapArgs;
use gotrace::GoVersion;
use gotrace::environment::sources::{ReleaseFacts, differences};
use gotrace::environment::{KNOWN_RELEASES, table_source};

use crate::exit::{Ending, Failure};
use crate::output;
use crate::output::tell;
use crate::verbs::setup::toolbox;

/// `gosweep toolchain facts`.
#[derive(Debug, ClapArgs)]
pub(crate) struct FactsArgs {
    /// A GOROOT to read; may be given several times. Without any place: the `go` on PATH and all installed toolchains
    #[arg(long, value_name = "DIR")]
    goroot: Vec<PathBuf>,
    /// A clone of golang/go: all its release tags are read
    #[arg(long, value_name = "DIR")]
    clone: Vec<PathBuf>,
    /// Read every release that the Go module proxy has: some 3 MB of each
    #[arg(long)]
    proxy: bool,
    /// Write the table made from what was read, as Rust source; needs every release that the present table knows
    #[arg(long, value_name = "FILE")]
    update: Option<PathBuf>,
}

/// Compares, or writes the table anew.
pub(super) fn facts(args: &FactsArgs, json: bool) -> Result<Ending, Failure> {
    let toolbox = toolbox(None, None)?;
    let cancel = crate::signals::cancel_flag();
    let cancelled = || cancel.load(std::sync::atomic::Ordering::Relaxed);
    let watch = Watch::silent().cancelled_by(&cancelled);
    let mut releases: BTreeMap<(u32, u32), ReleaseFacts> = BTreeMap::new();
    let mut unreadable = 0;
    for place in places(args, &toolbox)? {
        let found = releases_in(&place, &toolbox, watch).map_err(|error| match error {
            toolchain::ToolchainError::Cancelled => Failure {
                ending: Ending::Incomplete,
                message: "interrupted".to_owned(),
            },
            other => Failure::usage(other),
        })?;
        for (version, reason) in &found.failed {
            tell!("not read: {version}: {reason}");
            unreadable += 1;
        }
        releases.extend(found.read);
    }
    if releases.is_empty() {
        return Err(Failure::usage(
            "no release of Go was read; fix: name one by --goroot, --clone or --proxy",
        ));
    }
    match &args.update {
        Some(_) if unreadable > 0 => Err(Failure::usage(
            "the table is not written: releases are missing from it (see above)",
        )),
        Some(file) => update(file, &releases),
        None => compare(&releases, unreadable, json),
    }
}

fn places(args: &FactsArgs, toolbox: &Toolbox) -> Result<Vec<Place>, Failure> {
    let mut places: Vec<Place> = args.goroot.iter().cloned().map(Place::Goroot).collect();
    places.extend(args.clone.iter().cloned().map(Place::Clone));
    places.extend(args.proxy.then_some(Place::Proxy));
    if places.is_empty() {
        let on_path = toolchain::install(&ToolchainSpec::Path, toolbox, Watch::silent());
        places.extend(on_path.map(|found| Place::Goroot(found.goroot)));
        let listing = toolchain::list(&toolbox.store).map_err(Failure::internal)?;
        let installed = listing.toolchains.into_iter();
        places.extend(installed.map(|toolchain| Place::Goroot(toolchain.goroot)));
    }
    Ok(places)
}

fn compare(
    releases: &BTreeMap<(u32, u32), ReleaseFacts>,
    unreadable: usize,
    json: bool,
) -> Result<Ending, Failure> {
    let mut text = String::new();
    let mut differing = 0;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((minor, patch), facts) in releases {
        let version = GoVersion::release(*minor, *patch);
        let lines = differences(&version, facts);
        differing += usize::from(!lines.is_empty());
        for line in &lines {
            let _ = writeln!(text, "{version}  {line}");
        }
        found.insert(version.to_string(), lines);
    }
    let _ = writeln!(
        text,
        "{} of {} releases as the table says",
        releases.len() - differing,
        releases.len()
    );
    if json {
        output::print_json(&found)?;
    } else {
        output::print(&text)?;
    }
    Ok(if differing + unreadable == 0 {
        Ending::Pass
    } else {
        Ending::NotFit
    })
}

/// A table out of fewer releases than the present one would forget what it knows.
fn update(file: &Path, releases: &BTreeMap<(u32, u32), ReleaseFacts>) -> Result<Ending, Failure> {
    let known = KNOWN_RELEASES.iter();
    let known = known.flat_map(|(minor, newest)| (0..=*newest).map(move |patch| (*minor, patch)));
    let missing: Vec<String> = known
        .filter(|release| !releases.contains_key(release))
        .map(|(minor, patch)| GoVersion::release(minor, patch).to_string())
        .collect();
    if !missing.is_empty() {
        return Err(Failure::usage(format!(
            "the table is not written: it knows {} releases that were not read, among them {}; fix: add --proxy",
            missing.len(),
            missing[0]
        )));
    }
    output::write_file(file, &table_source(releases))?;
    output::print(&format!(
        "{}: {} releases\n",
        file.display(),
        releases.len()
    ))?;
    Ok(Ending::Pass)
}
