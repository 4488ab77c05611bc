//! Finds, fetches and verifies Go toolchains.
//!
//! A matrix names toolchains as a person would (`path`, `/opt/go`, `1.25.5`,
//! `1.25`, `1.27rc1`: [`ToolchainSpec`]); [`install`] turns such a name into a
//! [`Toolchain`]: a GOROOT on disk whose version, origin and checksums are
//! known. What it takes is in a [`Toolbox`]: the [`Store`] (our cache folder),
//! the [`Source`]s in the order that the user wants, and where `go`, `python3`
//! and the download site are to be found. [`list`] shows what the store holds,
//! [`verify`] checks an installed toolchain again, file by file.
//!
//! Nothing is taken on trust: every archive is checked against a checksum that
//! came by another way (which one is in [`Toolchain::verified_by`]), unpacked
//! under limits into a staging folder, run once, and renamed into place only
//! then. When no source can serve, the error lists each one with its reason.
//!
//! Deliberately absent: building (that is [`crate::build`]); removing old
//! toolchains; operating systems other than Linux; building Go from source.
//! All calls block and may take minutes: an async caller wraps them in
//! `spawn_blocking`.

pub(crate) mod child;
mod delays;
pub(crate) mod digest;
mod discover;
pub(crate) mod environment;
mod error;
mod godev;
mod gotoolchain;
mod install;
mod pip;
mod source;
mod spec;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod testing;
mod unpack;
mod verify;
mod watch;

pub use child::ChildError;
pub use delays::{DELAYS, DelayError, delay_profile, delay_profiles, has_trace_tool};
pub use discover::{Origin, ToolDigests, Toolchain};
pub use error::{Attempt, ToolchainError};
pub use install::{Listing, Toolbox, install, list};
pub use source::{Source, SourceOrder};
pub use spec::{SpecError, ToolchainSpec};
pub use store::Store;
pub use verify::{Check, Outcome, Verification, verify};
pub use watch::{Progress, Watch};
