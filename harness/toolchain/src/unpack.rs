//! Unpacks archives that are not trusted.
//!
//! Only regular files and folders with plain relative names are written, each
//! once, into a folder that is new and ours, and never more than
//! [`Limits`] allow. Links are refused even when they point inside: no Go
//! release needs one, and without them no name can lead out.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;

use crate::digest::{self, Hashing};
use crate::error::ToolchainError;

/// How much an archive may hold. Go 1.27.3 has 12 092 files and 228 MB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Limits {
    pub(crate) const TOOLCHAIN: Self = Self {
        files: 60_000,
        bytes: 1 << 30,
    };
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

/// What was written, by its name in the archive.
pub(crate) type Contents = BTreeMap<String, Written>;

/// Unpacks a gzipped tar archive into the empty folder `into`.
pub(crate) fn tar_gz(
    archive: &Path,
    into: &Path,
    limits: Limits,
    on_file: &dyn Fn(u64),
) -> Result<Contents, ToolchainError> {
    let bad = |reason: String| ToolchainError::refused(archive.display(), reason);
    let broken = |error: io::Error| bad(format!("broken archive: {error}"));
    let file = File::open(archive).map_err(|e| ToolchainError::io("open", archive, e))?;
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::with_capacity(1 << 20, file)));
    let mut writer = Writer::new(into, limits);
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|_| bad("a file name is no UTF-8".to_owned()))?;
        let mode = entry.header().mode().unwrap_or(0o644);
        match entry.header().entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                writer
                    .file(&name, mode & 0o111 != 0, &mut entry)
                    .map_err(bad)?;
                on_file(writer.files);
            }
            tar::EntryType::Directory => writer.folder(&name).map_err(bad)?,
            // A comment for the whole archive.
            tar::EntryType::XGlobalHeader => {}
            other => {
                return Err(bad(format!(
                    "`{name}` is neither file nor folder but {other:?}"
                )));
            }
        }
    }
    Ok(writer.contents)
}

/// Unpacks a zip archive into the empty folder `into`.
pub(crate) fn zip(
    archive: &Path,
    into: &Path,
    limits: Limits,
    on_file: &dyn Fn(u64),
) -> Result<Contents, ToolchainError> {
    let bad = |reason: String| ToolchainError::refused(archive.display(), reason);
    let broken = |error: zip::result::ZipError| bad(format!("broken archive: {error}"));
    let file = File::open(archive).map_err(|e| ToolchainError::io("open", archive, e))?;
    let mut zip = zip::ZipArchive::new(BufReader::with_capacity(1 << 18, file)).map_err(broken)?;
    let mut writer = Writer::new(into, limits);
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        let mode = entry.unix_mode().unwrap_or(0o644);
        if entry.is_symlink() || entry.encrypted() {
            return Err(bad(format!("`{name}` is a link or encrypted")));
        }
        if entry.is_dir() {
            writer.folder(&name).map_err(bad)?;
        } else {
            writer
                .file(&name, mode & 0o111 != 0, &mut entry)
                .map_err(bad)?;
            on_file(writer.files);
        }
    }
    Ok(writer.contents)
}

struct Writer<'a> {
    into: &'a Path,
    limits: Limits,
    files: u64,
    bytes: u64,
    contents: Contents,
}

impl<'a> Writer<'a> {
    fn new(into: &'a Path, limits: Limits) -> Self {
        Self {
            into,
            limits,
            files: 0,
            bytes: 0,
            contents: Contents::new(),
        }
    }

    fn folder(&mut self, name: &str) -> Result<(), String> {
        self.count()?;
        let path = self.into.join(plain_path(name)?);
        fs::create_dir_all(&path).map_err(|error| format!("`{name}`: {error}"))
    }

    fn file(&mut self, name: &str, executable: bool, content: &mut dyn Read) -> Result<(), String> {
        self.count()?;
        let path = self.into.join(plain_path(name)?);
        let failed = |error: io::Error| format!("`{name}`: {error}");
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // create_new: a second entry of the same name is refused.
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(if executable { 0o755 } else { 0o644 })
            .open(&path)
            .map_err(failed)?;
        let mut hashing = Hashing::new(file);
        let room = self.limits.bytes - self.bytes;
        let bytes = digest::copy(&mut content.take(room + 1), &mut hashing).map_err(failed)?;
        if bytes > room {
            return Err(format!(
                "it unpacks to more than {} bytes",
                self.limits.bytes
            ));
        }
        self.bytes += bytes;
        let (sha256, _) = hashing.finish();
        self.contents
            .insert(name.to_owned(), Written { sha256, bytes });
        Ok(())
    }

    /// Folders count too: a million empty ones are an attack as well.
    fn count(&mut self) -> Result<(), String> {
        self.files += 1;
        if self.files > self.limits.files {
            return Err(format!("it holds more than {} entries", self.limits.files));
        }
        Ok(())
    }
}

/// A relative path made of plain names only.
fn plain_path(name: &str) -> Result<PathBuf, String> {
    let path = Path::new(name);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    // Backslashes are no separators here, but nobody honest sends them.
    if !plain || name.is_empty() || name.contains(['\\', '\0']) {
        return Err(format!(
            "`{}` is no plain relative path",
            name.escape_debug()
        ));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
