//! Files that a person names: on a command line, or in a file that is a program itself, such as a
//! matrix. Links are followed there, since they are that person's.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, fstat, fstatfs};
use rustix::process::geteuid;

use crate::folder::{CAREFULLY, Folder, bounded, check_regular, leaf_of, text, words};
use crate::refused::Refused;

/// The file system of pipes without a name (linux/magic.h).
const PIPEFS_MAGIC: u64 = 0x5049_5045;

/// Opens a file that a person named, for reading. It must be regular, or a pipe without a name,
/// which a shell makes of `<(command)`; a named pipe that nobody writes to would never end.
///
/// # Errors
/// The system's, or a [`Refused`].
pub fn open_named(path: &Path) -> io::Result<File> {
    let file = rustix::fs::open(path, OFlags::RDONLY | CAREFULLY, Mode::empty())
        .map_err(|errno| kind_of(path).map_or_else(|| errno.into(), io::Error::from))?;
    let about = fstat(&file)?;
    match FileType::from_raw_mode(about.st_mode) {
        FileType::RegularFile => {}
        FileType::Fifo if is_nameless(&file)? => {
            fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
        }
        kind => return Err(Refused::Kind(words(kind)).into()),
    }
    Ok(File::from(file))
}

fn is_nameless(file: impl AsFd) -> io::Result<bool> {
    let magic = u64::try_from(fstatfs(file)?.f_type);
    Ok(magic.is_ok_and(|magic| magic == PIPEFS_MAGIC))
}

/// What stands there, where that explains why it cannot be opened: a socket cannot.
fn kind_of(path: &Path) -> Option<Refused> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    kind.is_socket().then_some(Refused::Kind("a socket"))
}

/// Reads a regular file that a person named, of at most `most` bytes.
///
/// # Errors
/// The system's, or a [`Refused`]; one that is too large is refused before it is read.
pub fn read_named(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let about = rustix::fs::stat(path)?;
    check_regular(&about)?;
    bounded(open_named(path)?, most)
}

/// As [`read_named`], for text.
///
/// # Errors
/// As [`read_named`], or it is not UTF-8.
pub fn read_named_text(path: &Path, most: u64) -> io::Result<String> {
    text(read_named(path, most)?)
}

/// Writes a file that a person named: alongside it, to disk, and renamed into place, so that it is
/// there whole or not at all. A link of that person's stays and what it leads to is replaced; a
/// link of somebody else's is refused. A device or pipe, such as /dev/stdout, is written to.
///
/// # Errors
/// The system's, or [`Refused::Link`].
pub fn write_named(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
        Ok(about) if about.file_type().is_symlink() => {
            if about.uid() != geteuid().as_raw() && about.uid() != 0 {
                return Err(Refused::Link.into());
            }
            match std::fs::metadata(path) {
                Ok(to) if to.is_file() && !is_open_file(path) => path.canonicalize()?,
                Ok(_) => return write_through(path, bytes),
                Err(error) => return Err(error),
            }
        }
        Ok(about) if about.is_file() => path.to_owned(),
        Ok(about) if about.is_dir() => return Err(Refused::Kind("a folder").into()),
        Ok(_) => return write_through(path, bytes),
    };
    let (folder, leaf) = leaf_of(&target)?;
    Folder::open(folder)?.replace(leaf, bytes, 0o644)
}

/// Whether a path stands for a file that a process has open: /dev/stdout and the like.
fn is_open_file(path: &Path) -> bool {
    let leads_to = std::fs::read_link(path).unwrap_or_default();
    [path, &leads_to]
        .iter()
        .any(|path| path.starts_with("/proc"))
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(bytes)
}
