//! `gosweep load selftest`: what the driver can be trusted with on this machine.
//!
//! The driver is measured against a reference server whose truth is known: it notes when
//! requests arrive, stalls when it is told to, and has the capacity it is given. Server and
//! clients are processes of their own on CPUs of their own, as far as the machine has them.
//! [`selftest`] measures the machine (`floor`) and makes the experiments E1 to E7: `pacing`, `truth`, `cost`,
//! `capacity`; rivals that are on PATH are measured in the same way alongside them. Deliberately
//! absent: bars that depend on the machine; what cannot be judged anywhere is only shown.

mod capacity;
mod client;
mod cost;
mod findings;
mod floor;
mod lab;
mod pacing;
mod process;
mod server;
mod suite;
mod table;
mod truth;

pub use server::serve;
pub use suite::selftest;
