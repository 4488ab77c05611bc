//! That the files of an installed toolchain are those that were installed.
//!
//! Nothing of a toolchain in the store is run or built with before this is known. Reading 230 MB every time would cost
//! a second, so what was hashed once is recognised by its [`Stamp`], kept in `<root>/stamps/`; any difference has every
//! file hashed again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gotrace::version::GoVersion;

use crate::digest;
use crate::error::ToolchainError;
use crate::files::{make_folder, read_text, write_synced};
use crate::goroot::{ToolDigests, Toolchain};
use crate::stamp::Stamp;
use crate::store::Store;

impl Store {
    /// An installed release, every file of which is as it was installed.
    ///
    /// # Errors
    /// It is not there, or [`ToolchainError::Refused`] with what has changed.
    pub fn open(&self, version: &GoVersion) -> Result<Toolchain, ToolchainError> {
        let toolchain = self.read(version)?;
        self.prove(&toolchain)?;
        Ok(toolchain)
    }

    /// Holds a toolchain of the store against the checksums recorded when it was installed. Says nothing of one that
    /// gosweep did not install.
    ///
    /// # Errors
    /// [`ToolchainError::Refused`] with what has changed.
    pub fn prove(&self, toolchain: &Toolchain) -> Result<(), ToolchainError> {
        let Some(recorded) = &toolchain.files_sha256 else {
            return Ok(());
        };
        let goroot = &toolchain.goroot;
        let look = || Stamp::of(goroot).map_err(|e| ToolchainError::io("look at", goroot, e));
        let before = look()?;
        let known = format!("{} {recorded}\n", before.text());
        let file = self.stamp_file(&toolchain.version);
        if read_text(&file, known.len() as u64).is_ok_and(|text| text == known) {
            return Ok(());
        }
        before.settle();
        if let Some(changes) = self.changes(toolchain)? {
            return Err(self.altered(toolchain, &changes));
        }
        if ToolDigests::of(goroot)? != toolchain.tools {
            return Err(self.altered(toolchain, "go, compile or link is not the recorded one"));
        }
        if look()? != before {
            return Err(self.altered(toolchain, "it changed while it was being checked"));
        }
        // A store that may only be read is hashed every time.
        let _ = make_folder(&self.stamps()).and_then(|()| write_synced(&file, known.as_bytes()));
        Ok(())
    }

    /// How the files differ from the recorded ones; every file is read.
    pub(crate) fn changes(&self, toolchain: &Toolchain) -> Result<Option<String>, ToolchainError> {
        let was = self.recorded_files(&toolchain.version)?;
        let goroot = &toolchain.goroot;
        let now = digest::of_tree(goroot).map_err(|e| ToolchainError::io("hash", goroot, e))?;
        let differences = differences(&was, &now);
        if differences.is_empty() {
            return Ok(None);
        }
        let first: Vec<_> = differences.iter().take(5).map(String::as_str).collect();
        Ok(Some(format!(
            "{} of {} files: {}",
            differences.len(),
            was.len(),
            first.join(", ")
        )))
    }

    fn altered(&self, toolchain: &Toolchain, changes: &str) -> ToolchainError {
        ToolchainError::refused(
            toolchain.goroot.display(),
            format_args!(
                "it is not as it was installed ({changes}); fix: remove {} and install again",
                self.folder_of(&toolchain.version).display()
            ),
        )
    }

    /// The release of the store that a GOROOT is, however it is named.
    pub(crate) fn version_at(&self, goroot: &Path) -> Option<GoVersion> {
        let goroot = fs::canonicalize(goroot).ok()?;
        let versions = self.versions().ok()?;
        versions.into_iter().find(|version| {
            let ours = self.folder_of(version).join("go");
            fs::canonicalize(ours).is_ok_and(|ours| ours == goroot)
        })
    }

    fn stamps(&self) -> PathBuf {
        self.root().join("stamps")
    }

    fn stamp_file(&self, version: &GoVersion) -> PathBuf {
        let folder = self.folder_of(version);
        self.stamps().join(folder.file_name().unwrap_or_default())
    }
}

fn differences(was: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let gone_or_changed = was.iter().filter_map(|(name, sum)| match now.get(name) {
        None => Some(format!("{name} is gone")),
        Some(other) if other != sum => Some(format!("{name} changed")),
        Some(_) => None,
    });
    let new = now
        .keys()
        .filter(|name| !was.contains_key(*name))
        .map(|name| format!("{name} is new"));
    gone_or_changed.chain(new).collect()
}
