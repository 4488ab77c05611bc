//! Copies a tree of files that is not ours: links are followed, as distributions put parts of a GOROOT elsewhere, and
//! nothing but regular files is read.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::ToolchainError;
use crate::unpack::Limits;
use crate::watch::{Progress, Watch};

/// No path of a Go release comes near.
const DEEPEST: usize = 32;

struct Copying<'a> {
    limits: Limits,
    watch: Watch<'a>,
    what: String,
    files: u64,
    bytes: u64,
}

/// Copies what is below `from` into the new folder `to`, without the top folders in `without`.
pub(crate) fn copy_tree(
    from: &Path,
    to: &Path,
    without: &[&str],
    limits: Limits,
    watch: Watch<'_>,
) -> Result<(), ToolchainError> {
    let mut copying = Copying {
        limits,
        watch,
        what: from.display().to_string(),
        files: 0,
        bytes: 0,
    };
    copying.folder(from, to, without, &mut BTreeSet::new())
}

impl Copying<'_> {
    /// `above` are the folders on the way here, through links: one of them again is a loop.
    fn folder(
        &mut self,
        from: &Path,
        to: &Path,
        without: &[&str],
        above: &mut BTreeSet<PathBuf>,
    ) -> Result<(), ToolchainError> {
        let failed = |error| ToolchainError::io("copy", from, error);
        let real = fs::canonicalize(from).map_err(failed)?;
        if above.len() >= DEEPEST || !above.insert(real.clone()) {
            let reason = "its folders are nested without end";
            return Err(ToolchainError::refused(from.display(), reason));
        }
        fs::create_dir(to).map_err(|e| ToolchainError::io("make", to, e))?;
        for entry in fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if without.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            let (path, copy) = (entry.path(), to.join(entry.file_name()));
            let meta = fs::metadata(&path).map_err(|e| ToolchainError::io("look at", &path, e))?;
            if meta.is_dir() {
                self.folder(&path, &copy, &[], above)?;
            } else if meta.is_file() {
                self.file(&path, &copy, meta.permissions().mode())?;
            } else {
                let reason = "it is neither file nor folder";
                return Err(ToolchainError::refused(path.display(), reason));
            }
        }
        above.remove(&real);
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path, mode: u32) -> Result<(), ToolchainError> {
        if self.watch.is_cancelled() {
            return Err(ToolchainError::Cancelled);
        }
        let failed = |error| ToolchainError::io("copy", from, error);
        self.files += 1;
        self.bytes += fs::copy(from, to).map_err(failed)?;
        if self.files > self.limits.files || self.bytes > self.limits.bytes {
            let reason = format!(
                "more than {} files or {} bytes",
                self.limits.files, self.limits.bytes
            );
            return Err(ToolchainError::refused(&self.what, reason));
        }
        let mode = if mode & 0o111 == 0 { 0o644 } else { 0o755 };
        fs::set_permissions(to, fs::Permissions::from_mode(mode)).map_err(failed)?;
        if self.files.is_multiple_of(500) {
            let (what, files) = (self.what.clone(), self.files);
            self.watch.tell(Progress::Unpacking { what, files });
        }
        Ok(())
    }
}
