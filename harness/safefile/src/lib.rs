//! Opens, writes and locks files that somebody else may have prepared.
//!
//! The main type is [`Folder`]: an open folder whose files are named relative to it and reached
//! without following a link. A file is used once it was shown to be a regular one, with one name,
//! of an owner whom we trust, and no larger than what the reader can take; nothing is written or
//! truncated before that.
//!
//! | what | where |
//! |---|---|
//! | files of a run's folder or a cache | [`Folder`] |
//! | files that a person names | [`read_named`], [`open_named`], [`write_named`] |
//! | one process at a time | [`take_lock`], [`Lock`] |
//! | a folder that is not ours | [`Folder::check_ours`] |
//! | what the machine is short of | [`is_shortage`], [`fix_of`], [`shortage_in_words`] |
//!
//! Errors are those of [`std::io`]; what was refused by a rule of ours is told by [`refusal`].
//!
//! Deliberately absent: file formats, and paths that belong to one crate.

mod folder;
mod lock;
mod name;
mod named;
mod refused;
mod room;
mod shortage;

pub use folder::Folder;
pub use lock::{Lock, Locked, take_lock};
pub use name::check_name;
pub use named::{open_named, read_named, read_named_text, write_named};
pub use refused::{Refused, refusal};
pub use room::{Room, room_for};
pub use shortage::{fix_of, is_shortage, shortage_in_words};
