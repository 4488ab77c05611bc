//! Fuzz targets: one for every decoder of what others wrote.
//!
//! [`TARGETS`] lists them. `scripts/fuzz` builds them with libFuzzer and runs them; `cargo test -p fuzz` runs each over
//! its seeds and over what was found before. Both do it under [`limit_memory`]. Nothing that is shipped uses this crate.

mod archives;
mod go;
mod memory;
mod records;
mod requests;
mod targets;

pub use memory::limit_memory;
pub use targets::{TARGETS, Target};
