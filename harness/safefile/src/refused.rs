//! What a rule of ours refuses, as opposed to what the system refuses.

use std::io;

/// Why a file or folder is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A symbolic link where none is followed.
    #[error("it is a symbolic link, which is not followed here; put the file itself there")]
    Link,
    /// A device, pipe, socket or folder.
    #[error("it is {0}, not a regular file")]
    Kind(&'static str),
    /// No folder, where one is needed.
    #[error("it is {0}, not a folder")]
    NoFolder(&'static str),
    /// A second name may lead to a file that is somebody else's.
    #[error("it has {0} names (hard links); copy it, so that it has one")]
    Names(u64),
    /// It belongs to somebody else.
    #[error("it belongs to the user with id {owner}, not to you (id {own})")]
    Owner {
        /// The owner's user id.
        owner: u32,
        /// Ours.
        own: u32,
    },
    /// Others may change what is in it.
    #[error(
        "others may write into it (mode {mode:03o}); look at what is in it, then `chmod go-w` it"
    )]
    Writable {
        /// Its permission bits.
        mode: u32,
    },
    /// More than the reader takes.
    #[error("it has {found} bytes, more than the {most} that are read")]
    Large {
        /// Its size in bytes.
        found: u64,
        /// The limit in bytes.
        most: u64,
    },
    /// It leaves the folder, or is no name that we give.
    #[error(
        "`{0}` is no plain relative name: no `..`, no `/` at its beginning, no control characters"
    )]
    Name(String),
}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, refused)
    }
}

/// The rule of ours by which a file was refused; `None` for what the system said.
pub fn refusal(error: &io::Error) -> Option<&Refused> {
    error.get_ref()?.downcast_ref()
}
