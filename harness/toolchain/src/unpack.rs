//! Unpacks archives that are not trusted.
//!
//! Only regular files and folders with plain relative names are written, each once, into a folder that is new and ours,
//! and never more than [`Limits`] allow. Links are refused even when they point inside: no Go release needs one, and
//! without them no name can lead out.
//!
//! Memory has a budget as well as the disk. A tar archive tells long names in entries of their own, which the tar crate
//! would read whole, however long (a gigabyte of name packs into a megabyte): we read them ourselves. A zip archive is
//! parsed from a list at its end: we count that list before the zip crate makes objects of it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;

use crate::digest::{self, Hashing};
use crate::error::ToolchainError;

/// How much an archive may hold. Go 1.27.3 has 12 092 files and 228 MB.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files and folders, and what a tar archive tells besides them.
    pub files: u64,
    /// What the files unpack to.
    pub bytes: u64,
    /// All names together. Go 1.27.3 has 0.6 MB of them.
    pub name_bytes: u64,
    /// The archive itself. The largest so far has 80 MB.
    pub archive_bytes: u64,
}

impl Limits {
    /// For a Go release.
    pub const TOOLCHAIN: Self = Self {
        files: 60_000,
        bytes: 1 << 30,
        name_bytes: 16 << 20,
        archive_bytes: 512 << 20,
    };
}

/// No path of a Go release comes near (its longest has 110 bytes and 9 folders).
const LONGEST_NAME: u64 = 1024;
const DEEPEST: usize = 32;
/// A PAX header may hold times and owners besides the name.
const LONGEST_EXTENSION: u64 = 64 << 10;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// In hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// What was written, by its name in the archive.
pub type Contents = BTreeMap<String, Written>;

/// Unpacks a gzipped tar archive into the empty folder `into`. After each file `on_file` is told how many entries there
/// were so far.
///
/// # Errors
/// A broken archive, a name or kind of entry that is refused, or a limit; `into` then holds what came before.
pub fn tar_gz(
    archive: &Path,
    into: &Path,
    limits: Limits,
    on_file: &dyn Fn(u64),
) -> Result<Contents, ToolchainError> {
    let bad = |reason: String| ToolchainError::refused(archive.display(), reason);
    let broken = |error: io::Error| bad(format!("broken archive: {error}"));
    let file = open(archive, limits)?;
    let unpacked = GzDecoder::new(BufReader::with_capacity(1 << 20, file));
    // Headers and padding take room in the stream but not on disk.
    let stream = limits.bytes + (limits.files + 1) * 2 * 1024 + limits.name_bytes;
    let mut tar = tar::Archive::new(unpacked.take(stream));
    let mut writer = Writer::new(into, limits);
    let mut long_name = None;
    // Raw: what announces a long name comes as an entry like any other.
    for entry in tar.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        match kind {
            tar::EntryType::GNULongName => {
                writer.count().map_err(bad)?;
                let mut name = read_whole(&mut entry, LONGEST_NAME + 1).map_err(bad)?;
                name.truncate(name.iter().position(|&b| b == 0).unwrap_or(name.len()));
                long_name = Some(name);
                continue;
            }
            tar::EntryType::XHeader => {
                writer.count().map_err(bad)?;
                let text = read_whole(&mut entry, LONGEST_EXTENSION).map_err(bad)?;
                long_name = pax_name(&text).map_err(bad)?.or(long_name);
                continue;
            }
            // A comment for the whole archive.
            tar::EntryType::XGlobalHeader => {
                writer.count().map_err(bad)?;
                read_whole(&mut entry, LONGEST_EXTENSION).map_err(bad)?;
                continue;
            }
            _ => {}
        }
        let name = long_name
            .take()
            .unwrap_or_else(|| entry.path_bytes().into_owned());
        let name =
            String::from_utf8(name).map_err(|_| bad("a file name is no UTF-8".to_owned()))?;
        let mode = entry.header().mode().unwrap_or(0o644);
        match kind {
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                writer
                    .file(&name, mode & 0o111 != 0, &mut entry)
                    .map_err(bad)?;
                on_file(writer.files);
            }
            tar::EntryType::Directory => writer.folder(&name).map_err(bad)?,
            other => {
                return Err(bad(format!(
                    "`{}` is neither file nor folder but {other:?}",
                    shown(&name)
                )));
            }
        }
    }
    // To the very end, where gzip has its checksum: the tar archive's own end comes before.
    digest::copy(&mut tar.into_inner(), &mut io::sink()).map_err(broken)?;
    Ok(writer.contents)
}

/// Opens an archive of a bearable size.
fn open(archive: &Path, limits: Limits) -> Result<File, ToolchainError> {
    let failed = |error| ToolchainError::io("open", archive, error);
    let file = File::open(archive).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    if bytes > limits.archive_bytes {
        return Err(ToolchainError::refused(
            archive.display(),
            format_args!("it has {bytes} bytes, more than {}", limits.archive_bytes),
        ));
    }
    Ok(file)
}

/// The content of an entry that must be small.
fn read_whole(entry: &mut impl Read, most: u64) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = entry.take(most + 1).read_to_end(&mut content);
    read.map_err(|error| format!("broken archive: {error}"))?;
    if content.len() as u64 > most {
        return Err(format!("it has a name or header of more than {most} bytes"));
    }
    Ok(content)
}

/// The name in a PAX header; a size there would contradict the entry's own.
fn pax_name(text: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut name = None;
    for extension in tar::PaxExtensions::new(text) {
        let extension = extension.map_err(|error| format!("broken archive: {error}"))?;
        match extension.key_bytes() {
            b"path" => name = Some(extension.value_bytes().to_vec()),
            b"size" => return Err("it has a size in an extended header".to_owned()),
            _ => {}
        }
    }
    Ok(name)
}

/// Unpacks a zip archive into the empty folder `into`.
///
/// # Errors
/// As [`tar_gz`].
pub fn zip(
    archive: &Path,
    into: &Path,
    limits: Limits,
    on_file: &dyn Fn(u64),
) -> Result<Contents, ToolchainError> {
    let bad = |reason: String| ToolchainError::refused(archive.display(), reason);
    let broken = |error: zip::result::ZipError| bad(format!("broken archive: {error}"));
    let mut file = open(archive, limits)?;
    count_zip(&mut file, limits).map_err(bad)?;
    let mut zip = zip::ZipArchive::new(BufReader::with_capacity(1 << 18, file)).map_err(broken)?;
    let mut writer = Writer::new(into, limits);
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        let mode = entry.unix_mode().unwrap_or(0o644);
        if entry.is_symlink() || entry.encrypted() {
            return Err(bad(format!("`{}` is a link or encrypted", shown(&name))));
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

/// Counts the list of files at the end of a zip archive as it lies there: that it ends where the file ends, without a
/// comment and without the 64-bit form, and has as many entries as it says and no more than allowed
/// (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, 4.3.12, 4.3.16).
fn count_zip(file: &mut File, limits: Limits) -> Result<(), String> {
    const END: usize = 22;
    const ENTRY: usize = 46;
    let broken = |error: io::Error| format!("broken archive: {error}");
    let unusual = || "it is no plain zip archive (a comment, several parts or 64-bit)".to_owned();
    let bytes = file.seek(SeekFrom::End(0)).map_err(broken)?;
    let mut end = [0; END];
    let end_at = bytes.checked_sub(END as u64).ok_or_else(unusual)?;
    file.seek(SeekFrom::Start(end_at)).map_err(broken)?;
    file.read_exact(&mut end).map_err(broken)?;
    let entries = u64::from(u16::from_le_bytes([end[10], end[11]]));
    let size = u64::from(u32::from_le_bytes([end[12], end[13], end[14], end[15]]));
    let start = u64::from(u32::from_le_bytes([end[16], end[17], end[18], end[19]]));
    let plain = end.starts_with(b"PK\x05\x06") && end[20..] == [0, 0] && end[4..8] == [0; 4];
    if !plain || end[8..10] != end[10..12] || start + size != end_at {
        return Err(unusual());
    }
    if entries > limits.files {
        return Err(format!("it holds more than {} entries", limits.files));
    }
    if size > entries * ENTRY as u64 + limits.name_bytes {
        return Err(format!("its list of files has {size} bytes"));
    }
    file.seek(SeekFrom::Start(start)).map_err(broken)?;
    let mut list = BufReader::with_capacity(1 << 18, file.take(size));
    for _ in 0..entries {
        let mut entry = [0; ENTRY];
        list.read_exact(&mut entry).map_err(broken)?;
        if !entry.starts_with(b"PK\x01\x02") {
            return Err("its list of files is broken".to_owned());
        }
        let rest: u64 = [28, 30, 32]
            .map(|at| u64::from(u16::from_le_bytes([entry[at], entry[at + 1]])))
            .iter()
            .sum();
        let skipped = io::copy(&mut list.by_ref().take(rest), &mut io::sink()).map_err(broken)?;
        if skipped != rest {
            return Err("its list of files is broken".to_owned());
        }
    }
    let mut more = [0; 1];
    if list.read(&mut more).map_err(broken)? != 0 {
        return Err("its list of files is longer than it says".to_owned());
    }
    file.rewind().map_err(broken)
}

struct Writer<'a> {
    into: &'a Path,
    limits: Limits,
    files: u64,
    bytes: u64,
    name_bytes: u64,
    contents: Contents,
}

impl<'a> Writer<'a> {
    fn new(into: &'a Path, limits: Limits) -> Self {
        Self {
            into,
            limits,
            files: 0,
            bytes: 0,
            name_bytes: 0,
            contents: Contents::new(),
        }
    }

    fn folder(&mut self, name: &str) -> Result<(), String> {
        self.count()?;
        let path = self.into.join(self.plain_path(name)?);
        fs::create_dir_all(&path).map_err(|error| format!("`{}`: {error}", shown(name)))
    }

    fn file(&mut self, name: &str, executable: bool, content: &mut dyn Read) -> Result<(), String> {
        self.count()?;
        let path = self.into.join(self.plain_path(name)?);
        let failed = |error: io::Error| format!("`{}`: {error}", shown(name));
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

    /// A relative path made of plain names only.
    fn plain_path(&mut self, name: &str) -> Result<PathBuf, String> {
        self.name_bytes += name.len() as u64;
        if name.len() as u64 > LONGEST_NAME || self.name_bytes > self.limits.name_bytes {
            return Err(format!("`{}`: names are too long", shown(name)));
        }
        let path = Path::new(name);
        let plain = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        // Backslashes are no separators here, but nobody honest sends them.
        if !plain || name.is_empty() || name.contains(['\\', '\0']) {
            return Err(format!("`{}` is no plain relative path", shown(name)));
        }
        if path.components().count() > DEEPEST {
            return Err(format!("`{}` is too deep", shown(name)));
        }
        Ok(path.to_owned())
    }
}

/// A name for a message: no control characters, not endless.
fn shown(name: &str) -> String {
    const ENOUGH: usize = 200;
    name.chars()
        .take(ENOUGH)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
