//! Plan → build → launch → load → observe → record.
//!
//! The measuring half of gosweep: it turns a matrix into trials on disk and
//! tells whoever shows progress what it is doing through events. It ranks
//! nothing and prints nothing.

pub mod toolchain;
