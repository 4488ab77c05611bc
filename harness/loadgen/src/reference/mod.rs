//! A small HTTP server of our own, to measure the driver against a known truth.
//!
//! [`ReferenceServer`] listens on 127.0.0.1 from a thread of its own and behaves as a
//! [`Behaviour`] says: right answers with a delay, a stall or a known capacity, or one of the
//! faults that servers have, written as a [`Script`]. It notes when requests arrive, so pacing
//! is measured from the server's side. Routing, and anything a real service needs, are
//! deliberately absent.

mod behaviour;
mod connection;
mod log;
mod server;
mod stream;

pub use behaviour::{Action, Behaviour, Reply, Script, Stall};
pub use log::ServerLog;
pub use server::ReferenceServer;
