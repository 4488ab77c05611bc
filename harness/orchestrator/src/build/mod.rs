//! Builds targets: one toolchain and one set of build settings to one binary.
//!
//! [`build`] takes a [`toolchain::Toolchain`] and a [`BuildRequest`] and returns an [`Artifact`]: a binary in our
//! cache, with the command that made it and the proof, read back from the binary with `go version -m`, that it is what
//! was asked for. The environment is clean (nothing of the user's GOFLAGS, GODEBUG, GOROOT or `go env -w` settings gets
//! through), and traps that Go silently accepts are closed: GOAMD64 is checked here, and a `default.pgo` is not used
//! unless asked for.
//!
//! Artifacts are kept by the hash of everything that decides their bytes; see `inputs.rs` for what that is and why it
//! is enough.
//!
//! A ready-made binary is no build; [`pin`] keeps a copy of it the same way.
//!
//! Deliberately absent: cross compilation; Go before 1.18, whose binaries do not record how they were built; running
//! anything that was built.

mod cache;
mod checkout;
mod command;
mod compile;
mod error;
mod given;
mod go_line;
mod inputs;
mod prove;
mod request;
mod settings;

pub use checkout::{Checkout, CheckoutError, check_out};
pub use compile::{Artifact, build};
pub use error::{BuildError, GoFailure};
pub use given::{Pinned, pin, place_of_binary};
pub use request::{BuildRequest, GoLine, Network, Pgo};
pub use settings::ask_for;
