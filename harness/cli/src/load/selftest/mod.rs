//! `gosweep load selftest`: what the driver can be trusted with on this machine.
//!
//! The driver is measured against a reference server of its own in a process of its own, pinned
//! to another CPU, whose truth is known: it notes when requests arrive, stalls when it is told
//! to, and has the capacity it is given.

mod server;

pub(super) use server::serve;
