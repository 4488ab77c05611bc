//! A folder, held open, and the files below it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, RawMode, Stat, fstat, fsync, mkdirat, openat, renameat,
    statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::name::check_name;
use crate::refused::Refused;

/// How every file is opened: a pipe without a writer must not hold us up, and no child inherits it.
pub(crate) const CAREFULLY: OFlags = OFlags::CLOEXEC
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);
/// The mode of folders that we make: others may look, nobody else may write.
const FOLDER_MODE: RawMode = 0o755;

/// An open folder. Names are relative to it and checked by [`check_name`]; no link below it is
/// followed.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
    about: Stat,
}

impl Folder {
    /// Opens a folder that a person named; links on the way to it are that person's.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Folder> {
        let fd = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Folder::of(fd, path.to_owned())
    }

    /// Makes a folder and those above it where they are not there, for nobody but the owner to
    /// write, and opens it.
    ///
    /// # Errors
    /// The system's.
    pub fn make(path: &Path) -> io::Result<Folder> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(path)?;
        Folder::open(path)
    }

    fn of(fd: OwnedFd, path: PathBuf) -> io::Result<Folder> {
        let about = fstat(&fd)?;
        Ok(Folder { fd, path, about })
    }

    /// The same open folder once more.
    pub(crate) fn again(&self) -> io::Result<Folder> {
        Folder::of(self.fd.try_clone()?, self.path.clone())
    }

    /// The path that it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The user id of its owner.
    pub fn owner(&self) -> u32 {
        self.about.st_uid
    }

    /// Checks that the folder belongs to us, or to root, and that nobody else may write into it:
    /// what was put there is not to be run or written over otherwise.
    ///
    /// # Errors
    /// [`Refused::Owner`] or [`Refused::Writable`].
    pub fn check_ours(&self) -> Result<(), Refused> {
        let own = geteuid().as_raw();
        let mode = self.about.st_mode & 0o7777;
        if self.owner() != own && self.owner() != 0 {
            let owner = self.owner();
            return Err(Refused::Owner { owner, own });
        }
        match mode & 0o022 {
            0 => Ok(()),
            _ => Err(Refused::Writable { mode }),
        }
    }

    /// Opens a folder below this one.
    ///
    /// # Errors
    /// The system's, or what [`check_name`] and [`Refused`] say.
    pub fn folder(&self, name: &str) -> io::Result<Folder> {
        check_name(name)?;
        self.walk(name, false)
    }

    /// Opens a folder below this one and makes what is missing of it.
    ///
    /// # Errors
    /// As [`Folder::folder`].
    pub fn make_folder(&self, name: &str) -> io::Result<Folder> {
        check_name(name)?;
        self.walk(name, true)
    }

    fn walk(&self, name: &str, make: bool) -> io::Result<Folder> {
        let mut parts = name.split('/');
        let mut at = self.step(parts.next().unwrap_or_default(), make)?;
        for part in parts {
            at = at.step(part, make)?;
        }
        Ok(at)
    }

    fn step(&self, part: &str, make: bool) -> io::Result<Folder> {
        if make {
            match mkdirat(&self.fd, part, Mode::from_raw_mode(FOLDER_MODE)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(&self.fd, part, flags, Mode::empty()).map_err(|errno| {
            match self.kind(part) {
                Some(FileType::Symlink) => Refused::Link.into(),
                Some(kind) if kind != FileType::Directory => Refused::NoFolder(words(kind)).into(),
                _ => io::Error::from(errno),
            }
        })?;
        Folder::of(fd, self.path.join(part))
    }

    fn kind(&self, leaf: &str) -> Option<FileType> {
        let about = statat(&self.fd, leaf, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(FileType::from_raw_mode(about.st_mode))
    }

    /// The folder of a name, and its last component.
    pub(crate) fn split<'a>(&self, name: &'a str) -> io::Result<(Option<Folder>, &'a str)> {
        check_name(name)?;
        match name.rsplit_once('/') {
            Some((folder, leaf)) => Ok((Some(self.walk(folder, false)?), leaf)),
            None => Ok((None, name)),
        }
    }

    /// The names in it, in order. Names that are not UTF-8 are none that we gave; they are shown
    /// with replacement characters.
    ///
    /// # Errors
    /// The system's.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = String::from_utf8_lossy(entry.file_name().to_bytes()).into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether there is anything under a name: a link counts as what it is.
    ///
    /// # Errors
    /// The system's, other than that it is not there.
    pub fn has(&self, name: &str) -> io::Result<bool> {
        let found = self.split(name).and_then(|(folder, leaf)| {
            let folder = folder.as_ref().unwrap_or(self);
            Ok(statat(&folder.fd, leaf, AtFlags::SYMLINK_NOFOLLOW)?)
        });
        match found {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether there is a folder, and no link to one, under a name.
    pub fn has_folder(&self, name: &str) -> bool {
        self.folder(name).is_ok()
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// The system's, or a [`Refused`].
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        let (folder, leaf) = self.split(name)?;
        folder
            .as_ref()
            .unwrap_or(self)
            .existing(leaf, OFlags::RDONLY)
    }

    /// Reads a file of at most `most` bytes.
    ///
    /// # Errors
    /// As [`Folder::open_file`], and [`Refused::Large`], before anything is read.
    pub fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        bounded(self.open_file(name)?, most)
    }

    /// As [`Folder::read`], for text.
    ///
    /// # Errors
    /// As [`Folder::read`], or it is not UTF-8.
    pub fn read_text(&self, name: &str, most: u64) -> io::Result<String> {
        text(self.read(name, most)?)
    }

    /// Opens a regular file with one name, of an owner whom we trust: us, root, or whoever the
    /// folder belongs to.
    pub(crate) fn existing(&self, leaf: &str, access: OFlags) -> io::Result<File> {
        // Looked at before it is opened: to open a device may do something by itself.
        self.check_file(&statat(&self.fd, leaf, AtFlags::SYMLINK_NOFOLLOW)?)?;
        let fd = openat(
            &self.fd,
            leaf,
            access | OFlags::NOFOLLOW | CAREFULLY,
            Mode::empty(),
        )?;
        self.check_file(&fstat(&fd)?)?;
        Ok(File::from(fd))
    }

    fn check_file(&self, about: &Stat) -> Result<(), Refused> {
        check_regular(about)?;
        #[expect(
            clippy::useless_conversion,
            reason = "its type differs between processors"
        )]
        let names = u64::from(about.st_nlink);
        if names > 1 {
            return Err(Refused::Names(names));
        }
        let (owner, own) = (about.st_uid, geteuid().as_raw());
        match owner == own || owner == 0 || owner == self.owner() {
            true => Ok(()),
            false => Err(Refused::Owner { owner, own }),
        }
    }

    /// Makes a file that is not there yet. Of `mode`, the umask may take more.
    ///
    /// # Errors
    /// The system's, also where the name is taken, even by a link.
    pub fn create(&self, name: &str, mode: u32) -> io::Result<File> {
        let (folder, leaf) = self.split(name)?;
        folder.as_ref().unwrap_or(self).create_leaf(leaf, mode)
    }

    pub(crate) fn create_leaf(&self, leaf: &str, mode: u32) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | CAREFULLY;
        let fd = openat(&self.fd, leaf, flags, Mode::from_raw_mode(mode))?;
        Ok(File::from(fd))
    }

    /// Opens a file for reading and writing, at its beginning and as long as it is; makes it where
    /// it is not there.
    ///
    /// # Errors
    /// The system's, or a [`Refused`]; then it is as it was.
    pub fn open_or_create(&self, name: &str, mode: u32) -> io::Result<File> {
        let (folder, leaf) = self.split(name)?;
        let folder = folder.as_ref().unwrap_or(self);
        loop {
            match folder.existing(leaf, OFlags::RDWR) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => return other,
            }
            match folder.create_leaf(leaf, mode) {
                // Somebody was faster: look at what that is.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => return other,
            }
        }
    }

    /// Writes a whole file: alongside it, to disk, and renamed into place. What had the name before,
    /// a link for example, is replaced and never written to. Of `mode`, the umask may take more.
    ///
    /// # Errors
    /// The system's; then what had the name before is as it was.
    pub fn replace(&self, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        let (folder, leaf) = self.split(name)?;
        folder
            .as_ref()
            .unwrap_or(self)
            .replace_leaf(leaf, bytes, mode)
    }

    fn replace_leaf(&self, leaf: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = format!(".{leaf}.{}-{number}.new", std::process::id());
        // Left by a process of the same id that was killed.
        let _ = unlinkat(&self.fd, &*beside, AtFlags::empty());
        let mut file = self.create_leaf(&beside, mode)?;
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| Ok(renameat(&self.fd, &*beside, &self.fd, leaf)?));
        if written.is_err() {
            let _ = unlinkat(&self.fd, &*beside, AtFlags::empty());
        }
        written?;
        self.sync()
    }

    /// Whether a name is one that [`Folder::replace`] works under, left by a process that was
    /// killed meanwhile.
    pub fn is_half_written(name: &str) -> bool {
        name.starts_with('.') && name.ends_with(".new")
    }

    /// Makes what was renamed or made in this folder survive a power cut.
    ///
    /// # Errors
    /// The system's.
    pub fn sync(&self) -> io::Result<()> {
        Ok(fsync(&self.fd)?)
    }

    /// Removes a file, or a link itself.
    ///
    /// # Errors
    /// The system's.
    pub fn remove_file(&self, name: &str) -> io::Result<()> {
        let (folder, leaf) = self.split(name)?;
        let folder = folder.as_ref().unwrap_or(self);
        Ok(unlinkat(&folder.fd, leaf, AtFlags::empty())?)
    }

    /// Removes a folder below this one with all that is in it. A link is neither followed nor
    /// removed.
    ///
    /// # Errors
    /// The system's, or [`Refused`] where it is no folder.
    pub fn remove_folder(&self, name: &str) -> io::Result<()> {
        let (folder, leaf) = self.split(name)?;
        let folder = folder.as_ref().unwrap_or(self);
        folder.step(leaf, false)?;
        // By way of the open folder, so that no link on the path matters; the standard library
        // follows none below.
        std::fs::remove_dir_all(folder.through_proc().join(leaf))
    }

    /// Gives a folder or file below this one another name below it, replacing what has it.
    ///
    /// # Errors
    /// The system's.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from_folder, from) = self.split(from)?;
        let (to_folder, to) = self.split(to)?;
        let from_folder = from_folder.as_ref().unwrap_or(self);
        let to_folder = to_folder.as_ref().unwrap_or(self);
        renameat(&from_folder.fd, from, &to_folder.fd, to)?;
        to_folder.sync()
    }

    fn through_proc(&self) -> PathBuf {
        use std::os::fd::AsRawFd;
        PathBuf::from(format!("/proc/self/fd/{}", self.fd.as_raw_fd()))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A path as the person sees it, for a folder that is opened by its parent.
pub(crate) fn leaf_of(path: &Path) -> io::Result<(&Path, &str)> {
    let name = path.file_name().map(OsStrExt::as_bytes);
    let leaf = name.and_then(|name| std::str::from_utf8(name).ok());
    let leaf = leaf.ok_or_else(|| Refused::Name(path.display().to_string()))?;
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    Ok((parent.unwrap_or(Path::new(".")), leaf))
}

pub(crate) fn check_regular(about: &Stat) -> Result<(), Refused> {
    match FileType::from_raw_mode(about.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Symlink => Err(Refused::Link),
        kind => Err(Refused::Kind(words(kind))),
    }
}

pub(crate) fn words(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something unknown",
    }
}

/// Reads at most `most` bytes and refuses what has more, by its size before it is read.
pub(crate) fn bounded(file: File, most: u64) -> io::Result<Vec<u8>> {
    let found = file.metadata()?.len();
    if found > most {
        return Err(Refused::Large { found, most }.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found).unwrap_or(0));
    // It may grow, or be of a file system that does not know sizes, such as /proc.
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes)? as u64;
    match read > most {
        true => Err(Refused::Large { found: read, most }.into()),
        false => Ok(bytes),
    }
}

pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}
