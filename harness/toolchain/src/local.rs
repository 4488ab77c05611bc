//! Toolchains that are brought along: an archive, a GOROOT or a source tree on this machine becomes one of the store.
//!
//! What comes by this way is vouched for by whoever brings it, and the record says so: a SHA-256 that was given, or
//! that lies beside an archive as `ARCHIVE.sha256`, is compared before anything is unpacked. From then on the files are
//! held against the checksums of the installation like any other's.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use gotrace::version::GoVersion;

use crate::copy::copy_tree;
use crate::digest;
use crate::error::ToolchainError;
use crate::files::{read_text, sweep, temporary_in};
use crate::goroot::{self, Origin, Toolchain};
use crate::install::{lock_name, settle};
use crate::offer::Fetched;
use crate::source_tree;
use crate::toolbox::Toolbox;
use crate::unpack::{self, Limits};
use crate::watch::{Progress, Watch};

const STAGING: &str = ".staging-local-";
/// A line of sha256sum.
const LONGEST_CHECKSUM: u64 = 4096;

/// What lies on this machine and is to become a toolchain of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// A `.tar.gz` as go.dev packs it: everything below `go/`.
    Archive(PathBuf),
    /// A GOROOT that runs; it is copied.
    Goroot(PathBuf),
    /// Go's sources with `src/make.bash`, built in a copy.
    SourceTree(PathBuf),
}

impl Local {
    /// What a path is, by what lies there.
    ///
    /// # Errors
    /// [`ToolchainError::Refused`]: it is none of the three.
    pub fn at(path: &Path) -> Result<Self, ToolchainError> {
        let path = std::path::absolute(path).map_err(|e| ToolchainError::io("find", path, e))?;
        let meta = fs::metadata(&path).map_err(|e| ToolchainError::io("look at", &path, e))?;
        let name = path.to_string_lossy();
        if meta.is_file() && (name.ends_with(".tar.gz") || name.ends_with(".tgz")) {
            return Ok(Self::Archive(path));
        }
        if path.join("bin/go").is_file() {
            return Ok(Self::Goroot(path));
        }
        if path.join("src/make.bash").is_file() {
            return Ok(Self::SourceTree(path));
        }
        Err(ToolchainError::refused(
            path.display(),
            "it is neither a .tar.gz of Go, nor a GOROOT (bin/go), nor Go's sources (src/make.bash)",
        ))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Archive(path) | Self::Goroot(path) | Self::SourceTree(path) => path,
        }
    }

    fn origin(&self) -> Origin {
        match self {
            Self::Archive(_) => Origin::Archive,
            Self::Goroot(_) => Origin::Copy,
            Self::SourceTree(_) => Origin::SourceTree,
        }
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(f)
    }
}

/// Makes a toolchain of the store of what lies on this machine. `sha256` is what an archive must have.
///
/// A release that the store has already is left as it is: the same archive or files are answered with what is there,
/// others are refused.
///
/// # Errors
/// [`ToolchainError`]: a checksum that differs, what is no Go release, or a build that fails. Nothing is left then.
pub fn install_local(
    local: &Local,
    sha256: Option<&str>,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Toolchain, ToolchainError> {
    if toolbox.locked {
        return Err(ToolchainError::refused(local, "--locked installs nothing"));
    }
    if sha256.is_some() && !matches!(local, Local::Archive(_)) {
        return Err(ToolchainError::refused(
            local,
            "a SHA-256 is of an archive, and this is a folder",
        ));
    }
    let toolchains = toolbox.store.toolchains();
    sweep(&toolchains, STAGING, std::time::Duration::ZERO)?;
    let staging = temporary_in(&toolchains, STAGING)?;
    let fetched = bring(local, sha256, staging.path(), toolbox, watch)?;
    let version = goroot::version_of(&staging.path().join("go"))?;
    let _lock = toolbox.store.lock(&lock_name(&version), watch)?;
    if let Some(there) = already(&version, &fetched, local, toolbox)? {
        return Ok(there);
    }
    settle(&version, local.origin(), staging, fetched, toolbox, watch)
}

fn already(
    version: &GoVersion,
    fetched: &Fetched,
    local: &Local,
    toolbox: &Toolbox,
) -> Result<Option<Toolchain>, ToolchainError> {
    let Ok(there) = toolbox.store.open(version) else {
        return Ok(None);
    };
    if there.archive_sha256.as_ref() == Some(&fetched.archive_sha256) {
        return Ok(Some(there));
    }
    Err(ToolchainError::refused(
        local,
        format_args!(
            "the store has another {version} already ({}); fix: gosweep toolchain remove {}",
            there.verified_by,
            version.number()
        ),
    ))
}

/// Puts it into `staging/go`.
fn bring(
    local: &Local,
    sha256: Option<&str>,
    staging: &Path,
    toolbox: &Toolbox,
    watch: Watch<'_>,
) -> Result<Fetched, ToolchainError> {
    let goroot = staging.join("go");
    match local {
        Local::Archive(archive) => unpacked(archive, sha256, staging, watch),
        Local::Goroot(from) => {
            copy_tree(from, &goroot, &[], Limits::TOOLCHAIN, watch)?;
            let sum = digest::of_named_tree(&goroot)
                .map_err(|e| ToolchainError::io("hash", &goroot, e))?;
            Ok(Fetched {
                archive: from.display().to_string(),
                archive_sha256: sum,
                verified_by: "not verified: a copy of a GOROOT of this machine; its VERSION file \
                              and `go version` agree"
                    .to_owned(),
            })
        }
        Local::SourceTree(from) => source_tree::build(from, &goroot, toolbox, watch),
    }
}

fn unpacked(
    archive: &Path,
    sha256: Option<&str>,
    staging: &Path,
    watch: Watch<'_>,
) -> Result<Fetched, ToolchainError> {
    let name = archive
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    // Unpacked is what was hashed, whatever becomes of the file that was named.
    let own = staging.join("archive.tar.gz");
    let sum = copied(archive, &own)?;
    watch.tell(Progress::Verifying { what: name.clone() });
    let vouched = match sha256 {
        Some(given) => Some((
            given.trim().to_lowercase(),
            "the SHA-256 that was given".to_owned(),
        )),
        None => beside(archive)?,
    };
    let verified_by = match vouched {
        Some((expected, by)) if expected == sum => format!("{by} ({sum})"),
        Some((expected, by)) => {
            let reason = format!("SHA-256 is {sum}, {by} is {expected}");
            return Err(ToolchainError::refused(archive.display(), reason));
        }
        None => {
            format!("not verified: a local archive with SHA-256 {sum}, for which nobody vouched")
        }
    };
    unpack::tar_gz(&own, staging, Limits::TOOLCHAIN, &|files| {
        if files % 500 == 0 {
            let what = name.clone();
            watch.tell(Progress::Unpacking { what, files });
        }
    })?;
    Ok(Fetched {
        archive: name.clone(),
        archive_sha256: sum,
        verified_by,
    })
}

/// Copies an archive and hashes it on the way.
fn copied(from: &Path, to: &Path) -> Result<String, ToolchainError> {
    let failed = |error| ToolchainError::io("copy", from, error);
    let most = Limits::TOOLCHAIN.archive_bytes;
    let mut source = std::io::Read::take(fs::File::open(from).map_err(failed)?, most + 1);
    let mut hashing = digest::Hashing::new(fs::File::create_new(to).map_err(failed)?);
    if digest::copy(&mut source, &mut hashing).map_err(failed)? > most {
        let reason = format!("it has more than {most} bytes");
        return Err(ToolchainError::refused(from.display(), reason));
    }
    Ok(hashing.finish().0)
}

/// The checksum that lies beside an archive, as go.dev offers it or as sha256sum writes it.
fn beside(archive: &Path) -> Result<Option<(String, String)>, ToolchainError> {
    let mut name = archive.as_os_str().to_owned();
    name.push(".sha256");
    let path = PathBuf::from(name);
    if !path.is_file() {
        return Ok(None);
    }
    let text = read_text(&path, LONGEST_CHECKSUM)?;
    let sum = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    if !digest::is_sha256(&sum) {
        return Err(ToolchainError::refused(
            path.display(),
            "it holds no SHA-256",
        ));
    }
    Ok(Some((sum, format!("the SHA-256 in {}", path.display()))))
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
