//! Toolchains that are on this machine already.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gotrace::version::GoVersion;

use crate::environment;
use crate::error::{ToolchainError, one_line};
use crate::goroot::{Origin, ToolDigests, Toolchain, no_goroot, version_of};
use crate::spec::ToolchainSpec;
use crate::toolbox::Toolbox;
use crate::watch::Watch;
use supervise::child;

/// Long enough for a cold disk, far too long for anything but a hang.
pub(crate) const QUICK: Duration = Duration::from_secs(60);

/// How often a program that says nothing is asked again.
const BUSY_TRIES: u32 = 10;

/// The `go` of PATH, through the GOROOT that it reports.
pub(crate) fn on_path(toolbox: &Toolbox, watch: Watch<'_>) -> Result<Toolchain, ToolchainError> {
    let go = toolbox
        .find_program("go")
        .ok_or_else(|| ToolchainError::Unavailable("no `go` on PATH".to_owned()))?;
    if let Some(version) = go_root(&go).and_then(|root| toolbox.store.version_at(&root)) {
        let toolchain = toolbox.store.open(&version)?;
        let spec = ToolchainSpec::Path;
        return Ok(Toolchain { spec, ..toolchain });
    }
    toolbox.check_locked("the `go` of PATH")?;
    let mut command = Command::new(&go);
    // A `go` on PATH may be a shim (asdf, snap, mise) that needs the user's own environment. Only Go's variables are
    // taken away.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GO") {
            command.env_remove(name);
        }
    }
    command
        .env("GOTOOLCHAIN", "local")
        .env("GOENV", "off")
        .env("GOWORK", "off");
    command.current_dir("/").args(["env", "GOROOT"]);
    let done = child::run(command, QUICK, watch.stop(), &|| {})?;
    if !done.success() {
        let reason = format!(
            "{} env GOROOT failed: {}",
            go.display(),
            one_line(&done.stderr)
        );
        return Err(ToolchainError::Unavailable(reason));
    }
    let goroot = PathBuf::from(done.stdout.trim_end_matches('\n'));
    existing(&goroot, ToolchainSpec::Path, Origin::Path, toolbox, watch)
}

/// The GOROOT of a go command that lies in one, through links.
fn go_root(go: &Path) -> Option<PathBuf> {
    let go = std::fs::canonicalize(go).ok()?;
    Some(go.parent()?.parent()?.to_owned())
}

/// The toolchain in a folder that the user or PATH names; one of the store is proved before anything of it is run.
pub(crate) fn existing(
    goroot: &Path,
    spec: ToolchainSpec,
    origin: Origin,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    if !goroot.is_absolute() {
        return Err(no_goroot(goroot, "the path is not absolute".to_owned()));
    }
    if let Some(version) = toolbox.store.version_at(goroot) {
        let toolchain = toolbox.store.open(&version)?;
        return Ok(Toolchain { spec, ..toolchain });
    }
    toolbox.check_locked(&goroot.display().to_string())?;
    let version = version_of(goroot)?;
    let scratch = toolbox.store.scratch()?;
    let told = told_version(goroot, scratch.path(), watch)?;
    if !told.same_release(&version) {
        return Err(no_goroot(
            goroot,
            format!("VERSION says {version}, `go version` says {told}"),
        ));
    }
    Ok(Toolchain {
        spec,
        version,
        goroot: goroot.to_owned(),
        origin,
        from_cache: false,
        archive_sha256: None,
        files_sha256: None,
        verified_by:
            "not verified: gosweep did not install it; its VERSION file and `go version` agree"
                .to_owned(),
        tools: ToolDigests::of(goroot)?,
        passed_over: Vec::new(),
    })
}

/// The release that its go command claims to be, run in a clean environment.
pub(crate) fn told_version(
    goroot: &Path,
    scratch: &Path,
    watch: Watch<'_>,
) -> Result<GoVersion, ToolchainError> {
    let ask = || {
        let mut command = environment::clean(&goroot.join("bin/go"), scratch);
        command.current_dir(scratch).arg("version");
        child::run(command, QUICK, watch.stop(), &|| {})
    };
    let mut done = ask()?;
    // Another thread may have forked while this file was being written, and its child holds it open for a moment, in
    // which it cannot be run (ETXTBSY, golang/go#22315): a failure without a word is asked again.
    for _ in 0..BUSY_TRIES {
        if done.success() || !done.stderr.trim().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        done = ask()?;
    }
    if !done.success() {
        return Err(no_goroot(
            goroot,
            format!("`go version` failed: {}", one_line(&done.stderr)),
        ));
    }
    // "go version go1.25.5 linux/amd64", with more words in between where a vendor or an experiment has its say:
    // VERSION tells those.
    done.stdout
        .strip_prefix("go version ")
        .and_then(|rest| rest.trim_end().rsplit_once(' '))
        .and_then(|(version, _platform)| GoVersion::parse(version).ok())
        .ok_or_else(|| {
            no_goroot(
                goroot,
                format!("`go version` says `{}`", one_line(&done.stdout)),
            )
        })
}
