//! Finds, fetches and verifies Go toolchains.
//!
//! A matrix names toolchains as a person would (`path`, `/opt/go`, `1.25.5`, `1.25`, `1.27rc1`: [`ToolchainSpec`]);
//! [`install`] turns such a name into a
//! [`Toolchain`]: a GOROOT on disk whose version, origin and checksums are
//! known. What it takes is in a [`Toolbox`]: the [`Store`] (our cache folder), the [`Source`]s in the order that the
//! user wants, and where `go`, `python3` and the download site are to be found. [`list`] shows what the store holds,
//! [`verify`] checks an installed toolchain again, file by file.
//!
//! Nothing is taken on trust: every archive is checked against a checksum that came by another way (which one is in
//! [`Toolchain::verified_by`]), unpacked under limits into a staging folder, run once, and renamed into place only
//! then. Before a toolchain of the store is used again its files are compared with the checksums recorded then
//! ([`Store::open`]); no altered `go` is run. When no source can serve, the error lists each one with its reason.
//!
//! [`install_local`] makes toolchains of the store of an archive, a GOROOT or Go's sources on this machine, [`remove`]
//! takes one away, and [`diff`](mod@diff) says what changed between two GOROOTs.
//!
//! Deliberately absent: building targets (that is the orchestrator's); operating systems other than
//! Linux. All calls block and may take minutes: an async caller wraps them in
//! `spawn_blocking`.

mod copy;
mod delays;
pub mod diff;
pub mod digest;
mod discover;
pub mod environment;
mod error;
pub mod facts;
pub mod files;
mod godev;
mod goroot;
mod gotoolchain;
mod install;
mod integrity;
mod local;
mod offer;
mod pip;
pub mod resolver;
mod source;
mod source_tree;
mod spec;
mod stamp;
mod store;
#[cfg(test)]
mod testing;
mod toolbox;
pub mod unpack;
mod verify;
mod watch;

pub use delays::{DELAYS, DelayError, delay_profile, delay_profiles, has_trace_tool};
pub use error::{Attempt, ToolchainError};
pub use goroot::{Origin, ToolDigests, Toolchain};
pub use install::{Listing, install, list, recorded, remove};
pub use local::{Local, install_local};
pub use source::{Source, SourceOrder};
pub use spec::{SpecError, ToolchainSpec};
pub use store::{Lock, Store};
pub use toolbox::Toolbox;
pub use verify::{Check, Outcome, Verification, verify};
pub use watch::{Progress, Watch};
