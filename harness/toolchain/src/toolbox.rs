//! What finding and fetching a toolchain takes besides its name.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::ToolchainError;
use crate::source::SourceOrder;
use crate::store::Store;

/// Everything that [`crate::install()`] needs besides the spec.
#[derive(Debug, Clone)]
pub struct Toolbox {
    /// Our cache folder.
    pub store: Store,
    /// Which sources to ask, in which order. Counts for versions, minors and `default`; an explicit GOROOT or `path` is
    /// what it says.
    pub order: SourceOrder,
    /// A list of folders as in PATH, where `go` and `python3` are looked for.
    pub search_path: Option<OsString>,
    /// Base address of the Go download site, ending in a slash. `https` only, except for 127.0.0.1: the checksum comes
    /// from the same site.
    pub godev: String,
    /// Nothing is fetched: only what is on this machine.
    pub offline: bool,
    /// Only toolchains whose checksums are recorded: those that gosweep installed before. Nothing is installed, and
    /// neither the `go` of PATH nor a GOROOT is taken.
    pub locked: bool,
}

impl Toolbox {
    /// The usual settings: the usual sources, PATH of this process, go.dev.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            order: SourceOrder::default(),
            search_path: std::env::var_os("PATH"),
            godev: "https://go.dev/dl/".to_owned(),
            offline: false,
            locked: false,
        }
    }

    /// Refuses a toolchain of which no checksum is recorded, if it must be.
    pub(crate) fn check_locked(&self, what: &str) -> Result<(), ToolchainError> {
        if !self.locked {
            return Ok(());
        }
        Err(ToolchainError::refused(
            what,
            "--locked takes only toolchains whose checksums are recorded, and gosweep did not \
             install this one; fix: install its version (`gosweep toolchain install`) and name \
             the version",
        ))
    }

    /// The first executable of that name on the search path.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        let search_path = self.search_path.as_ref()?;
        std::env::split_paths(search_path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|path| is_executable(path))
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
